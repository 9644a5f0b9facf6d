package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.ControlClient.NoAnswerException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code cutover verdicts FEATURE}. */
@Command(
        name = "verdicts",
        description = {
            "Shows the newest comparisons of what REST served with the event log, newest first.",
            "Of a mismatch it shows the first value that differs, by its JSON pointer; --json has all."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class VerdictsCommand implements Callable<Integer> {

    @Mixin
    private Newest newest;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return newest.show(spec, "verdicts", "was not compared yet", this::show);
    }

    private void show(JsonNode list) throws NoAnswerException {
        Table table = new Table();
        for (JsonNode verdict : list) {
            String outcome = verdict.path("outcome").asText();
            Optional<Ansi.Style> colour = colour(outcome);
            table.row(
                    colour,
                    StatusCommand.time(verdict.path("served_at")),
                    outcome,
                    verdict.path("key").asText(),
                    verdict.path("position").asText("-"),
                    verdict.path("caller").asText(),
                    verdict.path("late_ms").isNumber()
                            ? verdict.path("late_ms").asText() + " ms late"
                            : differences(verdict));
        }
        table.print(spec.commandLine());
    }

    /** Of a mismatch, the first of the values that differ, and how many there are. */
    private static String differences(JsonNode verdict) {
        JsonNode first = verdict.path("differences").path(0);
        if (first.isMissingNode()) {
            return "";
        }
        long more = verdict.path("difference_count").asLong() - 1;
        return first.path("pointer").asText() + ": REST " + value(first.path("rest")) + ", log "
                + value(first.path("log")) + (more > 0 ? ", and " + more + " more" : "");
    }

    private static String value(JsonNode value) {
        String text = value.isMissingNode() ? "nothing" : value.toString();
        return text.length() <= 60 ? text : text.substring(0, 60) + "…";
    }

    private static Optional<Ansi.Style> colour(String outcome) {
        return switch (outcome) {
            case "match" -> Optional.empty();
            case "lagging" -> Optional.of(Ansi.Style.fg_yellow);
            default -> Optional.of(Ansi.Style.fg_red);
        };
    }
}

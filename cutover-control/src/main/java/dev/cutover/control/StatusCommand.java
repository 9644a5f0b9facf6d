package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import dev.cutover.control.ControlClient.Reply;
import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.CutoverStatus.FeatureStatus;
import dev.cutover.schema.Flag;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cutover status}. */
@Command(
        name = "status",
        description = "Shows where every feature stands: its stage, version, since when, by whom and why.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class StatusCommand implements Callable<Integer> {
    @Option(names = "--json", description = "print the service's answer as it is")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return Operator.run(spec, json, this::show);
    }

    private void show(ControlClient control) throws NoAnswerException, RefusedException {
        Reply reply = control.get("/cutover/status");
        CommandLine command = spec.commandLine();
        if (json) {
            command.getOut().println(reply.text());
            return;
        }
        CutoverStatus status = Operator.read(CutoverStatus.class, reply.document());
        Table table = new Table();
        List<String> warnings = new ArrayList<>();
        for (FeatureStatus feature : status.features()) {
            if (feature.version() == 0) {
                row(table, Flag.initial(feature.feature()));
                continue;
            }
            // the status says neither whether a change was forced nor since when the stage holds, and nothing of the
            // guard
            JsonNode known =
                    control.get(ControlClient.feature(feature.feature())).document();
            Flag flag = Operator.flag(known.path("flag"));
            row(table, flag);
            if (flag.hold()) {
                warnings.add(held(flag) + Change.address(command));
            }
            guard(flag, known.path("evidence").path("guard")).ifPresent(warnings::add);
        }
        command.getOut().println(status.headline());
        table.print(command);
        warnings.forEach(command.getOut()::println);
        if (status.stale()) {
            command.getOut().println(stale(status.flagsAgeMs()));
        }
    }

    private static void row(Table table, Flag flag) {
        table.row(
                flag.stage(),
                Table.mark(flag.stage()),
                flag.feature(),
                flag.stage().wireName(),
                "v" + flag.version(),
                time(flag.since()),
                flag.changedBy(),
                marks(flag),
                flag.reason());
    }

    /** What is not as it usually is. */
    private static String marks(Flag flag) {
        List<String> marks = new ArrayList<>();
        if (flag.forced()) {
            marks.add("forced");
        }
        if (flag.hold()) {
            marks.add("held");
        }
        if (flag.guard() != Flag.Guard.ON) {
            marks.add("guard " + flag.guard().wireName());
        }
        return String.join(", ", marks);
    }

    /** Whoever changed the flag after the guard gave a reason of their own; the guard's is in the history then. */
    private static String held(Flag flag) {
        return "⚠ " + flag.feature() + " is held by the guard: "
                + (Guard.BY.equals(flag.changedBy())
                        ? Table.plain(flag.reason())
                        : "./cutover history " + flag.feature() + " says why")
                + "; once the fault is found: ./cutover clear " + flag.feature() + " --reason R";
    }

    /** What the guard has to say of a feature that it should be watching. */
    private static Optional<String> guard(Flag flag, JsonNode guard) {
        String reason = Table.plain(guard.path("reason").asText());
        return switch (guard.path("state").asText()) {
            case "watching" ->
                reason.isEmpty()
                        ? Optional.empty()
                        : Optional.of("⚠ the guard of " + flag.feature() + " sees " + reason);
            case "abstaining" -> Optional.of("⚠ the guard of " + flag.feature() + " abstains: " + reason);
            case "breach" -> Optional.of("⚠ the guard of " + flag.feature() + " sees it as bad: " + reason);
            default -> Optional.empty();
        };
    }

    private static String stale(Long ageMs) {
        return "⚠ these flags may be stale: "
                + (ageMs == null
                        ? "the service has not read them to their end yet"
                        : String.format(
                                Locale.ROOT,
                                "Kafka last confirmed them %.1f s ago; is it away?",
                                (double) ageMs / 1_000));
    }

    /** To the second; a dash for what never was. */
    static String time(Instant at) {
        return at == null ? "-" : at.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** The same, of a member of the service's answer. */
    static String time(JsonNode at) throws NoAnswerException {
        return at.isTextual() ? time(Operator.read(Instant.class, at)) : "-";
    }
}

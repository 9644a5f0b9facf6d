package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import dev.cutover.control.ControlClient.Reply;
import dev.cutover.schema.Flag;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cutover history FEATURE}. */
@Command(
        name = "history",
        description = "Shows every change of a feature's flag, oldest first: when, from what to what, by whom and why.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class HistoryCommand implements Callable<Integer> {

    @Parameters(
            paramLabel = "FEATURE",
            description = "the feature, for example positions",
            completionCandidates = FeatureNames.class)
    private String feature;

    @Option(names = "--json", description = "print the audit records as the service gives them")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return Operator.run(spec, json, this::show);
    }

    private void show(ControlClient control) throws NoAnswerException, RefusedException {
        Reply reply = control.get(ControlClient.feature(feature) + "/history");
        if (json) {
            spec.commandLine().getOut().println(reply.text());
            return;
        }
        if (reply.document().isEmpty()) {
            spec.commandLine().getOut().println(feature + " was never changed: it is shadow");
            return;
        }
        Table table = new Table();
        Flag before = Flag.initial(feature);
        for (JsonNode record : reply.document()) {
            Flag flag = Operator.flag(record);
            table.row(
                    flag.stage(),
                    StatusCommand.time(flag.changedAt()),
                    what(record.path("from").asText("?"), before, flag),
                    "v" + flag.version(),
                    flag.changedBy(),
                    flag.forced() ? "forced" : "",
                    flag.reason());
            before = flag;
        }
        table.print(spec.commandLine());
    }

    /** A change that leaves the stage as it is, is told by what it does. */
    private static String what(String from, Flag before, Flag after) {
        String stage = after.stage().wireName();
        List<String> what = new ArrayList<>();
        if (!from.equals(stage)) {
            what.add(from + " → " + stage);
        }
        if (after.hold() != before.hold()) {
            what.add(after.hold() ? "held" : "hold lifted");
        }
        if (after.guard() != before.guard()) {
            what.add("guard " + after.guard().wireName());
        }
        return what.isEmpty() ? stage : String.join(", ", what);
    }
}

package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import dev.cutover.control.ControlClient.Reply;
import dev.cutover.schema.Stage;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cutover usage [FEATURE]}. */
@Command(
        name = "usage",
        description = {
            "Shows who still polls REST: for each feature, day (UTC) and caller how many answers.",
            "Of kind other is whoever must move to the WebSocket before REST can go; prober and fallback need not."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class UsageCommand implements Callable<Integer> {

    @Parameters(
            arity = "0..1",
            paramLabel = "FEATURE",
            description = "only this feature (default: all)",
            completionCandidates = FeatureNames.class)
    private String feature;

    @Option(names = "--json", description = "print the service's answer as it is")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return Operator.run(spec, json, this::show);
    }

    private void show(ControlClient control) throws NoAnswerException, RefusedException {
        Reply reply = control.get("/cutover/usage"
                + (feature == null ? "" : "?feature=" + URLEncoder.encode(feature, StandardCharsets.UTF_8)));
        if (json) {
            spec.commandLine().getOut().println(reply.text());
            return;
        }
        if (reply.document().isEmpty()) {
            spec.commandLine().getOut().println("nobody polls " + (feature == null ? "REST" : feature));
            return;
        }
        Table table = new Table();
        table.row(Stage.SHADOW, "FEATURE", "DAY", "KIND", "ANSWERS", "LAST", "CALLER");
        for (JsonNode row : reply.document()) {
            table.row(
                    row.path("kind").asText().equals("other") ? Stage.LIVE : Stage.SHADOW,
                    row.path("feature").asText(),
                    row.path("day").asText(),
                    row.path("kind").asText(),
                    row.path("answers").asText(),
                    StatusCommand.time(row.path("last_at")),
                    row.path("caller").asText());
        }
        table.print(spec.commandLine());
    }
}

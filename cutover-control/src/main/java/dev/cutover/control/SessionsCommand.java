package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import dev.cutover.control.ControlClient.Reply;
import dev.cutover.schema.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cutover sessions FEATURE}. */
@Command(
        name = "sessions",
        description = {
            "Shows what each evidence session found, newest first: comparisons by outcome, gaps and drops.",
            "A session is clean with at least one comparison and no mismatch, missing value or gap."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class SessionsCommand implements Callable<Integer> {

    @Parameters(
            paramLabel = "FEATURE",
            description = "the feature, for example positions",
            completionCandidates = FeatureNames.class)
    private String feature;

    @Option(names = "--limit", paramLabel = "N", description = "the newest N, 1000 at most (default: 50)")
    private Integer limit;

    @Option(names = "--json", description = "print the service's answer as it is")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return Operator.run(spec, json, this::show);
    }

    private void show(ControlClient control) throws NoAnswerException, RefusedException {
        Reply reply =
                control.get(ControlClient.feature(feature) + "/sessions" + (limit == null ? "" : "?limit=" + limit));
        if (json) {
            spec.commandLine().getOut().println(reply.text());
            return;
        }
        if (reply.document().isEmpty()) {
            spec.commandLine().getOut().println(feature + " has no session yet");
            return;
        }
        Table table = new Table();
        table.row(
                Stage.SHADOW,
                "SESSION",
                "UNTIL",
                "",
                "MATCHES",
                "LAGGING",
                "MISMATCHES",
                "NOT IN REST",
                "NOT IN WS",
                "GAPS",
                "DROPS",
                "REFERENCE");
        for (JsonNode session : reply.document()) {
            table.row(
                    Stage.SHADOW,
                    session.path("session").asText(),
                    StatusCommand.time(session.path("until")),
                    session.path("state").asText(),
                    session.path("matches").asText(),
                    session.path("lagging").asText(),
                    session.path("mismatches").asText(),
                    session.path("missing_rest").asText(),
                    session.path("missing_ws").asText(),
                    session.path("gaps").asText(),
                    session.path("drops").asText(),
                    references(session));
        }
        table.print(spec.commandLine());
    }

    private static String references(JsonNode session) {
        List<String> names = new ArrayList<>();
        session.path("references").forEach(name -> names.add(name.asText()));
        return names.isEmpty() ? "-" : String.join(", ", names);
    }
}

package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.schema.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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

    @Mixin
    private Newest newest;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return newest.show(spec, "sessions", "has no session yet", this::show);
    }

    private void show(JsonNode list) throws NoAnswerException {
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
        for (JsonNode session : list) {
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

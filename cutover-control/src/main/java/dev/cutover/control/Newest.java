package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import dev.cutover.control.ControlClient.Reply;
import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the commands have in common that list the newest of something that a feature has. */
final class Newest {

    /** Prints a list. */
    interface Show {
        /**
         * Prints all of it.
         *
         * @throws NoAnswerException when the service answered what it should not
         */
        void list(JsonNode list) throws NoAnswerException;
    }

    @Parameters(
            paramLabel = "FEATURE",
            description = "the feature, for example positions",
            completionCandidates = FeatureNames.class)
    private String feature;

    @Option(names = "--limit", paramLabel = "N", description = "the newest N, 1000 at most (default: 50)")
    private Integer limit;

    @Option(names = "--json", description = "print the service's answer as it is")
    private boolean json;

    /**
     * Asks for the list, and shows it.
     *
     * @param of what it is a list of, as in the service's path
     * @param none what to say of a feature of which there is nothing, behind its name
     * @param show is given the list, which is not empty
     * @return the exit code
     */
    int show(CommandSpec spec, String of, String none, Show show) {
        return Operator.run(spec, json, control -> show(control, spec, of, none, show));
    }

    private void show(ControlClient control, CommandSpec spec, String of, String none, Show show)
            throws NoAnswerException, RefusedException {
        Reply reply = control.get(ControlClient.feature(feature) + "/" + of + (limit == null ? "" : "?limit=" + limit));
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(reply.text());
        } else if (reply.document().isEmpty()) {
            out.println(feature + " " + none);
        } else {
            show.list(reply.document());
        }
    }
}

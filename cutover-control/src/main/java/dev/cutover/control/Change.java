package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import dev.cutover.control.ControlClient.Reply;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Json;
import dev.cutover.schema.Settings;
import dev.cutover.schema.Stage;
import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the commands that change a flag have in common: their options, and how a change is sent and told. */
final class Change {
    @Parameters(
            index = "0",
            paramLabel = "FEATURE",
            description = "the feature, for example positions",
            completionCandidates = FeatureNames.class)
    String feature;

    @Option(names = "--reason", paramLabel = "REASON", required = true, description = "why; the audit keeps it")
    private String reason;

    @Option(
            names = "--expect-version",
            paramLabel = "V",
            description = "refuse if the flag has another version by now, so that nobody's change is overrun")
    private Long expectVersion;

    @Option(
            names = "--by",
            paramLabel = "NAME",
            description = "who changes it; the audit keeps it (default: your user name here)")
    private String by;

    @Option(names = "--json", description = "print the new flag, or the refusal, as the service gives it")
    boolean json;

    /** @throws CommandLine.ParameterException when an option is not what it must be */
    void check(CommandSpec spec) {
        if (reason.isBlank()) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--reason must not be blank");
        }
        if (expectVersion != null && expectVersion < 0) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--expect-version must be 0 or more, but is " + expectVersion);
        }
    }

    /** The flag as it is now. */
    Flag ask(ControlClient control) throws NoAnswerException, RefusedException {
        return Operator.flag(
                control.get(ControlClient.feature(feature)).document().path("flag"));
    }

    /** A body with what both commands send. */
    ObjectNode body() {
        ObjectNode body = Json.MAPPER
                .createObjectNode()
                .put("reason", reason)
                .put("by", by == null ? System.getProperty("user.name") : by);
        if (expectVersion != null) {
            body.put("expect_version", expectVersion);
        }
        return body;
    }

    /**
     * Sends a change, and prints the new flag where it is asked for as it is.
     *
     * @return the new flag, to be told of in words; empty where it was printed
     */
    Optional<Flag> post(ControlClient control, String path, ObjectNode body, CommandLine command)
            throws NoAnswerException, RefusedException {
        Reply reply = control.post(ControlClient.feature(feature) + path, body);
        if (json) {
            command.getOut().println(reply.text());
            return Optional.empty();
        }
        return Optional.of(Operator.flag(reply.document()));
    }

    /**
     * Sends a change of stage, and tells what came of it.
     *
     * @param before the flag as it was a moment ago
     */
    void send(ControlClient control, String path, ObjectNode body, Flag before, CommandLine command)
            throws NoAnswerException, RefusedException {
        Flag after = post(control, path, body, command).orElse(null);
        if (after == null) {
            return;
        }
        PrintWriter out = command.getOut();
        // where somebody came between, the stage before is theirs and not known here
        String from = after.version() == before.version() + 1 ? before.stage().wireName() + " → " : "→ ";
        out.println(line(
                command,
                after,
                from + after.stage().wireName(),
                after.forced() ? ", forced past the gate" : ", not forced"));
        String next = after.stage() == Stage.SHADOW
                ? "to go up again: ./cutover promote "
                : "to go back: ./cutover rollback ";
        out.println(next + after.feature() + " --reason R" + address(command));
    }

    /**
     * One line about a change, in the colour of the stage.
     *
     * @param what has become of the feature
     * @param more about the change; empty for nothing
     */
    static String line(CommandLine command, Flag after, String what, String more) {
        return Table.coloured(
                command,
                after.stage(),
                Table.mark(after.stage()) + " " + after.feature() + ": " + what + ", version " + after.version() + more
                        + ", by " + Table.plain(after.changedBy()));
    }

    /** The options that lead another command to the same service. */
    static String address(CommandLine command) {
        return Addresses.given(command.getCommandSpec(), Settings.CONTROL_PORT);
    }
}

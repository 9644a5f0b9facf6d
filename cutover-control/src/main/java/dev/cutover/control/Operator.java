package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.Settings;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Model.CommandSpec;

/** What all operators' commands that ask the control service have in common: their failures, in words and exit codes. */
final class Operator {
    private static final int BAD_REQUEST = 400;

    /** The work of one command. */
    interface Work {
        void run(ControlClient control) throws NoAnswerException, RefusedException;
    }

    private Operator() {}

    /**
     * Runs a command's work.
     *
     * @param json whether a refusal is also printed as the service gave it
     * @return the exit code
     */
    static int run(CommandSpec spec, boolean json, Work work) {
        PrintWriter err = spec.commandLine().getErr();
        try {
            work.run(ControlClient.of(spec));
            return ServiceCommand.OK;
        } catch (Settings.SettingException e) {
            err.println(e.getMessage());
            return ServiceCommand.USAGE;
        } catch (NoAnswerException e) {
            err.println(e.getMessage());
            return ServiceCommand.FAILED;
        } catch (RefusedException e) {
            if (json) {
                spec.commandLine().getOut().println(e.reply.text());
            }
            explain(e.reply, err, Change.address(spec.commandLine()));
            return e.reply.status() == BAD_REQUEST ? ServiceCommand.USAGE : ServiceCommand.FAILED;
        }
    }

    private static void explain(ControlClient.Reply reply, PrintWriter err, String address) {
        JsonNode problem = reply.document();
        err.println(
                problem.path("detail").isTextual()
                        ? Table.plain(problem.path("detail").textValue())
                        : "the control service answered with HTTP " + reply.status());
        boolean held = problem.path("flag").path("hold").asBoolean();
        for (JsonNode line : problem.path("checklist")) {
            if (held && line.path("line").asText().equals(Checklist.HOLD)) {
                continue; // that is what the detail says
            }
            err.println("  " + Lines.text(line));
            Lines.needed(line).ifPresent(needed -> err.println("      it takes: " + needed));
        }
        if (!problem.path("checklist").isEmpty()) {
            String feature = Table.plain(problem.path("flag").path("feature").asText());
            err.println(
                    held
                            ? "once the fault is found: ./cutover clear " + feature + " --reason R" + address
                            : "to wait for it: ./cutover checklist " + feature + " --watch" + address
                                    + "; to go past the gate, give --force as well");
        }
        if (problem.has("expected_version")) {
            err.println("to go on from there: --expect-version "
                    + problem.path("flag").path("version").asText());
        }
    }

    /** The flag in a document of the service's. */
    static Flag flag(JsonNode document) throws NoAnswerException {
        return read(Flag.class, document);
    }

    static <T> T read(Class<T> type, JsonNode document) throws NoAnswerException {
        try {
            return Json.read(Json.MAPPER, type, document.toString().getBytes(StandardCharsets.UTF_8));
        } catch (JsonFault e) {
            throw new NoAnswerException("the control service's answer can't be read: " + e.getMessage(), e);
        }
    }
}

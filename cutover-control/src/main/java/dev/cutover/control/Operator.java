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
            explain(e.reply, err);
            return e.reply.status() == BAD_REQUEST ? ServiceCommand.USAGE : ServiceCommand.FAILED;
        }
    }

    private static void explain(ControlClient.Reply reply, PrintWriter err) {
        JsonNode problem = reply.document();
        err.println(
                problem.path("detail").isTextual()
                        ? Table.plain(problem.path("detail").textValue())
                        : "the control service answered with HTTP " + reply.status());
        problem.path("checklist")
                .forEach(line ->
                        err.println("  ✗ " + Table.plain(line.path("line").asText()) + " "
                                + Table.plain(line.path("state").asText()) + ": "
                                + Table.plain(line.path("text").asText())));
        if (!problem.path("checklist").isEmpty()) {
            err.println("to go past the gate, give --force as well");
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

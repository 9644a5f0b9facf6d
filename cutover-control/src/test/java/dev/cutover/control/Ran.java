package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** What came of an operators' command. */
record Ran(int code, String out, String err) {

    /** Runs a command against a control service of this machine. */
    static Ran against(int controlPort, String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--control-port", Integer.toString(controlPort), "--kafka-port", "1"));
        return of(Ansi.OFF, all.toArray(String[]::new));
    }

    static Ran of(Ansi ansi, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = OperatorMain.command()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setColorScheme(CommandLine.Help.defaultColorScheme(ansi))
                .execute(args);
        return new Ran(code, out.toString(), err.toString());
    }

    List<String> lines() {
        return out.lines().toList();
    }

    JsonNode json() throws IOException {
        return Json.MAPPER.readTree(out);
    }
}

package dev.cutover.control;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine;

/** How a command line of Cutover meets its terminal. */
public final class Terminal {
    /** What a terminal is to see of the log, unless the environment says otherwise. */
    private static final Map<String, String> QUIET = Map.of("CUTOVER_LOG", "WARN", "CUTOVER_LIBRARY_LOG", "ERROR");

    private Terminal() {}

    /** Leaves the terminal to the command's own words. To be called before the first logger is made. */
    public static void quietLog() {
        QUIET.forEach((name, level) -> {
            if (System.getenv(name) == null) {
                System.setProperty(name, level);
            }
        });
    }

    /** For a main class: executes, in UTF-8 whatever the locale, and ends the JVM with the exit code. */
    public static void main(CommandLine command, String[] args) {
        PrintWriter out = utf8(FileDescriptor.out);
        PrintWriter err = utf8(FileDescriptor.err);
        int code = command.setOut(out).setErr(err).execute(args);
        out.flush();
        err.flush();
        System.exit(code);
    }

    private static PrintWriter utf8(FileDescriptor descriptor) {
        return new PrintWriter(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }
}

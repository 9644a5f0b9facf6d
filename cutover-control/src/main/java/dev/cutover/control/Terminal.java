package dev.cutover.control;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
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

    /** Whether standard error goes to a terminal. */
    static boolean showsErrors() {
        return isTerminal("2", ProcessBuilder.Redirect.INHERIT, ProcessBuilder.Redirect.DISCARD);
    }

    /** Whether standard output goes to a terminal. */
    static boolean showsOutput() {
        return isTerminal("1", ProcessBuilder.Redirect.DISCARD, ProcessBuilder.Redirect.INHERIT);
    }

    /** Asks a shell, for the JDK knows only of input and output together; where there is none, the answer is no. */
    private static boolean isTerminal(String descriptor, ProcessBuilder.Redirect err, ProcessBuilder.Redirect out) {
        try {
            Process test = new ProcessBuilder("sh", "-c", "test -t " + descriptor)
                    .redirectError(err)
                    .redirectOutput(out)
                    .start();
            return test.waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static PrintWriter utf8(FileDescriptor descriptor) {
        return new PrintWriter(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }
}

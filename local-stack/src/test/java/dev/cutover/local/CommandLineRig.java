package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/** Runs the command line in processes of their own, in a directory that is theirs. */
final class CommandLineRig implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern GATEWAY = Pattern.compile("ws://127\\.0\\.0\\.1:(\\d+)/ws/");

    private static final Pattern HTTP = Pattern.compile("http://127\\.0\\.0\\.1:(\\d+)");

    private final Path directory;
    private final List<Cutover> running = new ArrayList<>();

    CommandLineRig(Path directory) {
        this.directory = directory;
    }

    @Override
    public void close() {
        running.forEach(each -> each.process.destroyForcibly());
    }

    /** One process, and what it has said so far. */
    static final class Cutover {
        final Process process;
        final List<String> out = Collections.synchronizedList(new ArrayList<>());
        final List<String> err = Collections.synchronizedList(new ArrayList<>());

        Cutover(Process process) {
            this.process = process;
            collect(process.getInputStream(), out);
            collect(process.getErrorStream(), err);
        }

        private static void collect(InputStream from, List<String> lines) {
            Thread reader = new Thread(() -> {
                try (BufferedReader in = new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))) {
                    in.lines().forEach(lines::add);
                } catch (IOException | UncheckedIOException e) {
                    lines.add("(stream ended: " + e.getMessage() + ")");
                }
            });
            reader.setDaemon(true);
            reader.start();
        }

        String await(Predicate<String> line, String description) {
            Awaitility.await(description + " from " + this)
                    .atMost(PATIENCE)
                    .until(() -> !process.isAlive() || List.copyOf(out).stream().anyMatch(line));
            return List.copyOf(out).stream()
                    .filter(line)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(description + " did not come: " + this));
        }

        int exitCode() throws InterruptedException {
            assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .as("ended: %s", this)
                    .isTrue();
            return process.exitValue();
        }

        @Override
        public String toString() {
            return "out " + out + ", err " + err;
        }
    }

    /** On free ports alone; an option that is given again wins by being the only one. */
    Cutover up(String... options) throws IOException {
        List<String> args = new ArrayList<>(List.of("up"));
        for (String port : List.of("--kafka-port", "--gateway-port", "--rest-port", "--control-port")) {
            if (!List.of(options).contains(port)) {
                args.addAll(List.of(port, "0"));
            }
        }
        args.addAll(List.of(options));
        return cutover(args.toArray(String[]::new));
    }

    Cutover cutover(String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-cp",
                Arrays.stream(System.getProperty("java.class.path").split(java.io.File.pathSeparator))
                        .filter(entry -> !entry.endsWith("test-classes"))
                        .collect(Collectors.joining(java.io.File.pathSeparator)),
                "dev.cutover.local.CutoverMain"));
        if (Runtime.version().feature() >= 24) { // as the launcher does
            command.addAll(1, List.of("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"));
        }
        command.addAll(List.of(args));
        Cutover started = new Cutover(
                new ProcessBuilder(command).directory(directory.toFile()).start());
        running.add(started);
        return started;
    }

    static String port(String line) {
        return port(GATEWAY, line);
    }

    static String httpPort(String line) {
        return port(HTTP, line);
    }

    private static String port(Pattern address, String line) {
        Matcher matcher = address.matcher(line);
        assertThat(matcher.find()).as(line).isTrue();
        return matcher.group(1);
    }

    static InetSocketAddress loopback(String port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(port));
    }

    /** As Ctrl-C does; or by SIGTERM where this test itself was started with SIGINT ignored, which its processes inherit. */
    static void interrupt(Cutover cutover) throws Exception {
        String signal = ignoresInterrupts(cutover.process.pid()) ? "-TERM" : "-INT";
        new ProcessBuilder("kill", signal, Long.toString(cutover.process.pid()))
                .start()
                .waitFor();
    }

    private static boolean ignoresInterrupts(long pid) throws IOException {
        Path status = Path.of("/proc", Long.toString(pid), "status");
        if (!Files.exists(status)) {
            return false;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .mapToLong(line -> Long.parseUnsignedLong(
                        line.substring("SigIgn:".length()).strip(), 16))
                .anyMatch(ignored -> (ignored & 1L << 1) != 0); // SIGINT is signal 2
    }
}

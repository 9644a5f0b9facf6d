package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.Topics;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line as its users meet it: processes of their own, their output and their exit codes. */
final class CommandLineSystemTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern GATEWAY = Pattern.compile("ws://127\\.0\\.0\\.1:(\\d+)/ws/");

    private static final Pattern HTTP = Pattern.compile("http://127\\.0\\.0\\.1:(\\d+)");

    @TempDir
    Path directory;

    private final List<Cutover> running = new ArrayList<>();

    @AfterEach
    void stop() {
        running.forEach(each -> each.process.destroyForcibly());
    }

    /** One process, and what it has said so far. */
    private static final class Cutover {
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
    private Cutover up(String... options) throws IOException {
        List<String> args = new ArrayList<>(List.of("up"));
        for (String port : List.of("--kafka-port", "--gateway-port", "--rest-port", "--control-port")) {
            if (!List.of(options).contains(port)) {
                args.addAll(List.of(port, "0"));
            }
        }
        args.addAll(List.of(options));
        return cutover(args.toArray(String[]::new));
    }

    private Cutover cutover(String... args) throws IOException {
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

    private static String port(String line) {
        return port(GATEWAY, line);
    }

    private static String httpPort(String line) {
        return port(HTTP, line);
    }

    private static String port(Pattern address, String line) {
        Matcher matcher = address.matcher(line);
        assertThat(matcher.find()).as(line).isTrue();
        return matcher.group(1);
    }

    private static InetSocketAddress loopback(String port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(port));
    }

    /** As Ctrl-C does; or by SIGTERM where this test itself was started with SIGINT ignored, which its processes inherit. */
    private static void interrupt(Cutover cutover) throws Exception {
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

    @Test
    void upServesASubscriberAndClosesInOrderWithinFiveSecondsOfCtrlC() throws Exception {
        Cutover up = up("--gateways", "2");
        up.await(line -> line.contains("⚪ SHADOW MODE"), "the status");
        String port = port(up.await(line -> line.contains("gw-2"), "the second gateway's address"));
        Cutover tail = cutover(
                "tail", "intraday", "--gateway-port", port, "--kafka-port", "1", "--key", "SPY", "--count", "3");
        assertThat(tail.exitCode()).as(tail.toString()).isZero();
        assertThat(tail.out)
                .hasSize(3)
                .allMatch(line -> line.startsWith("[WS] intraday_bar: {") || line.startsWith("[WS] vwap_update: {"));
        String first = port(up.await(line -> line.contains("gw-1"), "the first gateway's address"));
        long startedNs;
        // clients that never answer the close frame must not hold it up either
        try (SlowClient one = SlowClient.subscribe(loopback(first), "positions");
                SlowClient other = SlowClient.subscribe(loopback(port), "positions")) {
            startedNs = System.nanoTime();
            interrupt(up);
            assertThat(up.exitCode()).as(up.toString()).isZero();
            assertThat(List.of(one, other)).hasSize(2);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - startedNs)).isLessThan(Duration.ofSeconds(5));
        assertThat(up.err).as("nothing to complain about").isEmpty();
        assertThat(Files.exists(directory.resolve(".cutover"))).isTrue();
    }

    @Test
    void aServiceRunsByItselfAgainstAClusterThatIsThere() throws Exception {
        try (TestBroker broker = TestBroker.start()) {
            Cutover jobs = cutover("run", "jobs", "--bootstrap", broker.bootstrap(), "--jobs-port", "0");
            Cutover gateway = cutover("run", "gateway", "--bootstrap", broker.bootstrap(), "--gateway-port", "0");
            String port = port(gateway.await(line -> line.contains("listens on ws://"), "the gateway's address"));
            jobs.await(line -> line.contains("jobs run at"), "the jobs' address");
            Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
                Cutover tail = cutover("tail", "positions", "--gateway-port", port, "--count", "1");
                assertThat(tail.exitCode()).as(tail.toString()).isZero();
            });
            Cutover rest = cutover("run", "rest", "--bootstrap", broker.bootstrap(), "--rest-port", "0");
            Cutover control = cutover("run", "control", "--bootstrap", broker.bootstrap(), "--control-port", "0");
            String restPort = httpPort(rest.await(line -> line.contains("http://"), "the REST service's address"));
            String controlPort = httpPort(control.await(line -> line.contains("http://"), "the control's address"));
            Awaitility.await().atMost(PATIENCE).untilAsserted(() -> assertThat(
                            TestHttp.get(loopback(restPort), "/api/positions/").status())
                    .isEqualTo(200));
            Cutover status = cutover("status", "--control-port", controlPort);
            assertThat(status.exitCode()).as(status.toString()).isZero();
            for (Cutover each : List.of(gateway, rest, control, jobs)) {
                interrupt(each);
                assertThat(each.exitCode()).as(each.toString()).isZero();
            }
        }
    }

    @Test
    void aFeatureIsFlippedAndRolledBackFromTheCommandLine() throws Exception {
        Cutover up = up();
        String control = httpPort(up.await(line -> line.contains("control ") && line.contains("http"), "control"));
        InetSocketAddress rest =
                loopback(httpPort(up.await(line -> line.contains("REST ") && line.contains("http"), "REST")));
        up.await(line -> line.contains("Ctrl-C stops everything"), "the end of its start");
        String balance = "/api/account/balance/";

        assertThat(said("status", "--control-port", control)).startsWith("⚪ SHADOW MODE");
        assertThat(TestHttp.get(rest, balance).status()).isEqualTo(200);

        Cutover refused = cutover("promote", "account_balance", "--reason", "a test", "--control-port", control);
        assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(1);
        assertThat(String.join("\n", refused.err)).contains("evidence").contains("--force");

        String live = said(
                "promote",
                "account_balance",
                "--to",
                "live",
                "--force",
                "--reason",
                "a test",
                "--control-port",
                control);
        assertThat(live).contains("account_balance").contains("live");
        assertThat(said("status", "--control-port", control)).startsWith("⚡ PARTIAL CUTOVER (1/4)");
        assertThat(TestHttp.get(rest, balance).header("Deprecation")).startsWith("@");

        said("promote", "account_balance", "--force", "--reason", "a test", "--control-port", control);
        assertThat(TestHttp.get(rest, balance).status()).isEqualTo(410);

        Cutover late = cutover(
                "rollback", "account_balance", "--reason", "x", "--expect-version", "1", "--control-port", control);
        assertThat(late.exitCode()).as(late.toString()).isEqualTo(1);

        said("rollback", "account_balance", "--reason", "a test", "--control-port", control);
        assertThat(TestHttp.get(rest, balance).status()).isEqualTo(200);
        assertThat(said("history", "account_balance", "--json", "--control-port", control))
                .contains("\"stage\":\"live\"")
                .contains("\"stage\":\"promoted\"")
                .contains("\"forced\":true");
        interrupt(up);
        assertThat(up.exitCode()).as(up.toString()).isZero();
    }

    /** What a command says that succeeds. */
    private String said(String... args) throws Exception {
        Cutover command = cutover(args);
        assertThat(command.exitCode()).as(command.toString()).isZero();
        assertThat(command.err).as(command.toString()).isEmpty();
        return String.join("\n", command.out);
    }

    @Test
    void aConfigTopicThatIsNotCompactedIsRefusedInOneLine() throws Exception {
        try (TestBroker broker = TestBroker.start();
                Admin admin = new KafkaConnection(broker.bootstrap(), Map.of()).admin("test")) {
            admin.createTopics(List.of(new NewTopic(Topics.FLAGS, Optional.of(1), Optional.empty())))
                    .all()
                    .get();
            for (String service : List.of("control", "rest")) {
                Cutover refused =
                        cutover("run", service, "--bootstrap", broker.bootstrap(), "--" + service + "-port", "0");
                assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(1);
                assertThat(refused.err).as(refused.toString()).hasSize(1);
                assertThat(refused.err.get(0)).contains("config.features has cleanup.policy=delete");
            }
        }
    }

    @Test
    void aTakenPortIsOneLineAndExitCodeOne() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(taken.getLocalPort());
            Cutover kafka = up("--kafka-port", port);
            Cutover gateway = up("--gateway-port", port, "--data-dir", "gateway");
            Cutover rest = up("--rest-port", port, "--data-dir", "rest");
            Cutover control = up("--control-port", port, "--data-dir", "control");
            for (Cutover each : List.of(kafka, gateway, rest, control)) {
                assertThat(each.exitCode()).as(each.toString()).isEqualTo(1);
                assertThat(each.err).as(each.toString()).hasSize(1);
                assertThat(each.err.get(0)).contains(port).contains("-port");
            }
        }
    }

    @Test
    void anUnreadableFileIsOneLineAndExitCodeOne() throws Exception {
        Cutover up = up("--source", "file:nowhere.csv");
        assertThat(up.exitCode()).as(up.toString()).isEqualTo(1);
        assertThat(up.err).as(up.toString()).hasSize(1);
        assertThat(up.err.get(0)).contains("nowhere.csv");
    }

    @Test
    void aWrongOptionIsOneLineAndExitCodeTwo() throws Exception {
        List<Cutover> wrong = List.of(
                cutover("up", "--gatway-port", "1"),
                cutover("up", "--gateway-port", "many"),
                cutover("up", "--source", "magic"),
                cutover("run", "gateway", "--session-bytes", "-1"),
                cutover("tail"),
                cutover("promote", "positions"),
                cutover("promote", "positions", "--reason", "x", "--to", "heaven"),
                cutover("status", "--control-port", "many"),
                cutover("tail", "positions", "--gateway-port", "none"));
        for (Cutover each : wrong) {
            assertThat(each.exitCode()).as(each.toString()).isEqualTo(2);
            assertThat(each.err).as(each.toString()).hasSize(1);
            assertThat(each.out).as(each.toString()).isEmpty();
        }
    }

    @Test
    void tailSaysWhatIsWrongAndHowToGoOn() throws Exception {
        int nobody;
        try (ServerSocket free = new ServerSocket(0)) {
            nobody = free.getLocalPort();
        }
        Cutover tail = cutover("tail", "positions", "--gateway-port", Integer.toString(nobody));
        assertThat(tail.exitCode()).isEqualTo(1);
        assertThat(tail.err).as(tail.toString()).hasSize(1);
        assertThat(tail.err.get(0)).contains("./cutover up");
    }

    @Test
    void freshEmptiesTheDataAndNeverAnotherDirectory() throws Exception {
        Files.writeString(directory.resolve("precious.txt"), "mine");
        Cutover refused = up("--fresh", "--data-dir", directory.toString());
        assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(1);
        assertThat(refused.err).hasSize(1);
        assertThat(directory.resolve("precious.txt")).hasContent("mine");

        Path data = directory.resolve("data");
        DataDirectory.take(data, false).close();
        Path old = Files.writeString(
                Files.createDirectories(data.resolve("topic-0")).resolve("old"), "old");
        DataDirectory.take(data, false).close();
        assertThat(old).exists();
        DataDirectory.take(data, true).close();
        assertThat(data).isDirectoryContaining("glob:**cutover.lock");
        assertThat(old.getParent()).doesNotExist();
    }

    @Test
    void helpNamesEveryCommand() throws Exception {
        Cutover help = cutover("--help");
        assertThat(help.exitCode()).isZero();
        assertThat(String.join("\n", help.out))
                .contains(
                        "up",
                        "run",
                        "status",
                        "promote",
                        "rollback",
                        "history",
                        "tail",
                        "replay",
                        "generate-completion");
        Cutover up = cutover("up", "--help");
        assertThat(up.exitCode()).isZero();
        assertThat(String.join("\n", up.out))
                .contains("--kafka-port", "--gateway-port", "--rest-port", "--control-port", "--source", "--fresh");
    }
}

package dev.cutover.local;

import static dev.cutover.local.CommandLineRig.httpPort;
import static dev.cutover.local.CommandLineRig.interrupt;
import static dev.cutover.local.CommandLineRig.loopback;
import static dev.cutover.local.CommandLineRig.port;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.local.CommandLineRig.Cutover;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.Topics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line as its users meet it: processes of their own, their output and their exit codes. */
final class CommandLineSystemTest {
    private static final Duration PATIENCE = CommandLineRig.PATIENCE;

    @TempDir
    Path directory;

    private CommandLineRig rig;

    @BeforeEach
    void start() {
        rig = new CommandLineRig(directory);
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    private Cutover up(String... options) throws IOException {
        return rig.up(options);
    }

    private Cutover cutover(String... args) throws IOException {
        return rig.cutover(args);
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
        assertThat(String.join("\n", refused.err)).contains("parity").contains("--force");

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

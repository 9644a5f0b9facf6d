package dev.cutover.local;

import static dev.cutover.local.CommandLineRig.httpPort;
import static dev.cutover.local.CommandLineRig.interrupt;
import static dev.cutover.local.CommandLineRig.loopback;
import static dev.cutover.local.CommandLineRig.port;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.local.CommandLineRig.Cutover;
import dev.cutover.local.TestClient.Heard;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The README's tour, command by command, against a stack that is a process of its own. */
final class TourSystemTest {
    private static final String FEATURE = "positions";
    /** Two clean sessions, and before them one that is not. */
    private static final Duration SESSIONS = Duration.ofMinutes(3);

    /** From the breach being true to the last client told. */
    private static final Duration ROLLBACK = Duration.ofSeconds(5);

    @TempDir
    Path directory;

    private CommandLineRig rig;
    private String controlPort;
    private InetSocketAddress control;
    private InetSocketAddress rest;

    @AfterEach
    void stop() {
        rig.close();
    }

    /** What a command at the control service says when it is done. */
    private String said(String... args) throws Exception {
        return saidAt("--control-port", controlPort, args);
    }

    private String saidAt(String option, String port, String... args) throws Exception {
        List<String> all = new ArrayList<>(Arrays.asList(args));
        all.addAll(List.of(option, port));
        Cutover command = rig.cutover(all.toArray(String[]::new));
        assertThat(command.exitCode()).as(command.toString()).isZero();
        return String.join("\n", command.out);
    }

    private JsonNode feature() {
        return TestHttp.get(control, "/cutover/features/" + FEATURE).json();
    }

    private void awaitChecklist(String what) {
        Awaitility.await(what)
                .atMost(SESSIONS)
                .pollInterval(Duration.ofSeconds(1))
                .untilAsserted(() -> assertThat(feature().path("checklist").path("passes"))
                        .as(feature().path("checklist").toString())
                        .hasToString("true"));
    }

    @Test
    @Timeout(value = 12, unit = TimeUnit.MINUTES)
    void featureIsPromotedByEvidenceAndRolledBackByTheGuard() throws Exception {
        rig = new CommandLineRig(directory);
        Cutover up = rig.up("--session", "10s", "--gateways", "2");
        controlPort = httpPort(up.await(line -> line.contains("control ") && line.contains("http"), "control"));
        String restPort = httpPort(up.await(line -> line.contains("REST ") && line.contains("http"), "REST"));
        control = loopback(controlPort);
        rest = loopback(restPort);
        List<InetSocketAddress> gateways = List.of(
                loopback(port(up.await(line -> line.contains("gw-1"), "the first gateway"))),
                loopback(port(up.await(line -> line.contains("gw-2"), "the second gateway"))));
        up.await(line -> line.contains("Ctrl-C stops everything"), "the end of its start");

        // without evidence there is no promotion
        Cutover early = rig.cutover("promote", FEATURE, "--reason", "a test", "--control-port", controlPort);
        assertThat(early.exitCode()).as(early.toString()).isEqualTo(1);
        assertThat(String.join("\n", early.err)).contains("parity");

        awaitChecklist("two clean sessions");
        said("promote", FEATURE, "--reason", "two clean sessions");

        drift(restPort, gateways);
        awaitHistory();

        saidAt("--rest-port", restPort, "drift", "off");
        Cutover held = rig.cutover("promote", FEATURE, "--force", "--reason", "a test", "--control-port", controlPort);
        assertThat(held.exitCode()).as("held, and no force helps: " + held).isEqualTo(1);
        said("clear", FEATURE, "--reason", "the drift was ours");
        awaitChecklist("two clean sessions after the drift");
        said("promote", FEATURE, "--reason", "clean again");

        said("sign-off", FEATURE, "--to", "promoted", "--by", "desk");
        awaitChecklist("all that is asked for before REST goes");
        String lines = said("checklist", FEATURE);
        assertThat(lines).contains("sign-off").contains("callers").doesNotContain("✗");
        said("promote", FEATURE, "--reason", "nobody polls it any more");
        assertThat(TestHttp.get(rest, "/api/positions/?account_id=123").status())
                .isEqualTo(410);
        said("rollback", FEATURE, "--reason", "only a test");
        assertThat(TestHttp.get(rest, "/api/positions/?account_id=123").status())
                .isEqualTo(200);
        interrupt(up);
        assertThat(up.exitCode()).as(up.toString()).isZero();
    }

    /** REST lies by a cent, and every client hears of the rollback soon after enough comparisons have failed. */
    private void drift(String restPort, List<InetSocketAddress> gateways) throws Exception {
        List<TestClient> clients =
                gateways.stream().map(each -> new TestClient(each, false)).toList();
        for (TestClient client : clients) {
            client.next("welcome");
        }
        saidAt("--rest-port", restPort, "drift", FEATURE + "=current_price:0.01");
        List<Instant> told = new ArrayList<>();
        for (TestClient client : clients) {
            Heard change = client.next(
                    frame -> frame.type().equals("stage_changed")
                            && frame.json().path("stage").asText().equals("shadow"),
                    "the guard's rollback");
            assertThat(change.json().path("data").path("changed_by").asText()).isEqualTo("guard");
            told.add(Instant.now().minusNanos(System.nanoTime() - change.atNs()));
            client.close();
        }
        JsonNode evidence = lastChange().path("evidence");
        // the breach is true once as many comparisons as the guard asks for have failed
        Instant breach = evidence.path("verdicts").findValuesAsText("served_at").stream()
                .map(Instant::parse)
                .sorted()
                .toList()
                .get(2);
        Instant last = told.stream().max(Instant::compareTo).orElseThrow();
        System.out.printf(
                "from the breach to the last client told: %d ms%n",
                Duration.between(breach, last).toMillis());
        assertThat(Duration.between(breach, last)).isLessThan(ROLLBACK);
        assertThat(evidence.path("verdicts").get(0).path("differences").toString())
                .contains("current_price");
    }

    private JsonNode lastChange() {
        JsonNode history = TestHttp.get(control, "/cutover/features/" + FEATURE + "/history")
                .json();
        return history.get(history.size() - 1);
    }

    private void awaitHistory() throws Exception {
        assertThat(lastChange().path("changed_by").asText()).isEqualTo("guard");
        assertThat(lastChange().path("hold").asBoolean()).isTrue();
        assertThat(said("status")).contains("held by the guard").contains("./cutover clear " + FEATURE);
        assertThat(said("history", FEATURE)).contains("guard").contains("current_price");
    }
}

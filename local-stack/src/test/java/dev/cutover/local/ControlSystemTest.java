package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.Control;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.TopicProvisioner;
import dev.cutover.schema.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The control service over a real broker. */
final class ControlSystemTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final HttpClient client = HttpClient.newHttpClient();
    private SystemUnderTest system;

    @AfterEach
    void stop() {
        if (system != null) {
            system.close();
        }
    }

    private record Answer(int status, JsonNode body) {}

    private Control control(String name, Map<String, String> environment) {
        return system.open(
                Control.start(SystemUnderTest.controlSettings(name), system.catalog(), system.kafka(), environment));
    }

    private Answer send(Control control, String path, ObjectNode body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + control.address().getPort() + path))
                .timeout(Duration.ofMinutes(1));
        if (body != null) {
            request.header("Content-Type", "application/json").POST(BodyPublishers.ofString(body.toString()));
        }
        HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
        return new Answer(response.statusCode(), JSON.readTree(response.body()));
    }

    private Answer get(Control control, String path) throws IOException, InterruptedException {
        return send(control, path, null);
    }

    private static ObjectNode by(String operator) {
        return JSON.createObjectNode().put("by", operator).put("reason", "test");
    }

    private Answer promote(Control control, String to, String operator) throws IOException, InterruptedException {
        return send(
                control,
                "/cutover/features/positions/stage",
                by(operator).put("to", to).put("force", true));
    }

    private Answer rollback(Control control, String operator) throws IOException, InterruptedException {
        return send(control, "/cutover/features/positions/rollback", by(operator));
    }

    private List<Long> versions(Control control) throws IOException, InterruptedException {
        List<Long> versions = new ArrayList<>();
        Answer history = get(control, "/cutover/features/positions/history");
        assertThat(history.status()).as(history.body().toString()).isEqualTo(200);
        history.body().forEach(record -> versions.add(record.path("version").asLong()));
        return versions;
    }

    @Test
    void ofOperatorsWhoRaceThroughTwoInstancesExactlyOneWinsEachVersion() throws Exception {
        system = SystemUnderTest.start();
        List<Control> controls = List.of(control("control-1", Map.of()), control("control-2", Map.of()));
        int operatorsEach = 3;
        int rounds = 4;
        ExecutorService pool = Executors.newFixedThreadPool(controls.size() * operatorsEach);
        for (int round = 0; round < rounds; round++) {
            Map<String, Future<Answer>> answers = new HashMap<>();
            for (int i = 0; i < controls.size() * operatorsEach; i++) {
                Control control = controls.get(i % controls.size());
                ObjectNode body = by("operator-" + i).put("expect_version", round);
                if (round % 2 == 0) {
                    body.put("to", "live").put("force", true);
                }
                String path = "/cutover/features/positions/" + (round % 2 == 0 ? "stage" : "rollback");
                Callable<Answer> race = () -> send(control, path, body);
                answers.put("operator-" + i, pool.submit(race));
            }
            assertOneWinner(answers, round + 1L);
        }
        pool.shutdown();
        for (Control control : controls) {
            assertThat(versions(control))
                    .isEqualTo(LongStream.rangeClosed(1, rounds).boxed().toList());
        }
    }

    private static void assertOneWinner(Map<String, Future<Answer>> answers, long version) throws Exception {
        List<String> winners = new ArrayList<>();
        List<JsonNode> conflicts = new ArrayList<>();
        for (Map.Entry<String, Future<Answer>> each : answers.entrySet()) {
            Answer answer = each.getValue().get(120, TimeUnit.SECONDS);
            if (answer.status() == 200) {
                winners.add(each.getKey());
                assertThat(answer.body().path("version").asLong()).isEqualTo(version);
                assertThat(answer.body().path("changed_by").asText()).isEqualTo(each.getKey());
            } else {
                assertThat(answer.status()).as(answer.body().toString()).isEqualTo(409);
                conflicts.add(answer.body());
            }
        }
        assertThat(winners).as("winners of version %s", version).hasSize(1);
        assertThat(conflicts).allSatisfy(conflict -> {
            assertThat(conflict.path("detail").asText()).contains(winners.get(0), "test");
            assertThat(conflict.path("flag").path("version").asLong()).isEqualTo(version);
            assertThat(conflict.path("expected_version").asLong()).isEqualTo(version - 1);
        });
    }

    @Test
    void exactlyOneInstanceIsActiveAndAnotherTakesOverWhenItCloses() throws Exception {
        system = SystemUnderTest.start();
        Control first = control("control-1", Map.of());
        await().atMost(PATIENCE).until(first::isActive);
        Control second = control("control-2", Map.of());
        await().during(Duration.ofSeconds(4)).atMost(PATIENCE).until(() -> first.isActive() && !second.isActive());
        assertThat(get(second, "/cutover/control").body().path("active").asBoolean())
                .isFalse();
        assertThat(promote(second, "live", "alice").status())
                .as("whoever is not active writes all the same")
                .isEqualTo(200);

        first.close();

        assertThat(first.isActive()).isFalse();
        await().atMost(Duration.ofSeconds(8)).until(second::isActive);
    }

    @Test
    void aPromotedFeatureIsRolledBackWithoutForce() throws Exception {
        system = SystemUnderTest.start();
        Control control = control("control-1", Map.of());
        assertThat(promote(control, "live", "alice").status()).isEqualTo(200);
        assertThat(promote(control, "promoted", "alice").status()).isEqualTo(200);

        Answer back = rollback(control, "bob");

        assertThat(back.status()).as(back.body().toString()).isEqualTo(200);
        assertThat(back.body().path("stage").asText()).isEqualTo("shadow");
        assertThat(back.body().path("forced").asBoolean()).isFalse();
        JsonNode history = get(control, "/cutover/features/positions/history").body();
        assertThat(history.findValuesAsText("from")).containsExactly("shadow", "live", "promoted");
        assertThat(history.findValuesAsText("stage")).containsExactly("live", "promoted", "shadow");
    }

    @Test
    void everyChangeIsInTheHistoryTheMomentItIsAnswered() throws Exception {
        system = SystemUnderTest.start();
        Control control = control("control-1", Map.of());
        for (int i = 1; i <= 10; i++) {
            Answer changed = i % 2 == 1 ? promote(control, "live", "alice") : rollback(control, "alice");
            assertThat(changed.status()).as(changed.body().toString()).isEqualTo(200);
            assertThat(versions(control))
                    .isEqualTo(LongStream.rangeClosed(1, i).boxed().toList());
        }
    }

    @Test
    void anAuditRecordThatIsNotJsonIsSkipped() throws Exception {
        system = SystemUnderTest.start();
        Control control = control("control-1", Map.of());
        promote(control, "live", "alice");
        system.feed().sendRaw(Topics.FLAG_AUDIT, 0, null, EventFeed.utf8("positions"), EventFeed.utf8("no json"));
        rollback(control, "alice");

        assertThat(versions(control)).containsExactly(1L, 2L);
    }

    @Test
    void theEnvironmentCountsAtTheFirstStartAlone() throws Exception {
        system = SystemUnderTest.start();
        Map<String, String> environment = Map.of("WS_FEATURE_POSITIONS", "true");
        try (Control first = control("control-1", environment)) {
            JsonNode flag = get(first, "/cutover/features/positions").body().path("flag");
            assertThat(flag.path("stage").asText()).isEqualTo("live");
            assertThat(flag.path("changed_by").asText()).isEqualTo("environment");
            assertThat(flag.path("forced").asBoolean()).isTrue();
            assertThat(rollback(first, "alice").status()).isEqualTo(200);
        }

        Control second = control("control-2", environment);

        JsonNode flag = get(second, "/cutover/features/positions").body().path("flag");
        assertThat(flag.path("stage").asText()).isEqualTo("shadow");
        assertThat(versions(second)).containsExactly(1L, 2L);
    }

    @Test
    void flagsAndHistorySurviveARestartOfEverything(@TempDir Path data) throws Exception {
        FeatureCatalog catalog = FeatureCatalog.shipped();
        for (int start = 0; start < 2; start++) {
            try (EmbeddedBroker broker = EmbeddedBroker.start(data, false, "127.0.0.1", 0)) {
                KafkaConnection kafka = new KafkaConnection(broker.bootstrap(), Map.of());
                var unused = TopicProvisioner.ensure(kafka, catalog);
                try (Control control =
                        Control.start(SystemUnderTest.controlSettings("control-1"), catalog, kafka, Map.of())) {
                    Answer changed = start == 0 ? promote(control, "live", "alice") : rollback(control, "bob");
                    assertThat(changed.status()).as(changed.body().toString()).isEqualTo(200);
                    assertThat(changed.body().path("version").asLong()).isEqualTo(start + 1L);
                    assertThat(versions(control)).hasSize(start + 1);
                }
            }
        }
    }

    @Test
    void withoutKafkaReadsGoOnAndAChangeIsAnsweredWithinBounds() throws Exception {
        TestBroker broker = TestBroker.start();
        SystemUnderTest shortLived = SystemUnderTest.on(broker);
        Control control = shortLived.open(Control.start(
                SystemUnderTest.controlSettings("control-1"), shortLived.catalog(), shortLived.kafka(), Map.of()));
        assertThat(promote(control, "live", "alice").status()).isEqualTo(200);
        await().atMost(PATIENCE).until(control::isActive);

        broker.close();

        long startedNs = System.nanoTime();
        Answer refused = rollback(control, "bob");
        assertThat(refused.status()).as(refused.body().toString()).isEqualTo(503);
        assertThat(refused.body().path("detail").asText()).contains("unknown", "status");
        assertThat(Duration.ofNanos(System.nanoTime() - startedNs)).isLessThan(Duration.ofSeconds(30));
        await().atMost(PATIENCE).until(() -> !control.health().degraded().isEmpty());
        assertThat(get(control, "/health/ready").status()).isEqualTo(200);
        assertThat(control.isActive()).isFalse();
        JsonNode status = get(control, "/cutover/status").body();
        assertThat(status.path("flags_age_ms").asLong()).isGreaterThan(5_000);
        assertThat(status.path("mode").asText()).isEqualTo("PARTIAL");
        assertThat(get(control, "/cutover/features/positions/history").status()).isEqualTo(503);
        startedNs = System.nanoTime();
        control.close();
        assertThat(Duration.ofNanos(System.nanoTime() - startedNs)).isLessThan(Duration.ofSeconds(20));
        shortLived.close();
    }
}

package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.gateway.Gateway;
import dev.cutover.local.TestClient.Heard;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A running gateway whose Kafka goes away, or whose topics are not what they were. */
final class UpstreamSystemTest {
    private static final String TOPIC = "events.positions";
    /** A second, and as much again for a machine that has other things to do. */
    private static final Duration NOTICED = Duration.ofSeconds(2);
    /** For which the new topic's leaders must be known, and its begin be found. */
    private static final Duration READ_ANEW = Duration.ofSeconds(3);

    private static final Duration MINUTE = Duration.ofMinutes(1);

    @TempDir
    private Path directory;

    private TestBroker broker;
    private SystemUnderTest system;
    private Admin admin;

    @BeforeEach
    void start() {
        broker = TestBroker.keeping(directory);
        system = SystemUnderTest.on(broker);
        admin = system.kafka().admin("test-admin");
        system.open(() -> admin.close(Duration.ofSeconds(1)));
    }

    @AfterEach
    void stop() {
        system.close();
    }

    private static String position(String account, long serial) {
        return "{\"account_id\":" + account + ",\"positions\":[],\"serial\":" + serial + "}";
    }

    private TestClient subscriber(Gateway gateway, String keys) throws InterruptedException {
        TestClient client = system.client(gateway);
        client.say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"positions\"" + keys + "}");
        client.next("snapshot_complete");
        return client;
    }

    private static List<String> degraded(Gateway gateway) {
        return gateway.health().degraded();
    }

    private static boolean isComplete(Heard frame) {
        return frame.type().equals("snapshot_complete");
    }

    private void deleteTopic() throws Exception {
        admin.deleteTopics(List.of(TOPIC)).all().get(20, TimeUnit.SECONDS);
    }

    private void makeTopic() {
        // its name is free only when its old logs have been marked as deleted
        await().ignoreExceptions().atMost(Duration.ofSeconds(20)).until(() -> {
            admin.createTopics(List.of(new NewTopic(TOPIC, Optional.of(3), Optional.empty())))
                    .all()
                    .get(5, TimeUnit.SECONDS);
            return true;
        });
    }

    @Test
    void topicThatIsMadeAnewGivesEverySubscriberTheNewEpochAGapAndASnapshot() throws Exception {
        EventFeed feed = system.feed();
        for (int i = 0; i < 30; i++) {
            feed.sendNow("positions", Integer.toString(i % 3), position(Integer.toString(i % 3), i));
        }
        Gateway gateway = system.gateway();
        TestClient all = subscriber(gateway, "");
        TestClient one = subscriber(gateway, ",\"keys\":[\"1\"]");
        JsonNode before = all.heard().stream()
                .filter(frame -> frame.type().equals("subscribed"))
                .findFirst()
                .orElseThrow()
                .json();

        deleteTopic();
        long deletedNs = System.nanoTime();
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(5))
                .untilAsserted(() -> assertThat(degraded(gateway))
                        .anyMatch(each -> each.startsWith("topic " + TOPIC + " has been deleted")));
        Duration noticed = Duration.ofNanos(System.nanoTime() - deletedNs);
        assertThat(gateway.health().ready()).isTrue();
        subscriber(gateway, "");
        makeTopic();
        long madeNs = System.nanoTime();
        EventFeed newFeed = system.feed();
        newFeed.sendNow("positions", "1", position("1", 100));
        newFeed.sendNow("positions", "2", position("2", 101));

        String epoch = null;
        for (TestClient client : List.of(all, one)) {
            Heard gap = client.next(frame -> frame.json().path("gap").asBoolean(), "gap");
            Duration told = Duration.ofNanos(gap.atNs() - madeNs);
            System.out.printf(
                    "the deletion was noticed after %d ms, clients were told of the new topic after %d ms%n",
                    noticed.toMillis(), told.toMillis());
            assertThat(noticed).isLessThan(NOTICED);
            assertThat(told).isLessThan(NOTICED.plus(READ_ANEW));
            JsonNode began = gap.json();
            assertThat(began.get("type").asText()).isEqualTo("subscribed");
            assertThat(began.has("id")).isFalse();
            epoch = began.get("epoch").asText();
            assertThat(epoch).isNotEqualTo(before.get("epoch").asText());
            List<Heard> snapshot = client.until(UpstreamSystemTest::isComplete, "snapshot_complete");
            assertThat(snapshot.subList(0, snapshot.size() - 1))
                    .allMatch(event -> event.json().get("snapshot").asBoolean())
                    .allMatch(event -> event.json().get("data").get("serial").asInt() >= 100);
        }
        newFeed.sendNow("positions", "1", position("1", 102));
        for (TestClient client : List.of(all, one)) {
            Heard live = client.next(
                    frame -> frame.json().path("data").path("serial").asInt() == 102, "the event after it");
            assertThat(live.json().has("snapshot")).isFalse();
        }
        assertThat(gateway.health().reasons()).isEmpty();
        assertThat(degraded(gateway)).isEmpty();

        TestClient resuming = system.client(gateway);
        resuming.say("{\"type\":\"subscribe\",\"id\":7,\"feature\":\"positions\",\"from\":{\"epoch\":"
                + before.get("epoch") + ",\"offsets\":" + before.get("offsets") + "}}");
        assertThat(resuming.next("error_message")
                        .json()
                        .path("data")
                        .path("code")
                        .asText())
                .isEqualTo("position_expired");
        JsonNode again = resuming.next("subscribed").json();
        assertThat(again.get("gap").asBoolean()).isTrue();
        assertThat(again.get("epoch").asText()).isEqualTo(epoch);
    }

    @Test
    void changedPartitionCountMakesTheGatewayNotReadyAndSaysWhatToDo() throws Exception {
        Gateway gateway = system.gateway();
        admin.createPartitions(Map.of(TOPIC, NewPartitions.increaseTo(5))).all().get(20, TimeUnit.SECONDS);
        await().atMost(Duration.ofSeconds(10)).until(() -> !gateway.health().ready());
        assertThat(gateway.health().reasons())
                .singleElement()
                .asString()
                .startsWith("topic " + TOPIC + " has 5 partitions, and the feature catalog says 3")
                .contains("recreate the topic with 3, or set its partitions in the catalog to 5 and restart");
        assertThat(TestHttp.get(gateway.address(), "/health/ready").status()).isEqualTo(503);
    }

    @Test
    void whileKafkaIsAwayConnectionsStayAndSnapshotsAreServedAndThenItGoesOnWithoutALoss() throws Exception {
        EventFeed feed = system.feed();
        for (int i = 0; i < 20; i++) {
            feed.sendNow("positions", "1", position("1", i));
        }
        Gateway gateway = system.gateway();
        TestClient client = subscriber(gateway, "");
        long last = client.heard().stream()
                .filter(frame -> frame.type().equals("positions"))
                .findFirst()
                .orElseThrow()
                .offset();
        int port = broker.port();
        broker.close();

        Heard told = client.next("error_message");
        assertThat(told.json().path("data").path("code").asText()).isEqualTo("upstream_unavailable");
        assertThat(told.json().has("id")).isFalse();
        assertThat(gateway.health().ready()).isTrue();
        assertThat(degraded(gateway))
                .anyMatch(each -> each.startsWith("Kafka does not answer since 20") && each.endsWith("what is known"));
        assertThat(TestHttp.get(gateway.address(), "/metrics").text()).contains("cutover_gateway_upstream_up 0.0");
        TestClient late = subscriber(gateway, "");
        assertThat(late.heard())
                .extracting(Heard::type)
                .containsExactly("welcome", "error_message", "subscribed", "positions", "snapshot_complete");

        Gateway cold = system.startGateway();
        assertThat(cold.health().ready()).isFalse();
        assertThat(TestHttp.get(cold.address(), "/health/ready").status()).isEqualTo(503);

        system.open(TestBroker.keeping(directory, port));
        await().atMost(Duration.ofSeconds(30)).until(() -> degraded(gateway).isEmpty());
        await().atMost(Duration.ofSeconds(60)).until(() -> cold.health().ready());
        EventFeed newFeed = system.feed();
        for (int i = 20; i < 40; i++) {
            newFeed.sendNow("positions", "1", position("1", i));
        }
        for (int i = 20; i < 40; i++) {
            Heard event = client.next("positions");
            assertThat(event.json().path("data").path("serial").asInt()).isEqualTo(i);
            assertThat(event.json().path("prev").asLong()).isEqualTo(last);
            last = event.offset();
        }
        assertThat(client.heard())
                .filteredOn(frame -> frame.type().equals("error_message"))
                .as("told once")
                .hasSize(1);
        assertThat(client.heard()).noneMatch(frame -> frame.json().has("gap"));
    }

    @Test
    void whatRetentionTookWhileAGatewayCouldNotReadIsAGapAndASnapshotUnderTheSameEpoch() throws Exception {
        EventFeed feed = system.feed();
        feed.sendNow("positions", "1", position("1", 0));
        Gateway gateway = system.gateway();
        TestClient client = subscriber(gateway, "");
        String epoch = client.heard().get(1).json().get("epoch").asText();
        int partition = client.heard().get(2).partition();
        TopicPartition taken = new TopicPartition(TOPIC, partition);
        int port = broker.port();
        broker.close();
        client.next("error_message");
        // a broker at another address takes in what the gateway can't see, and forgets the most of it
        try (TestBroker elsewhere = TestBroker.keeping(directory, 0)) {
            var kafka = new dev.cutover.schema.KafkaConnection(elsewhere.bootstrap(), Map.of());
            try (EventFeed unseen = new EventFeed(kafka, system.catalog());
                    Admin there = kafka.admin("test-admin-elsewhere")) {
                for (int i = 1; i <= 50; i++) {
                    unseen.sendNow("positions", "1", position("1", i));
                }
                there.deleteRecords(Map.of(taken, RecordsToDelete.beforeOffset(45)))
                        .all()
                        .get(20, TimeUnit.SECONDS);
            }
        }
        system.open(TestBroker.keeping(directory, port));
        JsonNode began = client.next(frame -> frame.json().path("gap").asBoolean(), "gap")
                .json();
        assertThat(began.get("epoch").asText()).isEqualTo(epoch);
        List<Heard> snapshot = client.until(UpstreamSystemTest::isComplete, "snapshot_complete");
        assertThat(snapshot.get(0).offset()).isEqualTo(50);
        await().atMost(Duration.ofSeconds(20)).until(() -> degraded(gateway).isEmpty());
    }

    @Test
    void aFeatureThatHasFallenSilentIsSaidInReadyAndInTheHeartbeatUntilItSpeaksAgain() throws Exception {
        EventFeed feed = system.feed();
        feed.sendAt(System.currentTimeMillis() - MINUTE.toMillis(), "positions", "1", position("1", 1));
        feed.sendNow("market_status", "1", "{\"market_id\":1}");
        Gateway gateway = system.gateway();
        TestClient client = subscriber(gateway, "");
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
            TestHttp.Answer ready = TestHttp.get(gateway.address(), "/health/ready");
            assertThat(ready.status()).isEqualTo(200);
            assertThat(ready.json().path("degraded")).singleElement().satisfies(each -> assertThat(each.asText())
                    .startsWith("feature positions is silent: "));
        });
        beat(feed);
        JsonNode heartbeat = client.next("heartbeat").json();
        assertThat(heartbeat.path("silent")).extracting(JsonNode::asText).containsExactly("positions");
        assertThat(new AsyncApi().faults(heartbeat)).isEmpty();
        feed.sendNow("positions", "1", position("1", 2));
        await().atMost(Duration.ofSeconds(10)).until(() -> degraded(gateway).isEmpty());
        beat(feed);
        assertThat(client.next("heartbeat").json().has("silent")).isFalse();
    }

    private void beat(EventFeed feed) {
        feed.sendRaw(
                system.catalog().heartbeat().topic(),
                0,
                "heartbeat",
                EventFeed.utf8("heartbeat"),
                EventFeed.utf8("{\"timestamp\":\"2026-01-05T15:30:00Z\",\"heartbeat_count\":30}"));
    }

    /** One subscription that is live, one that has resumed, a replay, and a client that had to be closed. */
    private void use(Gateway gateway, EventFeed feed) throws InterruptedException {
        TestClient client = subscriber(gateway, "");
        feed.sendNow("positions", "1", position("1", 1));
        client.next("positions");
        Heard began = client.heard().get(1);
        system.client(gateway)
                .say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"from\":{\"epoch\":"
                        + began.json().path("epoch") + ",\"offsets\":"
                        + began.json().path("offsets") + "}}")
                .next("caught_up");
        client.say("{\"type\":\"subscribe\",\"id\":2,\"feature\":\"positions\",\"from\":\"earliest\","
                        + "\"until\":\"2999-01-01T00:00:00Z\"}")
                .next("replay_complete");
        TestClient bad = system.client(gateway);
        for (int i = 0; i < 20; i++) {
            bad.say("nonsense");
        }
        bad.next("(closed)");
    }

    @Test
    void metricsOfTheGatewayAndOfWhatItStandsOnAreThere() throws Exception {
        EventFeed feed = system.feed();
        Gateway gateway = system.gateway();
        use(gateway, feed);
        Set<String> missing = new HashSet<>(List.of(
                "cutover_gateway_connections 2.0",
                "cutover_gateway_subscriptions{feature=\"positions\"} 2.0",
                "cutover_gateway_subscriptions{feature=\"intraday\"} 0.0",
                "cutover_gateway_events_read_total 1.0",
                "cutover_gateway_frames_sent_total 3",
                "cutover_gateway_bytes_sent_total ",
                "cutover_gateway_conflated_total 0.0",
                "cutover_gateway_closed_total{code=\"bad_messages\"} 1.0",
                "cutover_gateway_refused_total{code=\"bad_request\"} 20.0",
                "cutover_gateway_resumes_total{from=\"backlog\"} 1.0",
                "cutover_gateway_resumes_total{from=\"log\"} 0.0",
                "cutover_gateway_log_reads_total 1.0",
                "cutover_gateway_positions_expired_total 0.0",
                "cutover_gateway_replays 0.0",
                "cutover_gateway_dead_letters_total 0.0",
                "cutover_gateway_delivery_seconds_count ",
                "cutover_gateway_delivery_seconds_bucket{le=\"0.005\"}",
                "cutover_gateway_lag{feature=\"positions\",partition=\"2\"} 0.0",
                "cutover_gateway_backlog_bytes{loop=\"1\"}",
                "cutover_gateway_upstream_up 1.0",
                "cutover_gateway_upstream_lost_total 0.0",
                "cutover_flags_age_seconds",
                "jvm_memory_used_bytes",
                "jvm_gc_",
                "jvm_threads_live_threads",
                "system_cpu_count",
                "netty_allocator_memory_used",
                "netty_eventexecutor_tasks_pending",
                "kafka_consumer_fetch_manager_records_consumed_total",
                "kafka_admin_client_",
                "kafka_producer_"));
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
            String text = TestHttp.get(gateway.address(), "/metrics").text();
            missing.removeIf(text::contains);
            assertThat(missing).isEmpty();
        });
        Map<String, Long> tookMs = new HashMap<>();
        for (int i = 0; i < 5; i++) {
            long begunNs = System.nanoTime();
            TestHttp.get(gateway.address(), "/metrics");
            tookMs.merge("least", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNs), Math::min);
        }
        assertThat(tookMs.get("least")).as("a scrape is quick").isLessThan(500);
    }
}

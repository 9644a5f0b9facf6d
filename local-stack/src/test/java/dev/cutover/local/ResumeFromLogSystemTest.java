package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.gateway.Gateway;
import dev.cutover.local.TestClient.Heard;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Many resume at once at a gateway that was started later and keeps nothing in memory: all that they missed comes from Kafka. */
final class ResumeFromLogSystemTest {
    /** Many more than may hold pieces of the log at a time. */
    private static final int CLIENTS = 300;

    private static final int KEYS = 20;
    private static final int MISSED = 2_000;
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private SystemUnderTest system;
    private Swarm swarm;
    private volatile InetSocketAddress address;

    @BeforeEach
    void start() {
        system = SystemUnderTest.start();
        swarm = new Swarm("resuming-clients", random());
    }

    @AfterEach
    void stop() {
        swarm.close();
        system.close();
    }

    private static RandomGenerator random() {
        return RandomGeneratorFactory.of("SplittableRandom").create(7);
    }

    @Test
    void threeHundredResumeFromTheLogAtALaterGatewayWithoutGapOrDouble() {
        Gateway first = system.gateway();
        address = first.address();
        ChaosFeed feed = system.open(new ChaosFeed(system, random(), KEYS, 900, 900, 1_000));
        swarm.tell(() -> {
            for (int i = 0; i < CLIENTS; i++) {
                connect(i);
            }
        });
        await().atMost(PATIENCE).until(() -> swarm.count(client -> !client.isSettled()) == 0);
        feed.start(MISSED / 4);
        await().atMost(PATIENCE)
                .until(() -> new Truth(system, ChaosFeed.FEATURES).events() > 100
                        && swarm.count(client -> !client.isSettled()) == 0);
        first.close();
        long before = new Truth(system, ChaosFeed.FEATURES).events();
        await().atMost(PATIENCE).until(() -> new Truth(system, ChaosFeed.FEATURES).events() >= before + MISSED);
        feed.stop();

        Gateway later = system.gateway(Map.of("backlog-bytes", "0"));
        long beganNs = System.nanoTime();
        address = later.address();
        Truth truth = new Truth(system, ChaosFeed.FEATURES);
        swarm.awaitReached(truth.ends(), PATIENCE);
        System.out.printf(
                "%d clients caught up with %d events from Kafka in %.1f s%n",
                CLIENTS, truth.events() - before, (System.nanoTime() - beganNs) / 1e9);
        assertThat(truth.faults(swarm)).isEmpty();
        assertThat(TestHttp.get(later.address(), "/metrics").text())
                .containsPattern("cutover_gateway_resumes_total\\{from=\"log\"[^}]*} [1-9]");
    }

    @Test
    void whatRetentionHasPassedIsAGapAndWhatItHasNotIsServedToTheLast() throws Exception {
        EventFeed feed = system.feed();
        RecordMetadata last = null;
        for (int i = 0; i < 60; i++) {
            last = feed.sendNow("positions", "1", "{\"account_id\":1,\"serial\":" + i + "}");
        }
        TopicPartition partition = new TopicPartition(last.topic(), last.partition());
        try (Admin admin = system.kafka().admin("test-admin")) {
            admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(40)))
                    .all()
                    .get(20, TimeUnit.SECONDS);
        }
        TestClient client = system.client(system.gateway(Map.of("backlog-bytes", "0")));
        client.say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"positions\",\"from\":\"now\"}");
        Heard now = client.next("subscribed");

        assertThat(said(client, 2, now, partition, 38, "", "snapshot_complete"))
                .containsExactly(
                        "error_message position_expired", "subscribed gap", "59 snapshot", "snapshot_complete");
        List<String> kept = new ArrayList<>(List.of("subscribed"));
        for (int i = 40; i < 60; i++) {
            kept.add(Integer.toString(i));
        }
        kept.add("caught_up");
        assertThat(said(client, 3, now, partition, 39, "", "caught_up")).isEqualTo(kept);
        String until = ",\"until\":\"2999-01-01T00:00:00Z\"";
        assertThat(said(client, 4, now, partition, 38, until, "error_message"))
                .containsExactly("error_message position_expired");
        assertThat(said(client, 5, now, partition, 57, until, "replay_complete"))
                .containsExactly("subscribed", "58", "59", "replay_complete");
    }

    /** What is answered to a subscription from an offset of one partition, for short. */
    private static List<String> said(
            TestClient client, int id, Heard now, TopicPartition partition, long seen, String more, String last)
            throws InterruptedException {
        ObjectNode offsets = now.json().path("offsets").deepCopy();
        offsets.put(Integer.toString(partition.partition()), seen);
        client.say("{\"type\":\"subscribe\",\"id\":" + id + ",\"feature\":\"positions\",\"from\":{\"epoch\":"
                + now.json().path("epoch") + ",\"offsets\":" + offsets + "}" + more + "}");
        return client.until(frame -> frame.type().equals(last), last).stream()
                .map(frame -> (frame.json().has("pos") ? Long.toString(frame.offset()) : frame.type())
                        + (frame.json().has("snapshot") ? " snapshot" : "")
                        + (frame.json().has("gap") ? " gap" : "")
                        + (frame.type().equals("error_message")
                                ? " " + frame.json().at("/data/code").asText()
                                : ""))
                .toList();
    }

    private void connect(int number) {
        ChaosClient client = new ChaosClient(swarm, "client " + number, () -> address, null);
        for (String feature : ChaosFeed.FEATURES) {
            Set<String> keys = number % 4 == 0 ? Set.of(ChaosFeed.key(feature, number % KEYS)) : null;
            client.wants(feature, "now", keys);
        }
        swarm.add(client).connect();
    }
}

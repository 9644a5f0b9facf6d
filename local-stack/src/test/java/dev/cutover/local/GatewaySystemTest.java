package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.gateway.Gateway;
import dev.cutover.local.TestClient.Heard;
import dev.cutover.schema.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Gateways over a real broker and real sockets. */
final class GatewaySystemTest {
    private SystemUnderTest system;
    private EventFeed feed;

    @BeforeEach
    void start() {
        system = SystemUnderTest.start();
        feed = system.feed();
    }

    @AfterEach
    void stop() {
        system.close();
    }

    private static String position(String account, long serial) {
        return "{\"account_id\":" + account + ",\"positions\":[],\"serial\":" + serial + "}";
    }

    private static String bar(String symbol, int minute, long serial) {
        return "{\"symbol\":\"%s\",\"timestamp_minute\":\"2026-01-05T%02d:%02d:00Z\",\"serial\":%d}"
                .formatted(symbol, 10 + minute / 60, minute % 60, serial);
    }

    @Test
    void theChainOfPrevIsUnbrokenOverTenThousandEvents() throws Exception {
        Gateway gateway = system.gateway();
        TestClient client = system.client(gateway);
        client.say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"intraday\",\"from\":\"now\"}");
        client.next("subscribed");
        int events = 10_000;
        List<String> symbols = List.of("SPY", "QQQ", "MSFT", "AAPL", "BTC-USD");
        for (int i = 0; i < events; i++) {
            feed.enqueue(
                    "intraday_bar", symbols.get(i % symbols.size()), bar(symbols.get(i % symbols.size()), i % 300, i));
        }
        feed.flush();

        Map<String, Long> lastOffset = new HashMap<>();
        Map<Integer, Long> lastInPartition = new HashMap<>();
        for (int i = 0; i < events; i++) {
            Heard bar = client.next("intraday_bar");
            String key = bar.json().get("key").asText();
            Long before = lastOffset.put(key, bar.offset());
            JsonNode prev = bar.json().get("prev");
            if (before == null) {
                assertThat(prev).as("the first of %s", key).isNull();
            } else {
                assertThat(prev.asLong()).as("prev at %s", bar.text()).isEqualTo(before);
            }
            Long earlier = lastInPartition.put(bar.partition(), bar.offset());
            assertThat(earlier == null || earlier < bar.offset()).isTrue();
        }
        assertThat(client.heard()).noneMatch(frame -> frame.type().equals("(closed)"));
    }

    @Test
    void twoGatewaysServeTheSamePositions() throws Exception {
        for (int i = 0; i < 200; i++) {
            feed.enqueue("positions", Integer.toString(100 + i % 20), position(Integer.toString(100 + i % 20), i));
        }
        feed.flush();
        Gateway one = system.gateway();
        Gateway other = system.gateway();
        List<List<String>> snapshots = new ArrayList<>();
        List<JsonNode> subscribed = new ArrayList<>();
        for (Gateway gateway : List.of(one, other)) {
            TestClient client = system.client(gateway);
            client.say("{\"type\":\"subscribe\",\"id\":7,\"feature\":\"positions\"}");
            subscribed.add(client.next("subscribed").json());
            snapshots.add(client.until(frame -> frame.type().equals("snapshot_complete"), "snapshot_complete").stream()
                    .map(Heard::text)
                    .toList());
        }
        assertThat(snapshots.get(0)).hasSize(21).isEqualTo(snapshots.get(1));
        assertThat(subscribed.get(0)).isEqualTo(subscribed.get(1));
        assertThat(subscribed.get(0).get("epoch").asText()).isNotBlank();
    }

    @Test
    void aPoisonRecordBecomesOneDeadLetterThoughTwoGatewaysReadItAndTheNextRecordArrives() throws Exception {
        Gateway one = system.gateway();
        Gateway other = system.gateway();
        List<TestClient> clients = List.of(system.client(one), system.client(other));
        for (TestClient client : clients) {
            client.say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"positions\",\"from\":\"now\"}");
            client.next("subscribed");
        }
        List<RecordMetadata> poison = List.of(
                feed.sendRaw("events.positions", 1, "positions", EventFeed.utf8("1"), EventFeed.utf8("{\"a\":")),
                feed.sendRaw("events.positions", 1, "positions", null, EventFeed.utf8("{}")),
                feed.sendRaw("events.positions", 1, "positions", EventFeed.utf8("1"), null),
                feed.sendRaw("events.positions", 1, "orders", EventFeed.utf8("1"), EventFeed.utf8("{}")),
                feed.sendRaw(
                        "events.positions", 1, "positions", EventFeed.utf8("1"), new byte[] {'{', (byte) 0xff, '}'}));
        RecordMetadata good =
                feed.sendRaw("events.positions", 1, "positions", EventFeed.utf8("1"), EventFeed.utf8(position("1", 1)));

        for (TestClient client : clients) {
            Heard first = client.next("positions");
            assertThat(first.offset()).isEqualTo(good.offset());
        }
        Set<String> places = poison.stream()
                .map(record -> "events.positions-1@" + record.offset())
                .collect(Collectors.toSet());
        await().atMost(TestClient.PATIENCE).untilAsserted(() -> {
            List<ConsumerRecord<byte[], byte[]>> letters = system.read(Topics.DEAD_LETTERS);
            assertThat(letters).hasSize(2 * poison.size());
            assertThat(letters.stream()
                            .map(letter -> new String(letter.key(), StandardCharsets.UTF_8))
                            .collect(Collectors.toSet()))
                    .as("one letter for each poison record, once compacted")
                    .isEqualTo(places);
            assertThat(letters).allMatch(letter -> letter.value() != null);
            assertThat(letters).allMatch(letter -> letter.headers().lastHeader("cutover_reason") != null);
        });
    }

    @Test
    void aGatewayRestartedOnKeptDataServesTheSameSnapshot() throws Exception {
        int minutes = 400;
        for (int minute = 0; minute < minutes; minute++) {
            for (String symbol : List.of("SPY", "BTC-USD")) {
                feed.enqueue("intraday_bar", symbol, bar(symbol, minute, minute));
                feed.enqueue("intraday_bar", symbol, bar(symbol, minute, minute + 1_000));
            }
        }
        feed.enqueue("vwap_update", "SPY", "{\"symbol\":\"SPY\",\"vwap\":1}");
        for (int i = 0; i < 50; i++) {
            feed.enqueue("positions", Integer.toString(i % 7 + 1), position(Integer.toString(i % 7 + 1), i));
        }
        feed.flush();
        List<List<String>> snapshots = new ArrayList<>();
        for (int life = 0; life < 2; life++) {
            Gateway gateway = system.gateway();
            TestClient client = system.client(gateway);
            client.say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"intraday\",\"depth\":390}");
            client.say("{\"type\":\"subscribe\",\"id\":2,\"feature\":\"positions\"}");
            List<String> snapshot = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                client.until(frame -> frame.type().equals("snapshot_complete"), "snapshot_complete").stream()
                        .filter(frame -> frame.json().has("pos"))
                        .forEach(frame -> snapshot.add(frame.json().get("pos") + " " + frame.rawData()));
            }
            snapshots.add(snapshot);
            gateway.close();
        }
        assertThat(snapshots.get(0)).hasSize(2 * 390 + 1 + 7);
        assertThat(snapshots.get(1)).isEqualTo(snapshots.get(0));
    }

    @Test
    void aSnapshotIsFollowedByEveryLaterEventWhateverTheInterleaving() throws Exception {
        Gateway gateway = system.gateway();
        int events = 3_000;
        Thread writer = new Thread(() -> {
            for (int i = 0; i < events; i++) {
                feed.enqueue("account_balance", Integer.toString(i % 10 + 1), "{\"serial\":" + i + "}");
                if (i % 50 == 0) {
                    feed.flush();
                }
            }
            feed.flush();
        });
        writer.start();
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            TestClient client = system.client(gateway);
            client.say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"account_balance\"}");
            clients.add(client);
        }
        writer.join();
        Map<String, Long> newest = new TreeMap<>();
        system.read("events.account-balance")
                .forEach(record ->
                        newest.merge(new String(record.key(), StandardCharsets.UTF_8), record.offset(), Math::max));
        for (TestClient client : clients) {
            Map<String, Long> seen = new TreeMap<>();
            while (!seen.equals(newest)) {
                Heard event = client.next("account_balance");
                String key = event.json().get("key").asText();
                JsonNode prev = event.json().get("prev");
                boolean snapshot = event.json().path("snapshot").asBoolean();
                Long before = seen.put(key, event.offset());
                if (!snapshot && before != null) {
                    assertThat(prev.asLong()).as(event.text()).isEqualTo(before);
                }
            }
        }
    }

    @Test
    void heartbeatsSayHowFarTheGatewayHasRead() throws Exception {
        Gateway gateway = system.gateway();
        TestClient client = system.client(gateway);
        client.say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"positions\",\"keys\":[\"1\"],\"from\":\"now\"}");
        client.next("subscribed");
        RecordMetadata other = feed.sendNow("positions", "2", position("2", 1));
        RecordMetadata wanted = feed.sendNow("positions", "1", position("1", 1));
        assertThat(client.next("positions").offset()).isEqualTo(wanted.offset());
        feed.sendRaw(
                "events.heartbeat",
                0,
                "heartbeat",
                EventFeed.utf8("heartbeat"),
                EventFeed.utf8("{\"heartbeat_count\":30}"));
        JsonNode heartbeat = client.next("heartbeat").json();
        assertThat(heartbeat.get("data").toString()).isEqualTo("{\"heartbeat_count\":30}");
        JsonNode high = heartbeat.get("high").get("positions");
        assertThat(high.get(Integer.toString(other.partition())).asLong()).isGreaterThanOrEqualTo(other.offset());
        assertThat(high.get(Integer.toString(wanted.partition())).asLong()).isGreaterThanOrEqualTo(wanted.offset());
        assertThat(heartbeat.get("high").size()).isEqualTo(1);
    }

    @Test
    void aSlowSubscriberDoesNotDelayTheOthersAndEndsWithTheNewestOfEveryKey() throws Exception {
        Gateway gateway = system.gateway(8 << 20);
        int keys = 50;
        String padding = "x".repeat(2_000);
        try (SlowClient slow = SlowClient.subscribe(gateway.address(), "positions")) {
            TestClient fast = system.client(gateway);
            fast.say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"positions\",\"from\":\"now\"}");
            fast.next("subscribed");
            int events = 10_000;
            Map<String, Integer> newest = new HashMap<>();
            int fastHeard = 0;
            for (int i = 0; i < events; i++) {
                String key = Integer.toString(i % keys + 1);
                feed.enqueue("positions", key, "{\"serial\":" + i + ",\"padding\":\"" + padding + "\"}");
                newest.put(key, i);
                if (i % 500 == 499) {
                    feed.flush();
                    // the slow one reads nothing meanwhile: the fast one has each event all the same
                    while (fastHeard <= i) {
                        JsonNode data = fast.next("positions").json().get("data");
                        assertThat(data.get("serial").asInt()).isGreaterThanOrEqualTo(0);
                        fastHeard++;
                    }
                }
            }
            Map<String, Integer> seen = new HashMap<>();
            Map<Integer, Long> lastOffset = new HashMap<>();
            int received = 0;
            while (!seen.equals(newest)) {
                JsonNode frame = slow.read(Duration.ofSeconds(20));
                if (!frame.path("type").asText().equals("positions")) {
                    continue;
                }
                received++;
                Heard heard = new Heard("", frame);
                Long before = lastOffset.put(heard.partition(), heard.offset());
                assertThat(before == null || before < heard.offset())
                        .as("ascending offsets")
                        .isTrue();
                seen.put(
                        frame.get("key").asText(),
                        frame.get("data").get("serial").asInt());
            }
            assertThat(received).as("values were passed over").isLessThan(events);
        }
    }

    @Test
    void aSlowSubscriberOfAFeatureThatMayNotSkipIsClosedAndToldToResume() throws Exception {
        Gateway gateway = system.gateway(256 << 10);
        String padding = "x".repeat(2_000);
        try (SlowClient slow = SlowClient.subscribe(gateway.address(), "intraday")) {
            TestClient fast = system.client(gateway);
            fast.say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"intraday\",\"from\":\"now\"}");
            fast.next("subscribed");
            int sent = 0;
            while (gateway.connections() == 2 && sent < 50_000) {
                for (int i = 0; i < 500; i++, sent++) {
                    feed.enqueue(
                            "vwap_update",
                            "SPY",
                            "{\"symbol\":\"SPY\",\"serial\":" + sent + ",\"padding\":\"" + padding + "\"}");
                }
                feed.flush();
                for (int i = 0; i < 500; i++) {
                    fast.next("vwap_update");
                }
            }
            assertThat(gateway.connections()).isEqualTo(1);
            long previous = -1;
            JsonNode frame;
            do {
                frame = slow.read(Duration.ofSeconds(20));
                if (frame.path("type").asText().equals("vwap_update")) {
                    JsonNode prev = frame.get("prev");
                    if (previous >= 0) {
                        assertThat(prev.asLong())
                                .as("nothing is skipped before the end")
                                .isEqualTo(previous);
                    }
                    previous = new Heard("", frame).offset();
                }
            } while (!frame.path("type").asText().equals("(end)"));
        }
    }

    @Test
    void aPlainClientHearsEveryFeatureFromNow() throws Exception {
        Gateway gateway = system.gateway();
        TestClient plain = system.open(TestClient.connectPlain(gateway));
        plain.next("welcome");
        for (int i = 0; i < system.catalog().features().size(); i++) {
            plain.next("subscribed");
        }
        feed.sendNow("positions", "1", position("1", 1));
        feed.sendNow("market_status", "7", "{\"market_id\":7}");
        List<String> types = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            types.add(plain.next(frame -> frame.json().has("pos"), "event").type());
        }
        assertThat(types).containsExactlyInAnyOrder("positions", "market_status");
    }

    @Test
    void aStoppingGatewayTellsItsClientsToReconnect() throws Exception {
        Gateway gateway = system.gateway();
        TestClient client = system.client(gateway);
        gateway.close();
        JsonNode end = client.next("(closed)").json();
        assertThat(end.get("status").asInt()).isEqualTo(1001);
        assertThat(end.get("reason").get("reconnect").asBoolean()).isTrue();
    }
}

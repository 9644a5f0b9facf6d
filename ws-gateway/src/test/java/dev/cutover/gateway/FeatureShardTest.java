package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.Feature.View;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a hub knows of a feature: latest values, series, and who wants what. */
class FeatureShardTest {
    private final GatewayRig rig = new GatewayRig();

    @AfterEach
    void everythingIsGivenBack() {
        rig.close();
    }

    private Frame bar(String minute) {
        return rig.frame("intraday_bar", 0, "SPY", "{\"timestamp_minute\":" + minute + "}");
    }

    private static List<Long> entries(LatestValues values, int depth) {
        List<Frame> frames = new ArrayList<>();
        values.addTo(frames, depth);
        frames.forEach(Frame::release);
        return frames.stream().map(frame -> frame.offset).toList();
    }

    private static void put(LatestValues values, Frame... frames) {
        for (Frame frame : frames) {
            values.put(frame);
            frame.release();
        }
    }

    @Test
    void latestViewKeepsTheLastEventAlone() {
        LatestValues values = new LatestValues(new View.Latest());
        assertThat(values.entries()).isZero();
        Frame first = rig.frame("positions", 0, "1", "{}");
        put(values, first, rig.frame("positions", 0, "1", "{}"));
        assertThat(first.references()).isZero();
        assertThat(entries(values, 0)).containsExactly(1L);
        assertThat(entries(values, 5)).containsExactly(1L);
        assertThat(values.entries()).isEqualTo(1);
        values.release();
        assertThat(values.last()).isNull();
    }

    @Test
    void seriesIsOrderedByItsFieldAndACorrectionTakesItsEntrysPlace() {
        LatestValues values = new LatestValues(new View.Series("timestamp_minute", 3));
        put(values, bar("\"a\""), bar("\"b\""), bar("\"c\""), bar("\"a\""));
        assertThat(entries(values, 3)).containsExactly(3L, 1L, 2L);
        assertThat(entries(values, 2)).containsExactly(1L, 2L);
        assertThat(entries(values, 0)).as("the last event").containsExactly(3L);
        put(values, bar("\"d\""));
        assertThat(entries(values, 100)).as("the three that were written last").containsExactly(3L, 2L, 4L);
        values.release();
    }

    @Test
    void aSeriesHoldsWhatWasWrittenLastAlsoWhereTheFieldGoesBack() {
        LatestValues values = new LatestValues(new View.Series("timestamp_minute", 2));
        Frame first = bar("\"c\"");
        put(values, first, bar("\"d\""), bar("\"a\""));
        assertThat(entries(values, 2)).as("sorted by the field").containsExactly(2L, 1L);
        assertThat(entries(values, 0)).as("the last event").containsExactly(2L);
        assertThat(first.references()).isZero();
        values.release();
    }

    @Test
    void numbersComeBeforeTextsAndTheirScaleMeansNothing() {
        LatestValues values = new LatestValues(new View.Series("timestamp_minute", 10));
        put(values, bar("\"1\""), bar("10"), bar("9"), bar("9.0"), bar("\"0\""));
        assertThat(entries(values, 10)).containsExactly(3L, 1L, 4L, 0L);
        values.release();
    }

    @Test
    void indexIsEmptyWhenSessionsLeave() {
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            TestClient client = rig.client();
            String keys = i % 2 == 0 ? "" : ",\"keys\":[\"shared\",\"own-" + i + "\",\"later\"]";
            clients.add(client.say("{\"type\":\"subscribe\",\"feature\":\"positions\"" + keys + "}"));
        }
        rig.batch().event("positions", "later", 1).deliver();
        assertThat(rig.hub.shard("positions").subscribedKeys()).isEqualTo(3 + 3 * 3);
        clients.subList(1, 6).forEach(TestClient::drop);
        rig.batch()
                .event("positions", "shared", 1)
                .event("positions", "later", 2)
                .deliver();
        assertThat(clients.get(0).texts()).hasSize(5);
        clients.get(0).drop();
        assertThat(rig.hub.shard("positions").subscribedKeys()).isZero();
        rig.batch().event("positions", "shared", 1).deliver();
        assertThat(rig.metrics.connections).hasValue(0);
    }

    @Test
    void costOfAnEventGrowsWithThoseThatWantItAndNotWithThoseConnected() {
        TestClient wanting = rig.client()
                .say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"keys\":[\"wanted\"],\"from\":\"now\"}");
        long aloneNs = leastNsOfABatch(wanting);
        for (int i = 0; i < 1_500; i++) {
            rig.client().say(message("subscribe", Set.of("own-" + i, "one-of-ten-" + i % 10, "shared")));
        }
        TestClient many = rig.client();
        for (int i = 0; i < 10; i++) {
            Set<String> keys = new HashSet<>();
            for (int j = 0; j < 1_000; j++) {
                keys.add("of-many-" + i + "-" + j);
            }
            many.say(message("subscribe", keys));
        }
        assertThat(rig.hub.shard("positions").subscribedKeys()).isGreaterThan(14_000);
        // looking at each of those connected would be many times as much
        assertThat(leastNsOfABatch(wanting)).isLessThan(3 * aloneNs);
    }

    private long leastNsOfABatch(TestClient wanting) {
        long leastNs = Long.MAX_VALUE;
        for (int round = 0; round < 60; round++) {
            var batch = rig.batch();
            for (int i = 0; i < 50; i++) {
                batch.event("positions", "wanted", i);
            }
            long beganNs = System.nanoTime();
            batch.deliver();
            leastNs = Math.min(leastNs, System.nanoTime() - beganNs);
            assertThat(wanting.texts()).hasSizeGreaterThanOrEqualTo(50);
        }
        return leastNs;
    }

    /** What a session wants, in the simplest way to say it. */
    private static final class Model {
        boolean all;
        final Set<String> keys = new HashSet<>();

        void add(Set<String> added) {
            if (added == null) {
                all = true;
                keys.clear();
            } else if (all) {
                keys.removeAll(added);
            } else {
                keys.addAll(added);
            }
        }

        void remove(Set<String> taken) {
            if (taken == null) {
                all = false;
                keys.clear();
            } else if (all) {
                keys.addAll(taken);
            } else {
                keys.removeAll(taken);
            }
        }

        boolean wants(String key) {
            return all != keys.contains(key);
        }
    }

    @Test
    void subscribingAndUnsubscribingAtRandomGivesWhatASimpleModelSays() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Map<TestClient, Model> clients = new HashMap<>();
        Map<String, String> latest = new TreeMap<>();
        for (int round = 0; round < 400; round++) {
            if (clients.size() < 6) {
                clients.put(rig.client(), new Model());
            }
            TestClient client = List.copyOf(clients.keySet()).get(random.nextInt(clients.size()));
            Model model = clients.get(client);
            Set<String> keys = null;
            if (random.nextInt(3) > 0) {
                keys = new HashSet<>();
                for (int i = random.nextInt(4); i >= 0; i--) {
                    keys.add("k" + random.nextInt(8));
                }
            }
            switch (random.nextInt(20)) {
                case 0 -> {
                    client.drop();
                    clients.remove(client);
                }
                case 1, 2, 3, 4, 5, 6, 7, 8, 9 -> {
                    client.say(message("subscribe", keys));
                    model.add(keys);
                    Set<String> wanted = keys;
                    List<String> got = client.summaries();
                    assertThat(got.subList(1, got.size() - 1))
                            .as("seed %s", seed)
                            .containsExactlyInAnyOrderElementsOf(latest.entrySet().stream()
                                    .filter(each -> wanted == null || wanted.contains(each.getKey()))
                                    .map(each -> each.getValue() + " snapshot")
                                    .toList());
                }
                default -> {
                    client.say(message("unsubscribe", keys));
                    model.remove(keys);
                    assertThat(client.summaries()).as("seed %s", seed).containsExactly("unsubscribed");
                }
            }
            var batch = rig.batch();
            List<String> events = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                String key = "k" + random.nextInt(8);
                int partition = key.charAt(1) % 3;
                events.add(key);
                batch.event("positions", partition, key, "{}");
            }
            batch.deliver();
            clients.forEach((each, wants) -> assertThat(each.messages().stream()
                            .map(message -> message.path("key").asText())
                            .toList())
                    .as("seed %s", seed)
                    .isEqualTo(events.stream().filter(wants::wants).toList()));
            rig.hub.shard("positions").snapshot(KeyFilter.of(null), 0).forEach(frame -> {
                latest.put(
                        frame.key.key, "positions " + frame.key.key + "@" + frame.key.partition + ":" + frame.offset);
                frame.release();
            });
        }
        List.copyOf(clients.keySet()).forEach(TestClient::drop);
        assertThat(rig.hub.shard("positions").subscribedKeys()).isZero();
    }

    private static String message(String type, Set<String> keys) {
        String list = keys == null ? "" : ",\"keys\":[\"" + String.join("\",\"", keys) + "\"]";
        return "{\"type\":\"" + type + "\",\"feature\":\"positions\"" + list + "}";
    }
}

package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Subscribers that read more slowly than they are sent to. */
class SlowSubscriberTest {
    private static final String KB = "x".repeat(1000);

    private final GatewayRig rig = new GatewayRig();

    @AfterEach
    void everythingIsGivenBack() {
        rig.close();
    }

    private static String big(int value) {
        return "{\"v\":" + value + ",\"pad\":\"" + KB + "\"}";
    }

    /** Fills what the connection itself takes: after it, every event waits. */
    private void fill(TestClient... clients) {
        for (TestClient client : clients) {
            client.socket.stall();
        }
        var batch = rig.batch();
        for (int i = 0; i < 70; i++) {
            batch.event("positions", 2, "filler-" + i, big(i));
        }
        batch.deliver();
        for (TestClient client : clients) {
            assertThat(client.channel.isWritable()).isFalse();
        }
    }

    @Test
    void slowSubscriberOfLatestEndsWithTheNewestOfEveryKeyInAscendingOffsets() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        TestClient slow = rig.subscriber("positions");
        TestClient fast = rig.subscriber("positions");
        slow.socket.stall();
        List<String> wanted = new ArrayList<>();
        List<String> got = new ArrayList<>();
        for (int round = 0; round < 60; round++) {
            var batch = rig.batch();
            for (int i = 0; i < 20; i++) {
                batch.event("positions", random.nextInt(3), "key-" + random.nextInt(10), big(i));
            }
            batch.deliver();
            wanted.addAll(fast.summaries());
            if (random.nextInt(4) == 0) {
                slow.socket.takeOnce();
                slow.channel.runPendingTasks();
                got.addAll(slow.summaries());
            }
        }
        slow.socket.resume();
        got.addAll(slow.summaries());
        assertThat(slow.closed()).as("seed %s", seed).isNull();
        assertThat(wanted).hasSize(1200);
        assertThat(got).as("seed %s", seed).hasSizeLessThan(1200).doesNotHaveDuplicates();
        assertThat(newestByKey(got)).as("seed %s", seed).isEqualTo(newestByKey(wanted));
        for (int partition = 0; partition < 3; partition++) {
            String middle = "@" + partition + ":";
            assertThat(got.stream()
                            .filter(each -> each.contains(middle))
                            .map(each -> Long.parseLong(each.substring(each.indexOf(middle) + middle.length()))))
                    .as("seed %s", seed)
                    .isSorted();
        }
        assertThat(rig.metrics.conflated.count()).isEqualTo(1200 - got.size());
    }

    private static java.util.Map<String, String> newestByKey(List<String> events) {
        java.util.Map<String, String> newest = new java.util.TreeMap<>();
        // one key of one partition is what the log orders
        events.forEach(event -> newest.put(event.substring(0, event.indexOf(':')), event));
        return newest;
    }

    @Test
    void subscriberOfEveryThatCannotKeepUpIsClosed() {
        TestClient slow = rig.subscriber("intraday");
        TestClient fast = rig.subscriber("intraday");
        slow.socket.stall();
        for (int i = 0; i < 200; i++) {
            rig.batch().event("intraday_bar", 0, "SPY", barOf(i)).deliver();
        }
        assertThat(fast.texts()).hasSize(200);
        slow.socket.resume();
        List<String> got = slow.summaries();
        assertThat(got).hasSizeBetween(40, 80).last().isEqualTo("intraday_bar SPY@0:" + (got.size() - 1));
        assertThat(slow.closed()).isEqualTo("1013 {\"code\":\"slow_consumer\",\"reconnect\":true}");
        assertThat(rig.closedBy("slow_consumer")).isEqualTo(1);
    }

    private static String barOf(int minute) {
        return "{\"timestamp_minute\":\"" + (1000 + minute) + "\",\"pad\":\"" + KB + "\"}";
    }

    @Test
    void waitingEventsOfEveryAreSentOnceAndInOrderWhenTheReaderCatchesUp() {
        TestClient slow = rig.subscriber("intraday");
        slow.socket.stall();
        for (int i = 0; i < 100; i++) {
            rig.batch().event("intraday_bar", 0, "SPY", barOf(i)).deliver();
        }
        assertThat(slow.closed()).isNull();
        slow.socket.resume();
        rig.batch().event("intraday_bar", 0, "SPY", barOf(100)).deliver();
        List<String> got = slow.summaries();
        assertThat(got).hasSize(101);
        for (int i = 0; i < got.size(); i++) {
            assertThat(got.get(i)).isEqualTo("intraday_bar SPY@0:" + i);
        }
    }

    @Test
    void keyPassedOverForThreeCadencesClosesTheConnection() {
        TestClient slow = rig.subscriber("positions");
        fill(slow);
        rig.batch().event("positions", "1", 1).deliver();
        rig.afterMs(20_000);
        rig.batch().event("positions", "1", 2).deliver();
        rig.afterMs(10_000);
        rig.batch().event("positions", "1", 3).deliver();
        slow.socket.takeOnce();
        slow.socket.stall();
        slow.texts();
        assertThat(slow.closed()).as("three cadences, not more").isNull();
        fill(slow);
        rig.batch().event("positions", "1", 4).deliver();
        rig.afterMs(30_001);
        rig.batch().event("positions", "1", 5).deliver();
        slow.socket.resume();
        slow.texts();
        assertThat(slow.closed()).isEqualTo("1013 {\"code\":\"slow_consumer\",\"reconnect\":true}");
    }

    @Test
    void whenTooMuchWaitsForAllTogetherThoseGoForWhomMostDoes() {
        Map<String, String> bounds =
                Map.of("gateway-loops", "1", "outbound-bytes", "1048576", "session-bytes", "1048576");
        try (GatewayRig small = new GatewayRig(bounds)) {
            TestClient fast = small.subscriber("intraday");
            TestClient greedy = small.subscriber("intraday");
            TestClient modest = small.client()
                    .say("{\"type\":\"subscribe\",\"feature\":\"intraday\",\"keys\":[\"QQQ\"],\"from\":\"now\"}");
            assertThat(modest.summaries()).containsExactly("subscribed");
            greedy.socket.stall();
            modest.socket.stall();
            var batch = small.batch();
            for (int i = 0; i < 850; i++) {
                batch.event("intraday_bar", 0, i < 400 ? "QQQ" : "SPY", barOf(i));
            }
            batch.deliver();
            assertThat(small.hub.outbound().bytes()).isBetween(200_000L, 1_048_576L);
            greedy.socket.resume();
            modest.socket.resume();
            greedy.texts();
            assertThat(greedy.closed()).isEqualTo("1013 {\"code\":\"slow_consumer\",\"reconnect\":true}");
            assertThat(modest.summaries()).hasSize(400).endsWith("intraday_bar QQQ@0:399");
            assertThat(modest.closed()).isNull();
            assertThat(fast.texts()).hasSize(850);
            assertThat(small.hub.outbound().bytes()).isZero();
        }
    }

    @Test
    void slowSubscriberDoesNotKeepOthersFromTheSameBatch() {
        List<TestClient> fast = new ArrayList<>();
        List<TestClient> slow = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            (i % 2 == 0 ? slow : fast).add(rig.subscriber("intraday"));
        }
        slow.forEach(client -> client.socket.stall());
        var batch = rig.batch();
        for (int i = 0; i < 300; i++) {
            batch.event("intraday_bar", 0, "SPY", barOf(i));
        }
        batch.deliver();
        assertThat(fast).allSatisfy(client -> assertThat(client.texts()).hasSize(300));
        slow.forEach(client -> client.socket.resume());
        assertThat(slow).allSatisfy(client -> {
            client.texts();
            assertThat(client.closed()).startsWith("1013 ");
        });
        rig.batch().event("intraday_bar", 0, "SPY", barOf(300)).deliver();
        assertThat(fast).allSatisfy(client -> assertThat(client.texts()).hasSize(1));
    }

    /** Each of them fails in the middle of the batch, while flushes of the fast ones come back by writability. */
    @Test
    void closingWhileABatchIsDeliveredDisturbsNobody() {
        List<TestClient> fast = new ArrayList<>();
        List<TestClient> failing = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            TestClient client = rig.client()
                    .say("{\"type\":\"subscribe\",\"feature\":\"intraday\",\"from\":\"now\""
                            + (i % 2 == 0 ? "" : ",\"keys\":[\"SPY\"]") + "}");
            client.texts();
            (i % 3 == 0 ? failing : fast).add(client);
        }
        for (int i = 0; i < failing.size(); i++) {
            if (i % 2 == 0) {
                failing.get(i).socket.stall();
            } else {
                failing.get(i).socket.breakDown();
            }
        }
        var batch = rig.batch();
        for (int i = 0; i < 500; i++) {
            batch.event("intraday_bar", 0, "SPY", barOf(i));
        }
        batch.deliver();
        assertThat(fast).allSatisfy(client -> {
            List<String> got = client.summaries();
            assertThat(got).hasSize(500);
            for (int i = 0; i < 500; i++) {
                assertThat(got.get(i)).isEqualTo("intraday_bar SPY@0:" + i);
            }
        });
        assertThat(rig.closedBy("slow_consumer")).isEqualTo(5);
        assertThat(rig.closedBy("internal")).isEqualTo(5);
    }

    @Test
    void bigSnapshotToASlowReaderIsSentInPiecesAndLosesNothing() {
        var batch = rig.batch();
        for (int i = 0; i < 1000; i++) {
            batch.event("positions", 0, "key-" + i, big(i));
        }
        batch.deliver();
        TestClient slow = rig.client();
        slow.socket.stall();
        slow.say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"positions\"}");
        rig.batch()
                .event("positions", "key-0", 1000)
                .event("positions", "key-1", 1001)
                .deliver();
        assertThat(rig.alloc.metric().usedDirectMemory())
                .as("the events once, and of the snapshot a few pieces")
                .isLessThan(1000 * 1300 + 200_000);
        List<String> got = new ArrayList<>();
        int pieces = 0;
        while (got.size() < 1004) {
            slow.socket.takeOnce();
            List<String> piece = slow.summaries();
            assertThat(piece).isNotEmpty().hasSizeLessThan(200);
            got.addAll(piece);
            pieces++;
        }
        assertThat(pieces).isGreaterThan(5);
        assertThat(got.get(0)).isEqualTo("subscribed");
        for (int i = 0; i < 1000; i++) {
            assertThat(got.get(i + 1)).isEqualTo("positions key-" + i + "@0:" + i + " snapshot");
        }
        assertThat(got.subList(1001, 1004))
                .containsExactly("snapshot_complete", "positions key-0@0:1000", "positions key-1@0:1001");
    }

    @Test
    void leavingInTheMiddleOfASnapshotGivesItsFramesBack() {
        var batch = rig.batch();
        for (int i = 0; i < 500; i++) {
            batch.event("positions", 0, "key-" + i, big(i));
        }
        batch.deliver();
        TestClient slow = rig.client();
        slow.socket.stall();
        slow.say("{\"type\":\"subscribe\",\"feature\":\"positions\"}");
        slow.drop();
        assertThat(rig.metrics.connections).hasValue(0);
    }

    @Test
    void clientThatAsksForSnapshotsWithoutReadingIsClosed() {
        var batch = rig.batch();
        for (int i = 0; i < 3000; i++) {
            batch.event("positions", 0, "key-" + i, "{\"v\":" + i + "}");
        }
        batch.deliver();
        TestClient slow = rig.client();
        slow.socket.stall();
        for (int i = 0; i < 5; i++) {
            slow.say("{\"type\":\"subscribe\",\"feature\":\"positions\"}");
        }
        slow.socket.resume();
        slow.texts();
        assertThat(slow.closed()).startsWith("1013 ");
    }

    @Test
    void clientThatPingsWithoutReadingIsClosed() {
        TestClient slow = rig.client();
        slow.socket.stall();
        for (int i = 0; i < 4000; i++) {
            rig.afterMs(100); // within the rate of messages
            slow.say("{\"type\":\"ping\",\"timestamp\":" + i + "}");
            slow.send(new io.netty.handler.codec.http.websocketx.PingWebSocketFrame(
                    io.netty.buffer.Unpooled.copiedBuffer("ping", java.nio.charset.StandardCharsets.UTF_8)));
        }
        slow.socket.resume();
        slow.texts();
        assertThat(slow.closed()).startsWith("1013 ");
    }
}

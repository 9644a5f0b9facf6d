package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Subscriptions that begin from a position. */
class ResumeTest {
    private static final String KB = "x".repeat(1000);

    private GatewayRig rig = new GatewayRig();

    @AfterEach
    void everythingIsGivenBack() {
        rig.close();
    }

    private void rigOf(long backlogBytes) {
        rig.close();
        rig = new GatewayRig(Map.of("backlog-bytes", Long.toString(backlogBytes)));
    }

    /** @param more members before {@code from}, each with a comma behind it */
    private static String resume(String feature, String more, String offsets) {
        return "{\"type\":\"subscribe\",\"id\":1,\"feature\":\"" + feature + "\"," + more
                + "\"from\":{\"epoch\":\"epoch-of-" + feature + "\",\"offsets\":" + offsets + "}}";
    }

    private static String resume(long zero, long one, long two) {
        return resume("positions", "", "{\"0\":" + zero + ",\"1\":" + one + ",\"2\":" + two + "}");
    }

    private static String resumeKeys(String keys, long zero) {
        return resume("positions", "\"keys\":" + keys + ",", "{\"0\":" + zero + ",\"1\":-1,\"2\":-1}");
    }

    private static String big(int value) {
        return "{\"v\":" + value + ",\"pad\":\"" + KB + "\"}";
    }

    private void events(int count) {
        var batch = rig.batch();
        for (int i = 0; i < count; i++) {
            batch.event("positions", "k" + i % 5, i);
        }
        batch.deliver();
    }

    private void bigBars(int count) {
        var batch = rig.batch();
        for (int i = 0; i < count; i++) {
            batch.event("intraday_bar", 0, "SPY", "{\"timestamp_minute\":" + i + ",\"pad\":\"" + KB + "\"}");
        }
        batch.deliver();
    }

    private static List<String> bars(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(i -> "intraday_bar SPY@0:" + i)
                .toList();
    }

    private static String resumeBars() {
        return resume("intraday", "", "{\"0\":-1,\"1\":-1,\"2\":-1}");
    }

    /** All that a client that reads slowly gets until nothing more comes. */
    private static List<String> drained(TestClient slow) {
        List<String> got = new ArrayList<>();
        List<String> piece;
        do {
            slow.socket.takeOnce();
            piece = slow.summaries();
            got.addAll(piece);
        } while (!piece.isEmpty());
        return got;
    }

    @Test
    void everythingAfterThePositionComesThenCaughtUpThenWhatIsNew() {
        rig.batch()
                .event("positions", 0, "a", "{\"v\":1}")
                .event("positions", 2, "b", "{\"v\":2}")
                .event("positions", 0, "a", "{\"v\":3}")
                .event("positions", 2, "b", "{\"v\":4}")
                .reached("positions", 1, 76)
                .deliver();
        TestClient client = rig.client().say(resume(0, 30, -1));
        rig.batch().event("positions", 0, "a", "{\"v\":5}").deliver();
        assertThat(client.texts())
                .containsExactly(
                        "{\"type\":\"subscribed\",\"id\":1,\"feature\":\"positions\",\"stage\":\"shadow\","
                                + "\"epoch\":\"epoch-of-positions\",\"offsets\":{\"0\":0,\"1\":30,\"2\":-1}}",
                        "{\"type\":\"positions\",\"feature\":\"positions\",\"key\":\"a\",\"pos\":\"0:1\",\"prev\":0,"
                                + "\"ts\":\"2026-01-05T15:30:00.123Z\",\"data\":{\"v\":3}}",
                        "{\"type\":\"positions\",\"feature\":\"positions\",\"key\":\"b\",\"pos\":\"2:0\","
                                + "\"ts\":\"2026-01-05T15:30:00.123Z\",\"data\":{\"v\":2}}",
                        "{\"type\":\"positions\",\"feature\":\"positions\",\"key\":\"b\",\"pos\":\"2:1\",\"prev\":0,"
                                + "\"ts\":\"2026-01-05T15:30:00.123Z\",\"data\":{\"v\":4}}",
                        "{\"type\":\"caught_up\",\"id\":1,\"feature\":\"positions\"}",
                        "{\"type\":\"positions\",\"feature\":\"positions\",\"key\":\"a\",\"pos\":\"0:2\",\"prev\":1,"
                                + "\"ts\":\"2026-01-05T15:30:00.123Z\",\"data\":{\"v\":5}}");
        assertThat(rig.metrics.resumesFromBacklog.count()).isEqualTo(1);
        assertThat(rig.metrics.positionsExpired.count()).isZero();
        assertThat(rig.refused()).isZero();
    }

    @Test
    void positionThatIsTheNewestIsCaughtUpAtOnce() {
        events(5);
        TestClient client = rig.client().say(resume(4, -1, -1));
        assertThat(client.summaries()).containsExactly("subscribed", "caught_up");
    }

    @Test
    void keysFilterWhatIsCaughtUpWithAndWhatIsNew() {
        events(10);
        TestClient client = rig.client().say(resumeKeys("[\"k1\",\"k3\",\"later\"]", 1));
        rig.batch()
                .event("positions", "k2", 0)
                .event("positions", "later", 0)
                .event("positions", "k1", 0)
                .deliver();
        assertThat(client.summaries())
                .containsExactly(
                        "subscribed",
                        "positions k3@0:3",
                        "positions k1@0:6",
                        "positions k3@0:8",
                        "caught_up",
                        "positions later@0:11",
                        "positions k1@0:12");
    }

    private void assertExpired(TestClient client, String message) {
        List<JsonNode> got = client.messages();
        assertThat(got.get(0).toString())
                .isEqualTo("{\"type\":\"error_message\",\"id\":1,\"data\":{\"code\":\"position_expired\",\"message\":\""
                        + message + "\"}}");
        assertThat(got.get(1).path("type").asText()).isEqualTo("subscribed");
        assertThat(got.get(1).path("id").asInt()).isEqualTo(1);
        assertThat(got.get(1).path("gap").asBoolean()).isTrue();
        assertThat(got.subList(2, got.size() - 1)).isNotEmpty().allSatisfy(event -> assertThat(
                        event.path("snapshot").asBoolean())
                .isTrue());
        assertThat(got.get(got.size() - 1).path("type").asText()).isEqualTo("snapshot_complete");
        rig.batch().event("positions", "new", 1).deliver();
        assertThat(client.message().path("key").asText()).isEqualTo("new");
        assertThat(client.closed()).isNull();
    }

    @Test
    void positionOfAnotherEpochIsExpiredAndGoesOnFromASnapshot() {
        events(5);
        TestClient client = rig.client().say(resume(1, -1, -1).replace("epoch-of", "another"));
        assertExpired(
                client,
                "the epoch is not that of feature positions, whose topic has been made anew since;"
                        + " going on from a snapshot");
        assertThat(rig.metrics.positionsExpired.count()).isEqualTo(1);
        assertThat(rig.metrics.resumesFromBacklog.count()).isZero();
        assertThat(rig.refused()).isZero();
    }

    @Test
    void offsetsThatHoldNoEventAreNobodysLoss() {
        rig.batch().reached("account_balance", 1, 99).deliver();
        rig.batch()
                .event("account_balance", 1, "a", "{}")
                .event("account_balance", 1, "a", "{}")
                .deliver();
        TestClient client = rig.client().say(resume("account_balance", "", "{\"0\":-1,\"1\":99,\"2\":-1}"));
        assertThat(client.summaries())
                .containsExactly("subscribed", "account_balance a@1:100", "account_balance a@1:101", "caught_up");
        client.say(resume("account_balance", "", "{\"0\":-1,\"1\":50,\"2\":-1}"));
        assertThat(client.summaries())
                .as("what was passed over before the first event is nobody's loss")
                .containsExactly("subscribed", "account_balance a@1:100", "account_balance a@1:101", "caught_up");
    }

    @Test
    void positionThatRetentionHasPassedIsExpiredAndTheOldestKeptIsServed() {
        rigOf(20_000);
        events(1000);
        int held = rig.hub.shard("positions").backlog().size(0);
        assertThat(held).isBetween(20, 80);
        long oldest = 1000L - held;
        TestClient client = rig.client().say(resume(oldest - 1, -1, -1));
        assertThat(client.summaries()).hasSize(held + 2).contains("positions k0@0:" + 995);
        rig.log.forget();
        TestClient late = rig.client().say(resume(oldest - 2, -1, -1));
        assertExpired(late, "the topic does not hold what follows the position any more; going on from a snapshot");
    }

    @Test
    void expiryKeepsToTheKeysAskedFor() {
        rigOf(0);
        events(10);
        rig.log.forget();
        TestClient client = rig.client().say(resumeKeys("[\"k2\"]", 3));
        rig.batch().event("positions", "k1", 1).event("positions", "k2", 1).deliver();
        assertThat(client.summaries())
                .containsExactly(
                        "error_message",
                        "subscribed",
                        "positions k2@0:7 snapshot",
                        "snapshot_complete",
                        "positions k2@0:11");
    }

    @Test
    void clientAheadOfThisGatewayGetsOnlyWhatItHasNotSeen() {
        events(3);
        TestClient client = rig.client().say(resume(5, -1, -1));
        assertThat(client.texts())
                .containsExactly(
                        "{\"type\":\"subscribed\",\"id\":1,\"feature\":\"positions\",\"stage\":\"shadow\","
                                + "\"epoch\":\"epoch-of-positions\",\"offsets\":{\"0\":5,\"1\":-1,\"2\":-1}}",
                        "{\"type\":\"caught_up\",\"id\":1,\"feature\":\"positions\"}");
        rig.batch().event("positions", 1, "other", "{}").deliver();
        events(2);
        assertThat(client.summaries()).containsExactly("positions other@1:0");
        events(5);
        assertThat(client.summaries())
                .containsExactly("positions k1@0:6", "positions k2@0:7", "positions k3@0:8", "positions k4@0:9");
        events(1);
        assertThat(client.summaries()).containsExactly("positions k0@0:10");
        assertThat(rig.hub.shard("positions").subscribedKeys())
                .as("it is live now")
                .isEqualTo(1);
    }

    @Test
    void clientAheadGoesLiveAlsoWhenOnlyMarkersBringTheGatewayThere() {
        TestClient client = rig.client().say(resume(-1, 7, -1));
        rig.batch().reached("positions", 1, 7).deliver();
        assertThat(rig.hub.shard("positions").subscribedKeys()).isEqualTo(1);
        rig.batch().event("positions", 1, "a", "{}").deliver();
        assertThat(client.summaries()).containsExactly("subscribed", "caught_up", "positions a@1:8");
    }

    @Test
    void positionIsHeldToItsFormOnceItsEpochIsTheTopics() {
        String all = "; there are 0 to 2";
        for (String[] wrong : new String[][] {
            {"{\"0\":1,\"2\":3}", "offsets must name every partition, but not 1" + all},
            {"{}", "offsets must name every partition, but not 0" + all},
            {"{\"0\":1,\"1\":1,\"2\":3,\"3\":4}", "offsets name a partition that there is not" + all},
            {"{\"0\":1,\"1\":1,\"2\":3,\"02\":3}", "offsets name a partition that there is not" + all},
            {"{\"0\":-2,\"1\":1,\"2\":3}", "the offset of partition 0 must be a whole number of at least -1, but is -2"
            },
            {
                "{\"0\":1.5,\"1\":1,\"2\":3}",
                "the offset of partition 0 must be a whole number of at least -1, but is 1.5"
            },
            {
                "{\"0\":1,\"1\":\"7\",\"2\":3}",
                "the offset of partition 1 must be a whole number of at least -1, but is \"7\""
            },
            {
                "{\"0\":1,\"1\":1,\"2\":null}",
                "the offset of partition 2 must be a whole number of at least -1, but is null"
            },
            {
                "{\"0\":1,\"1\":1,\"2\":99999999999999999999}",
                "the offset of partition 2 must be a whole number of at least -1, but is 99999999999999999999"
            },
        }) {
            TestClient client = rig.client().say(resume("positions", "", wrong[0]));
            JsonNode refused = client.message();
            assertThat(refused.at("/data/code").asText()).isEqualTo("bad_request");
            assertThat(refused.at("/data/message").asText()).isEqualTo(wrong[1]);
            assertThat(refused.path("id").asInt()).isEqualTo(1);
            events(1);
            assertThat(client.texts()).as("nothing was subscribed to").isEmpty();
            client.say(resume("positions", "", wrong[0]).replace("epoch-of", "another"));
            assertThat(client.messages().get(0).at("/data/code").asText()).isEqualTo("position_expired");
        }
    }

    @Test
    void largestOffsetIsAheadAndHarmsNothing() {
        events(3);
        TestClient client = rig.client().say(resume(Long.MAX_VALUE, Long.MAX_VALUE, -1));
        events(3);
        assertThat(client.summaries()).containsExactly("subscribed", "caught_up");
    }

    @Test
    void positionThatStaysBeyondTheEndExpires() {
        events(3);
        TestClient client = rig.client().say(resume(Long.MAX_VALUE, Long.MAX_VALUE, -1));
        client.texts();
        rig.afterMs(9_999);
        events(1);
        assertThat(client.texts()).as("a gateway may be behind for a while").isEmpty();
        rig.afterMs(1);
        events(1);
        assertThat(client.messages().get(0).at("/data/code").asText()).isEqualTo("position_expired");
        events(1);
        assertThat(client.texts()).as("it is live").hasSize(1);
    }

    @Test
    void oneConnectionCatchesUpWithSoManySubscriptionsAndNoMore() {
        events(3);
        TestClient client = rig.client();
        for (int i = 0; i < 64; i++) {
            client.say(resumeKeys("[\"x" + i + "\"]", 1_000_000));
        }
        assertThat(client.texts()).hasSize(2 * 64);
        client.say(resumeKeys("[\"one more\"]", 1_000_000));
        assertThat(client.message().at("/data/code").asText()).isEqualTo("too_many_subscriptions");
    }

    @Test
    void anotherSubscribeFromAPositionHoldsForItsKeysAlone() {
        events(10);
        TestClient client = rig.client()
                .say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"keys\":[\"k0\"],\"from\":\"now\"}")
                .say(resumeKeys("[\"k1\"]", 3));
        events(5);
        assertThat(client.summaries())
                .containsExactly(
                        "subscribed",
                        "subscribed",
                        "positions k1@0:6",
                        "caught_up",
                        "positions k0@0:10",
                        "positions k1@0:11");
    }

    @Test
    void keyThatIsLiveAlreadyBeginsAnewAndComesOnce() {
        events(5);
        TestClient client = rig.subscriber("positions");
        events(5);
        assertThat(client.texts()).hasSize(5);
        client.say(resumeKeys("[\"k1\"]", 0));
        assertThat(client.summaries())
                .containsExactly("subscribed", "positions k1@0:1", "positions k1@0:6", "caught_up");
        client.say(resume(7, -1, -1));
        assertThat(client.summaries())
                .containsExactly("subscribed", "positions k3@0:8", "positions k4@0:9", "caught_up");
        events(5);
        assertThat(client.texts()).hasSize(5);
    }

    @Test
    void newestRequestForAKeyTakesItOverFromOneThatStillCatchesUp() {
        var batch = rig.batch();
        for (int i = 0; i < 300; i++) {
            batch.event("positions", 0, "k" + i % 3, big(i));
        }
        batch.deliver();
        TestClient slow = rig.client();
        slow.socket.stall();
        slow.say(resume(-1, -1, -1));
        slow.say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"keys\":[\"k0\"],\"from\":\"now\"}");
        slow.say("{\"type\":\"unsubscribe\",\"feature\":\"positions\",\"keys\":[\"k1\"]}");
        events(3);
        List<String> got = drained(slow);
        assertThat(got.stream().filter(each -> each.startsWith("positions k0@")))
                .as("as far as it had come, and what is new")
                .hasSizeBetween(5, 40)
                .endsWith("positions k0@0:300")
                .doesNotContain("positions k0@0:297");
        assertThat(got.stream().filter(each -> each.startsWith("positions ")))
                .doesNotContain("positions k1@0:298", "positions k1@0:301")
                .doesNotHaveDuplicates();
        assertThat(got.stream().filter(each -> each.startsWith("positions k2@")))
                .hasSize(101);
        assertThat(got).last().isEqualTo("caught_up");
        events(3);
        assertThat(drained(slow)).containsExactly("positions k0@0:303", "positions k2@0:305");
    }

    @Test
    void unsubscribeEndsTheCatchingUp() {
        bigBars(300);
        TestClient slow = rig.client();
        slow.socket.stall();
        slow.say(resumeBars());
        slow.say("{\"type\":\"unsubscribe\",\"feature\":\"intraday\"}");
        bigBars(1);
        assertThat(drained(slow)).hasSizeLessThan(100).last().isEqualTo("unsubscribed");
        assertThat(rig.hub.shard("intraday").subscribedKeys()).isZero();
    }

    /** The catch-up is many times what may wait for a session, and so is what comes live meanwhile. */
    @Test
    void slowReaderThatCatchesUpIsNotClosedAndLosesNothing() {
        bigBars(500);
        TestClient slow = rig.client();
        slow.socket.stall();
        slow.say(resumeBars());
        List<String> got = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            bigBars(40);
            assertThat(rig.alloc.metric().usedDirectMemory())
                    .as("the events once, and no copies")
                    .isLessThan(750L * 1200);
            slow.socket.takeOnce();
            got.addAll(slow.summaries());
        }
        assertThat(got).hasSizeLessThan(500);
        got.addAll(drained(slow));
        List<String> wanted = new ArrayList<>(List.of("subscribed"));
        wanted.addAll(bars(0, 700));
        wanted.add("caught_up");
        assertThat(got).isEqualTo(wanted);
        slow.socket.resume();
        bigBars(3);
        assertThat(slow.summaries()).isEqualTo(bars(700, 703));
        assertThat(slow.closed()).isNull();
    }

    @Test
    void catchingUpWithOneFeatureDoesNotHoldUpAnother() {
        bigBars(500);
        TestClient slow = rig.client();
        slow.say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"from\":\"now\"}");
        slow.socket.stall();
        slow.say(resumeBars());
        events(1);
        slow.socket.takeOnce();
        slow.texts();
        slow.socket.takeOnce();
        assertThat(slow.summaries()).contains("positions k0@0:0");
    }

    @Test
    void whoHasMuchToCatchUpWithHoldsUpNeitherThePresentNorWhoHasLittle() {
        TestClient stayer = rig.subscriber("intraday");
        bigBars(3_000);
        assertThat(stayer.texts()).hasSize(3_000);
        rig.loop.hold();
        TestClient much = rig.client().say(resumeBars());
        TestClient little = rig.client().say(resume("intraday", "", "{\"0\":2998,\"1\":-1,\"2\":-1}"));
        assertThat(little.summaries()).containsExactly("subscribed", "intraday_bar SPY@0:2999", "caught_up");
        List<String> got = new ArrayList<>(much.summaries());
        assertThat(got).doesNotContain("caught_up");

        bigBars(1);
        assertThat(stayer.texts()).as("the loop is still about the past").isEmpty();
        rig.loop.step();
        rig.loop.step();
        assertThat(stayer.summaries()).as("after one round of the past").containsExactly("intraday_bar SPY@0:3000");
        got.addAll(much.summaries());
        assertThat(got).doesNotContain("caught_up");
        rig.loop.go();
        got.addAll(much.summaries());
        assertThat(got.subList(1, 3_002)).isEqualTo(bars(0, 3_001));
        assertThat(got).endsWith("caught_up");
    }

    @Test
    void manyThatCatchUpAtOnceComeAlongTogether() {
        bigBars(2_000);
        rig.loop.hold();
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(rig.client());
        }
        clients.forEach(client -> client.say(resumeBars()));
        int[] got = new int[clients.size()];
        clients.forEach(TestClient::texts); // what the first ones had for themselves, before the others came
        for (int round = 0; round < 8; round++) {
            rig.loop.step();
            for (int i = 0; i < got.length; i++) {
                got[i] += clients.get(i).texts().size();
            }
            int most = Arrays.stream(got).max().orElseThrow();
            int least = Arrays.stream(got).min().orElseThrow();
            assertThat(most - least).as("%s", Arrays.toString(got)).isLessThanOrEqualTo(65); // a turn's worth
        }
        assertThat(Arrays.stream(got).sum()).isGreaterThan(2_000);
        rig.loop.go();
    }

    @Test
    void readerThatRetentionPassesIsToldOfTheGapAndGoesOnFromASnapshot() {
        rigOf(200_000);
        bigBars(150);
        TestClient slow = rig.client();
        slow.socket.stall();
        slow.say(resumeBars());
        bigBars(400);
        rig.log.forget();
        List<String> got = drained(slow);
        int gap = got.indexOf("error_message");
        assertThat(got.subList(0, 1)).containsExactly("subscribed");
        assertThat(got.subList(1, gap)).isEqualTo(bars(0, gap - 1)).hasSizeBetween(20, 100);
        assertThat(got.subList(gap + 1, got.size()))
                .containsExactly("subscribed", "intraday_bar SPY@0:549 snapshot", "snapshot_complete");
        assertThat(rig.metrics.resumesFromBacklog.count()).isEqualTo(1);
        assertThat(rig.metrics.positionsExpired.count()).isEqualTo(1);
        slow.socket.resume();
        bigBars(1);
        assertThat(slow.summaries()).isEqualTo(bars(550, 551));
    }

    @Test
    void highIsHowFarACatchingUpClientHasBeenWrittenTo() {
        bigBars(300);
        TestClient slow = rig.client();
        slow.socket.stall();
        slow.say(resumeBars());
        rig.batch().heartbeat("{}").deliver();
        slow.socket.takeOnce();
        slow.socket.takeOnce();
        long high = -1;
        long last = -1;
        for (JsonNode message : slow.messages()) {
            if (message.has("high")) {
                high = message.at("/high/intraday/0").asLong();
                assertThat(high).isEqualTo(last);
            } else if (message.has("pos")) {
                last = Long.parseLong(message.path("pos").asText().substring(2));
            }
        }
        assertThat(high).isBetween(20L, 100L);
        drained(slow);
        rig.batch().heartbeat("{}").deliver();
        slow.socket.takeOnce();
        assertThat(slow.message().at("/high/intraday/0").asLong()).isEqualTo(299);
    }

    @Test
    void leavingInTheMiddleOfACatchUpGivesEverythingBack() {
        bigBars(300);
        TestClient slow = rig.client();
        slow.socket.stall();
        slow.say(resumeBars());
        slow.drop();
        bigBars(3);
        assertThat(rig.metrics.connections).hasValue(0);
        assertThat(rig.hub.shard("intraday").subscribedKeys()).isZero();
    }

    /** A flush in the middle of a batch makes room, so that the catching up could end there and change the index. */
    @Test
    void catchingUpThatEndsWhileABatchIsDeliveredDisturbsNobody() {
        bigBars(150);
        List<TestClient> others = List.of(rig.subscriber("intraday"), rig.subscriber("intraday"));
        TestClient client = rig.client();
        client.say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"from\":\"now\"}");
        client.socket.stall();
        client.say(resumeBars());
        client.socket.resumeWithNextFlush();
        var batch = rig.batch();
        for (int i = 0; i < 100; i++) {
            batch.event("positions", 0, "k", big(i));
            batch.event("intraday_bar", 0, "SPY", "{\"timestamp_minute\":" + i + ",\"pad\":\"" + KB + "\"}");
        }
        batch.deliver();
        assertThat(others).allSatisfy(other -> assertThat(other.summaries()).isEqualTo(bars(150, 250)));
        assertThat(client.summaries().stream().filter(each -> each.startsWith("intraday")))
                .isEqualTo(bars(0, 250));
        bigBars(1);
        assertThat(client.summaries()).isEqualTo(bars(250, 251));
    }

    // at random

    /** What one client has of the log: it drops, and resumes from its last position. */
    private final class Reader {
        final Random random;
        final Set<String> keys;
        final Map<Integer, Long> seen = new TreeMap<>(Map.of(0, -1L, 1, -1L, 2, -1L));
        final List<String> got = new ArrayList<>();
        TestClient client;

        Reader(Random random, Set<String> keys) {
            this.random = random;
            this.keys = keys;
            resume();
        }

        void resume() {
            String offsets = "{\"0\":" + seen.get(0) + ",\"1\":" + seen.get(1) + ",\"2\":" + seen.get(2) + "}";
            String named = keys == null ? "" : "\"keys\":[\"" + String.join("\",\"", keys) + "\"],";
            client = rig.client();
            if (random.nextInt(3) == 0) {
                client.socket.stall();
            }
            client.say(ResumeTest.resume("intraday", named, offsets));
        }

        void read() {
            for (JsonNode message : client.messages()) {
                if (message.has("pos")) {
                    String pos = message.path("pos").asText();
                    got.add(pos);
                    seen.put(Integer.parseInt(pos.substring(0, 1)), Long.parseLong(pos.substring(2)));
                } else if (message.has("high")) {
                    JsonNode high = message.at("/high/intraday");
                    seen.replaceAll((partition, offset) ->
                            Math.max(offset, high.path("" + partition).asLong(-1)));
                }
            }
        }

        void step() {
            switch (random.nextInt(6)) {
                case 0 -> {
                    read();
                    client.drop();
                    resume();
                }
                case 1 -> client.socket.takeOnce();
                case 2 -> client.socket.resume();
                default -> read();
            }
        }
    }

    @Test
    void clientsThatDropAnywhereAndResumeSeeEveryEventOnceAndInOrder() {
        long seed = new Random().nextLong();
        System.out.println("clientsThatDropAnywhereAndResumeSeeEveryEventOnceAndInOrder: seed " + seed);
        Random random = new Random(seed);
        Map<Reader, List<String>> readers = new HashMap<>();
        List<String> log = new ArrayList<>();
        Map<String, String> keyOf = new HashMap<>();
        for (int i = 0; i < 8; i++) {
            readers.put(new Reader(random, i % 2 == 0 ? null : Set.of("k0", "k" + i)), null);
        }
        for (int round = 0; round < 300; round++) {
            var batch = rig.batch();
            for (int i = random.nextInt(6); i > 0; i--) {
                String key = "k" + random.nextInt(8);
                int partition = random.nextInt(3);
                String pos = partition + ":" + rig.end("intraday", partition);
                log.add(pos);
                keyOf.put(pos, key);
                batch.event(
                        "intraday_bar", partition, key, "{\"timestamp_minute\":" + round + ",\"pad\":\"" + KB + "\"}");
            }
            if (random.nextInt(5) == 0) {
                int partition = random.nextInt(3);
                batch.reached("intraday", partition, rig.end("intraday", partition) + random.nextInt(2));
            }
            if (random.nextInt(5) == 0) {
                batch.heartbeat("{}");
            }
            batch.deliver();
            readers.keySet().forEach(Reader::step);
        }
        for (Reader reader : readers.keySet()) {
            reader.client.socket.resume();
            reader.read();
            assertThat(reader.client.closed()).as("seed %s", seed).isNull();
            for (int partition = 0; partition < 3; partition++) {
                String of = partition + ":";
                assertThat(reader.got.stream().filter(pos -> pos.startsWith(of)))
                        .as("seed %s", seed)
                        .isEqualTo(log.stream()
                                .filter(pos -> pos.startsWith(of))
                                .filter(pos -> reader.keys == null || reader.keys.contains(keyOf.get(pos)))
                                .toList());
            }
        }
    }
}

package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is read from the log behind the backlog: resumes from further back, subscriptions from a time, replays. */
class PastTest {
    private static final String KB = "x".repeat(1000);
    private static final String T0 = GatewayRig.T0.toString();

    private GatewayRig rig = new GatewayRig(Map.of("backlog-bytes", "20000"));

    @AfterEach
    void everythingIsGivenBack() {
        rig.close();
    }

    private void bars(int count) {
        for (int i = 0; i < count; i++) {
            rig.batch()
                    .event(
                            "intraday_bar",
                            0,
                            i % 2 == 0 ? "SPY" : "QQQ",
                            "{\"timestamp_minute\":" + i + ",\"pad\":\"" + KB + "\"}")
                    .deliver();
        }
    }

    private static String subscribe(String more) {
        return "{\"type\":\"subscribe\",\"id\":7,\"feature\":\"intraday\"," + more + "}";
    }

    private static String resume(long seen, String more) {
        return subscribe(
                more + "\"from\":{\"epoch\":\"epoch-of-intraday\",\"offsets\":{\"0\":" + seen + ",\"1\":-1,\"2\":-1}}");
    }

    private static List<String> wanted(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(i -> "intraday_bar " + (i % 2 == 0 ? "SPY" : "QQQ") + "@0:" + i)
                .toList();
    }

    private static List<String> with(List<String> first, List<String> then, String last) {
        List<String> all = new ArrayList<>(first);
        all.addAll(then);
        all.add(last);
        return all;
    }

    /** All that a client gets until nothing more comes. */
    private static List<String> drained(TestClient client) {
        List<String> got = new ArrayList<>();
        List<String> piece;
        do {
            client.socket.takeOnce();
            piece = client.summaries();
            got.addAll(piece);
        } while (!piece.isEmpty());
        return got;
    }

    @Test
    void positionBehindTheBacklogIsServedFromTheLogAndGoesLiveWithoutGapOrDouble() {
        bars(700);
        TestClient client = rig.client().say(resume(99, ""));
        bars(2);
        List<String> got = drained(client);
        assertThat(got.subList(0, 602)).isEqualTo(with(List.of("subscribed"), wanted(100, 700), "caught_up"));
        assertThat(got.subList(602, got.size())).isEqualTo(wanted(700, 702));
        assertThat(rig.log.reads).isBetween(2, 10);
        assertThat(rig.metrics.resumesFromLog.count()).isEqualTo(1);
        bars(1);
        assertThat(client.summaries()).hasSize(1);
    }

    @Test
    void chainOfPosAndPrevHoldsFromTheLogIntoTheBacklogAndLive() {
        bars(700);
        TestClient client = rig.client().say(resume(99, ""));
        List<JsonNode> got = new ArrayList<>(client.messages());
        bars(4);
        got.addAll(client.messages());
        Map<String, Long> last = new java.util.HashMap<>();
        int linked = 0;
        for (JsonNode frame : got) {
            if (frame.has("pos")) {
                long offset = Long.parseLong(frame.path("pos").asText().substring(2));
                Long before = last.put(frame.path("key").asText(), offset);
                if (before != null) {
                    assertThat(frame.path("prev").asLong(-1)).isEqualTo(before);
                    linked++;
                }
            }
        }
        assertThat(linked).isEqualTo(602);
    }

    @Test
    void keysFilterWhatTheLogTells() {
        bars(700);
        TestClient client = rig.client().say(resume(99, "\"keys\":[\"QQQ\"],"));
        assertThat(client.summaries())
                .isEqualTo(with(
                        List.of("subscribed"),
                        wanted(100, 700).stream()
                                .filter(each -> each.contains("QQQ"))
                                .toList(),
                        "caught_up"));
    }

    @Test
    void clientIsToldThePositionThatItAskedForAlsoWhereItWantsNothingOfWhatFollows() {
        bars(300);
        TestClient client = rig.client().say(resume(9, "\"keys\":[\"other\"],"));
        List<JsonNode> got = client.messages();
        assertThat(got).hasSize(2);
        assertThat(got.get(0).at("/offsets/0").asLong()).isEqualTo(9);
        assertThat(got.get(1).path("type").asText()).isEqualTo("caught_up");
    }

    @Test
    void earliestTellsAllAndGoesLive() {
        bars(300);
        TestClient client = rig.client().say(subscribe("\"from\":\"earliest\""));
        assertThat(drained(client)).isEqualTo(with(List.of("subscribed"), wanted(0, 300), "caught_up"));
        bars(1);
        assertThat(client.summaries()).hasSize(1);
    }

    @Test
    void timeThatIsYetToComeIsLiveAtOnce() {
        bars(30);
        TestClient client = rig.client().say(subscribe("\"from\":{\"time\":\"2999-01-01T00:00:00Z\"}"));
        assertThat(client.summaries()).containsExactly("subscribed", "caught_up");
        bars(1);
        assertThat(client.summaries()).hasSize(1);
    }

    @Test
    void replayRunsBesideWhatIsLiveAndSaysWhatItIsPartOf() {
        bars(30);
        TestClient client = rig.subscriber("intraday");
        rig.log.hold();
        client.say(subscribe("\"from\":{\"time\":\"" + T0 + "\"},\"until\":\"2999-01-01T00:00:00Z\""));
        assertThat(client.texts()).isEmpty();
        bars(1);
        assertThat(client.summaries()).containsExactly("intraday_bar SPY@0:30");
        rig.log.answer();
        List<JsonNode> got = client.messages();
        assertThat(got.get(0).path("replay").asBoolean()).isTrue();
        assertThat(got.subList(1, got.size() - 1)).hasSize(30).allSatisfy(event -> {
            assertThat(event.path("replay").asBoolean()).isTrue();
            assertThat(event.path("sub").asInt()).isEqualTo(7);
        });
        assertThat(got.get(got.size() - 1).toString())
                .isEqualTo("{\"type\":\"replay_complete\",\"id\":7,\"feature\":\"intraday\",\"count\":30}");
        bars(1);
        assertThat(client.summaries()).hasSize(1);
    }

    @Test
    void replayOfASlowReaderHoldsItsPiecesAndNoMore() {
        bars(2000);
        TestClient slow = rig.client();
        slow.socket.stall();
        long before = rig.alloc.metric().usedDirectMemory();
        slow.say(subscribe("\"from\":\"earliest\",\"until\":\"2999-01-01T00:00:00Z\""));
        bars(10);
        assertThat(rig.alloc.metric().usedDirectMemory() - before).isLessThan(600_000);
        List<String> got = drained(slow);
        assertThat(got).hasSize(2002).endsWith("replay_complete");
    }

    @Test
    void replaysAreLimitedAndEndWhenToldTo() {
        bars(10);
        TestClient client = rig.client();
        rig.log.hold();
        String replay = subscribe("\"from\":\"earliest\",\"until\":\"2999-01-01T00:00:00Z\"");
        for (int i = 0; i < 4; i++) {
            client.say(replay);
        }
        assertThat(client.texts()).isEmpty();
        client.say(replay);
        assertThat(client.message().at("/data/code").asText()).isEqualTo("too_many_subscriptions");
        client.say("{\"type\":\"unsubscribe\",\"id\":8,\"feature\":\"intraday\",\"sub\":7}");
        assertThat(client.message().path("sub").asInt()).isEqualTo(7);
        rig.log.answer();
        assertThat(client.texts()).as("all of that id have ended").isEmpty();
        client.say(replay);
        assertThat(drained(client)).hasSize(12);
    }

    @Test
    void replaysOfAllConnectionsTogetherAreLimitedAsWell() {
        rig.close();
        rig = new GatewayRig(Map.of("replays", "2"));
        bars(10);
        rig.log.hold();
        String replay = subscribe("\"from\":\"earliest\",\"until\":\"2999-01-01T00:00:00Z\"");
        TestClient first = rig.client().say(replay).say(replay);
        assertThat(first.texts()).isEmpty();
        TestClient second = rig.client().say(replay);
        JsonNode refused = second.message();
        assertThat(refused.path("id").asInt()).isEqualTo(7);
        assertThat(refused.at("/data/code").asText()).isEqualTo("too_many_subscriptions");
        assertThat(refused.at("/data/message").asText()).startsWith("this gateway runs 2 replays already");
        assertThat(rig.refused("too_many_subscriptions")).isEqualTo(1);
        first.drop();
        rig.log.answer();
        assertThat(drained(second.say(replay))).hasSize(12);
        assertThat(drained(second.say(replay)))
                .as("one that is complete gives its place back")
                .hasSize(12);
    }

    @Test
    void replayKeepsThePaceThatWasAskedFor() {
        for (int i = 0; i < 5; i++) {
            rig.writtenAfterMs(1_000L * i);
            bars(1);
        }
        TestClient client =
                rig.client().say(subscribe("\"from\":\"earliest\",\"until\":\"2999-01-01T00:00:00Z\",\"speed\":2"));
        assertThat(client.summaries()).containsExactly("subscribed", "intraday_bar SPY@0:0");
        after(client, 499);
        assertThat(client.texts()).isEmpty();
        after(client, 1);
        assertThat(client.summaries()).containsExactly("intraday_bar SPY@0:1");
        after(client, 1_000);
        assertThat(client.summaries())
                .as("two are due, and it is behind none")
                .containsExactly("intraday_bar SPY@0:2", "intraday_bar SPY@0:3");
        after(client, 499);
        assertThat(client.texts()).isEmpty();
        after(client, 1);
        assertThat(client.summaries()).containsExactly("intraday_bar SPY@0:4", "replay_complete");
    }

    private void after(TestClient client, long ms) {
        rig.afterMs(ms);
        client.afterMs(ms);
    }

    @Test
    void replayBeginsWithItsFromAndEndsBeforeItsUntil() {
        for (int i = 0; i < 6; i++) {
            rig.writtenAfterMs(1_000L * i);
            bars(1);
        }
        TestClient client = rig.client()
                .say(subscribe("\"from\":{\"time\":\"" + GatewayRig.T0.plusSeconds(1) + "\"},\"until\":\""
                        + GatewayRig.T0.plusSeconds(4) + "\""));
        assertThat(client.messages().stream()
                        .map(message -> message.path("type").asText()
                                + message.path("pos").asText())
                        .toList())
                .containsExactly(
                        "subscribed", "intraday_bar0:1", "intraday_bar0:2", "intraday_bar0:3", "replay_complete");
        client.say(subscribe("\"from\":{\"epoch\":\"epoch-of-intraday\",\"offsets\":{\"0\":3,\"1\":-1,\"2\":-1}},"
                + "\"until\":\"2999-01-01T00:00:00Z\""));
        assertThat(client.messages())
                .extracting(message -> message.path("pos").asText())
                .as("right after a position")
                .containsExactly("", "0:4", "0:5", "");
    }

    @Test
    void whoWaitsForKafkaIsToldOnceAndGoesOnWhenItIsBack() {
        bars(300);
        rig.log.away(true);
        TestClient client = rig.client().say(resume(9, ""));
        rig.log.timeOut();
        rig.log.timeOut();
        assertThat(client.message().at("/data/code").asText()).isEqualTo("upstream_unavailable");
        rig.log.away(false);
        rig.log.timeOut();
        assertThat(drained(client)).isEqualTo(with(List.of("subscribed"), wanted(10, 300), "caught_up"));
    }

    @Test
    void piecesOfAClientThatDoesNotReadAreGivenBackAndReadAgain() {
        bars(1000);
        TestClient slow = rig.client();
        slow.socket.stall();
        slow.say(resume(-1, ""));
        rig.hub.checkAlive();
        rig.hub.checkAlive();
        rig.log.assertRoomGivenBack();
        assertThat(drained(slow)).isEqualTo(with(List.of("subscribed"), wanted(0, 1000), "caught_up"));
    }

    @Test
    void leavingInTheMiddleGivesEverythingBack() {
        bars(1000);
        TestClient slow = rig.client();
        slow.socket.stall();
        slow.say(resume(-1, ""));
        slow.say(subscribe("\"from\":\"earliest\",\"until\":\"2999-01-01T00:00:00Z\""));
        rig.log.hold();
        slow.socket.takeOnce();
        slow.drop();
        rig.log.answer();
        assertThat(rig.metrics.connections).hasValue(0);
    }

    @Test
    void moreKeysThanAConnectionMayNameAreRefused() {
        rig.close();
        rig = new GatewayRig(Map.of("session-keys", "3"));
        TestClient client = rig.client()
                .say(
                        "{\"type\":\"subscribe\",\"feature\":\"positions\",\"keys\":[\"a\",\"b\",\"c\"],\"from\":\"now\"}");
        assertThat(client.summaries()).containsExactly("subscribed");
        client.say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"keys\":[\"a\",\"b\"],\"from\":\"now\"}");
        assertThat(client.summaries()).as("they are named already").containsExactly("subscribed");
        client.say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"keys\":[\"d\"],\"from\":\"now\"}");
        assertThat(client.message().at("/data/code").asText()).isEqualTo("too_many_subscriptions");
    }
}

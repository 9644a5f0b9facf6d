package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Stage;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a subscriber asks for and gets, through the real pipeline. */
class SessionTest {
    private final GatewayRig rig = new GatewayRig();

    @AfterEach
    void everythingIsGivenBack() {
        rig.close();
    }

    @Test
    void welcomeNamesTheGatewayTheConnectionAndEveryFeaturesStage() {
        rig.stages.put("positions", Stage.LIVE);
        TestClient client = rig.connection();
        client.handshake("Sec-WebSocket-Protocol: cutover.v1");
        assertThat(client.texts())
                .containsExactly("{\"type\":\"welcome\",\"data\":{\"protocol\":\"cutover.v1\",\"gateway\":\"gw-1\","
                        + "\"connection\":\"c-1\",\"features\":["
                        + "{\"feature\":\"account_balance\",\"stage\":\"shadow\"},"
                        + "{\"feature\":\"positions\",\"stage\":\"live\"},"
                        + "{\"feature\":\"intraday\",\"stage\":\"shadow\"},"
                        + "{\"feature\":\"global_market\",\"stage\":\"shadow\"}],\"ping_ms\":25000}}");
        assertThat(rig.metrics.connections).hasValue(1);
    }

    @Test
    void plainClientGetsEveryFeatureFromNow() {
        rig.batch().event("positions", "before", 1).deliver();
        TestClient client = rig.connection();
        assertThat(client.handshake()).doesNotContainIgnoringCase("sec-websocket-protocol");
        assertThat(client.texts())
                .hasSize(5)
                .contains("{\"type\":\"subscribed\",\"feature\":\"positions\",\"stage\":\"shadow\","
                        + "\"epoch\":\"epoch-of-positions\",\"offsets\":{\"0\":0,\"1\":-1,\"2\":-1}}");
        rig.batch()
                .event("positions", "123", 2)
                .event("market_status", "1", 3)
                .event("vwap_update", "SPY", 4)
                .event("account_balance", "123", 5)
                .deliver();
        assertThat(client.summaries())
                .containsExactly(
                        "positions 123@0:1", "market_status 1@0:0", "vwap_update SPY@0:0", "account_balance 123@0:0");
    }

    @Test
    void clientOfAnUnknownSubprotocolIsAPlainOne() {
        TestClient client = rig.connection();
        assertThat(client.handshake("Sec-WebSocket-Protocol: graphql-ws"))
                .doesNotContainIgnoringCase("sec-websocket-protocol");
        assertThat(client.summaries())
                .containsExactly("welcome", "subscribed", "subscribed", "subscribed", "subscribed");
    }

    @Test
    void subprotocolIsPickedFromSeveral() {
        TestClient client = rig.connection();
        assertThat(client.handshake("Sec-WebSocket-Protocol: cutover.v9, cutover.v1"))
                .containsIgnoringCase("sec-websocket-protocol: cutover.v1\r\n");
        assertThat(client.summaries()).containsExactly("welcome");
    }

    @Test
    void snapshotComesBetweenSubscribedAndWhatIsNew() {
        rig.batch()
                .event("positions", "123", 1)
                .event("positions", 2, "456", "{\"v\":2}")
                .event("positions", "123", 3)
                .reached("positions", 1, 76)
                .deliver();
        TestClient client = rig.client().say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"positions\"}");
        rig.batch().event("positions", "123", 4).deliver();
        assertThat(client.texts())
                .containsExactly(
                        "{\"type\":\"subscribed\",\"id\":1,\"feature\":\"positions\",\"stage\":\"shadow\","
                                + "\"epoch\":\"epoch-of-positions\",\"offsets\":{\"0\":1,\"1\":76,\"2\":0}}",
                        "{\"type\":\"positions\",\"feature\":\"positions\",\"key\":\"123\",\"pos\":\"0:1\",\"prev\":0,"
                                + "\"ts\":\"2026-01-05T15:30:00.123Z\",\"snapshot\":true,\"data\":{\"v\":3}}",
                        "{\"type\":\"positions\",\"feature\":\"positions\",\"key\":\"456\",\"pos\":\"2:0\","
                                + "\"ts\":\"2026-01-05T15:30:00.123Z\",\"snapshot\":true,\"data\":{\"v\":2}}",
                        "{\"type\":\"snapshot_complete\",\"id\":1,\"feature\":\"positions\",\"count\":2}",
                        "{\"type\":\"positions\",\"feature\":\"positions\",\"key\":\"123\",\"pos\":\"0:2\",\"prev\":1,"
                                + "\"ts\":\"2026-01-05T15:30:00.123Z\",\"data\":{\"v\":4}}");
    }

    @Test
    void emptySnapshotIsCompleteAtOnce() {
        TestClient client = rig.client().say("{\"type\":\"subscribe\",\"id\":\"a\",\"feature\":\"positions\"}");
        assertThat(client.texts())
                .last()
                .isEqualTo("{\"type\":\"snapshot_complete\",\"id\":\"a\",\"feature\":\"positions\",\"count\":0}");
    }

    @Test
    void depthGivesTheNewestEntriesOfASeriesOldestFirst() {
        rig.batch()
                .bar("SPY", "2026-01-05T15:30:00Z", 1)
                .bar("SPY", "2026-01-05T15:31:00Z", 2)
                .bar("SPY", "2026-01-05T15:32:00Z", 3)
                .bar("SPY", "2026-01-05T15:31:00Z", 4)
                .event("vwap_update", "SPY", 5)
                .deliver();
        TestClient client =
                rig.client().say("{\"type\":\"subscribe\",\"feature\":\"intraday\",\"keys\":[\"SPY\"],\"depth\":2}");
        assertThat(client.summaries())
                .containsExactly(
                        "subscribed",
                        "intraday_bar SPY@0:3 snapshot",
                        "intraday_bar SPY@0:2 snapshot",
                        "vwap_update SPY@0:4 snapshot",
                        "snapshot_complete");
    }

    @Test
    void depthIsAtMostTheCatalogs() {
        var batch = rig.batch();
        for (int i = 0; i < 400; i++) {
            batch.bar("SPY", "minute-" + (1000 + i), i);
        }
        batch.deliver();
        TestClient client = rig.client().say("{\"type\":\"subscribe\",\"feature\":\"intraday\",\"depth\":100000}");
        List<String> got = client.summaries();
        assertThat(got).hasSize(392).contains("intraday_bar SPY@0:399 snapshot", "intraday_bar SPY@0:10 snapshot");
        assertThat(got).doesNotContain("intraday_bar SPY@0:9 snapshot");
    }

    @Test
    void keysAreAFilter() {
        rig.batch().event("positions", "1", 1).event("positions", "2", 2).deliver();
        TestClient client =
                rig.client().say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"keys\":[\"2\",\"3\"]}");
        rig.batch()
                .event("positions", "1", 3)
                .event("positions", "2", 4)
                .event("positions", "3", 5)
                .deliver();
        assertThat(client.summaries())
                .containsExactly(
                        "subscribed",
                        "positions 2@0:1 snapshot",
                        "snapshot_complete",
                        "positions 2@0:3",
                        "positions 3@0:4");
    }

    @Test
    void secondSubscribeAddsKeysAndItsFromHoldsForThoseAlone() {
        rig.batch().event("positions", "1", 1).event("positions", "2", 2).deliver();
        TestClient client = rig.client()
                .say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"keys\":[\"1\"],\"from\":\"now\"}")
                .say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"keys\":[\"2\"],\"from\":\"snapshot\"}");
        assertThat(client.summaries())
                .containsExactly("subscribed", "subscribed", "positions 2@0:1 snapshot", "snapshot_complete");
        rig.batch().event("positions", "1", 3).event("positions", "2", 4).deliver();
        assertThat(client.summaries()).containsExactly("positions 1@0:2", "positions 2@0:3");
    }

    @Test
    void unsubscribeTakesKeysAwayAndThenEverything() {
        TestClient client = rig.subscriber("positions")
                .say("{\"type\":\"unsubscribe\",\"id\":3,\"feature\":\"positions\",\"keys\":[\"1\"]}");
        assertThat(client.texts()).containsExactly("{\"type\":\"unsubscribed\",\"id\":3,\"feature\":\"positions\"}");
        rig.batch().event("positions", "1", 1).event("positions", "2", 2).deliver();
        assertThat(client.summaries()).containsExactly("positions 2@0:1");
        client.say("{\"type\":\"unsubscribe\",\"feature\":\"positions\"}");
        rig.batch().event("positions", "2", 3).deliver();
        assertThat(client.summaries()).containsExactly("unsubscribed");
        client.say("{\"type\":\"unsubscribe\",\"feature\":\"positions\"}");
        assertThat(client.summaries()).containsExactly("unsubscribed");
    }

    @Test
    void subscriptionsOfEachFeatureAreCounted() {
        TestClient one = rig.subscriber("positions");
        TestClient other = rig.subscriber("positions");
        rig.subscriber("intraday");
        one.say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"keys\":[\"1\"]}");
        assertThat(rig.subscriptions("positions")).as("one for each session").isEqualTo(2);
        one.say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"keys\":[\"1\"],\"from\":"
                + "{\"epoch\":\"epoch-of-positions\",\"offsets\":{\"0\":9,\"1\":-1,\"2\":-1}}}");
        assertThat(rig.subscriptions("positions")).as("and one that catches up").isEqualTo(3);
        one.say("{\"type\":\"unsubscribe\",\"feature\":\"positions\"}");
        assertThat(rig.subscriptions("positions")).isEqualTo(1);
        other.drop();
        assertThat(rig.subscriptions("positions")).isZero();
        assertThat(rig.subscriptions("intraday")).isEqualTo(1);
    }

    @Test
    void heartbeatSaysHowFarEachSubscribedFeatureIsReached() {
        TestClient subscriber = rig.subscriber("positions");
        TestClient idle = rig.client();
        rig.batch()
                .heartbeat("{\"timestamp\":\"t\", \"heartbeat_count\":30}")
                .event("positions", 1, "7", "{\"v\":1}")
                .reached("positions", 1, 5)
                .deliver();
        assertThat(subscriber.texts())
                .last()
                .isEqualTo("{\"type\":\"heartbeat\",\"data\":{\"timestamp\":\"t\", \"heartbeat_count\":30},"
                        + "\"high\":{\"positions\":{\"0\":-1,\"1\":5,\"2\":-1}}}");
        assertThat(idle.texts())
                .containsExactly("{\"type\":\"heartbeat\",\"data\":{\"timestamp\":\"t\", \"heartbeat_count\":30},"
                        + "\"high\":{}}");
    }

    @Test
    void stageChangeIsToldToEveryConnection() {
        TestClient one = rig.client();
        TestClient other = rig.subscriber("intraday");
        rig.flip("positions", Stage.LIVE);
        assertThat(one.texts())
                .containsExactly("{\"type\":\"stage_changed\",\"feature\":\"positions\",\"stage\":\"live\",\"data\":{"
                        + "\"from\":\"shadow\",\"version\":4,\"changed_by\":\"operator-1\","
                        + "\"reason\":\"it is \\\"time\\\"\",\"changed_at\":\"2026-01-05T15:31:00Z\"}}");
        assertThat(other.summaries()).containsExactly("stage_changed");
        rig.flip("positions", Stage.LIVE);
        assertThat(one.texts()).as("the stage did not move").isEmpty();
    }

    @Test
    void pingIsAnsweredWithItsTimestamp() {
        TestClient client = rig.client().say("{\"type\":\"ping\",\"timestamp\":1736091000000}");
        assertThat(client.texts()).containsExactly("{\"type\":\"pong\",\"timestamp\":1736091000000}");
        client.say("{\"type\":\"ping\",\"timestamp\":1736091000000.123456789}");
        assertThat(client.texts()).containsExactly("{\"type\":\"pong\",\"timestamp\":1736091000000.123456789}");
        client.say("{\"type\":\"ping\"}");
        assertThat(client.texts()).containsExactly("{\"type\":\"pong\"}");
    }

    @Test
    void badMessagesAreRefusedAndTheConnectionStays() {
        TestClient client = rig.client();
        assertThat(code(client.say("{\"type\":\"subscribe\",\"id\":9,\"feature\":\"nope\"}")))
                .isEqualTo("unknown_feature");
        assertThat(code(client.say("{\"type\":\"unsubscribe\",\"feature\":\"nope\"}")))
                .isEqualTo("unknown_feature");
        assertThat(code(client.say("{\"type\":\"dance\"}"))).isEqualTo("unknown_type");
        assertThat(code(client.say("{\"type\":"))).isEqualTo("bad_request");
        assertThat(code(client.say("{\"type\":\"subscribe\",\"feature\":\"positions\",\"depth\":3}")))
                .isEqualTo("bad_request");
        client.say("{\"type\":\"subscribe\",\"id\":9,\"feature\":\"nope\"}");
        assertThat(client.texts())
                .containsExactly("{\"type\":\"error_message\",\"id\":9,\"data\":{\"code\":\"unknown_feature\","
                        + "\"message\":\"'nope' is no feature; there are"
                        + " [account_balance, positions, intraday, global_market]\"}}");
        client.say("{\"type\":\"ping\"}");
        assertThat(client.summaries()).containsExactly("pong");
        assertThat(rig.refused()).isEqualTo(6);
        assertThat(rig.refused("unknown_feature")).isEqualTo(3);
    }

    @Test
    void halfASurrogatePairInAMessageHarmsNothing() {
        TestClient client = rig.client();
        assertThat(code(client.say("{\"type\":\"subscribe\",\"id\":\"\\ud800\",\"feature\":\"\\udfff\"}")))
                .isEqualTo("unknown_feature");
        assertThat(code(client.say("{\"type\":\"\\ud800\"}"))).isEqualTo("unknown_type");
        assertThat(client.closed()).isNull();
    }

    private static String code(TestClient client) {
        JsonNode message = client.message();
        assertThat(message.path("type").asText()).isEqualTo("error_message");
        return message.at("/data/code").asText();
    }

    @Test
    void twentyBadMessagesInARowCloseTheConnection() {
        TestClient client = rig.client();
        for (int i = 0; i < 19; i++) {
            client.say("nonsense");
        }
        client.say("{\"type\":\"ping\"}");
        for (int i = 0; i < 19; i++) {
            client.say("nonsense");
        }
        assertThat(client.closed()).isNull();
        client.say("nonsense");
        assertThat(client.closed()).isEqualTo("1008 {\"code\":\"bad_messages\",\"reconnect\":false}");
        assertThat(rig.closedBy("bad_messages")).isEqualTo(1);
    }

    @Test
    void oneFlushForEachSessionAndBatch() {
        TestClient wantsAll = rig.subscriber("positions");
        TestClient wantsNone = rig.client();
        wantsNone.socket.flushesSinceLastAsked();
        var batch = rig.batch();
        for (int i = 0; i < 50; i++) {
            batch.event("positions", "" + i, i);
        }
        batch.deliver();
        assertThat(wantsAll.socket.flushesSinceLastAsked()).isEqualTo(1);
        assertThat(wantsNone.socket.flushesSinceLastAsked()).isZero();
        assertThat(wantsAll.texts()).hasSize(50);
        assertThat(rig.metrics.framesSent.count()).isEqualTo(50 + 3);
    }

    @Test
    void oneFlushForAllThatAClientSentAtOnce() {
        TestClient client = rig.client();
        client.socket.flushesSinceLastAsked();
        client.send(
                new io.netty.handler.codec.http.websocketx.TextWebSocketFrame("{\"type\":\"ping\"}"),
                new io.netty.handler.codec.http.websocketx.TextWebSocketFrame("{\"type\":\"ping\"}"),
                new io.netty.handler.codec.http.websocketx.PingWebSocketFrame());
        assertThat(client.socket.flushesSinceLastAsked()).isEqualTo(1);
        assertThat(client.summaries()).containsExactly("pong", "pong");
        assertThat(client.pongs()).hasSize(1);
    }

    @Test
    void whoHasLeftGetsNothingMore() {
        TestClient client = rig.subscriber("positions");
        TestClient stays = rig.subscriber("positions");
        client.drop();
        assertThat(rig.metrics.connections).hasValue(1);
        rig.batch().event("positions", "1", 1).deliver();
        assertThat(client.texts()).isEmpty();
        assertThat(stays.summaries()).containsExactly("positions 1@0:0");
    }
}

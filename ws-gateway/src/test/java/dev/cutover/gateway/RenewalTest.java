package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What subscribers are told when a feature's topic is made anew, and while Kafka is away. */
class RenewalTest {
    private final GatewayRig rig = new GatewayRig();

    @AfterEach
    void everythingIsGivenBack() {
        rig.close();
    }

    private TestClient subscriber(String keys) {
        TestClient client = rig.client()
                .say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"positions\"" + keys + ",\"from\":\"now\"}");
        assertThat(client.summaries()).containsExactly("subscribed");
        return client;
    }

    private static void assertBeganAnew(List<JsonNode> messages, String epoch, JsonNode id, String... snapshot) {
        JsonNode first = messages.get(0);
        assertThat(first.path("type").asText()).isEqualTo("subscribed");
        assertThat(first.path("epoch").asText()).isEqualTo(epoch);
        assertThat(first.path("gap").asBoolean()).isTrue();
        assertThat(first.get("id")).isEqualTo(id);
        assertThat(messages.subList(1, messages.size() - 1).stream()
                        .map(message -> message.path("key").asText() + "@"
                                + message.path("pos").asText())
                        .toList())
                .containsExactly(snapshot);
        assertThat(messages.subList(1, messages.size() - 1))
                .allMatch(message -> message.path("snapshot").asBoolean());
        JsonNode last = messages.get(messages.size() - 1);
        assertThat(last.path("type").asText()).isEqualTo("snapshot_complete");
        assertThat(last.get("id")).isEqualTo(id);
    }

    @Test
    void everySubscriberGetsTheNewEpochAGapAndASnapshotOnceTheNewLogIsReadToItsEnd() {
        TestClient all = subscriber("");
        TestClient one = subscriber(",\"keys\":[\"b\",\"later\"]");
        TestClient other = rig.subscriber("account_balance");
        rig.batch().event("positions", "a", 1).event("positions", "b", 2).deliver();
        assertThat(all.texts()).hasSize(2);
        assertThat(one.texts()).hasSize(1);

        rig.batch().renewed("positions", "epoch-2", 3L, 0L, 0L).deliver();
        rig.batch()
                .event("positions", "b", 3)
                .event("positions", "c", 4)
                .heartbeat("{}")
                .deliver();
        JsonNode heartbeat = all.message();
        assertThat(heartbeat.path("type").asText()).isEqualTo("heartbeat");
        assertThat(heartbeat.path("high").has("positions"))
                .as("nothing of the new log was written yet")
                .isFalse();
        assertThat(one.summaries()).containsExactly("heartbeat");

        rig.batch().event("positions", "b", 5).deliver();
        assertBeganAnew(all.messages(), "epoch-2", null, "c@0:1", "b@0:2");
        assertBeganAnew(one.messages(), "epoch-2", null, "b@0:2");
        rig.batch()
                .event("positions", "later", 6)
                .event("positions", "c", 7)
                .heartbeat("{}")
                .deliver();
        assertThat(all.messages())
                .extracting(message -> message.path("key").asText())
                .containsExactly("later", "c", "");
        List<JsonNode> live = one.messages();
        assertThat(live.get(0).path("pos").asText()).isEqualTo("0:3");
        assertThat(live.get(0).has("prev")).isFalse();
        assertThat(live.get(1).path("high").path("positions").path("0").asLong())
                .isEqualTo(4);
        assertThat(other.summaries()).containsOnly("heartbeat");
        all.drop();
        one.drop();
        assertThat(rig.hub.shard("positions").subscribedKeys()).isZero();
    }

    @Test
    void emptyNewLogBeginsAtOnceAndWhatWasKnownIsForgotten() {
        TestClient client = subscriber("");
        rig.batch().event("positions", "a", 1).deliver();
        assertThat(client.texts()).hasSize(1);
        rig.batch().renewed("positions", "epoch-2", 0L, 0L, 0L).deliver();
        assertBeganAnew(client.messages(), "epoch-2", null);
        TestClient late = rig.client().say("{\"type\":\"subscribe\",\"id\":5,\"feature\":\"positions\"}");
        assertThat(late.summaries()).containsExactly("subscribed", "snapshot_complete");
        TestClient resuming = rig.client()
                .say("{\"type\":\"subscribe\",\"id\":6,\"feature\":\"positions\",\"from\":"
                        + "{\"epoch\":\"epoch-of-positions\",\"offsets\":{\"0\":0,\"1\":-1,\"2\":-1}}}");
        assertThat(resuming.summaries()).containsExactly("error_message", "subscribed", "snapshot_complete");
    }

    @Test
    void whatCatchesUpBeginsAnewUnderItsId() {
        rig.batch().event("positions", "a", 1).deliver();
        TestClient ahead = rig.client()
                .say("{\"type\":\"subscribe\",\"id\":9,\"feature\":\"positions\",\"from\":"
                        + "{\"epoch\":\"epoch-of-positions\",\"offsets\":{\"0\":4,\"1\":-1,\"2\":-1}}}");
        assertThat(ahead.summaries()).containsExactly("subscribed", "caught_up");
        rig.batch().renewed("positions", "epoch-2", 1L, 0L, 0L).deliver();
        assertThat(ahead.texts()).isEmpty();
        rig.batch().event("positions", "b", 1).deliver();
        JsonNode id = TestClient.json("9");
        assertBeganAnew(ahead.messages(), "epoch-2", id, "b@0:0");
        rig.batch().event("positions", "b", 2).deliver();
        assertThat(ahead.summaries()).containsExactly("positions b@0:1");
    }

    @Test
    void theSameLogReadFromFurtherBackOffersNothingTwice() {
        TestClient client = subscriber("");
        rig.batch().event("positions", "a", 1).event("positions", "a", 2).deliver();
        assertThat(client.texts()).hasSize(2);
        rig.batch().renewed("positions", "epoch-of-positions", 3L, 0L, 0L).deliver();
        rig.batch().event("positions", "a", 1).event("positions", "a", 2).deliver();
        assertThat(client.texts()).isEmpty();
        rig.batch().event("positions", "a", 3).deliver();
        assertBeganAnew(client.messages(), "epoch-of-positions", null, "a@0:2");
    }

    @Test
    void everyConnectionIsToldOnceThatKafkaIsAwayAndOnesThatComeMeanwhileAsWell() {
        TestClient early = subscriber("");
        rig.hub.onUpstreamAway("Kafka does not answer");
        JsonNode told = early.message();
        assertThat(told.path("type").asText()).isEqualTo("error_message");
        assertThat(told.has("id")).isFalse();
        assertThat(told.path("data").path("code").asText()).isEqualTo("upstream_unavailable");
        assertThat(told.path("data").path("message").asText()).isEqualTo("Kafka does not answer");
        TestClient late = rig.connection();
        var unused = late.handshake("Sec-WebSocket-Protocol: cutover.v1");
        assertThat(late.summaries()).containsExactly("welcome", "error_message");
        rig.hub.onUpstreamBack();
        rig.client();
        rig.batch().event("positions", "a", 1).deliver();
        assertThat(early.summaries()).containsExactly("positions a@0:0");
    }

    @Test
    void heartbeatSaysWhichFeaturesAreSilentAndWhichLagAndNothingWhereAllIsWell() {
        TestClient client = rig.client();
        rig.batch()
                .heartbeat("{}")
                .condition(new TailVitals.Condition(List.of("positions"), Map.of("intraday", 1200L)))
                .deliver();
        assertThat(client.texts())
                .containsExactly("{\"type\":\"heartbeat\",\"data\":{},\"high\":{},\"silent\":[\"positions\"],"
                        + "\"lag\":{\"intraday\":1200}}");
        rig.batch().heartbeat("{}").deliver();
        assertThat(client.texts()).containsExactly("{\"type\":\"heartbeat\",\"data\":{},\"high\":{}}");
    }

    @Test
    void anEventThatASubscriberGotIsTimedOnceAndOneThatNobodyGotIsNot() {
        subscriber("");
        subscriber("");
        rig.batch().event("positions", "a", 1).event("account_balance", "x", 1).deliver();
        assertThat(rig.metrics.scrape())
                .contains("cutover_gateway_delivery_seconds_count 1\n")
                .contains("cutover_gateway_delivery_seconds_bucket{le=\"0.001\"} 0\n")
                .contains("cutover_gateway_delivery_seconds_bucket{le=\"10.0\"}")
                .containsPattern("cutover_gateway_backlog_bytes\\{loop=\"0\"\\} [1-9]");
    }
}

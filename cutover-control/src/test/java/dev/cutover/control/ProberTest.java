package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.ProberRig.Body;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Stage;
import io.javalin.websocket.WsContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The prober over real sockets, against what real services do only in bad moments. */
final class ProberTest {
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private ScriptedGateway gateway(BiConsumer<JsonNode, WsContext> answer) {
        ScriptedGateway gateway = new ScriptedGateway(answer);
        gateway.greeting = "{\"type\":\"welcome\",\"data\":{\"protocol\":\"cutover.v1\",\"features\":[]}}";
        opened.add(gateway);
        return gateway;
    }

    private ProberRig prober(Function<String, Body> rest, ScriptedGateway... gateways) {
        ProberRig rig = new ProberRig(
                List.of(gateways).stream().map(ScriptedGateway::port).toList(), rest);
        opened.add(rig);
        return rig;
    }

    private static Body nothing(String path) {
        return new Body(404, "{}");
    }

    private static boolean isOf(JsonNode message, String feature) {
        return message.path("feature").asText().equals(feature);
    }

    /** Answers each subscription; that of intraday by what the script says, which knows how often it was asked. */
    private ScriptedGateway intraday(List<BiConsumer<JsonNode, WsContext>> script) {
        List<JsonNode> asked = new CopyOnWriteArrayList<>();
        return gateway((message, to) -> {
            if (isOf(message, "intraday")) {
                asked.add(message);
                script.get(Math.min(asked.size(), script.size()) - 1).accept(message, to);
            } else {
                ProberRig.subscribed(message, to, 10);
            }
        });
    }

    private static String bar(long offset, long prev) {
        return ProberRig.event(
                "intraday",
                "intraday_bar",
                "SPY",
                offset,
                prev,
                "{\"symbol\":\"SPY\",\"country\":\"USA\",\"timestamp_minute\":\"m\",\"open\":1,\"high\":1,\"low\":1,"
                        + "\"close\":1,\"volume\":1,\"final\":true}");
    }

    @Test
    void whileItIsActiveEachFeatureIsObservedEverySecondAndNotAnyMoreAfterwards() {
        ScriptedGateway gateway = gateway((message, to) -> ProberRig.subscribed(message, to, 10));
        ProberRig rig = prober(ProberTest::nothing, gateway);

        Observation seen = rig.await("positions", each -> each.connectionsUp() == 1);
        assertThat(seen.source()).isEqualTo(Observation.Source.PROBER);
        assertThat(seen.instance()).isEqualTo("control-test");
        assertThat(Duration.between(seen.from(), seen.until()))
                .isBetween(Duration.ofMillis(800), Duration.ofSeconds(3));
        rig.await("global_market", each -> each.connectionsUp() == 1 && each.connectionsDown() == 0);
        assertThat(rig.metrics.scrape()).contains("cutover_control_probe_connections 1.0");

        rig.active.set(false);

        await().atMost(Duration.ofSeconds(5))
                .until(() -> rig.metrics.scrape().contains("cutover_control_probe_connections 0.0"));
        int written = rig.observations.size();
        await().during(Duration.ofMillis(1500))
                .atMost(Duration.ofSeconds(5))
                .until(() -> rig.observations.size() == written);
        rig.active.set(true);
        Observation again = rig.await("positions", each -> each.connectionsUp() == 1);
        assertThat(again.drops()).as("it has said goodbye itself").isZero();
        assertThat(gateway.heard)
                .allSatisfy(message -> assertThat(message.path("from").asText()).isEqualTo("snapshot"));
    }

    @Test
    void afterALostConnectionItGoesOnFromItsPositionAndSeesWhatWasLost() {
        ScriptedGateway gateway = intraday(List.of(
                (message, to) -> {
                    ProberRig.subscribed(message, to, 10);
                    to.send(bar(11, 9));
                    to.send(bar(12, 11));
                    to.closeSession(1011, "{\"code\":\"internal\",\"reconnect\":true}");
                },
                (message, to) -> {
                    ProberRig.subscribed(message, to, 12);
                    to.send(bar(15, 14));
                    to.send(bar(16, 15));
                }));
        ProberRig rig = prober(ProberTest::nothing, gateway);

        rig.awaitSum("intraday", each -> each.types().get("intraday_bar").frames(), 4);
        rig.await("intraday", each -> each.connectionsUp() == 1);

        assertThat(rig.sum("intraday", Observation::gaps)).isEqualTo(1);
        assertThat(rig.sum("intraday", Observation::drops)).isEqualTo(1);
        assertThat(rig.sum("intraday", Observation::failures)).isEqualTo(1);
        assertThat(rig.sum("positions", Observation::drops))
                .as("it was on the same connection")
                .isEqualTo(1);
        List<JsonNode> subscribed =
                gateway.heard.stream().filter(each -> isOf(each, "intraday")).toList();
        assertThat(subscribed.get(1).path("from").toString()).isEqualTo("{\"epoch\":\"e1\",\"offsets\":{\"0\":12}}");
        assertThat(rig.observations)
                .allSatisfy(each -> assertThat(each.missingFields()).isEmpty());
    }

    @Test
    void aGatewayThatDrainsIsNotToBlame() {
        ScriptedGateway gateway = intraday(List.of(
                (message, to) -> {
                    ProberRig.subscribed(message, to, 10);
                    to.send(bar(11, 9));
                    to.closeSession(1001, "{\"code\":\"draining\",\"reconnect\":true}");
                },
                (message, to) -> {
                    ProberRig.subscribed(message, to, 11);
                    to.send(bar(12, 11));
                }));
        ProberRig rig = prober(ProberTest::nothing, gateway);

        rig.awaitSum("intraday", each -> each.types().get("intraday_bar").frames(), 2);
        rig.await("intraday", each -> each.connectionsUp() == 1);

        assertThat(rig.sum("intraday", Observation::drops)).isZero();
        assertThat(rig.sum("intraday", Observation::gaps)).isZero();
        assertThat(rig.sum("intraday", Observation::failures)).isZero();
    }

    @Test
    void aProberThatStoodStillDoesNotBlameTheGatewayThatCallsItSlow() {
        AtomicReference<WsContext> client = new AtomicReference<>();
        ScriptedGateway gateway = intraday(List.of(
                (message, to) -> {
                    ProberRig.subscribed(message, to, 10);
                    client.set(to);
                },
                (message, to) -> {
                    ProberRig.subscribed(message, to, 10);
                    to.send(bar(11, 9));
                }));
        ProberRig rig = prober(ProberTest::nothing, gateway);
        rig.await("intraday", each -> each.connectionsUp() == 1);

        rig.aheadNs.addAndGet(TimeUnit.SECONDS.toNanos(3));
        client.get().closeSession(1013, "{\"code\":\"slow_consumer\",\"reconnect\":true}");
        rig.awaitSum("intraday", each -> each.types().get("intraday_bar").frames(), 1);

        assertThat(rig.sum("intraday", Observation::failures)).isZero();
        assertThat(rig.sum("intraday", Observation::drops)).isZero();
        assertThat(rig.metrics.scrape()).contains("cutover_control_probe_lost_total{kind=\"overloaded\"} 1.0");
    }

    @Test
    void aSubscriptionThatIsRefusedIsAFailure() {
        ScriptedGateway gateway = intraday(List.of((message, to) -> to.send(
                "{\"type\":\"error_message\",\"id\":%s,\"data\":{\"code\":\"unknown_feature\",\"message\":\"no\"}}"
                        .formatted(message.path("id")))));
        ProberRig rig = prober(ProberTest::nothing, gateway);

        rig.awaitSum("intraday", Observation::failures, 1);
        Observation seen = rig.await("intraday", each -> true);
        assertThat(seen.connectionsUp()).isZero();
        assertThat(seen.connectionsDown()).isEqualTo(1);
        assertThat(rig.sum("positions", Observation::failures)).isZero();
    }

    @Test
    void whatIsNoFrameOfTheProtocolIsAFailureAndItConnectsAnew() {
        ScriptedGateway gateway = intraday(List.of(
                (message, to) -> {
                    ProberRig.subscribed(message, to, 10);
                    to.send("{\"type\":\"intraday_bar\",\"feature\":\"intraday\",\"key\":\"SPY\",\"pos\":\"here\"}");
                },
                (message, to) -> ProberRig.subscribed(message, to, 10)));
        ProberRig rig = prober(ProberTest::nothing, gateway);

        rig.awaitSum("intraday", Observation::failures, 1);
        rig.awaitSum("intraday", Observation::drops, 1);
        rig.await("intraday", each -> each.connectionsUp() == 1);
    }

    @Test
    void ofTwoGatewaysEachIsListenedToAndAnEventCountsOnce() {
        BiConsumer<JsonNode, WsContext> both = (message, to) -> {
            ProberRig.subscribed(message, to, 10);
            if (isOf(message, "intraday")) {
                to.send(bar(11, 9));
            }
        };
        AtomicReference<WsContext> second = new AtomicReference<>();
        ProberRig rig =
                prober(ProberTest::nothing, gateway(both), gateway(both.andThen((message, to) -> second.set(to))));

        rig.await("intraday", each -> each.connectionsUp() == 2);
        assertThat(rig.sum("intraday", each -> each.types().get("intraday_bar").frames()))
                .isEqualTo(1);
        second.get().send("{\"type\":\"heartbeat\",\"data\":{\"timestamp\":\"x\",\"heartbeat_count\":1},\"high\":{}}");
        Observation seen = rig.await("positions", each -> each.heartbeatAt() != null);
        assertThat(seen.heartbeatAt()).isBefore(seen.until());
    }

    @Test
    void aGatewayThatIsNotThereIsADownConnectionAndNoDrop() {
        ScriptedGateway gateway = gateway((message, to) -> ProberRig.subscribed(message, to, 10));
        gateway.close();
        ProberRig rig = prober(ProberTest::nothing, gateway);

        Observation seen = rig.await("positions", each -> each.connectionsDown() == 1);

        assertThat(seen.connectionsUp()).isZero();
        assertThat(rig.sum("positions", Observation::drops)).isZero();
        assertThat(rig.sum("positions", Observation::failures)).isZero();
    }

    @Test
    void aConnectionThatFallsSilentIsGivenUpUnlessItAnswersAPing() {
        ScriptedGateway gateway = gateway((message, to) -> ProberRig.subscribed(message, to, 10));
        ProberRig rig = prober(ProberTest::nothing, gateway);
        rig.await("positions", each -> each.connectionsUp() == 1);

        rig.aheadNs.addAndGet(GatewayProbe.PING_AFTER.toNanos() + 1);
        rig.await("positions", each -> true);
        rig.await("positions", each -> true);
        rig.aheadNs.addAndGet(GatewayProbe.SILENT_AFTER.toNanos() - TimeUnit.SECONDS.toNanos(5));
        rig.await("positions", each -> true);
        assertThat(rig.sum("positions", Observation::drops))
                .as("it was heard after the ping")
                .isZero();

        rig.aheadNs.addAndGet(GatewayProbe.SILENT_AFTER.toNanos() + 1);
        rig.awaitSum("positions", Observation::drops, 1);
        rig.await("positions", each -> each.connectionsUp() == 1);
    }

    @Test
    void aFloodIsReadToItsEnd() {
        int events = 20_000;
        ScriptedGateway gateway = intraday(List.of((message, to) -> {
            ProberRig.subscribed(message, to, 10);
            for (int i = 0; i < events; i++) {
                to.send(bar(11 + i, 10 + i));
            }
        }));
        ProberRig rig = prober(ProberTest::nothing, gateway);

        rig.awaitSum("intraday", each -> each.types().get("intraday_bar").frames(), events);
        assertThat(rig.sum("intraday", Observation::gaps)).isZero();
    }

    @Test
    void restIsAskedAsTheProberWhileItServesAndWhatItShowsIsTimed() {
        AtomicReference<String> shown = new AtomicReference<>(bar(11, 9));
        AtomicReference<WsContext> client = new AtomicReference<>();
        ScriptedGateway gateway = intraday(List.of((message, to) -> {
            ProberRig.subscribed(message, to, 10);
            to.send(bar(11, 9));
            client.set(to);
        }));
        Function<String, Body> rest = path -> path.startsWith("/api/intraday")
                ? new Body(
                        200,
                        "{\"symbol\":\"SPY\",\"bars\":["
                                + GatewayFrame.read(shown.get()).json().path("data") + "],\"vwap\":null}")
                : new Body(404, "{}");
        ProberRig rig = prober(rest, gateway);
        await().atMost(ProberRig.PATIENCE)
                .until(() -> rig.asked.stream()
                                .filter(each -> each.equals("prober /api/intraday/bars/?symbol=SPY&limit=10"))
                                .count()
                        > 2);
        assertThat(rig.asked).contains("prober /api/intraday/bars/?symbol=SPY");
        client.get().send(bar(12, 11)); // the same state once more
        String next = bar(13, 12).replace("\"close\":1", "\"close\":1.25");
        long sentNs = System.nanoTime();
        client.get().send(next);
        await().pollDelay(Duration.ofMillis(1200)).until(() -> true);
        shown.set(next);
        long shownNs = System.nanoTime();

        Observation seen = rig.await("intraday", each -> each.freshness().samples() == 1);

        assertThat(seen.freshness().worstMs())
                .isBetween(
                        TimeUnit.NANOSECONDS.toMillis(shownNs - sentNs) - 200,
                        TimeUnit.NANOSECONDS.toMillis(shownNs - sentNs) + 5_000);
        assertThat(rig.sum("intraday", Observation::restErrors)).isZero();
        assertThat(rig.metrics.scrape())
                .contains("cutover_control_probe_freshness_milliseconds{feature=\"intraday\"} "
                        + seen.freshness().medianMs().doubleValue());
    }

    @Test
    void aPromotedFeatureIsNotAskedForAndAnErrorIsCounted() {
        ScriptedGateway gateway = intraday(List.of((message, to) -> {
            ProberRig.subscribed(message, to, 10);
            to.send(bar(11, 9));
        }));
        ProberRig rig = prober(path -> new Body(500, "{}"), gateway);

        rig.await("intraday", each -> each.restErrors() > 0);
        rig.flags.put("intraday", Flag.initial("intraday").at(Stage.PROMOTED, "test", "it is tested"));
        rig.await("intraday", each -> each.restErrors() == 0);
        int asked = intradayRequests(rig);
        await().during(Duration.ofMillis(2500))
                .atMost(Duration.ofSeconds(10))
                .until(() -> intradayRequests(rig) == asked);
        assertThat(rig.metrics.scrape()).contains("cutover_control_probe_requests_total{outcome=\"failed\"}");
    }

    private static int intradayRequests(ProberRig rig) {
        return (int) rig.asked.stream()
                .filter(each -> each.contains("/api/intraday"))
                .count();
    }
}

package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.Health;
import dev.cutover.schema.ServiceEndpoints;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is answered to who may not come in, and what becomes of the places of those who leave; the rig's end holds that none is left. */
class RefusedRequestTest {
    private final GatewayRig rig = new GatewayRig(Map.of("connections", "3", "connections-per-address", "2"));

    @AfterEach
    void everythingIsGivenBack() {
        rig.close();
    }

    private static void assertRefused(String answer, String status, String code) {
        assertThat(answer).startsWith("HTTP/1.1 " + status + "\r\n").contains("content-type: application/problem+json");
        String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
        assertThat(TestClient.json(body).path("code").asText()).isEqualTo(code);
    }

    private static String live(String host) {
        return "GET /health/live HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    }

    private void open(String address) {
        rig.connection(address).handshake("Sec-WebSocket-Protocol: cutover.v1");
    }

    @Test
    void tooManyOfOneAddressAre429AndTooManyAre503WithWhenToTryAgainWhileHealthIsStillAnswered() {
        open("192.0.2.1");
        open("192.0.2.1");
        TestClient third = rig.connection("192.0.2.1");
        String refused = third.http(TestClient.handshakeRequest());
        assertRefused(refused, "429 Too Many Requests", "too_many_connections_of_address");
        assertThat(refused).contains("retry-after: 5\r\n");
        open("192.0.2.2");
        TestClient fourth = rig.connection("192.0.2.3");
        refused = fourth.http(TestClient.handshakeRequest());
        assertRefused(refused, "503 Service Unavailable", "too_many_connections");
        assertThat(refused).contains("retry-after: 5\r\n");
        assertThat(fourth.http(live("localhost"))).startsWith("HTTP/1.1 200 ");
        assertThat(rig.refused("too_many_connections")).isEqualTo(1);
        assertThat(rig.refused("too_many_connections_of_address")).isEqualTo(1);
    }

    @Test
    void whoWasRefusedMayTryAgainOnTheSameConnection() {
        open("192.0.2.1");
        TestClient leaves = rig.connection("192.0.2.1");
        leaves.handshake();
        TestClient waits = rig.connection("192.0.2.1");
        assertRefused(
                waits.http(TestClient.handshakeRequest()), "429 Too Many Requests", "too_many_connections_of_address");
        leaves.drop();
        waits.handshake();
    }

    @Test
    void aForeignOriginIs403AndCounted() {
        String answer = rig.connection().http(TestClient.handshakeRequest("Origin: https://evil.example"));
        assertRefused(answer, "403 Forbidden", "foreign_origin");
        assertThat(rig.refused("foreign_origin")).isEqualTo(1);
        rig.connection().handshake("Origin: http://localhost:3000");
    }

    @Test
    void aForeignHostIs403OnEveryPathAndNoHostIsLetIn() {
        for (String path : List.of("/health/live", "/metrics", "/cutover/status", "/nope", "/ws/")) {
            String answer = rig.connection().http(live("evil.example:8090").replace("/health/live", path));
            assertRefused(answer, "403 Forbidden", "foreign_host");
        }
        assertThat(rig.refused("foreign_host")).isEqualTo(5);
        assertThat(rig.connection().http("GET /health/live HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void oneThatDrainsIs503AndSaysSo() {
        rig.admission.drain();
        String answer = rig.connection().http(TestClient.handshakeRequest());
        assertRefused(answer, "503 Service Unavailable", "draining");
        assertThat(answer).contains("retry-after: 1\r\n");
    }

    @Test
    void aHandshakeWhoseAnswerCanNotBeWrittenGivesItsPlaceBack() {
        TestClient client = rig.connection();
        client.socket.breakDown();
        client.channel.writeInbound(Unpooled.copiedBuffer(TestClient.handshakeRequest(), StandardCharsets.UTF_8));
        assertThat(client.channel.isOpen()).isFalse();
        assertThat(rig.admission.streams()).isZero();
        assertThat(rig.metrics.connections).hasValue(0);
    }

    @Test
    void anErrorBeforeTheSessionIsOpenGivesThePlaceBack() {
        TestClient client = new TestClient(
                new InetSocketAddress("192.0.2.1", 50_000),
                new HttpFront.Backing(
                        new ServiceEndpoints(
                                () -> new Health(List.of()),
                                () -> new CutoverStatus(CutoverStatus.Mode.SHADOW, List.of(), 0L),
                                () -> ""),
                        rig.metrics,
                        channel -> {
                            throw new IllegalStateException("a mistake of ours");
                        },
                        () -> "c",
                        rig.admission,
                        Duration.ofSeconds(10)),
                rig.alloc);
        client.channel.writeInbound(Unpooled.copiedBuffer(TestClient.handshakeRequest(), StandardCharsets.UTF_8));
        assertThat(client.channel.isOpen()).isFalse();
        assertThat(rig.admission.streams()).isZero();
        client.leave();
    }

    @Test
    void whateverEndsASessionGivesItsPlaceBack() {
        TestClient left = rig.client();
        left.drop();
        assertThat(rig.admission.streams()).isZero();
        TestClient closed = rig.client().send(new CloseWebSocketFrame(1000, ""));
        assertThat(closed.closed()).startsWith("1000");
        assertThat(rig.admission.streams()).isZero();
        TestClient failed = rig.client();
        failed.channel.pipeline().fireExceptionCaught(new IllegalStateException("a mistake of ours"));
        assertThat(rig.admission.streams()).as("until the grace time is over").isEqualTo(1);
        failed.afterMs(2_000);
        assertThat(rig.admission.streams()).isZero();
    }

    @Test
    void sessionsAreServedUntilTheyAreToldToGoOneAfterTheOther() {
        TestClient one = rig.subscriber("positions");
        TestClient other = rig.subscriber("positions");
        rig.hub.drain(new DrainSchedule(Duration.ofMillis(10), 1), new Random(1)); // two slots of 4 ms
        rig.batch().event("positions", "1", 1).deliver();
        for (TestClient each : List.of(one, other)) {
            assertThat(each.summaries()).containsExactly("positions 1@0:0");
            assertThat(each.closed()).isNull();
            each.afterMs(4);
        }
        rig.batch().event("positions", "1", 2).deliver();
        List<TestClient> told = List.of(one, other).stream()
                .filter(each -> each.closed() != null)
                .toList();
        assertThat(told).hasSize(1);
        TestClient second = told.get(0) == one ? other : one;
        assertThat(second.summaries()).containsExactly("positions 1@0:1");
        second.afterMs(4);
        for (TestClient each : List.of(one, other)) {
            assertThat(each.closed()).isEqualTo("1001 {\"code\":\"draining\",\"reconnect\":true}");
        }
        assertThat(rig.closedBy("draining")).isEqualTo(2);
    }

    @Test
    void atTheDeadlineWhoIsThereIsToldAndCut() {
        TestClient client = rig.client();
        rig.hub.drain(new DrainSchedule(Duration.ofSeconds(100), 1_000), new Random(1));
        rig.hub.cutSessions();
        assertThat(client.closed()).startsWith("1001 ");
        assertThat(client.channel.isOpen()).isFalse();
        assertThat(rig.closedBy("draining")).isEqualTo(1);
    }
}

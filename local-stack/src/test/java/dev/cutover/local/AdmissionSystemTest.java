package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cutover.gateway.Gateway;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is let in by a gateway, over real sockets. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class AdmissionSystemTest {
    /** Sockets that a gateway takes beyond its places. */
    private static final int MORE_SOCKETS = 128;

    private SystemUnderTest system;
    private Gateway open;

    @BeforeAll
    void start() {
        system = SystemUnderTest.start();
        open = system.gateway(Map.of("ws-origins", "https://dash.example"));
    }

    @AfterAll
    void stop() {
        system.close();
    }

    private RawClient raw(Gateway gateway) throws IOException {
        return raw(gateway, null);
    }

    private RawClient raw(Gateway gateway, String from) throws IOException {
        return system.open(new RawClient(gateway.address(), from));
    }

    private static String metrics(Gateway gateway) {
        return TestHttp.get(gateway.address(), "/metrics").text();
    }

    private static void assertRefused(String answer, int status, String code) {
        assertThat(answer)
                .startsWith("HTTP/1.1 " + status + " ")
                .contains("content-type: application/problem+json", "\"code\":\"" + code + "\"");
    }

    @Test
    void whenAllPlacesAreTakenHealthAndMetricsAreStillAnsweredAndAPlaceThatIsLeftIsTakenAgain() throws Exception {
        Gateway gateway = system.gateway(Map.of("connections", "3"));
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            clients.add(system.client(gateway));
        }
        RawClient waits = raw(gateway);
        String refused = waits.send(RawClient.handshake("localhost")).answer();
        assertRefused(refused, 503, "too_many_connections");
        assertThat(refused).contains("retry-after: 5\r\n");
        assertThat(TestHttp.get(gateway.address(), "/health/ready").status()).isEqualTo(200);
        assertThat(metrics(gateway)).contains("cutover_gateway_refused_total{code=\"too_many_connections\"} 1.0\n");

        clients.get(0).close();
        await().atMost(TestClient.PATIENCE).until(() -> gateway.connections() == 2);
        await().atMost(TestClient.PATIENCE).untilAsserted(() -> assertThat(
                        waits.send(RawClient.handshake("localhost")).answer())
                .startsWith("HTTP/1.1 101 "));
    }

    @Test
    void anAddressHasItsOwnLimit() throws Exception {
        Gateway gateway = system.gateway(Map.of("connections-per-address", "2"));
        String handshake = RawClient.handshake("localhost");
        assertThat(raw(gateway, "127.0.0.1").send(handshake).answer()).startsWith("HTTP/1.1 101 ");
        assertThat(raw(gateway, "127.0.0.1").send(handshake).answer()).startsWith("HTTP/1.1 101 ");
        String refused = raw(gateway, "127.0.0.1").send(handshake).answer();
        assertRefused(refused, 429, "too_many_connections_of_address");
        assertThat(refused).contains("retry-after: 5\r\n");
        assertThat(raw(gateway, "127.0.0.2").send(handshake).answer()).startsWith("HTTP/1.1 101 ");
    }

    @Test
    void moreSocketsThanThereMayBeAreClosedAndCounted() throws Exception {
        Gateway gateway = system.gateway(Map.of("connections", "1", "handshake-timeout", "60s"));
        List<RawClient> sockets = new ArrayList<>();
        for (int i = 0; i < MORE_SOCKETS + 1; i++) {
            sockets.add(raw(gateway));
        }
        RawClient last = sockets.get(MORE_SOCKETS);
        last.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(last.answer()).startsWith("HTTP/1.1 200 "); // all were accepted by now
        assertThat(raw(gateway).endsWithin(TestClient.PATIENCE)).isTrue();
        sockets.get(0).close();
        await().atMost(TestClient.PATIENCE).untilAsserted(() -> assertThat(metrics(gateway))
                .containsPattern("refused_total\\{code=\"too_many_sockets\"} [1-9]"));
    }

    @Test
    void aConnectionThatSendsAByteNowAndThenIsCutLikeOneThatSendsNothing() throws Exception {
        Gateway gateway = system.gateway(Map.of("handshake-timeout", "1s"));
        RawClient silent = raw(gateway);
        RawClient slow = raw(gateway);
        long beganNs = System.nanoTime();
        await().pollInterval(Duration.ofMillis(100)).atMost(TestClient.PATIENCE).until(() -> {
            try {
                slow.send("G");
                return slow.endsWithin(Duration.ofMillis(1));
            } catch (SocketException e) {
                return true;
            }
        });
        assertThat(Duration.ofNanos(System.nanoTime() - beganNs))
                .isBetween(Duration.ofMillis(900), Duration.ofSeconds(8));
        assertThat(silent.endsWithin(TestClient.PATIENCE)).isTrue();
        assertThat(metrics(gateway)).contains("cutover_gateway_refused_total{code=\"handshake_timeout\"} 2.0\n");
    }

    @ParameterizedTest
    @CsvSource({
        "localhost:8090, http://localhost:3000, 101",
        "127.0.0.1, http://[::1], 101",
        "localhost, https://dash.example, 101",
        "localhost, , 101",
        "localhost, https://evil.example, 403 foreign_origin",
        "localhost, null, 403 foreign_origin",
        "localhost, http://localhost@evil.example, 403 foreign_origin",
        "evil.example:8090, http://evil.example:8090, 403 foreign_host",
        "evil.example:8090, , 403 foreign_host",
    })
    void pagesConnectByTheTable(String host, String origin, String expected) throws Exception {
        String[] headers = origin == null ? new String[0] : new String[] {"Origin: " + origin};
        String answer = raw(open).send(RawClient.handshake(host, headers)).answer();
        String[] statusAndCode = expected.split(" ", -1);
        if (statusAndCode.length == 1) {
            assertThat(answer).startsWith("HTTP/1.1 101 ");
        } else {
            assertRefused(answer, Integer.parseInt(statusAndCode[0]), statusAndCode[1]);
        }
    }

    @Test
    void aClientThatSendsTooMuchIsToldSoAndSentAwayWhileAnotherIsServed() throws Exception {
        Gateway gateway = system.gateway(Map.of("message-rate", "5"));
        TestClient quiet = system.client(gateway);
        TestClient loud = system.client(gateway);
        for (int i = 0; i < 50; i++) {
            loud.say("{\"type\":\"ping\"}");
        }
        for (int i = 0; i < 40; i++) {
            loud.say("nonsense");
        }
        assertThat(loud.next("error_message").json().at("/data/code").asText()).isIn("rate_limited", "bad_request");
        assertThat(loud.next(frame -> frame.json().at("/data/code").asText().equals("rate_limited"), "rate_limited"))
                .isNotNull();
        assertThat(loud.next("(closed)").text()).contains("1008", "bad_messages");
        quiet.say("{\"type\":\"ping\"}").next("pong");
    }
}

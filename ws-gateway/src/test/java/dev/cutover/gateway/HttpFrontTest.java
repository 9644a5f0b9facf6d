package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a connection meets before it is a WebSocket. */
class HttpFrontTest {
    private final GatewayRig rig = new GatewayRig();

    @AfterEach
    void everythingIsGivenBack() {
        rig.close();
    }

    private String ask(String method, String path, String... headers) {
        return rig.connection().http(request(method, path, headers));
    }

    private static String request(String method, String path, String... headers) {
        StringBuilder request = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        return request.append("\r\n").toString();
    }

    private static String status(String answer) {
        return answer.substring("HTTP/1.1 ".length(), answer.indexOf("\r\n"));
    }

    private static String body(String answer) {
        return answer.substring(answer.indexOf("\r\n\r\n") + 4);
    }

    private void assertProblem(String answer, String status, String code, String detail) {
        assertThat(status(answer)).isEqualTo(status);
        assertThat(answer).contains("content-type: application/problem+json\r\n");
        int space = status.indexOf(' ');
        assertThat(body(answer))
                .isEqualTo("{\"title\":\"" + status.substring(space + 1) + "\",\"status\":" + status.substring(0, space)
                        + ",\"detail\":\"" + detail + "\",\"code\":\"" + code + "\"}");
        assertThat(rig.refused(code)).isPositive();
    }

    @Test
    void liveIsAnsweredAlways() {
        rig.notReady.add("anything");
        String answer = ask("GET", "/health/live");
        assertThat(status(answer)).isEqualTo("200 OK");
        assertThat(answer)
                .contains("content-type: application/json\r\n")
                .contains("cache-control: no-store\r\n")
                .endsWith("\r\n\r\n{\"status\":\"live\"}");
    }

    @Test
    void readyIs200WithoutAReasonAgainstIt() {
        String answer = ask("GET", "/health/ready?verbose=1");
        assertThat(status(answer)).isEqualTo("200 OK");
        assertThat(body(answer)).isEqualTo("{\"status\":\"ready\"}");
    }

    @Test
    void readyIs503WithTheReasons() {
        rig.notReady.add("the flags have not been read yet");
        String answer = ask("GET", "/health/ready");
        assertThat(status(answer)).isEqualTo("503 Service Unavailable");
        assertThat(answer).contains("retry-after: 1\r\n");
        assertThat(TestClient.json(body(answer)).path("status").asText()).isEqualTo("not_ready");
        assertThat(TestClient.json(body(answer)).at("/reasons/0").asText())
                .isEqualTo("the flags have not been read yet");
    }

    @Test
    void metricsAreInPrometheusText() {
        rig.client();
        String answer = ask("GET", "/metrics");
        assertThat(status(answer)).isEqualTo("200 OK");
        assertThat(answer).contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n");
        assertThat(body(answer))
                .contains("\ncutover_gateway_connections 1.0\n", "cutover_gateway_frames_sent_total 1.0");
    }

    @Test
    void statusIsJson() {
        String answer = ask("GET", "/cutover/status");
        assertThat(body(answer)).isEqualTo("{\"mode\":\"SHADOW\",\"features\":[],\"flags_age_ms\":12}");
    }

    @Test
    void headIsAnsweredLikeGetWithoutTheBody() {
        String answer = ask("HEAD", "/health/live");
        assertThat(status(answer)).isEqualTo("200 OK");
        assertThat(answer).contains("content-length: 17\r\n").endsWith("\r\n\r\n");
        rig.notReady.add("not yet");
        assertThat(status(ask("HEAD", "/health/ready"))).isEqualTo("503 Service Unavailable");
        assertThat(status(ask("HEAD", "/ws/"))).isEqualTo("426 Upgrade Required");
    }

    @Test
    void unknownPathIs404() {
        assertProblem(
                ask("GET", "/wss"),
                "404 Not Found",
                "not_found",
                "there are /ws/, /sse, /health/live, /health/ready, /metrics, /cutover/status");
    }

    @Test
    void otherMethodsAre405WithWhatIsAllowed() {
        String answer = ask("POST", "/cutover/status", "Content-Length: 2") + "";
        assertThat(answer).as("the body is still to come").isEmpty();
        answer = ask("DELETE", "/cutover/status");
        assertProblem(answer, "405 Method Not Allowed", "method_not_allowed", "only GET and HEAD are answered here");
        assertThat(answer).contains("allow: GET, HEAD\r\n");
    }

    @Test
    void pathThatCannotBeDecodedIs400() {
        assertThat(status(ask("GET", "/%zz"))).isEqualTo("400 Bad Request");
    }

    @Test
    void whatIsNotHttpIs400AndTheConnectionCloses() {
        TestClient client = rig.connection();
        String answer = client.http("\u0016\u0003\u0001 hello\r\n\r\n");
        assertProblem(answer, "400 Bad Request", "not_http", "the request is not HTTP");
        assertThat(client.channel.isOpen()).isFalse();
    }

    @Test
    void requestThatIsTooLongIs413() {
        TestClient client = rig.connection();
        assertThat(status(client.http(request("GET", "/metrics", "Content-Length: 9000"))))
                .isEqualTo("413 Request Entity Too Large");
    }

    @Test
    void webSocketsAddressWithoutAnUpgradeIs426() {
        String answer = ask("GET", "/ws/");
        assertProblem(answer, "426 Upgrade Required", "upgrade_required", "this is a WebSocket's address");
        assertThat(answer)
                .contains("upgrade: websocket\r\n")
                .contains("connection: upgrade\r\n")
                .contains("sec-websocket-version: 13\r\n");
        assertThat(rig.refused("upgrade_required")).isEqualTo(1);
    }

    @Test
    void otherVersionsOfTheProtocolAre426WithTheOneSpoken() {
        for (String version : new String[] {"0", "7", "8", "14", "x"}) {
            String answer = rig.connection()
                    .http(TestClient.handshakeRequest()
                            .replace("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: " + version));
            assertProblem(
                    answer,
                    "426 Upgrade Required",
                    "upgrade_required",
                    "only version 13 of the protocol is spoken here");
            assertThat(answer).contains("sec-websocket-version: 13\r\n");
        }
        String none = rig.connection().http(TestClient.handshakeRequest().replace("Sec-WebSocket-Version: 13\r\n", ""));
        assertThat(status(none)).isEqualTo("426 Upgrade Required");
    }

    @Test
    void handshakeWithoutItsKeyOrConnectionHeaderIs400() {
        String detail = "a WebSocket's handshake needs the headers Connection: Upgrade and Sec-WebSocket-Key";
        String noKey = TestClient.handshakeRequest().replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "");
        assertProblem(rig.connection().http(noKey), "400 Bad Request", "bad_handshake", detail);
        String noConnection = TestClient.handshakeRequest().replace("Connection: Upgrade\r\n", "");
        assertProblem(rig.connection().http(noConnection), "400 Bad Request", "bad_handshake", detail);
        assertThat(rig.refused("bad_handshake")).isEqualTo(2);
        assertThat(rig.metrics.connections).hasValue(0);
    }

    @Test
    void upgradeIsRefusedWhileTheGatewayIsNotReady() {
        rig.notReady.add("the gateway is stopping");
        String answer = rig.connection().http(TestClient.handshakeRequest());
        assertProblem(answer, "503 Service Unavailable", "not_ready", "the gateway is stopping");
        assertThat(answer).contains("retry-after: 1\r\n");
    }

    @Test
    void upgradeIsTakenWithoutTheTrailingSlashAndWithAClientName() {
        TestClient client = rig.connection();
        String answer = client.http(TestClient.handshakeRequest().replace("/ws/", "/ws?client=me"));
        assertThat(status(answer)).isEqualTo("101 Switching Protocols");
    }

    @Test
    void requestsSentAtOnceAreAnsweredInTheirOrder() {
        TestClient client = rig.connection();
        String answers = client.http(
                request("GET", "/health/live") + request("GET", "/nope") + request("GET", "/cutover/status"));
        assertThat(answers.split("HTTP/1.1 ")).hasSize(4).satisfies(each -> {
            assertThat(each[1]).startsWith("200 ").contains("live");
            assertThat(each[2]).startsWith("404 ");
            assertThat(each[3]).startsWith("200 ").contains("SHADOW");
        });
        assertThat(client.channel.isOpen()).isTrue();
    }

    @Test
    void upgradeAfterOtherRequestsOnTheSameConnectionWorks() {
        TestClient client = rig.connection();
        assertThat(status(client.http(request("GET", "/health/ready")))).isEqualTo("200 OK");
        client.handshake("Sec-WebSocket-Protocol: cutover.v1");
        assertThat(client.summaries()).containsExactly("welcome");
    }

    @Test
    void clientThatAsksForMoreThanItReadsIsClosed() {
        TestClient client = rig.connection();
        client.socket.stall();
        client.http(request("GET", "/metrics").repeat(1000));
        assertThat(client.channel.isOpen()).isFalse();
    }

    @Test
    void connectionCloseIsHonoured() {
        TestClient client = rig.connection();
        assertThat(client.http(request("GET", "/health/live", "Connection: close")))
                .contains("connection: close\r\n");
        assertThat(client.channel.isOpen()).isFalse();
    }

    @Test
    void connectionThatSaysNothingIsClosed() {
        TestClient client = rig.connection();
        client.afterMs(9_999);
        assertThat(client.channel.isOpen()).isTrue();
        client.afterMs(1);
        assertThat(client.channel.isOpen()).isFalse();
        assertThat(rig.refused("handshake_timeout")).isEqualTo(1);
    }

    @Test
    void connectionThatSaysALittleNowAndThenIsClosedAllTheSame() {
        TestClient client = rig.connection();
        assertThat(status(client.http(request("GET", "/health/live")))).isEqualTo("200 OK");
        int seconds = 0;
        for (char each :
                TestClient.handshakeRequest("X-Pad: " + "x".repeat(100)).toCharArray()) {
            if (!client.channel.isOpen()) {
                break;
            }
            client.http(String.valueOf(each));
            client.afterMs(1_000);
            seconds++;
        }
        assertThat(seconds).as("since its last whole request").isEqualTo(10);
        assertThat(rig.refused("handshake_timeout")).isEqualTo(1);
    }

    @Test
    void connectionThatGoesOnAskingStays() {
        TestClient client = rig.connection();
        for (int i = 0; i < 10; i++) {
            client.afterMs(9_000);
            assertThat(status(client.http(request("GET", "/health/live")))).isEqualTo("200 OK");
        }
    }

    @Test
    void webSocketThatSaysNothingIsNotUnderThatTimeout() {
        TestClient client = rig.client();
        client.channel.advanceTimeBy(120, TimeUnit.SECONDS);
        client.channel.runScheduledPendingTasks();
        assertThat(client.channel.isOpen()).isTrue();
    }
}

package dev.cutover.rest;

import static dev.cutover.rest.RestRig.BALANCE;
import static dev.cutover.rest.RestRig.header;
import static dev.cutover.rest.RestRig.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the server answers around its features: methods, paths, pages of other origins, health, its port. */
final class RestHttpTest {
    private final RestRig rig = new RestRig();

    @AfterEach
    void stop() {
        rig.close();
    }

    @Test
    void headIsGetWithoutTheBody() throws Exception {
        rig.snapshots.put("account_balance", "1", 0, 1, null, 5, "{\"a\":1}");
        for (String path : List.of(
                BALANCE,
                BALANCE + "?account_id=1",
                BALANCE + "?account_id=9",
                "/health/live",
                "/health/ready",
                "/no")) {
            HttpResponse<String> get = rig.get(path);
            HttpResponse<String> head = rig.send("HEAD", path);
            assertThat(head.statusCode()).as(path).isEqualTo(get.statusCode());
            assertThat(head.body()).isEmpty();
            assertThat(withoutDate(head)).as(path).isEqualTo(withoutDate(get));
        }
    }

    private static Map<String, List<String>> withoutDate(HttpResponse<String> answer) {
        Map<String, List<String>> headers = new HashMap<>(answer.headers().map());
        headers.remove("date");
        return headers;
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"})
    void otherMethodsAreToldWhichThereAre(String method) throws Exception {
        assertThat(problem(rig.send(method, BALANCE), 405).get("detail").asText())
                .contains(method);
        assertThat(header(rig.send(method, BALANCE), "allow")).isEqualTo("GET, HEAD, OPTIONS");
        assertThat(header(rig.send(method, "/health/live"), "allow")).isEqualTo("GET, HEAD");
    }

    @Test
    void anUnknownPathIsToldWhichThereAre() throws Exception {
        for (String path : List.of("/", "/api", "/api/positions/x", "/api/positions//", "/ws/")) {
            assertThat(problem(rig.get(path), 404).get("detail").asText())
                    .contains("/api/positions/")
                    .contains("/health/ready");
        }
    }

    @Test
    void whatIsNoHttpIsAProblemToo() throws Exception {
        for (String request : List.of(
                "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "x".repeat(20_000) + "\r\n\r\n",
                "nonsense\r\n\r\n")) {
            assertThat(raw(request))
                    .as(request)
                    .contains("application/problem+json")
                    .contains("\"status\":4");
        }
        assertThat(rig.get(BALANCE + "?account_id=%25zz").statusCode()).isEqualTo(404);
        assertThat(raw("GET " + BALANCE + "?account_id=%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .contains("application/problem+json");
    }

    @Test
    void onTheLoopbackInterfaceOnlyLoopbackHostsAreAnswered() throws Exception {
        for (String path : List.of(BALANCE + "?account_id=1", "/health/live", "/metrics", "/cutover/status", "/nope")) {
            assertThat(rawFor(path, "evil.example:8000"))
                    .startsWith("HTTP/1.1 403")
                    .contains("application/problem+json", "\"code\":\"foreign_host\"");
            assertThat(rawFor(path, "127.0.0.1")).doesNotStartWith("HTTP/1.1 403");
            assertThat(rawFor(path, "LOCALHOST:1")).doesNotStartWith("HTTP/1.1 403");
            assertThat(rawFor(path, "[::1]:8000")).doesNotStartWith("HTTP/1.1 403");
        }
        assertThat(raw("GET /health/live HTTP/1.0\r\n\r\n")).as("a probe").startsWith("HTTP/1.1 200");
        assertThat(rig.metrics.scrape()).contains("cutover_rest_refused_total{code=\"foreign_host\"} 5.0");
    }

    private String rawFor(String path, String host) throws IOException {
        return raw("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    }

    private String raw(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), rig.port())) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            socket.shutdownOutput();
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void pagesOfThisMachineAndListedOnesMayReadAndOthersMayNot() throws Exception {
        rig.snapshots.put("account_balance", "1", 0, 1, null, 5, "{}");
        for (String origin : List.of("http://localhost:3000", "https://127.0.0.1", "https://dash.example.com")) {
            for (String path : List.of(BALANCE, BALANCE + "?account_id=9")) {
                HttpResponse<String> answer = rig.get(path, "Origin", origin);
                assertThat(header(answer, "access-control-allow-origin")).isEqualTo(origin);
                assertThat(header(answer, "access-control-expose-headers"))
                        .isEqualTo("ETag, Cutover-Position, Deprecation, Sunset, Link, Retry-After");
                assertThat(header(answer, "vary")).isEqualTo("Origin");
            }
        }
        for (String origin : List.of("https://evil.example.com", "null", "http://localhost.evil.com")) {
            HttpResponse<String> answer = rig.get(BALANCE, "Origin", origin);
            assertThat(answer.headers().map().keySet()).noneMatch(name -> name.startsWith("access-control"));
            assertThat(header(answer, "vary")).isEqualTo("Origin");
            assertThat(rig.send("OPTIONS", BALANCE, "Origin", origin)
                            .headers()
                            .map()
                            .keySet())
                    .noneMatch(name -> name.startsWith("access-control"));
        }
    }

    @Test
    void aPreflightIsToldWhatMayBeSent() throws Exception {
        HttpResponse<String> answer =
                rig.send("OPTIONS", BALANCE, "Origin", "http://localhost:3000", "Access-Control-Request-Method", "GET");
        assertThat(answer.statusCode()).isEqualTo(204);
        assertThat(header(answer, "access-control-allow-origin")).isEqualTo("http://localhost:3000");
        assertThat(header(answer, "access-control-allow-methods")).isEqualTo("GET, HEAD, OPTIONS");
        assertThat(header(answer, "access-control-allow-headers"))
                .isEqualTo("If-None-Match, Cutover-Client, Authorization");
        assertThat(header(answer, "vary")).isEqualTo("Origin");
    }

    @Test
    void healthStatusAndMetricsAreOnTheSamePort() throws Exception {
        assertThat(rig.get("/health/live").statusCode()).isEqualTo(200);
        assertThat(rig.get("/health/ready").statusCode()).isEqualTo(503);
        assertThat(rig.get("/health/ready").body()).contains("it is a test");
        assertThat(header(rig.get("/health/ready"), "retry-after")).isEqualTo("1");
        assertThat(header(rig.get("/health/ready"), "cache-control")).isEqualTo("no-store");
        assertThat(rig.get("/cutover/status").body()).contains("\"mode\":\"SHADOW\"");
        rig.get(BALANCE, "Cutover-Client", "prober").body();
        rig.get(BALANCE + "?account_id=9", "Cutover-Client", "made-up-42").body();
        assertThat(rig.get("/metrics").body())
                .contains(
                        "cutover_rest_requests_total{client=\"prober\",feature=\"account_balance\",status=\"200\"} 1.0",
                        "cutover_rest_requests_total{client=\"other\",feature=\"account_balance\",status=\"404\"} 1.0");
    }

    @Test
    void anAddedRouteTakesJsonFromThisMachineAlone() throws Exception {
        assertThat(post("{\"a\":1}", "Content-Type", "application/json").body()).isEqualTo("{\"a\":1}");
        assertThat(post("{}", "Content-Type", "application/json", "Origin", "http://localhost:3000")
                        .statusCode())
                .isEqualTo(200);
        assertThat(problem(post("{}", "Content-Type", "text/plain"), 415)
                        .get("code")
                        .asText())
                .isEqualTo("content_type");
        assertThat(problem(post("{}", "Content-Type", "application/json", "Origin", "https://evil.example"), 403)
                        .get("code")
                        .asText())
                .isEqualTo("foreign_origin");
        assertThat(problem(post(" ".repeat(70_000), "Content-Type", "application/json"), 413)
                        .get("code")
                        .asText())
                .isEqualTo("too_large");
        HttpResponse<String> get = rig.get("/local/echo");
        problem(get, 405);
        assertThat(header(get, "allow")).isEqualTo("POST");
        assertThat(problem(rig.get("/nope"), 404).get("detail").asText()).doesNotContain("/local");
    }

    private HttpResponse<String> post(String body, String... headers) throws Exception {
        return rig.post("/local/echo", body, headers);
    }

    @Test
    void aTakenPortIsNamedInOneLine() {
        int taken = rig.port();
        assertThatThrownBy(() -> rig.start(taken))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("--rest-port")
                .hasMessageContaining("127.0.0.1:" + taken)
                .hasMessageNotContaining("\n");
    }
}

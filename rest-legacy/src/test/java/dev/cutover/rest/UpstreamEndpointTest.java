package dev.cutover.rest;

import static dev.cutover.rest.RestRig.GATEWAY;
import static dev.cutover.rest.RestRig.SINCE;
import static dev.cutover.rest.RestRig.header;
import static dev.cutover.rest.RestRig.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.cutover.schema.Stage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A feature's endpoint in front of a service that behaves; local-stack has those in front of one that does not. */
final class UpstreamEndpointTest {
    private static final String PATH = "/api/account/balance/";

    private HttpServer server;
    private RestRig rig;
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<Headers> headers = new CopyOnWriteArrayList<>();

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        rig = new RestRig(new Upstream(new UpstreamSettings(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort()), Duration.ofSeconds(5), 4, 1 << 20)));
    }

    @AfterEach
    void stop() {
        rig.close();
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
        headers.add(exchange.getRequestHeaders());
        exchange.getResponseHeaders().set("Content-Type", "application/json; charset=UTF-8");
        exchange.getResponseHeaders().set("ETag", "W/\"legacy\"");
        exchange.getResponseHeaders().add("Set-Cookie", "a=1");
        exchange.getResponseHeaders().add("Set-Cookie", "b=2");
        exchange.getResponseHeaders().add("Link", "<https://docs.example>; rel=\"help\"");
        exchange.getResponseHeaders().set("Cache-Control", "max-age=3");
        byte[] body = "{\"account_id\": 7, \"cash\": 1.50}".getBytes(StandardCharsets.UTF_8);
        if ("W/\"legacy\"".equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
            exchange.sendResponseHeaders(304, -1);
        } else if (exchange.getRequestURI().getPath().endsWith("missing/")) {
            exchange.sendResponseHeaders(404, 0);
        } else if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
            exchange.sendResponseHeaders(200, -1);
        } else {
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        }
        exchange.close();
    }

    @Test
    void aShadowAnswerIsThatOfTheServiceAndNothingIsAddedToIt() throws Exception {
        HttpResponse<String> answer = rig.get(PATH + "?account_id=7", "Origin", "http://localhost:3000");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"account_id\": 7, \"cash\": 1.50}");
        assertThat(answer.headers().map().keySet())
                .containsExactlyInAnyOrder(
                        "content-type", "etag", "set-cookie", "link", "cache-control", "content-length", "date");
        assertThat(header(answer, "content-type")).isEqualTo("application/json; charset=UTF-8");
        assertThat(answer.headers().allValues("set-cookie")).containsExactlyInAnyOrder("a=1", "b=2");
        assertThat(header(answer, "etag")).isEqualTo("W/\"legacy\"");
        assertThat(asked).containsExactly("GET /api/account/balance/?account_id=7");
    }

    @Test
    void requestsGoThroughWithTheirHeaders() throws Exception {
        rig.get(
                        PATH + "?account_id=7&x=%20y",
                        "Authorization",
                        "Bearer t",
                        "X-Request-Id",
                        "r-1",
                        "Cutover-Client",
                        "prober",
                        "User-Agent",
                        "page/1")
                .body();
        assertThat(asked).containsExactly("GET /api/account/balance/?account_id=7&x=%20y");
        Headers got = headers.get(0);
        assertThat(got.getFirst("Authorization")).isEqualTo("Bearer t");
        assertThat(got.getFirst("X-Request-Id")).isEqualTo("r-1");
        assertThat(got.get("User-Agent")).containsExactly("page/1");
        assertThat(got.getFirst("Host"))
                .isEqualTo("127.0.0.1:" + server.getAddress().getPort());
    }

    @Test
    void whoHasTheBodyIsToldSoByTheService() throws Exception {
        HttpResponse<String> answer = rig.get(PATH + "?account_id=7", "If-None-Match", "W/\"legacy\"");
        assertThat(answer.statusCode()).isEqualTo(304);
        assertThat(answer.body()).isEmpty();
        assertThat(header(answer, "etag")).isEqualTo("W/\"legacy\"");
        await().until(() -> rig.served.size() == 1);
        assertThat(rig.served.get(0).content()).isEqualTo(Served.NOTHING);
        assertThat(rig.served.get(0).isUse()).isTrue();
    }

    @Test
    void headIsAskedAsHead() throws Exception {
        HttpResponse<String> answer = rig.send("HEAD", PATH + "?account_id=7");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "content-length")).isEqualTo("31");
        assertThat(asked).containsExactly("HEAD /api/account/balance/?account_id=7");
        await().until(() -> rig.served.size() == 1);
        assertThat(rig.served.get(0).content()).isEqualTo(Served.NOTHING);
    }

    @Test
    void aLiveFeatureIsDeprecatedBesideWhatTheServiceSays() throws Exception {
        rig.stage("account_balance", Stage.LIVE, Instant.parse("2026-03-01T09:05:07Z"));
        HttpResponse<String> answer = rig.get(PATH + "?account_id=7");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "deprecation")).isEqualTo("@" + SINCE.getEpochSecond());
        assertThat(header(answer, "sunset")).isEqualTo("Sun, 01 Mar 2026 09:05:07 GMT");
        assertThat(answer.headers().allValues("link"))
                .containsExactly(
                        "<https://docs.example>; rel=\"help\"", "<" + GATEWAY + ">; rel=\"successor-version\"");
        assertThat(header(answer, "etag")).isEqualTo("W/\"legacy\"");
        assertThat(header(answer, "cutover-position")).isNull();
    }

    @Test
    void aPromotedFeatureIsGoneAndTheServiceIsNotAsked() throws Exception {
        rig.stage("account_balance", Stage.PROMOTED, null);
        HttpResponse<String> answer = rig.get(PATH + "?account_id=7", "Origin", "http://localhost:3000");
        assertThat(problem(answer, 410).get("websocket").asText()).isEqualTo(GATEWAY);
        assertThat(header(answer, "access-control-allow-origin"))
                .as("or the page could not read why")
                .isEqualTo("http://localhost:3000");
        HttpResponse<String> preflight =
                rig.send("OPTIONS", PATH, "Origin", "http://localhost:3000", "Access-Control-Request-Method", "GET");
        assertThat(preflight.statusCode()).isEqualTo(204);
        assertThat(header(preflight, "access-control-allow-methods")).isEqualTo("GET, HEAD, OPTIONS");
        assertThat(asked).isEmpty();
        assertThat(rig.served.get(0).isUse()).isTrue();
    }

    @Test
    void whichPagesMayReadIsForTheServiceToSay() throws Exception {
        HttpResponse<String> preflight =
                rig.send("OPTIONS", PATH, "Origin", "http://localhost:3000", "Access-Control-Request-Method", "GET");
        assertThat(preflight.statusCode()).isEqualTo(200);
        assertThat(header(preflight, "access-control-allow-origin")).isNull();
        assertThat(asked).containsExactly("OPTIONS /api/account/balance/");
        assertThat(rig.served).isEmpty();
    }

    @Test
    void aStageThatIsNotKnownIsNotGuessed() throws Exception {
        rig.flags.remove("account_balance");
        assertThat(problem(rig.get(PATH), 503).get("detail").asText()).contains("stage");
        assertThat(asked).isEmpty();
    }

    @Test
    void whatWasAnsweredIsShownToTheRecorder() throws Exception {
        rig.get(PATH + "?account_id=7", "Cutover-Client", "prober").body();
        await().until(() -> rig.served.size() == 1);
        Served served = rig.served.get(0);
        assertThat(served.caller()).isEqualTo(new Caller("prober", "prober"));
        assertThat(served.servedAt()).isAfterOrEqualTo(served.askedAt());
        Served.FromUpstream content = (Served.FromUpstream) served.content();
        assertThat(content.key()).isEqualTo("7");
        assertThat(content.query()).isEqualTo("account_id=7");
        assertThat(new String(content.body(), StandardCharsets.UTF_8)).isEqualTo("{\"account_id\": 7, \"cash\": 1.50}");
        rig.get(PATH + "?account_id=7&fields=cash").body();
        await().until(() -> rig.served.size() == 2);
        assertThat(rig.served.get(1).content()).isEqualTo(new Served.Unusable("other_parameters"));
    }
}

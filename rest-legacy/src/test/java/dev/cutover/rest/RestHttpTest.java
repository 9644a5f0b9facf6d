package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Health;
import dev.cutover.schema.Json;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.Stage;
import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The endpoints over real sockets, and over views that the test itself puts there. */
final class RestHttpTest {
    private static final FeatureCatalog CATALOG = FeatureCatalog.shipped();
    private static final String GATEWAY = "ws://gateway.test/ws/";
    private static final Instant SINCE = Instant.parse("2026-01-05T10:00:00Z");
    private static final String BALANCE = "/api/account/balance/";
    private static final String BARS = "/api/intraday/bars/";
    private static final String MARKETS = "/api/global-market/status/";

    /** Views by feature and key; of a feature that is not in it, none are there yet. */
    private static final class OwnSnapshots implements Snapshots {
        final Map<String, Map<String, KeyView>> views = new ConcurrentHashMap<>();

        @Override
        public Optional<Snapshot> one(String feature, String key) {
            return all(feature)
                    .map(all -> new Snapshot(
                            all.epoch(),
                            all.offsets(),
                            all.views().stream()
                                    .filter(view -> view.key().equals(key))
                                    .toList()));
        }

        @Override
        public Optional<Snapshot> all(String feature) {
            return Optional.ofNullable(views.get(feature))
                    .map(byKey -> new Snapshot(
                            "epoch-1",
                            List.of(1050L, 77L, -1L),
                            byKey.entrySet().stream()
                                    .map(each -> new Snapshot.Keyed(1, each.getKey(), each.getValue()))
                                    .toList()));
        }

        void put(String feature, String key, int type, int depth, Object by, long offset, String data) {
            views.get(feature)
                    .merge(
                            key,
                            KeyView.empty(2).apply(type, depth, by, offset, data.getBytes(StandardCharsets.UTF_8)),
                            (known, unused) ->
                                    known.apply(type, depth, by, offset, data.getBytes(StandardCharsets.UTF_8)));
        }
    }

    private final HttpClient client = HttpClient.newHttpClient();
    private final OwnSnapshots snapshots = new OwnSnapshots();
    private final Map<String, Flag> flags = new ConcurrentHashMap<>();
    private final RestMetrics metrics = new RestMetrics();
    private RestHttp http;

    @BeforeEach
    void start() {
        for (Feature feature : CATALOG.features()) {
            flags.put(feature.name(), Flag.initial(feature.name()));
            snapshots.views.put(feature.name(), new TreeMap<>());
        }
        http = start(0);
    }

    private RestHttp start(int port) {
        List<FeatureEndpoint> endpoints = CATALOG.features().stream()
                .map(feature -> new FeatureEndpoint(
                        feature, () -> Optional.ofNullable(flags.get(feature.name())), snapshots, GATEWAY))
                .toList();
        ServiceEndpoints service = new ServiceEndpoints(
                () -> new Health(List.of("it is a test")),
                () -> CutoverStatus.of(CATALOG, flags::get, OptionalLong.empty()),
                metrics::scrape);
        RestSettings settings =
                new RestSettings("127.0.0.1", port, GATEWAY, Duration.ofDays(7), Set.of("https://dash.example.com"));
        return RestHttp.start(settings, endpoints, service, new Cors(settings.corsOrigins()), metrics);
    }

    @AfterEach
    void stop() {
        http.close();
    }

    private void stage(String feature, Stage stage, Instant sunset) {
        flags.put(
                feature,
                new Flag(feature, stage, 2, 100, sunset, Flag.Guard.ON, false, false, "c", "me", SINCE, "so", SINCE));
    }

    private HttpResponse<String> send(String method, String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + http.address().getPort() + path))
                .method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path, String... headers) throws Exception {
        return send("GET", path, headers);
    }

    private static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElse(null);
    }

    private static JsonNode problem(HttpResponse<String> answer, int status) throws IOException {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(header(answer, "content-type")).isEqualTo("application/problem+json");
        assertThat(header(answer, "cache-control")).isEqualTo("no-store");
        JsonNode body = Json.MAPPER.readTree(answer.body());
        assertThat(body.get("status").asInt()).isEqualTo(status);
        assertThat(body.get("detail").asText()).isNotBlank();
        return body;
    }

    @Test
    void shadowAnswersTheProducersBytesAsTheyAre() throws Exception {
        snapshots.put("account_balance", "1", 0, 1, null, 5, "{ \"balance\" : 1.50 }");
        for (String path : List.of(BALANCE, "/api/account/balance")) {
            HttpResponse<String> answer = get(path + "?account_id=1&_=cachebuster");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("{ \"balance\" : 1.50 }");
            assertThat(header(answer, "content-type")).isEqualTo("application/json");
            assertThat(header(answer, "cache-control")).isEqualTo("no-cache");
            assertThat(header(answer, "cutover-position")).isEqualTo("epoch-1;0:1050,1:77,2:-1");
            assertThat(header(answer, "etag")).matches("\"[A-Za-z0-9_-]{22}\"");
            assertThat(header(answer, "vary")).isEqualTo("Origin");
            for (String absent : List.of("deprecation", "sunset", "link", "server", "content-encoding")) {
                assertThat(header(answer, absent)).as(absent).isNull();
            }
        }
    }

    @Test
    void liveSaysThatItIsDeprecatedSinceWhenUntilWhenAndWhatComesAfter() throws Exception {
        snapshots.put("account_balance", "1", 0, 1, null, 5, "{}");
        stage("account_balance", Stage.LIVE, Instant.parse("2026-03-01T09:05:07Z"));
        HttpResponse<String> answer = get(BALANCE + "?account_id=1");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "deprecation")).isEqualTo("@" + SINCE.getEpochSecond());
        assertThat(header(answer, "sunset")).isEqualTo("Sun, 01 Mar 2026 09:05:07 GMT");
        assertThat(header(answer, "link")).isEqualTo("<" + GATEWAY + ">; rel=\"successor-version\"");
        stage("account_balance", Stage.LIVE, null);
        assertThat(header(get(BALANCE), "sunset")).isNull();
    }

    @Test
    void promotedIsGoneWhateverTheParametersAndTheState() throws Exception {
        stage("account_balance", Stage.PROMOTED, null);
        snapshots.views.remove("account_balance");
        for (String query : List.of("", "?account_id=1", "?account_id=", "?account_id=1&account_id=2")) {
            HttpResponse<String> answer = get(BALANCE + query);
            JsonNode body = problem(answer, 410);
            assertThat(body.get("feature").asText()).isEqualTo("account_balance");
            assertThat(body.get("websocket").asText()).isEqualTo(GATEWAY);
            assertThat(body.get("since").asText()).isEqualTo(SINCE.toString());
            assertThat(header(answer, "link")).isEqualTo("<" + GATEWAY + ">; rel=\"successor-version\"");
        }
    }

    @Test
    void whileItsViewsAreNotThereAFeatureIsNotReady() throws Exception {
        snapshots.views.remove("account_balance");
        HttpResponse<String> answer = get(BALANCE);
        assertThat(problem(answer, 503).get("feature").asText()).isEqualTo("account_balance");
        assertThat(header(answer, "retry-after")).isEqualTo("1");
    }

    @Test
    void aStageIsNeverGuessed() throws Exception {
        snapshots.put("account_balance", "1", 0, 1, null, 5, "{}");
        flags.remove("account_balance");
        HttpResponse<String> answer = get(BALANCE + "?account_id=1");
        assertThat(problem(answer, 503).get("detail").asText()).contains("stage");
        assertThat(header(answer, "retry-after")).isEqualTo("1");
    }

    @Test
    void membersAreTheKeyTheSeriesByItsFieldAndTheNewest() throws Exception {
        snapshots.put("intraday", "S\"PY", 0, 390, "b", 7, "{\"n\":2}");
        snapshots.put("intraday", "S\"PY", 0, 390, "c", 8, "{\"n\":3}");
        snapshots.put("intraday", "S\"PY", 0, 390, "a", 9, "{\"n\":1}");
        String path = BARS + "?symbol=S%22PY";
        String all = "{\"symbol\":\"S\\\"PY\",\"bars\":[{\"n\":1},{\"n\":2},{\"n\":3}],\"vwap\":null}";
        assertThat(get(path).body()).isEqualTo(all);
        snapshots.put("intraday", "S\"PY", 1, 1, null, 10, "{\"vwap\":1}");
        assertThat(get(path + "&limit=2").body())
                .isEqualTo("{\"symbol\":\"S\\\"PY\",\"bars\":[{\"n\":2},{\"n\":3}],\"vwap\":{\"vwap\":1}}");
        for (String limit : List.of("3", "391", "99999999999999999999", "003")) {
            assertThat(get(path + "&limit=" + limit).body()).as(limit).contains("[{\"n\":1},{\"n\":2},{\"n\":3}]");
        }
        snapshots.put("intraday", "QQQ", 1, 1, null, 11, "{\"vwap\":2}");
        assertThat(get(BARS + "?symbol=QQQ").body())
                .isEqualTo("{\"symbol\":\"QQQ\",\"bars\":[],\"vwap\":{\"vwap\":2}}");
    }

    @Test
    void listsAreInTheOrderOfKeysNumbersFirst() throws Exception {
        for (String key : List.of("10", "9", "b", "-1", "a", "100")) {
            snapshots.put("global_market", key, 0, 1, null, 5, "\"" + key + "\"");
        }
        assertThat(get(MARKETS).body()).isEqualTo("{\"markets\":[\"-1\",\"9\",\"10\",\"100\",\"a\",\"b\"]}");
        assertThat(get(BALANCE).body()).isEqualTo("{\"accounts\":[]}");
    }

    @Test
    void anUnknownKeyIsNotFoundAndNamed() throws Exception {
        JsonNode body = problem(get(BALANCE + "?account_id=77"), 404);
        assertThat(body.get("detail").asText()).contains("account_id").contains("77");
        assertThat(body.get("parameter").asText()).isEqualTo("account_id");
        assertThat(body.get("feature").asText()).isEqualTo("account_balance");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                BALANCE + "?account_id=",
                BALANCE + "?account_id",
                BALANCE + "?account_id=%20",
                BALANCE + "?account_id=1&account_id=1",
                BARS,
                BARS + "?symbol=SPY&limit=0",
                BARS + "?symbol=SPY&limit=-1",
                BARS + "?symbol=SPY&limit=1.5",
                BARS + "?symbol=SPY&limit=",
                BARS + "?symbol=SPY&limit=1&limit=2",
                BARS + "?symbol=SPY&limit=ten"
            })
    void aBadParameterIsNamed(String path) throws Exception {
        JsonNode body = problem(get(path), 400);
        assertThat(body.get("parameter").asText()).isIn("account_id", "symbol", "limit");
        assertThat(body.get("detail").asText()).contains(body.get("parameter").asText());
    }

    @Test
    void aLimitMeansNothingWhereThereIsNoSeries() throws Exception {
        assertThat(get(BALANCE + "?limit=x").statusCode()).isEqualTo(200);
    }

    @Test
    void theTagChangesWithTheEventsOfTheBodyAlone() throws Exception {
        snapshots.put("account_balance", "1", 0, 1, null, 5, "{}");
        snapshots.put("account_balance", "2", 0, 1, null, 6, "{}");
        String one = header(get(BALANCE + "?account_id=1"), "etag");
        String all = header(get(BALANCE), "etag");
        snapshots.put("account_balance", "2", 0, 1, null, 7, "{}");
        assertThat(header(get(BALANCE + "?account_id=1"), "etag")).isEqualTo(one);
        assertThat(header(get(BALANCE), "etag")).isNotEqualTo(all);
        snapshots.put("account_balance", "1", 0, 1, null, 8, "{}");
        assertThat(header(get(BALANCE + "?account_id=1"), "etag")).isNotEqualTo(one);
        assertThat(header(get(BALANCE + "?account_id=2"), "etag")).isNotEqualTo(one);
    }

    @Test
    void whoHasTheBodyIsToldSoInAllFormsOfTheHeader() throws Exception {
        snapshots.put("account_balance", "1", 0, 1, null, 5, "{}");
        stage("account_balance", Stage.LIVE, SINCE);
        String tag = header(get(BALANCE), "etag");
        for (String known : List.of(tag, "W/" + tag, "\"x\", " + tag + " , W/\"y\"", "*", " * ")) {
            HttpResponse<String> answer = get(BALANCE, "If-None-Match", known);
            assertThat(answer.statusCode()).as(known).isEqualTo(304);
            assertThat(answer.body()).isEmpty();
            for (String name :
                    List.of("etag", "cutover-position", "cache-control", "deprecation", "sunset", "link", "vary")) {
                assertThat(header(answer, name)).as(name).isNotNull();
            }
            assertThat(header(answer, "content-type")).isNull();
        }
        for (String other : List.of("\"x\"", tag.replace("\"", ""), "\"" + tag.substring(2))) {
            assertThat(get(BALANCE, "If-None-Match", other).statusCode())
                    .as(other)
                    .isEqualTo(200);
        }
        assertThat(get(BALANCE, "If-None-Match", "\"x\"", "If-None-Match", tag).statusCode())
                .isEqualTo(304);
    }

    @Test
    void headIsGetWithoutTheBody() throws Exception {
        snapshots.put("account_balance", "1", 0, 1, null, 5, "{\"a\":1}");
        for (String path : List.of(
                BALANCE,
                BALANCE + "?account_id=1",
                BALANCE + "?account_id=9",
                "/health/live",
                "/health/ready",
                "/no")) {
            HttpResponse<String> get = get(path);
            HttpResponse<String> head = send("HEAD", path);
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
        assertThat(problem(send(method, BALANCE), 405).get("detail").asText()).contains(method);
        assertThat(header(send(method, BALANCE), "allow")).isEqualTo("GET, HEAD, OPTIONS");
        assertThat(header(send(method, "/health/live"), "allow")).isEqualTo("GET, HEAD");
    }

    @Test
    void anUnknownPathIsToldWhichThereAre() throws Exception {
        for (String path : List.of("/", "/api", "/api/positions/x", "/api/positions//", "/ws/")) {
            assertThat(problem(get(path), 404).get("detail").asText())
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
        assertThat(get(BALANCE + "?account_id=%25zz").statusCode()).isEqualTo(404);
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
        assertThat(metrics.scrape()).contains("cutover_rest_refused_total{code=\"foreign_host\"} 5.0");
    }

    private String rawFor(String path, String host) throws IOException {
        return raw("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    }

    private String raw(String request) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), http.address().getPort())) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            socket.shutdownOutput();
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void pagesOfThisMachineAndListedOnesMayReadAndOthersMayNot() throws Exception {
        snapshots.put("account_balance", "1", 0, 1, null, 5, "{}");
        for (String origin : List.of("http://localhost:3000", "https://127.0.0.1", "https://dash.example.com")) {
            for (String path : List.of(BALANCE, BALANCE + "?account_id=9")) {
                HttpResponse<String> answer = get(path, "Origin", origin);
                assertThat(header(answer, "access-control-allow-origin")).isEqualTo(origin);
                assertThat(header(answer, "access-control-expose-headers"))
                        .isEqualTo("ETag, Cutover-Position, Deprecation, Sunset, Link, Retry-After");
                assertThat(header(answer, "vary")).isEqualTo("Origin");
            }
        }
        for (String origin : List.of("https://evil.example.com", "null", "http://localhost.evil.com")) {
            HttpResponse<String> answer = get(BALANCE, "Origin", origin);
            assertThat(answer.headers().map().keySet()).noneMatch(name -> name.startsWith("access-control"));
            assertThat(header(answer, "vary")).isEqualTo("Origin");
            assertThat(send("OPTIONS", BALANCE, "Origin", origin)
                            .headers()
                            .map()
                            .keySet())
                    .noneMatch(name -> name.startsWith("access-control"));
        }
    }

    @Test
    void aPreflightIsToldWhatMayBeSent() throws Exception {
        HttpResponse<String> answer =
                send("OPTIONS", BALANCE, "Origin", "http://localhost:3000", "Access-Control-Request-Method", "GET");
        assertThat(answer.statusCode()).isEqualTo(204);
        assertThat(header(answer, "access-control-allow-origin")).isEqualTo("http://localhost:3000");
        assertThat(header(answer, "access-control-allow-methods")).isEqualTo("GET, HEAD, OPTIONS");
        assertThat(header(answer, "access-control-allow-headers"))
                .isEqualTo("If-None-Match, Cutover-Client, Authorization");
        assertThat(header(answer, "vary")).isEqualTo("Origin");
    }

    @Test
    void healthStatusAndMetricsAreOnTheSamePort() throws Exception {
        assertThat(get("/health/live").statusCode()).isEqualTo(200);
        assertThat(get("/health/ready").statusCode()).isEqualTo(503);
        assertThat(get("/health/ready").body()).contains("it is a test");
        assertThat(get("/cutover/status").body()).contains("\"mode\":\"SHADOW\"");
        get(BALANCE, "Cutover-Client", "prober").body();
        get(BALANCE + "?account_id=9", "Cutover-Client", "made-up-42").body();
        assertThat(get("/metrics").body())
                .contains(
                        "cutover_rest_requests_total{client=\"prober\",feature=\"account_balance\",status=\"200\"} 1.0",
                        "cutover_rest_requests_total{client=\"other\",feature=\"account_balance\",status=\"404\"} 1.0");
    }

    @Test
    void aTakenPortIsNamedInOneLine() {
        int taken = http.address().getPort();
        assertThatThrownBy(() -> start(taken))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("--rest-port")
                .hasMessageContaining("127.0.0.1:" + taken)
                .hasMessageNotContaining("\n");
    }
}

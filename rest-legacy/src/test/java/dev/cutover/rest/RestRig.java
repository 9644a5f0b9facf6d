package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Health;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Json;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.Stage;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** The endpoints over real sockets, and over views and flags that the test itself puts there. */
final class RestRig implements AutoCloseable {
    private static final FeatureCatalog CATALOG = FeatureCatalog.shipped();
    static final String GATEWAY = "ws://gateway.test/ws/";
    static final Instant SINCE = Instant.parse("2026-01-05T10:00:00Z");
    static final String BALANCE = "/api/account/balance/";
    static final String BARS = "/api/intraday/bars/";
    static final String MARKETS = "/api/global-market/status/";

    /** Views by feature and key; of a feature that is not in it, none are there yet. */
    static final class OwnSnapshots implements Snapshots {
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
    final OwnSnapshots snapshots = new OwnSnapshots();
    final Map<String, Flag> flags = new ConcurrentHashMap<>();
    final RestMetrics metrics = new RestMetrics();
    final Map<String, BodyChange> changes = new ConcurrentHashMap<>();
    /** All that was answered of a feature. */
    final List<Served> served = new CopyOnWriteArrayList<>();

    private final Map<String, Function<byte[], HttpAnswer>> posts = new ConcurrentHashMap<>();
    private final Upstream upstream;
    private final RestHttp http;

    /** Over views of the test's own. */
    RestRig() {
        this(null);
    }

    /** @param upstream what stands behind; null for views of the test's own */
    RestRig(Upstream upstream) {
        this.upstream = upstream;
        posts.put("/local/echo", body -> HttpAnswer.json(200, body));
        for (Feature feature : CATALOG.features()) {
            flags.put(feature.name(), Flag.initial(feature.name()));
            snapshots.views.put(feature.name(), new TreeMap<>());
        }
        http = start(0);
    }

    /** Another server over the same views and flags. */
    RestHttp start(int port) {
        List<Endpoint> endpoints = CATALOG.features().stream()
                .map(feature -> endpoint(
                        new StageAnswers(feature, () -> Optional.ofNullable(flags.get(feature.name())), GATEWAY)))
                .toList();
        ServiceEndpoints service = new ServiceEndpoints(
                () -> new Health(List.of("it is a test")),
                () -> CutoverStatus.of(CATALOG, flags::get, OptionalLong.empty()),
                metrics::scrape);
        RestSettings settings = new RestSettings(
                "127.0.0.1",
                port,
                GATEWAY,
                Duration.ofDays(7),
                Set.of("https://dash.example.com"),
                200,
                Optional.empty());
        return RestHttp.start(settings, endpoints, posts, service, served::add, InstantSource.system(), metrics);
    }

    private Endpoint endpoint(StageAnswers stages) {
        return upstream == null
                ? new FeatureEndpoint(stages, snapshots, feature -> Optional.ofNullable(changes.get(feature)))
                : new UpstreamEndpoint(stages, upstream, metrics);
    }

    @Override
    public void close() {
        http.close();
        if (upstream != null) {
            upstream.close();
        }
    }

    int port() {
        return http.address().getPort();
    }

    void stage(String feature, Stage stage, Instant sunset) {
        flags.put(
                feature,
                new Flag(feature, stage, 2, 100, sunset, Flag.Guard.ON, false, false, "c", "me", SINCE, "so", SINCE));
    }

    HttpResponse<String> send(String method, String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
                .method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> post(String path, String body, String... headers) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
                        .headers(headers)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path, String... headers) throws Exception {
        return send("GET", path, headers);
    }

    static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElse(null);
    }

    static JsonNode problem(HttpResponse<String> answer, int status) throws IOException {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(header(answer, "content-type")).isEqualTo("application/problem+json");
        assertThat(header(answer, "cache-control")).isEqualTo("no-store");
        JsonNode body = Json.MAPPER.readTree(answer.body());
        assertThat(body.get("status").asInt()).isEqualTo(status);
        assertThat(body.get("detail").asText()).isNotBlank();
        return body;
    }
}

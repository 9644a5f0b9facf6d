package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.cutover.control.Control;
import dev.cutover.gateway.Gateway;
import dev.cutover.rest.RestLegacy;
import dev.cutover.rest.RestSettings;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.FlagWriter;
import dev.cutover.schema.Json;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.Settings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** docs/openapi.yaml against what is really answered: every documented answer is provoked, and none other comes. */
final class OpenApiSystemTest {
    private static final String BALANCE = "/api/account/balance/";
    private static final String POSITIONS = "/api/positions/";
    private static final String BARS = "/api/intraday/bars/";
    private static final String MARKETS = "/api/global-market/status/";
    private static final String FEATURE = "/cutover/features/{feature}";
    private static final String USAGE = "/cutover/usage";
    private static final String REPORTS = "/cutover/parity-reports";
    private static final String REASONED = "{\"reason\":\"a test\",\"by\":\"operator-1\"}";
    private static final String SIGNED = "{\"to\":\"promoted\",\"by\":\"operator-1\",\"note\":\"a test\"}";
    private static final String WARN = "{\"guard\":\"warn\",\"reason\":\"a test\",\"by\":\"operator-1\"}";
    /** What there is to post about a feature, and a body that is right. */
    private static final Map<String, String> POSTS = Map.of(
            "stage", move("live", ""), "rollback", REASONED, "clear", REASONED, "guard", WARN, "sign-off", SIGNED);

    private final JsonNode document = document();
    private final Set<String> seen = new TreeSet<>();

    private static JsonNode document() {
        try {
            return new YAMLMapper()
                    .readTree(Path.of("..", "docs", "openapi.yaml").toFile());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
    }

    private static String pointer(String member) {
        return "/" + member.replace("~", "~0").replace("/", "~1");
    }

    /** Holds an answer to what the document says of it. */
    private void check(String method, String path, TestHttp.Answer answer) {
        String at = "/paths" + pointer(path) + "/" + method + "/responses/" + answer.status();
        String what = method + " " + path + " " + answer.status();
        JsonNode response = document.at(at);
        assertThat(response.isMissingNode())
                .as("%s is not documented: %s", what, answer.text())
                .isFalse();
        seen.add(what);
        if (response.has("$ref")) {
            at = response.path("$ref").asText().substring(1);
            response = document.at(at);
        }
        checkHeaders(what, response.path("headers"), answer);
        if (!response.has("content")) {
            assertThat(answer.text()).as(what).isEmpty();
            return;
        }
        String type = answer.header("Content-Type").split(";", 2)[0];
        assertThat(response.path("content").has(type))
                .as("%s with %s", what, type)
                .isTrue();
        if (type.endsWith("json")) {
            assertThat(faults(at + "/content" + pointer(type) + "/schema", answer.json()))
                    .as("%s: %s", what, answer.text())
                    .isEmpty();
        }
    }

    private void checkHeaders(String what, JsonNode headers, TestHttp.Answer answer) {
        headers.properties().forEach(each -> {
            JsonNode header = resolved(each.getValue());
            String value = answer.header(each.getKey());
            if (value == null) {
                assertThat(header.path("required").asBoolean())
                        .as("%s without %s", what, each.getKey())
                        .isFalse();
            } else if (header.path("schema").has("pattern")) {
                assertThat(value)
                        .as(what)
                        .containsPattern(header.path("schema").path("pattern").asText());
            }
        });
    }

    /** The document itself is the root of the schema, so that its references are found. */
    private Set<ValidationMessage> faults(String schemaAt, JsonNode body) {
        ObjectNode root = document.deepCopy();
        root.put("$ref", "#" + schemaAt);
        return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                .getSchema(root)
                .validate(body);
    }

    private Set<String> documented() {
        Set<String> all = new TreeSet<>();
        document.path("paths").properties().forEach(path -> {
            for (String method : List.of("get", "post")) {
                path.getValue()
                        .path(method)
                        .path("responses")
                        .fieldNames()
                        .forEachRemaining(status -> all.add(method + " " + path.getKey() + " " + status));
            }
        });
        return all;
    }

    private TestHttp.Answer get(InetSocketAddress service, String path, String query, String... headers) {
        TestHttp.Answer answer = TestHttp.get(service, path + query, headers);
        check("get", path, answer);
        return answer;
    }

    private TestHttp.Answer post(Control control, String feature, String what, String body, String... headers) {
        return postTo(control, FEATURE + "/" + what, "/cutover/features/" + feature + "/" + what, body, headers);
    }

    private TestHttp.Answer postTo(Control control, String documented, String path, String body, String... headers) {
        String[] sent = headers.length == 0 ? new String[] {"Content-Type", "application/json"} : headers;
        TestHttp.Answer answer = TestHttp.send(
                TestHttp.request(control.address(), path, sent).POST(HttpRequest.BodyPublishers.ofString(body)));
        check("post", documented, answer);
        return answer;
    }

    /** Of one feature, with or without a query. */
    private TestHttp.Answer ask(Control control, String what, String feature, String query) {
        TestHttp.Answer answer = TestHttp.get(control.address(), "/cutover/features/" + feature + what + query);
        check("get", FEATURE + what, answer);
        return answer;
    }

    private static String move(String to, String more) {
        return "{\"to\":\"" + to + "\",\"reason\":\"a test\",\"by\":\"operator-1\"" + more + "}";
    }

    private static void feed(EventFeed feed) {
        String time = "\"2025-12-19T15:30:00Z\"";
        feed.sendNow(
                "account_balance",
                "123",
                "{\"account_id\":123,\"account_number\":\"ACC12345\",\"cash\":50000.00,\"buying_power\":100000.00,"
                        + "\"portfolio_value\":150000.00,\"timestamp\":" + time + "}");
        feed.sendNow(
                "positions",
                "123",
                "{\"account_id\":123,\"positions\":[{\"symbol\":\"SPY\",\"quantity\":100,\"entry_price\":450.00,"
                        + "\"current_price\":455.00,\"pnl\":500.00}],\"timestamp\":" + time + "}");
        feed.sendNow(
                "intraday_bar",
                "SPY",
                "{\"country\":\"USA\",\"symbol\":\"SPY\",\"timestamp_minute\":" + time
                        + ",\"open\":450.00,\"high\":455.50,\"low\":449.50,\"close\":453.00,\"volume\":1250000,"
                        + "\"final\":false}");
        feed.sendNow(
                "market_status",
                "1",
                "{\"market_id\":1,\"country\":\"USA\",\"status\":\"OPEN\",\"seconds_to_next_event\":7200,\"timestamp\":"
                        + time + "}");
    }

    @Test
    void everyDocumentedAnswerIsGivenAsDocumentedAndNoOther() {
        TestBroker broker = TestBroker.start();
        try (SystemUnderTest system = SystemUnderTest.on(broker)) {
            EventFeed feed = system.feed();
            feed(feed);
            RestLegacy rest = system.rest();
            // sessions that end within the test
            Control control = system.control(SystemUnderTest.controlSettings(Map.of("session", "5s")), Map.of());
            Gateway gateway = system.gateway();
            for (InetSocketAddress service : List.of(rest.address(), control.address(), gateway.address())) {
                for (String path : List.of("/health/live", "/health/ready", "/metrics", "/cutover/status")) {
                    get(service, path, "");
                }
            }
            snapshots(rest);
            flags(control);
            holdGuardAndSignOff(system, control);
            evidence(feed, rest, control);
            withDatesAndDeprecation(control, rest);
            promoted(control, rest);
            filling(system);
            behind(system);
            broker.close();
            ask(control, "", "positions", "");
            withoutKafka(control);
        }
        assertThat(seen).containsExactlyElementsOf(documented());
    }

    /** Each of these waits for Kafka for a while: so all at once. */
    private void withoutKafka(Control control) {
        ExecutorService callers = Executors.newCachedThreadPool();
        Map<String, CompletableFuture<TestHttp.Answer>> answers = new TreeMap<>();
        POSTS.forEach((what, body) -> answers.put(
                "post " + FEATURE + "/" + what,
                CompletableFuture.supplyAsync(
                        () -> TestHttp.post(
                                control.address(),
                                "/cutover/features/intraday/" + what,
                                what.equals("stage") ? move("live", ",\"force\":true") : body),
                        callers)));
        for (String what : List.of("history", "verdicts")) {
            answers.put(
                    "get " + FEATURE + "/" + what,
                    CompletableFuture.supplyAsync(
                            () -> TestHttp.get(control.address(), "/cutover/features/intraday/" + what), callers));
        }
        answers.forEach((asked, answer) -> {
            String[] methodAndPath = asked.split(" ", 2);
            check(methodAndPath[0], methodAndPath[1], answer.join());
        });
        callers.shutdown();
    }

    private void snapshots(RestLegacy rest) {
        get(rest.address(), BALANCE, "?account_id=123");
        get(rest.address(), BALANCE, "");
        get(rest.address(), POSITIONS, "?account_id=123");
        get(rest.address(), POSITIONS, "");
        get(rest.address(), BARS, "?symbol=SPY&limit=5");
        get(rest.address(), MARKETS, "");
        for (String path : List.of(BALANCE, POSITIONS)) {
            get(rest.address(), path, "?account_id=");
            get(rest.address(), path, "?account_id=no-such");
        }
        get(rest.address(), BARS, "");
        get(rest.address(), BARS, "?symbol=NONE");
        Map.of(BALANCE, "", POSITIONS, "", BARS, "?symbol=SPY", MARKETS, "").forEach((path, query) -> {
            String etag = get(rest.address(), path, query).header("ETag");
            assertThat(get(rest.address(), path, query, "If-None-Match", etag).status())
                    .isEqualTo(304);
        });
    }

    private void flags(Control control) {
        get(control.address(), "/cutover/control", "");
        ask(control, "", "positions", "");
        ask(control, "", "positions", "?to=promoted");
        ask(control, "", "positions", "?to=shadow");
        for (String what : List.of("", "/history", "/sessions", "/verdicts")) {
            ask(control, what, "nothing", "");
        }
        POSTS.forEach((what, body) -> {
            post(control, "nothing", what, body);
            post(control, "positions", what, "{}");
            post(control, "positions", what, "{}", "Content-Type", "text/plain");
            post(
                    control,
                    "positions",
                    what,
                    "{}",
                    "Content-Type",
                    "application/json",
                    "Origin",
                    "http://elsewhere.example");
            post(control, "positions", what, " ".repeat(70_000));
        });
        assertThat(post(control, "positions", "stage", move("live", "")).status())
                .isEqualTo(422);
        assertThat(post(control, "positions", "stage", move("live", ",\"force\":true,\"expect_version\":7"))
                        .status())
                .isEqualTo(409);
        assertThat(post(control, "positions", "rollback", "{\"reason\":\"r\",\"by\":\"b\"}")
                        .status())
                .isEqualTo(409);
    }

    /** What the guard would write; nothing is bad here. */
    private static void hold(KafkaConnection kafka, String feature) {
        try (FlagReader reader = new FlagReader(kafka, "openapi-test")) {
            reader.caughtUp().join();
            FlagWriter writer = new FlagWriter(
                    () -> kafka.transactionalProducer("openapi-test-writer", FlagWriter.TRANSACTIONAL_ID),
                    reader,
                    Clock.systemUTC(),
                    Duration.ofSeconds(10));
            assertThat(writer.write(
                            feature,
                            OptionalLong.empty(),
                            flag -> flag.withHold(true, "guard", "silent"),
                            Json.MAPPER.createObjectNode().put("silent_ms", 31_000)))
                    .isInstanceOf(FlagWriter.Outcome.Written.class);
        }
    }

    private void holdGuardAndSignOff(SystemUnderTest system, Control control) {
        assertThat(post(control, "positions", "clear", REASONED).status()).isEqualTo(409);
        hold(system.kafka(), "positions");
        await().atMost(Duration.ofSeconds(5))
                .until(() -> post(control, "positions", "clear", REASONED).status() == 200);
        assertThat(post(control, "positions", "guard", WARN).status()).isEqualTo(200);
        assertThat(post(control, "positions", "guard", WARN).status()).isEqualTo(409);
        assertThat(post(control, "positions", "sign-off", SIGNED).status()).isEqualTo(200);
        assertThat(ask(control, "", "positions", "")
                        .json()
                        .at("/evidence/sign_offs/0/note")
                        .asText())
                .isEqualTo("a test");
        assertThat(ask(control, "/history", "positions", "")
                        .json()
                        .at("/0/evidence/silent_ms")
                        .asLong())
                .isEqualTo(31_000);
    }

    private void evidence(EventFeed feed, RestLegacy rest, Control control) {
        // what REST makes of events from before control's start is not judged
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(500))
                .until(() -> {
                    feed(feed);
                    get(rest.address(), POSITIONS, "");
                    return !ask(control, "/verdicts", "positions", "?limit=5")
                            .json()
                            .isEmpty();
                });
        await().atMost(Duration.ofSeconds(20))
                .until(() -> !ask(control, "/sessions", "positions", "").json().isEmpty());
        await().atMost(Duration.ofSeconds(20)).until(() -> !get(control.address(), USAGE, "?feature=positions")
                .json()
                .isEmpty());
        get(control.address(), USAGE, "");
        get(control.address(), USAGE, "?feature=nothing");
        ask(control, "/sessions", "positions", "?limit=0");
        ask(control, "/verdicts", "positions", "?limit=many");
        String report = "{\"feature\":\"positions\",\"client\":\"desk-7\",\"from\":\"2026-01-05T15:30:00Z\","
                + "\"until\":\"2026-01-05T15:31:00Z\",\"frames\":{\"positions\":12},\"gaps\":0,\"drops\":0,"
                + "\"mismatches\":0,\"freshness\":{\"samples\":6,\"median_ms\":4100,\"worst_ms\":9800}}";
        assertThat(postTo(control, REPORTS, REPORTS, report).status()).isEqualTo(204);
        postTo(control, REPORTS, REPORTS, "{}");
        postTo(control, REPORTS, REPORTS, "{}", "Content-Type", "text/plain");
        postTo(control, REPORTS, REPORTS, " ".repeat(70_000));
        String[] foreign = {"Content-Type", "application/json", "Origin", "http://elsewhere.example"};
        postTo(control, REPORTS, REPORTS, report, foreign);
    }

    private void withDatesAndDeprecation(Control control, RestLegacy rest) {
        String sunset = ",\"force\":true,\"sunset\":\"2030-12-31T00:00:00Z\"";
        for (String feature : List.of("positions", "account_balance", "intraday", "global_market")) {
            assertThat(post(control, feature, "stage", move("live", sunset)).status())
                    .isEqualTo(200);
        }
        await().atMost(Duration.ofSeconds(5))
                .until(() -> TestHttp.get(rest.address(), MARKETS).header("Sunset") != null);
        get(rest.address(), POSITIONS, "");
        assertThat(post(control, "positions", "rollback", "{\"reason\":\"late\",\"by\":\"operator-1\"}")
                        .status())
                .isEqualTo(200);
        check("get", FEATURE + "/history", TestHttp.get(control.address(), "/cutover/features/positions/history"));
    }

    private void promoted(Control control, RestLegacy rest) {
        assertThat(post(control, "positions", "stage", move("live", ",\"force\":true"))
                        .status())
                .isEqualTo(200);
        for (String feature : List.of("positions", "account_balance", "intraday", "global_market")) {
            assertThat(post(control, feature, "stage", move("promoted", ",\"force\":true"))
                            .status())
                    .isEqualTo(200);
        }
        for (String path : List.of(BALANCE, POSITIONS, BARS, MARKETS)) {
            await().atMost(Duration.ofSeconds(5))
                    .until(() -> TestHttp.get(rest.address(), path).status() == 410);
            get(rest.address(), path, "");
        }
        // back, so that the next service has something to fill
        for (String feature : List.of("positions", "account_balance", "intraday", "global_market")) {
            post(control, feature, "rollback", "{\"reason\":\"a test\",\"by\":\"operator-1\"}");
        }
    }

    /** A service that can't reach its Kafka fills for ever. */
    private void filling(SystemUnderTest system) {
        RestLegacy lost = system.open(RestLegacy.start(
                RestSettings.from(Settings.resolve(RestSettings.all(), Map.of("rest-port", "0"), Map.of())),
                FeatureCatalog.shipped(),
                new KafkaConnection("127.0.0.1:1", Map.of())));
        for (String path : List.of(BALANCE, POSITIONS, BARS, MARKETS)) {
            get(lost.address(), path, "");
        }
        get(lost.address(), "/health/ready", "");
    }

    /** In front of a service that fails, and then of one that does not answer. */
    private void behind(SystemUnderTest system) {
        MisbehavingBackend backend = system.open(MisbehavingBackend.start());
        RestLegacy rest = system.open(RestLegacy.start(
                RestSettings.from(Settings.resolve(
                        RestSettings.all(),
                        Map.of("rest-port", "0", "upstream", backend.url(), "upstream-timeout", "200ms"),
                        Map.of())),
                FeatureCatalog.shipped(),
                system.kafka()));
        await().untilAsserted(() -> assertThat(rest.health().reasons()).isEmpty());
        Map.of(BALANCE, "", POSITIONS, "", BARS, "?symbol=SPY", MARKETS, "").forEach((path, query) -> {
            backend.on(path, MisbehavingBackend.reset());
            assertThat(get(rest.address(), path, query).status()).isEqualTo(502);
            backend.on(path, MisbehavingBackend.silent());
            assertThat(get(rest.address(), path, query).status()).isEqualTo(504);
        });
    }
}

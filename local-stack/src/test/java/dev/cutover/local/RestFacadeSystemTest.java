package dev.cutover.local;

import static dev.cutover.local.MisbehavingBackend.answer;
import static dev.cutover.local.MisbehavingBackend.chunked;
import static dev.cutover.local.MisbehavingBackend.cutShort;
import static dev.cutover.local.MisbehavingBackend.halfABody;
import static dev.cutover.local.MisbehavingBackend.held;
import static dev.cutover.local.MisbehavingBackend.huge;
import static dev.cutover.local.MisbehavingBackend.json;
import static dev.cutover.local.MisbehavingBackend.noHttp;
import static dev.cutover.local.MisbehavingBackend.redirect;
import static dev.cutover.local.MisbehavingBackend.reset;
import static dev.cutover.local.MisbehavingBackend.silent;
import static dev.cutover.local.MisbehavingBackend.slow;
import static dev.cutover.local.MisbehavingBackend.trickling;
import static dev.cutover.local.RestSystemRig.BALANCE;
import static dev.cutover.local.RestSystemRig.POSITIONS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.cutover.rest.RestLegacy;
import dev.cutover.schema.Json;
import dev.cutover.schema.Reference;
import dev.cutover.schema.ServedRecord;
import dev.cutover.schema.ServedRecord.Kind;
import dev.cutover.schema.Stage;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** REST in front of an existing service that behaves badly, over a real broker. */
final class RestFacadeSystemTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(1);
    private static final int CONCURRENCY = 4;
    private static final String ACCOUNT = POSITIONS + "?account_id=7";

    private final RestSystemRig rig = new RestSystemRig();
    private MisbehavingBackend backend;
    private RestLegacy rest;

    @BeforeEach
    void start() {
        backend = rig.system.open(MisbehavingBackend.start());
        rest = rig.readyRest(Map.of(
                "upstream",
                backend.url(),
                "upstream-timeout",
                TIMEOUT.toMillis() + "ms",
                "upstream-concurrency",
                Integer.toString(CONCURRENCY),
                "upstream-body-bytes",
                "100000"));
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    private TestHttp.Answer get(String path, String... headers) {
        return TestHttp.get(rest.address(), path, headers);
    }

    private List<ServedRecord> served(String feature) throws Exception {
        return rig.served(feature).values().stream().flatMap(List::stream).toList();
    }

    @Test
    void whatTheServiceAnswersIsPassedBackWhateverItIs() {
        backend.on(
                POSITIONS,
                answer(500, "text/html", "<h1>broken</h1>", "X-Trace", "t-1"),
                answer(403, "application/json", "{\"detail\":\"no\"}"),
                answer(200, "text/html", "<h1>log in</h1>"),
                answer(200, "application/json", "<h1>no JSON</h1>"),
                answer(200, null, "{}"),
                answer(204, null, ""),
                chunked("{\"account_id\":7,\"text\":\"in several chunks\"}"),
                slow(Duration.ofMillis(300), json("{\"slow\":true}")));
        TestHttp.Answer broken = get(ACCOUNT);
        assertThat(broken.status()).isEqualTo(500);
        assertThat(broken.text()).isEqualTo("<h1>broken</h1>");
        assertThat(broken.header("content-type")).isEqualTo("text/html");
        assertThat(broken.header("x-trace")).isEqualTo("t-1");
        assertThat(get(ACCOUNT).status()).isEqualTo(403);
        assertThat(get(ACCOUNT).text()).isEqualTo("<h1>log in</h1>");
        assertThat(get(ACCOUNT).text()).isEqualTo("<h1>no JSON</h1>");
        TestHttp.Answer untyped = get(ACCOUNT);
        assertThat(untyped.text()).isEqualTo("{}");
        assertThat(untyped.header("content-type")).isNull();
        assertThat(get(ACCOUNT).status()).isEqualTo(204);
        assertThat(get(ACCOUNT).text()).isEqualTo("{\"account_id\":7,\"text\":\"in several chunks\"}");
        assertThat(get(ACCOUNT).text()).isEqualTo("{\"slow\":true}");
    }

    @Test
    void aRedirectIsPassedBackAndNotFollowed() throws Exception {
        backend.on(POSITIONS, redirect("/elsewhere"));
        backend.on("/elsewhere", json("{}"));
        HttpResponse<String> answer = rig.get(rest, ACCOUNT);
        assertThat(answer.statusCode()).isEqualTo(302);
        assertThat(answer.headers().firstValue("location")).contains("/elsewhere");
        assertThat(backend.requests("/elsewhere")).isEmpty();
    }

    @Test
    void whatFailsInTheMiddleIsABadGateway() {
        String body = "{\"account_id\":7,\"cash\":1.50}";
        for (MisbehavingBackend.Behaviour each :
                List.of(halfABody(body), cutShort(body), noHttp(), huge(5_000_000), reset())) {
            backend.on(POSITIONS, each);
            TestHttp.Answer answer = get(ACCOUNT);
            assertThat(answer.status()).as(answer.text()).isEqualTo(502);
            assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
            assertThat(answer.json().get("feature").asText()).isEqualTo("positions");
            assertThat(answer.json().get("detail").asText()).doesNotContain("null");
        }
        backend.on(POSITIONS, huge(5_000_000));
        assertThat(get(ACCOUNT).json().get("detail").asText()).contains("more than 100000 bytes");
        assertThat(rest.health().degraded()).singleElement().asString().contains(backend.url(), "100000");
        backend.on(POSITIONS, json(body));
        assertThat(get(ACCOUNT).text()).isEqualTo(body);
        assertThat(rest.health().degraded()).isEmpty();
    }

    @Test
    void whatTakesTooLongIsAGatewayTimeoutAlsoWhenItHasBegun() {
        for (MisbehavingBackend.Behaviour each : List.of(
                silent(), slow(Duration.ofSeconds(5), json("{}")), trickling("{\"a\":1}", Duration.ofMillis(700)))) {
            backend.on(POSITIONS, each);
            long askedNs = System.nanoTime();
            assertThat(get(ACCOUNT).status()).isEqualTo(504);
            assertThat(Duration.ofNanos(System.nanoTime() - askedNs))
                    .isBetween(TIMEOUT.minusMillis(50), TIMEOUT.plusSeconds(2));
        }
    }

    @Test
    void aServiceThatIsAwayIsABadGatewayAndRestIsReadyNevertheless() {
        backend.close();
        assertThat(get(ACCOUNT).status()).isEqualTo(502);
        assertThat(rest.health().ready()).isTrue();
        assertThat(rest.health().degraded()).singleElement().asString().contains(backend.url());
    }

    @Test
    void theServiceGetsNoMoreRequestsAtATimeThanItMayAndNobodyElseWaits() {
        CountDownLatch gate = new CountDownLatch(1);
        backend.on(POSITIONS, held(gate, json("{\"account_id\":7}")));
        List<CompletableFuture<TestHttp.Answer>> held = new ArrayList<>();
        for (int i = 0; i < CONCURRENCY; i++) {
            held.add(CompletableFuture.supplyAsync(() -> get(ACCOUNT), task -> new Thread(task).start()));
        }
        await().until(() -> backend.requests().size() == CONCURRENCY);
        TestHttp.Answer oneMore = get(ACCOUNT);
        assertThat(oneMore.status()).isEqualTo(503);
        assertThat(oneMore.header("retry-after")).isEqualTo("1");
        assertThat(get("/health/ready").status()).isEqualTo(200);
        assertThat(get("/metrics").text())
                .contains("cutover_rest_upstream_total{feature=\"positions\",outcome=\"busy\"} 1.0");
        gate.countDown();
        assertThat(held).allSatisfy(each -> assertThat(each.join().status()).isEqualTo(200));
        assertThat(backend.mostAtOnce()).isEqualTo(CONCURRENCY);
        await().until(() -> get(ACCOUNT).status() == 200);
    }

    @Test
    void whatWasAnsweredIsRecordedInThePartitionOfItsKeyAndWithoutAnOffset() throws Exception {
        backend.on(ACCOUNT, json("{\"account_id\":7,\"x\":1.50}"));
        backend.on(POSITIONS, json("{\"accounts\":[{\"account_id\":7,\"x\":1.5},{\"account_id\":8}]}"));
        backend.on(POSITIONS + "?account_id=99", answer(404, "application/json", "{}"));
        for (int i = 0; i < 3; i++) {
            get(ACCOUNT, "Cutover-Client", "prober");
        }
        get(POSITIONS);
        get(POSITIONS + "?account_id=99");
        await().untilAsserted(() -> assertThat(served("positions")).hasSize(3 + 2 + 3 + 1));
        assertThat(served("positions"))
                .extracting(ServedRecord::kind, ServedRecord::key, ServedRecord::query, ServedRecord::caller)
                .containsExactlyInAnyOrder(
                        tuple(Kind.ENTRY, "7", "account_id=7", "prober"), // each time, or there was no telling noise
                        tuple(Kind.ENTRY, "7", "account_id=7", "prober"),
                        tuple(Kind.ENTRY, "7", "account_id=7", "prober"),
                        tuple(Kind.ENTRY, "7", "", "other"),
                        tuple(Kind.ENTRY, "8", "", "other"),
                        tuple(Kind.LIST, null, "", "other"),
                        tuple(Kind.LIST, null, "", "other"),
                        tuple(Kind.LIST, null, "", "other"),
                        tuple(Kind.ABSENT, "99", "account_id=99", "other"));
        assertThat(served("positions")).allSatisfy(record -> {
            assertThat(record.reference()).isEqualTo(Reference.UPSTREAM);
            assertThat(record.epoch()).isNull();
            assertThat(record.partition()).isNull();
            assertThat(record.offset()).isNull();
        });
        for (String key : List.of("7", "8", "99")) {
            RecordMetadata event = rig.feed.sendNow("positions", key, "{\"account_id\":" + key + "}");
            rig.served("positions").forEach((place, records) -> assertThat(records)
                    .filteredOn(record -> key.equals(record.key())
                            || (record.keys() != null && record.keys().contains(key)))
                    .allSatisfy(record -> assertThat(place.partition()).isEqualTo(event.partition())));
        }
        assertThat(served("positions"))
                .filteredOn(record -> record.body() != null && "7".equals(record.key()))
                .allSatisfy(record ->
                        assertThat(record.body()).isEqualTo(Json.MAPPER.readTree("{\"account_id\":7,\"x\":1.5}")));
    }

    @Test
    void whatCouldNotBeComparedIsCountedAndNotRecorded() throws Exception {
        backend.on(
                BALANCE,
                answer(500, "application/json", "{}"),
                answer(200, "text/html", "{}"),
                answer(200, "application/json", "{\"a\":"),
                json("{\"accounts\":{}}"),
                json("{\"accounts\":[{\"account_id\":null}]}"),
                json("{\"accounts\":[{\"account_id\":1}]}"));
        for (int i = 0; i < 5; i++) {
            get(BALANCE);
        }
        get(BALANCE + "?page=2");
        get(BALANCE); // which is recorded, behind all the others
        await().untilAsserted(() -> assertThat(served("account_balance"))
                .extracting(ServedRecord::key)
                .contains("1"));
        assertThat(served("account_balance")).extracting(ServedRecord::kind).containsOnly(Kind.LIST, Kind.ENTRY);
        assertThat(served("account_balance"))
                .filteredOn(record -> record.kind() == Kind.ENTRY)
                .hasSize(1);
        String metrics = get("/metrics").text();
        Map.of("status", 1, "not_json", 2, "no_array", 1, "no_key", 1, "other_parameters", 1)
                .forEach((outcome, times) -> assertThat(metrics)
                        .contains("cutover_rest_served_total{feature=\"account_balance\",outcome=\"" + outcome + "\"} "
                                + times + ".0"));
    }

    @Test
    void liveIsSaidBesideTheAnswerAndPromotedIsSaidWithoutAsking() {
        backend.on(POSITIONS, json("{\"account_id\":7}"));
        assertThat(get(ACCOUNT).header("deprecation")).isNull();
        rig.move(Stage.LIVE);
        await().until(() -> get(ACCOUNT).header("deprecation") != null);
        TestHttp.Answer live = get(ACCOUNT);
        assertThat(live.text()).isEqualTo("{\"account_id\":7}");
        assertThat(live.header("link")).isEqualTo("<ws://gateway.test/ws/>; rel=\"successor-version\"");
        rig.move(Stage.PROMOTED);
        await().until(() -> get(ACCOUNT).status() == 410);
        int before = backend.requests().size();
        assertThat(get(ACCOUNT).json().get("websocket").asText()).isEqualTo("ws://gateway.test/ws/");
        assertThat(backend.requests()).hasSize(before);
        assertThat(rig.groups("positions")).as("nothing is materialised").isEmpty();
    }
}

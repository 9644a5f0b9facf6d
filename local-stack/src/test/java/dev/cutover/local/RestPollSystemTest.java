package dev.cutover.local;

import static dev.cutover.local.MisbehavingBackend.answer;
import static dev.cutover.local.MisbehavingBackend.chunked;
import static dev.cutover.local.MisbehavingBackend.cutShort;
import static dev.cutover.local.MisbehavingBackend.halfABody;
import static dev.cutover.local.MisbehavingBackend.huge;
import static dev.cutover.local.MisbehavingBackend.json;
import static dev.cutover.local.MisbehavingBackend.redirect;
import static dev.cutover.local.MisbehavingBackend.reset;
import static dev.cutover.local.MisbehavingBackend.silent;
import static dev.cutover.local.MisbehavingBackend.trickling;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cutover.gateway.Gateway;
import dev.cutover.jobs.Jobs;
import dev.cutover.jobs.JobsSettings;
import dev.cutover.local.CommandLineRig.Cutover;
import dev.cutover.local.MisbehavingBackend.Behaviour;
import dev.cutover.local.TestClient.Heard;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Settings;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An existing REST service that is polled, over a real broker and a gateway, to a real client. */
final class RestPollSystemTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String POSITIONS = "/api/positions/";
    private static final String BALANCES = "/api/account/balance/";
    private static final String POSITION = "{\"account_id\":123, \"positions\":[{\"symbol\":\"SPY\",\"pnl\":500.00}]}";
    private static final String BALANCE = "{\"account_id\":123,\"cash\":50000.00,\"account_number\":\"Müller\"}";

    @TempDir
    Path directory;

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private MisbehavingBackend service;
    private SystemUnderTest system;

    @BeforeEach
    void start() throws Exception {
        service = MisbehavingBackend.start();
        service.on(POSITIONS, json("{\"accounts\":[" + POSITION + "]}"));
        service.on(BALANCES, chunked("{\"accounts\":[" + BALANCE + ",{\"account_id\":124,\"cash\":1}]}"));
        service.on("/api/intraday/bars/?symbol=SPY", json(bars(bar("15:30", "450.00", false))));
        service.on("/api/global-market/status/", json("{\"markets\":[{\"market_id\":1,\"country\":\"USA\"}]}"));
        system = SystemUnderTest.start(quickCatalog());
    }

    @AfterEach
    void stop() {
        system.close();
        service.close();
    }

    /** The shipped catalog with every cadence at a fifth of a second, and a heartbeat each second. */
    private FeatureCatalog quickCatalog() throws Exception {
        try (InputStream in = FeatureCatalog.class.getResourceAsStream("features.yaml")) {
            String yaml = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .replaceAll("cadence: 30s}", "cadence: 1s}")
                    .replaceAll("cadence: \\d\\d?s\n", "cadence: 200ms\n");
            return FeatureCatalog.load(Files.writeString(directory.resolve("features.yaml"), yaml));
        }
    }

    private Jobs poll(String... namesAndValues) {
        Map<String, String> options = new HashMap<>(Map.of(
                "source", "rest-poll:" + service.url(),
                "poll-keys", "intraday=SPY",
                "poll-timeout", "500ms",
                "poll-bytes", "100000"));
        for (int i = 0; i < namesAndValues.length; i += 2) {
            options.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        Settings settings = Settings.resolve(JobsSettings.ALL, options, Map.of());
        Jobs jobs = system.open(Jobs.start(JobsSettings.from(settings), system.catalog(), system.kafka(), registry));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(jobs.health().reasons()).isEmpty());
        return jobs;
    }

    @Test
    void whatAnExistingServiceAnswersReachesAClientAsItWasWrittenAndAChangeFollows() throws Exception {
        Gateway gateway = system.gateway();
        TestClient client = system.client(gateway);
        system.catalog()
                .features()
                .forEach(feature ->
                        client.say("{\"type\":\"subscribe\",\"feature\":\"" + feature.name() + "\",\"from\":\"now\"}"));
        poll();

        assertThat(next(client, "positions").rawData()).isEqualTo(POSITION);
        assertThat(next(client, "account_balance").rawData()).isEqualTo(BALANCE);
        assertThat(next(client, "intraday_bar").rawData()).isEqualTo(bar("15:30", "450.00", false));
        assertThat(next(client, "vwap_update").rawData()).isEqualTo("{\"symbol\":\"SPY\",\"vwap\":452.1875}");
        assertThat(next(client, "market_status").rawData()).isEqualTo("{\"market_id\":1,\"country\":\"USA\"}");
        next(client, "heartbeat");

        service.on(
                "/api/intraday/bars/?symbol=SPY",
                json(bars(bar("15:30", "451.00", true) + "," + bar("15:31", "451.10", false))));
        assertThat(next(client, "intraday_bar", "451.00").rawData()).isEqualTo(bar("15:30", "451.00", true));
        assertThat(next(client, "intraday_bar", "451.10").rawData()).isEqualTo(bar("15:31", "451.10", false));
        assertThat(system.read("events.positions")
                        .get(0)
                        .headers()
                        .lastHeader("ce_source")
                        .value())
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("/cutover/jobs/rest-poll");
        assertThat(finals(bar("15:30", "451.00", true)))
                .as("an older entry goes out once")
                .isEqualTo(1);
        assertThat(system.read("events.dead-letter")).isEmpty();
    }

    @Test
    void aRestartEmitsEverythingAgain() throws Exception {
        poll().close();
        int before = system.read("events.intraday").size();
        assertThat(before).isPositive();

        poll().close();

        assertThat(system.read("events.intraday").subList(before, before + 2))
                .extracting(record -> EventHeaders.type(record.headers()))
                .containsExactly("intraday_bar", "vwap_update");
    }

    @Test
    void whatHasNotChangedIsAskedForByItsTagAndStillEmittedAtItsCadence() {
        service.on(
                POSITIONS,
                answer(200, "application/json", "{\"accounts\":[" + POSITION + "]}", "ETag", "\"v1\""),
                answer(304, null, "", "ETag", "\"v1\""));
        poll();

        await().atMost(PATIENCE).until(() -> system.read("events.positions").size() >= 5);
        assertThat(service.requests(POSITIONS).get(0).headers()).doesNotContainKey("if-none-match");
        assertThat(service.requests(POSITIONS).get(1).headers()).containsEntry("if-none-match", "\"v1\"");
        assertThat(counted("cutover.jobs.poll.faults")).isEmpty();
    }

    @Test
    void howeverTheServiceMisbehavesNothingIsEmittedOfItAndTheOtherFeaturesGoOn() {
        Jobs jobs = poll();
        Map<String, Behaviour> bad = Map.ofEntries(
                Map.entry("timeout, silent", silent()),
                Map.entry("timeout, trickling", trickling("{\"accounts\":[" + POSITION + "]}", Duration.ofMillis(50))),
                Map.entry("cut-short, reset", halfABody("{\"accounts\":[" + POSITION + "]}")),
                Map.entry("cut-short, ended", cutShort("{\"accounts\":[" + POSITION + "]}")),
                Map.entry("unreachable, reset", reset()),
                Map.entry("unreachable, no HTTP", MisbehavingBackend.noHttp()),
                Map.entry("status, 500", answer(500, "application/json", "{\"accounts\":[" + POSITION + "]}")),
                Map.entry("status, 304 unasked", answer(304, null, "")),
                Map.entry("status, 302", redirect("/login")),
                Map.entry("too-big, huge", huge(50_000_000)),
                Map.entry("not-json, a page", answer(200, "application/json", "<html>log in</html>")),
                Map.entry("not-json, empty", json("")),
                Map.entry("not-json, half of it", json("{\"accounts\":[" + POSITION + ",{\"acc")),
                Map.entry("wrong-shape, an object", json("{\"accounts\":{\"123\":" + POSITION + "}}")),
                Map.entry("wrong-shape, another", json("[" + POSITION + "]")),
                Map.entry("bad-element, numbers", json("{\"accounts\":[1,2]}")),
                Map.entry("bad-element, no key", json("{\"accounts\":[{\"id\":123}]}")));
        bad.forEach((name, behaviour) -> {
            String kind = name.substring(0, name.indexOf(','));
            double before = faults("positions", kind);
            service.on(POSITIONS, behaviour);
            await(name).atMost(PATIENCE).untilAsserted(() -> {
                assertThat(jobs.health().reasons())
                        .singleElement()
                        .asString()
                        .startsWith("feature positions can't be read from the polled service: GET " + service.url());
                assertThat(faults("positions", kind)).isGreaterThan(before);
            });
            Instant silentFrom = Instant.now();
            await(name).atMost(PATIENCE).until(() -> emittedSince(silentFrom, "events.account-balance") >= 4);
            assertThat(emittedSince(silentFrom, "events.positions")).as(name).isZero();

            service.on(POSITIONS, json("{\"accounts\":[" + POSITION + "]}"));
            await(name)
                    .atMost(PATIENCE)
                    .until(() -> emittedSince(silentFrom, "events.positions") > 0
                            && jobs.health().ready());
        });
        assertThat(system.read("events.positions").stream()
                        .map(record -> new String(record.value(), StandardCharsets.UTF_8))
                        .collect(Collectors.toSet()))
                .containsExactly(POSITION);
    }

    @Test
    void whileTheServiceIsAwayEveryFeatureIsSilentAndItsHeartbeatGoesOn() {
        Jobs jobs = poll();
        service.close();
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(jobs.health().reasons()).hasSize(4).allMatch(reason -> reason.contains("it can't be reached: "));
        });
        Instant silentFrom = Instant.now();

        await().atMost(PATIENCE).until(() -> emittedSince(silentFrom, "events.heartbeat") >= 2);

        system.catalog().features().forEach(feature -> assertThat(emittedSince(silentFrom, feature.topic()))
                .as(feature.name())
                .isZero());
    }

    @Test
    void theGuidesCatalogFindsWhatAServiceHasElsewhere() throws Exception {
        String guide = Files.readString(Path.of("..", "docs", "integration-guide.md"));
        String answer = "{\"result\":{\"items\":[{\"symbol\":\"BTC\",\"bid\":64000.5}]}}";
        assertThat(guide).contains(answer);
        Matcher yaml = Pattern.compile("```yaml\n(features:(?:(?!```).)*upstream:.*?)```", Pattern.DOTALL)
                .matcher(guide);
        assertThat(yaml.find()).isTrue();
        Path catalog = Files.writeString(directory.resolve("quotes.yaml"), yaml.group(1));
        service.on("/v1/quotes", json(answer));
        service.on("/v1/quote/BTC", json("{\"data\":{\"symbol\":\"BTC\",\"bid\":64001}}"));
        try (SystemUnderTest other = SystemUnderTest.start(FeatureCatalog.load(catalog))) {
            for (Map<String, String> options : List.of(
                    Map.of("source", "rest-poll:" + service.url()),
                    Map.of("source", "rest-poll:" + service.url(), "poll-keys", "quotes=BTC"))) {
                Settings settings = Settings.resolve(JobsSettings.ALL, options, Map.of());
                try (Jobs jobs = Jobs.start(
                        JobsSettings.from(settings), other.catalog(), other.kafka(), new SimpleMeterRegistry())) {
                    await().atMost(PATIENCE).until(() -> jobs.published() > 0);
                }
            }
            assertThat(other.read("events.quotes"))
                    .extracting(record -> new String(record.value(), StandardCharsets.UTF_8))
                    .containsExactly("{\"symbol\":\"BTC\",\"bid\":64000.5}", "{\"symbol\":\"BTC\",\"bid\":64001}");
        }
    }

    @Test
    void upPollsTheServiceThatItIsPointedAt() throws Exception {
        try (CommandLineRig rig = new CommandLineRig(directory)) {
            Cutover up = rig.up("--source", "rest-poll:" + service.url(), "--poll-keys", "intraday=SPY", "--fresh");
            up.await(line -> line.contains("polls " + service.url()), "the source");
            String port = CommandLineRig.port(up.await(line -> line.contains("ws://"), "the gateway's address"));
            Cutover tail =
                    rig.cutover("tail", "account_balance", "--key", "123", "--count", "1", "--gateway-port", port);

            assertThat(tail.await(line -> line.startsWith("[WS]"), "the balance"))
                    .isEqualTo("[WS] account_balance: " + BALANCE);
        }
    }

    /** By the time of emission, since what was emitted before may still be on its way to the broker. */
    private long emittedSince(Instant since, String topic) {
        return system.read(topic).stream()
                .filter(record -> record.timestamp() > since.toEpochMilli())
                .count();
    }

    private long finals(String bar) {
        return system.read("events.intraday").stream()
                .filter(record -> new String(record.value(), StandardCharsets.UTF_8).equals(bar))
                .count();
    }

    private static Heard next(TestClient client, String type) throws InterruptedException {
        return next(client, type, "");
    }

    /** The first of all that the client has heard and will hear. */
    private static Heard next(TestClient client, String type, String part) throws InterruptedException {
        for (Heard frame : client.heard()) {
            if (frame.type().equals(type) && frame.text().contains(part)) {
                return frame;
            }
        }
        return client.next(frame -> frame.type().equals(type) && frame.text().contains(part), type + " " + part);
    }

    private double faults(String feature, String kind) {
        return counted("cutover.jobs.poll.faults").getOrDefault(feature + " " + kind, 0.0);
    }

    private Map<String, Double> counted(String name) {
        return registry.find(name).counters().stream()
                .collect(Collectors.toMap(
                        counter -> counter.getId().getTag("feature") + " "
                                + counter.getId().getTag("kind"),
                        Counter::count));
    }

    private static String bars(String bars) {
        return "{\"symbol\":\"SPY\",\"bars\":[" + bars + "],\"vwap\":{\"symbol\":\"SPY\",\"vwap\":452.1875}}";
    }

    private static String bar(String minute, String close, boolean closed) {
        return "{\"symbol\":\"SPY\",\"timestamp_minute\":\"2026-01-05T" + minute + ":00Z\",\"close\":" + close
                + ",\"final\":" + closed + "}";
    }
}

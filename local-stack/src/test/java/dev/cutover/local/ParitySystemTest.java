package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cutover.control.Outcome;
import dev.cutover.control.ParityStreams;
import dev.cutover.control.SessionClock;
import dev.cutover.control.Verdict;
import dev.cutover.rest.RestLegacy;
import dev.cutover.rest.RestSettings;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.MarketCalendar;
import dev.cutover.schema.Settings;
import dev.cutover.schema.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the REST service really serves, against what parity makes of the same log. */
final class ParitySystemTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final List<String> PATHS = List.of(
            "/api/account/balance/",
            "/api/account/balance/?account_id=2",
            "/api/positions/",
            "/api/positions/?account_id=1",
            "/api/intraday/bars/?symbol=SPY",
            "/api/intraday/bars/?symbol=SPY&limit=7",
            "/api/intraday/bars/?symbol=QQQ",
            "/api/global-market/status/");

    private final SystemUnderTest system = SystemUnderTest.start();
    private final EventFeed feed = system.feed();
    private final Drifts drifts = new Drifts(system.catalog());
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private RestLegacy rest;
    private int minute;

    @BeforeEach
    void start() {
        System.out.println("seed " + seed);
        for (int i = 0; i < 1_000; i++) {
            bar("SPY", i);
        }
        minute = 1_000;
        events();
        rest = system.open(RestLegacy.start(
                RestSettings.from(Settings.resolve(
                        RestSettings.all(), Map.of("rest-port", "0", "ws-url", "ws://gateway.test/ws/"), Map.of())),
                system.catalog(),
                system.kafka(),
                drifts.extras()));
        SessionClock hours = SessionClock.of("1h", MarketCalendar.shipped());
        ParityStreams parity = system.open(ParityStreams.start(system.kafka(), system.catalog(), hours, "test-"));
        await().atMost(LONG).until(() -> rest.health().reasons().isEmpty() && parity.isRunning());
    }

    @AfterEach
    void stop() {
        system.close();
    }

    private void bar(String symbol, int at) {
        feed.enqueue(
                "intraday_bar",
                symbol,
                "{\"symbol\":\"%s\",\"timestamp_minute\":\"m%06d\",\"close\":%s}".formatted(symbol, at, number()));
    }

    /** In any form that JSON has for numbers. */
    private String number() {
        int n = random.nextInt(100_000);
        return switch (random.nextInt(4)) {
            case 0 -> n + ".50";
            case 1 -> n + "e-2";
            case 2 -> n + "0.0";
            default -> Integer.toString(n);
        };
    }

    private void events() {
        for (int account = 1; account <= 3; account++) {
            feed.enqueue(
                    "account_balance",
                    Integer.toString(account),
                    "{\"account_id\":%d,\"cash\":%s}".formatted(account, number()));
            feed.enqueue(
                    "positions",
                    Integer.toString(account),
                    "{\"account_id\":%d,\"positions\":[{\"symbol\":\"A\",\"current_price\":%s},{\"symbol\":\"B\"}]}"
                            .formatted(account, number()));
            feed.enqueue("market_status", Integer.toString(account), "{\"market_id\":%d}".formatted(account));
        }
        bar("QQQ", minute);
        bar("SPY", minute++ - random.nextInt(600)); // also one that had fallen out of the view
        feed.enqueue("vwap_update", "SPY", "{\"vwap\":" + number() + "}");
        feed.flush();
    }

    private void ask() {
        for (String path : PATHS) {
            assertThat(TestHttp.get(rest.address(), path).status()).as(path).isEqualTo(200);
        }
    }

    private Map<String, Map<Outcome, Integer>> verdicts() {
        Map<String, Map<Outcome, Integer>> counts = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : system.read(Topics.PARITY_VERDICTS)) {
            try {
                Verdict verdict = Verdict.fromJson(record.value());
                counts.computeIfAbsent(verdict.feature(), feature -> new HashMap<>())
                        .merge(verdict.outcome(), 1, Integer::sum);
            } catch (JsonFault e) {
                throw new AssertionError(e);
            }
        }
        return counts;
    }

    @Test
    void whatRestServesOfEveryFeatureIsWhatTheLogSays() {
        for (int round = 0; round < 40; round++) {
            events();
            ask();
        }
        await().atMost(LONG).untilAsserted(() -> {
            // what REST has not seen yet when it is asked is a repeat, and no other comparison
            events();
            ask();
            Map<String, Map<Outcome, Integer>> verdicts = verdicts();
            assertThat(verdicts.keySet())
                    .containsExactlyInAnyOrder("account_balance", "positions", "intraday", "global_market");
            verdicts.values().forEach(outcomes -> assertThat(outcomes.getOrDefault(Outcome.MATCH, 0))
                    .isGreaterThan(40));
        });
        assertThat(verdicts().values())
                .allSatisfy(outcomes -> assertThat(outcomes).as("seed %s", seed).containsOnlyKeys(Outcome.MATCH));
        System.out.println(verdicts());
    }

    @Test
    void aDriftOfOneFieldIsAMismatchOfThatFeatureAloneAndEndsWithIt() {
        drifts.set("positions=current_price:0.01");
        events();
        ask();
        await().atMost(LONG).untilAsserted(() -> assertThat(verdicts().get("positions"))
                .containsEntry(Outcome.MISMATCH, 4)
                .doesNotContainKey(Outcome.MATCH));
        drifts.set("off");
        events();
        ask();
        await().atMost(LONG).untilAsserted(() -> assertThat(verdicts().get("positions"))
                .containsEntry(Outcome.MISMATCH, 4)
                .containsEntry(Outcome.MATCH, 4));
        assertThat(verdicts().get("account_balance")).containsOnlyKeys(Outcome.MATCH);
    }
}

package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cutover.control.Observation.Freshness;
import dev.cutover.control.Observation.Source;
import dev.cutover.control.Observation.TypeSeen;
import dev.cutover.control.Watch.TypeWatch;
import dev.cutover.schema.FeatureCatalog;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Of positions, whose cadence is ten seconds: a hundred seconds are kept. */
final class WatchLogTest {
    private static final Instant START = Instant.parse("2026-01-05T15:30:00Z");

    /** The end of the active hours, which began at the start; a test may set it. */
    private Instant close = Instant.MAX;
    /** Active again from here on. */
    private Instant reopening = Instant.MAX;

    private final WatchLog log = new WatchLog(
            FeatureCatalog.shipped().feature("positions").orElseThrow(),
            (type, at) -> !at.isAfter(close) || !at.isBefore(reopening));

    private static Observation observation(int second, int frames, int keys) {
        return observation(second, frames, keys, "control-1", Source.PROBER, 1);
    }

    private static Observation observation(
            int second, int frames, int keys, String instance, Source source, int connectionsUp) {
        Instant until = START.plusSeconds(second + 1L);
        return new Observation(
                "positions",
                source,
                instance,
                START.plusSeconds(second),
                until,
                connectionsUp,
                0,
                Map.of("positions", new TypeSeen(frames, keys, 0, frames > 0 ? until : null)),
                1,
                0,
                2,
                0,
                0,
                Freshness.NONE,
                List.of(),
                null);
    }

    private TypeWatch watch(Instant from) {
        return log.since(from).types().get("positions");
    }

    @Test
    void beforeTheFirstObservationNothingIsKnown() {
        assertThat(log.since(null)).isEqualTo(Watch.NONE);
        assertThat(log.seen(null, Duration.ofSeconds(30))).isEqualTo(GuardInput.Seen.NOTHING);
    }

    @Test
    void whatIsSeenEachSecondAddsUpAndIsExpectedByTheKeysOfEachSecond() {
        for (int second = 0; second < 60; second++) {
            log.add(observation(second, second % 10 == 0 ? 4 : 0, second < 30 ? 4 : 8));
        }

        assertThat(watch(null)).satisfies(seen -> {
            assertThat(seen.watchedMs()).isEqualTo(60_000);
            assertThat(seen.stretches()).isEqualTo(1);
            assertThat(seen.frames()).isEqualTo(24);
            assertThat(seen.keys()).isEqualTo(8);
            assertThat(seen.expected()).isCloseTo(3 * 4 + 3 * 8, within(1e-9));
            assertThat(seen.lastAt()).isEqualTo(START.plusSeconds(51));
        });
    }

    @Test
    void tenOfTheSlowestCadenceAreKept() {
        for (int second = 0; second < 300; second++) {
            log.add(observation(second, 1, 10));
        }

        assertThat(watch(null).watchedMs()).isEqualTo(100_000);
    }

    @Test
    void aFastTypeIsJudgedByTheLastMinuteThoughASlowOneTakesTen() {
        WatchLog intraday =
                new WatchLog(FeatureCatalog.shipped().feature("intraday").orElseThrow(), (type, at) -> true);
        for (int second = 0; second < 700; second++) {
            Instant until = START.plusSeconds(second + 1L);
            TypeSeen seen = new TypeSeen(1, 1, 0, until);
            intraday.add(new Observation(
                    "intraday",
                    Source.PROBER,
                    "control-1",
                    START.plusSeconds(second),
                    until,
                    1,
                    0,
                    Map.of("intraday_bar", seen, "vwap_update", seen),
                    0,
                    0,
                    0,
                    0,
                    0,
                    Freshness.NONE,
                    List.of(),
                    null));
        }

        assertThat(intraday.since(null).types().get("intraday_bar").watchedMs()).isEqualTo(60_000);
        assertThat(intraday.since(null).types().get("vwap_update").watchedMs()).isEqualTo(600_000);
    }

    @Test
    void onlyWhatWasSeenWhollySinceTheFlipCounts() {
        for (int second = 0; second < 60; second++) {
            log.add(observation(second, 1, 10));
        }

        assertThat(watch(START.plusMillis(30_500)).watchedMs()).isEqualTo(29_000);
        assertThat(watch(START.plusMillis(30_500)).stretches()).isEqualTo(1);
        assertThat(watch(START.plusSeconds(60)).watchedMs()).isZero();
    }

    @Test
    void aHoleAnotherInstanceAndALostConnectionBeginAStretchAnew() {
        log.add(observation(0, 1, 10));
        log.add(observation(1, 1, 10));
        assertThat(watch(null).stretches()).isEqualTo(1);
        log.add(observation(3, 1, 10));
        assertThat(watch(null).stretches()).as("a second late").isEqualTo(1);
        log.add(observation(7, 1, 10));
        assertThat(watch(null).stretches()).isEqualTo(2);
        log.add(observation(8, 1, 10, "control-2", Source.PROBER, 1));
        assertThat(watch(null).stretches()).isEqualTo(3);
        log.add(observation(9, 0, 10, "control-2", Source.PROBER, 0));
        log.add(observation(10, 1, 10, "control-2", Source.PROBER, 1));
        assertThat(watch(null).stretches()).isEqualTo(4);
        assertThat(watch(null).watchedMs())
                .as("without the one that saw nothing")
                .isEqualTo(6_000);
    }

    @Test
    void afterTheCloseTheLastActiveHoursAreKeptAndAtTheNextOpenTheyGo() {
        close = START.plusSeconds(60);
        reopening = START.plusSeconds(10_000);
        for (int second = 0; second < 5_000; second++) {
            log.add(observation(second, second < 60 ? 1 : 0, 10));
        }

        assertThat(watch(null)).satisfies(seen -> {
            assertThat(seen.activeNow()).isFalse();
            assertThat(seen.watchedMs()).isEqualTo(60_000);
            assertThat(seen.frames()).isEqualTo(60);
        });
        assertThat(log.seen(null, Duration.ofSeconds(30)).types().get(0).watchedSince())
                .as("nothing is due")
                .isNull();
        log.add(observation(10_000, 1, 10));
        assertThat(watch(null)).satisfies(seen -> {
            assertThat(seen.activeNow()).isTrue();
            assertThat(seen.watchedMs()).isEqualTo(1_000);
        });
    }

    @Test
    void whatPagesReportCountsForNothing() {
        log.add(observation(0, 1, 10, "page", Source.PAGE, 1));

        assertThat(log.since(null)).isEqualTo(Watch.NONE);
    }

    @Test
    void theGuardSeesGapsAndFailuresOfItsWindowSinceTheFlip() {
        for (int second = 0; second < 90; second++) {
            log.add(observation(second, 1, 10));
        }

        GuardInput.Seen seen = log.seen(START, Duration.ofSeconds(30));
        assertThat(seen.gaps()).isEqualTo(30);
        assertThat(seen.failures()).isEqualTo(60);
        assertThat(seen.until()).isEqualTo(START.plusSeconds(90));
        assertThat(log.seen(START.plusSeconds(85), Duration.ofSeconds(30)).gaps())
                .isEqualTo(5);
        assertThat(seen.types()).singleElement().satisfies(type -> {
            assertThat(type.watchedSince()).isEqualTo(START);
            assertThat(type.lastAt()).isEqualTo(START.plusSeconds(90));
            assertThat(type.activeNow()).isTrue();
        });
    }

    @Test
    void whatWasSeenLastIsRememberedThoughANewProberHasNotSeenIt() {
        log.add(observation(0, 1, 10));
        log.add(observation(1, 0, 10, "control-2", Source.PROBER, 1));

        assertThat(watch(null).lastAt()).isEqualTo(START.plusSeconds(1));
        assertThat(log.arrivals()).containsExactly(Map.entry("positions", START.plusSeconds(1)));
    }

    @Test
    void fieldsAreNamedOnceHeartbeatsAreTheNewestAndFreshnessIsTheMedianOfMedians() {
        log.add(told(0, List.of("positions: pnl"), START, new Freshness(1, 1_000L, 2_000L)));
        log.add(told(1, List.of("positions: pnl", "positions: cash"), null, Freshness.NONE));
        log.add(told(2, List.of(), START.plusSeconds(2), new Freshness(5, 400L, 500L)));
        log.add(told(3, List.of(), START.plusSeconds(1), new Freshness(2, 300L, 300L)));

        assertThat(log.since(null)).satisfies(watch -> {
            assertThat(watch.missingFields()).containsExactly("positions: pnl", "positions: cash");
            assertThat(watch.heartbeatAt()).isEqualTo(START.plusSeconds(2));
            assertThat(watch.freshness()).isEqualTo(new Freshness(8, 400L, 2_000L));
        });
        assertThat(log.since(START.plusSeconds(2)).missingFields()).isEmpty();
        assertThat(log.heartbeatAt()).isEqualTo(START.plusSeconds(2));
    }

    private static Observation told(int second, List<String> missing, Instant heartbeatAt, Freshness freshness) {
        return new Observation(
                "positions",
                Source.PROBER,
                "control-1",
                START.plusSeconds(second),
                START.plusSeconds(second + 1L),
                1,
                0,
                Map.of(),
                0,
                0,
                0,
                0,
                0,
                freshness,
                missing,
                heartbeatAt);
    }
}

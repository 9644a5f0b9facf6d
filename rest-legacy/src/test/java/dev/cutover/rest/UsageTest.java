package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.cutover.schema.UsageRecord;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class UsageTest {
    private static final Instant NOON = Instant.parse("2026-01-05T12:00:00Z");
    private static final Caller CURL = new Caller("curl/8.5 127.0.0.1", "other");
    private static final Caller PROBER = new Caller("prober", "prober");

    private final Usage usage = new Usage("rest-1", 2);

    private void ask(Caller caller, Instant at) {
        usage.count("positions", caller, at, 1, 0, 0);
    }

    @Test
    void eachCallerHasItsOwnNumbersOfADay() {
        usage.count("positions", CURL, NOON, 2, 1, 0);
        usage.count("positions", CURL, NOON.plusSeconds(5), 0, 0, 3);
        ask(PROBER, NOON);
        assertThat(usage.takeChanged(NOON))
                .containsExactly(
                        new UsageRecord(
                                "positions",
                                CURL.name(),
                                "other",
                                "2026-01-05",
                                "rest-1",
                                2,
                                2,
                                1,
                                3,
                                NOON,
                                NOON.plusSeconds(5)),
                        new UsageRecord(
                                "positions", "prober", "prober", "2026-01-05", "rest-1", 1, 1, 0, 0, NOON, NOON));
    }

    @Test
    void onlyWhatHasChangedIsToldAgain() {
        ask(CURL, NOON);
        ask(PROBER, NOON);
        assertThat(usage.takeChanged(NOON)).hasSize(2);
        assertThat(usage.takeChanged(NOON)).isEmpty();
        ask(CURL, NOON);
        assertThat(usage.takeChanged(NOON)).singleElement().satisfies(record -> {
            assertThat(record.caller()).isEqualTo(CURL.name());
            assertThat(record.answers()).isEqualTo(2);
        });
    }

    @Test
    void whatWasNotWrittenIsToldAgainAsItIsByThen() {
        ask(CURL, NOON);
        UsageRecord unwritten = usage.takeChanged(NOON).get(0);
        ask(CURL, NOON);
        assertThat(usage.takeChanged(NOON)).hasSize(1);
        usage.again(unwritten);
        assertThat(usage.takeChanged(NOON)).singleElement().satisfies(record -> assertThat(record.answers())
                .isEqualTo(2));
    }

    @Test
    void aNewDayOfUtcBeginsAtZeroAndTheDayBeforeStays() {
        Instant midnight = Instant.parse("2026-01-06T00:00:00Z");
        ask(CURL, midnight.minusMillis(1));
        ask(CURL, midnight);
        assertThat(usage.takeChanged(midnight))
                .extracting(UsageRecord::day, UsageRecord::answers)
                .containsExactly(tuple("2026-01-05", 1L), tuple("2026-01-06", 1L));
        UsageRecord old = new UsageRecord(
                "positions", CURL.name(), "other", "2026-01-05", "rest-1", 1, 0, 0, 0, midnight, midnight);
        usage.again(old);
        assertThat(usage.takeChanged(midnight)).hasSize(1);
        var unused = usage.takeChanged(midnight.plus(Duration.ofDays(1)));
        usage.again(old);
        assertThat(usage.takeChanged(midnight)).as("long past").isEmpty();
    }

    @Test
    void callersTooManyAreCountedTogetherButProberAndFallbackNever() {
        for (int i = 0; i < 10; i++) {
            ask(new Caller("caller-" + i, "other"), NOON);
            ask(new Caller("caller-" + i, "other"), NOON);
        }
        ask(PROBER, NOON);
        ask(new Caller("fallback", "fallback"), NOON);
        assertThat(usage.takeChanged(NOON))
                .extracting(UsageRecord::caller, UsageRecord::answers)
                .containsExactlyInAnyOrder(
                        tuple("caller-0", 2L),
                        tuple("caller-1", 2L),
                        tuple("(others)", 16L),
                        tuple("prober", 1L),
                        tuple("fallback", 1L));
    }
}

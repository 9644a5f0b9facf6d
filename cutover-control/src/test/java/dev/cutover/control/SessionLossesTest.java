package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.control.Observation.Freshness;
import dev.cutover.schema.MarketCalendar;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class SessionLossesTest {
    private final SessionLosses losses = losses("30s");

    private static SessionLosses losses(String setting) {
        return new SessionLosses(SessionClock.of(setting, MarketCalendar.shipped()), "prober-a-1");
    }

    private static Observation observation(String until, long gaps, long drops) {
        return observation(until, 1, gaps, drops);
    }

    private static Observation observation(String until, int connections, long gaps, long drops) {
        Instant at = Instant.parse("2026-01-05T" + until + "Z");
        return new Observation(
                "positions",
                Observation.Source.PROBER,
                "control-test",
                at.minusSeconds(1),
                at,
                connections,
                1 - connections,
                Map.of(),
                gaps,
                drops,
                0,
                0,
                0,
                Freshness.NONE,
                List.of(),
                null);
    }

    private void assertTally(Optional<SessionTally> tally, String session, long gaps, long drops) {
        assertThat(tally).get().satisfies(its -> {
            assertThat(its.session()).isEqualTo(session);
            assertThat(its.part()).isEqualTo("prober-a-1");
            assertThat(its.gaps()).isEqualTo(gaps);
            assertThat(its.drops()).isEqualTo(drops);
            assertThat(its.reference()).isNull();
            assertThat(its.matches() + its.mismatches()).isZero();
        });
    }

    @Test
    void whatIsLostAddsUpWithinItsSession() {
        assertTally(losses.add(observation("15:30:02", 0, 0)), "30s@2026-01-05T15:30:00Z", 0, 0);
        assertThat(losses.add(observation("15:30:03", 0, 0))).as("nothing new").isEmpty();
        assertTally(losses.add(observation("15:30:04", 2, 0)), "30s@2026-01-05T15:30:00Z", 2, 0);
        assertTally(losses.add(observation("15:30:05", 1, 1)), "30s@2026-01-05T15:30:00Z", 3, 1);
        assertTally(losses.add(observation("15:30:30.500", 0, 1)), "30s@2026-01-05T15:30:00Z", 3, 2); // it began before
        assertTally(losses.add(observation("15:30:31.500", 0, 1)), "30s@2026-01-05T15:30:30Z", 0, 1);
    }

    @Test
    void aSessionInWhichNoGatewayWasConnectedToIsNotWatched() {
        assertThat(losses.add(observation("15:30:02", 0, 0, 0))).isEmpty();
        assertTally(losses.add(observation("15:30:03", 0, 0, 1)), "30s@2026-01-05T15:30:00Z", 0, 1);
        assertThat(losses.add(observation("15:30:32", 0, 0, 0))).isEmpty();
        assertTally(losses.add(observation("15:30:33", 1, 0, 0)), "30s@2026-01-05T15:30:30Z", 0, 0);
    }

    @Test
    void outsideOfTheMarketsHoursThereIsNoSession() {
        SessionLosses market = losses("market:USA");

        assertThat(market.add(observation("03:00:00", 1, 0))).isEmpty();
        assertTally(market.add(observation("14:30:00.500", 1, 0)), "USA@2026-01-05T14:30:00Z", 1, 0);
    }
}

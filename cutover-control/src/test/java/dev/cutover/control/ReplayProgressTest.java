package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.control.ProgressLine.Place;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class ReplayProgressTest {
    private static final Instant FROM = Instant.parse("2026-01-05T14:00:00Z");
    private static final Instant UNTIL = Instant.parse("2026-01-05T15:00:00Z");

    private final StringWriter err = new StringWriter();
    private long nowNs = -5;

    private ReplayProgress progress(Place place, Instant from) {
        return new ReplayProgress(new PrintWriter(err, true), place, from, UNTIL, () -> nowNs);
    }

    private void pass(double seconds) {
        nowNs += Math.round(seconds * Duration.ofSeconds(1).toNanos());
    }

    @Test
    void aTerminalHasOneLineThatIsRewrittenOnceASecond() {
        ReplayProgress progress = progress(Place.TERMINAL, FROM);
        progress.event("2026-01-05T14:00:00Z");
        pass(0.9);
        progress.event("2026-01-05T14:10:00Z");
        assertThat(err.toString()).isEmpty();
        pass(1.1);
        progress.event("2026-01-05T14:15:00.500Z");
        progress.event("2026-01-05T14:16:00Z");
        pass(1);
        progress.tick();

        assertThat(err.toString())
                .isEqualTo("3 events, at 2026-01-05T14:15:00.500Z, 25 %, 2 events/s\u001b[K\r"
                        + "4 events, at 2026-01-05T14:16:00Z, 26 %, 1 events/s\u001b[K\r");
        progress.say("done");
        assertThat(err.toString()).endsWith("\rdone\u001b[K" + System.lineSeparator());
    }

    @Test
    void aLogHasALineEveryTenSeconds() {
        ReplayProgress progress = progress(Place.LOG, FROM);
        pass(10);
        progress.tick();
        pass(9.9);
        progress.event("2026-01-05T15:00:00Z");
        pass(0.1);
        progress.tick();
        progress.say("done");

        assertThat(err.toString().lines())
                .containsExactly("no event yet", "1 event, at 2026-01-05T15:00:00Z, 100 %, 0 events/s", "done");
    }

    @Test
    void fromTheEarliestTheFirstEventIsTheBegin() {
        ReplayProgress progress = progress(Place.LOG, null);
        progress.event("2026-01-05T14:50:00Z");
        pass(10);
        progress.event("2026-01-05T14:55:00Z");

        assertThat(err.toString()).contains("2 events, at 2026-01-05T14:55:00Z, 50 %");
    }

    @Test
    void whereTheEventsThemselvesPassByNothingIsShown() {
        ReplayProgress progress = progress(Place.NOWHERE, FROM);
        pass(100);
        progress.event("2026-01-05T14:50:00Z");
        assertThat(err.toString()).isEmpty();
    }
}

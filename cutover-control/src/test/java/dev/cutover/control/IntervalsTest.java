package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class IntervalsTest {
    private final Intervals intervals = new Intervals();

    @Test
    void oneEventHasNoInterval() {
        intervals.event(5);
        assertThat(intervals.medianMs()).isNull();
        assertThat(intervals.worstMs()).isNull();
    }

    @Test
    void theMedianIsOneThatWasThereAndTheWorstIsTheLongest() {
        for (long at : new long[] {0, 1_000, 2_000, 9_000, 10_100}) {
            intervals.event(at);
        }
        assertThat(intervals.medianMs()).isEqualTo(1_000);
        assertThat(intervals.worstMs()).isEqualTo(7_000);
    }

    @Test
    void ofVeryManyTheMedianIsStillCloseAndTheWorstExact() {
        long at = 0;
        for (int i = 0; i < 100_000; i++) {
            intervals.event(at);
            at += i == 77_777 ? 123_456 : i % 100;
        }
        assertThat(intervals.medianMs()).isBetween(40L, 60L);
        assertThat(intervals.worstMs()).isEqualTo(123_456);
    }
}

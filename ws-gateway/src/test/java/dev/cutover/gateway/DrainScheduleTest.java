package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DrainScheduleTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final Duration TEN = Duration.ofSeconds(10);

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 200, 1_599, 20_000})
    void everySessionIsToldWithinFourFifthsOfTheWindowAndInOrder(int sessions) {
        long[] delays = new DrainSchedule(TEN, 1).delaysNs(sessions, random);
        assertThat(delays).hasSize(sessions).isSorted();
        assertThat(LongStream.of(delays)).as("seed %d", seed).allMatch(each -> each >= 0 && each < 8 * SECOND);
    }

    @Test
    void noMoreThanTwoHundredASecondWhereTheWindowAllows() {
        long[] delays = new DrainSchedule(TEN, 1).delaysNs(1_000, random);
        assertThat(delays[999]).as("seed %d", seed).isBetween(4 * SECOND, 5 * SECOND);
        for (int second = 0; second < 5; second++) {
            long from = second * SECOND;
            assertThat(LongStream.of(delays).filter(each -> each >= from && each < from + SECOND))
                    .hasSizeBetween(199, 201);
        }
    }

    @Test
    void severalLoopsTogetherKeepToThatRate() {
        long[] delays = new DrainSchedule(TEN, 4).delaysNs(100, random);
        assertThat(delays[99]).as("seed %d", seed).isBetween(19 * SECOND / 10, 2 * SECOND);
    }

    @Test
    void thousandsAreSpreadEvenlyOverTheWindow() {
        long[] delays = new DrainSchedule(TEN, 1).delaysNs(8_000, random);
        for (int second = 0; second < 8; second++) {
            long from = second * SECOND;
            assertThat(LongStream.of(delays).filter(each -> each >= from && each < from + SECOND))
                    .hasSizeBetween(999, 1_001);
        }
    }

    @Test
    void aFewAreToldAtOnce() {
        assertThat(LongStream.of(new DrainSchedule(TEN, 2).delaysNs(3, random)))
                .as("seed %d", seed)
                .allMatch(each -> each < 30_000_000);
    }

    @Test
    void withoutAWindowAllAreToldAtOnce() {
        assertThat(new DrainSchedule(Duration.ZERO, 2).delaysNs(1_000, random)).containsOnly(0);
    }

    @Test
    void twoGatewaysDoNotTellAtTheSameMoments() {
        DrainSchedule schedule = new DrainSchedule(TEN, 1);
        assertThat(schedule.delaysNs(100, random)).isNotEqualTo(schedule.delaysNs(100, random));
    }
}

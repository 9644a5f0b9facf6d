package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.IntNode;
import dev.cutover.control.FeatureWatch.Arrived;
import dev.cutover.control.FreshnessWatch.Shown;
import dev.cutover.control.Observation.Freshness;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** An event's data is a number here, and so is its hash; times are milliseconds. */
final class FreshnessWatchTest {
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private final FreshnessWatch freshness =
            new FreshnessWatch(event -> event.data().asLong(), INTERVAL);
    private long offset;

    FreshnessWatchTest() {
        freshness.asking(List.of("1"));
    }

    private void ws(int value, long atMs) {
        ws("1", value, atMs, true);
    }

    private void ws(String key, int value, long atMs, boolean atOnce) {
        freshness.arrived(
                new Arrived("positions", key, "e1", 0, offset++, IntNode.valueOf(value), atOnce),
                TimeUnit.MILLISECONDS.toNanos(atMs));
    }

    private void rest(long atMs, int... values) {
        freshness.answered(
                "1",
                IntStream.of(values)
                        .mapToObj(value -> new Shown("positions", value))
                        .toList(),
                TimeUnit.MILLISECONDS.toNanos(atMs));
    }

    private static Freshness samples(Long... lateMs) {
        return FreshnessWatch.of(LongStream.range(0, lateMs.length)
                .map(i -> TimeUnit.MILLISECONDS.toNanos(lateMs[(int) i]))
                .boxed()
                .toList());
    }

    @Test
    void itIsTheTimeFromAnEventToTheFirstAnswerThatShowsIt() {
        ws(1, 0);
        rest(100, 1);
        ws(2, 300);
        rest(1_100, 1);
        rest(2_100, 2);
        rest(3_100, 2);

        assertThat(freshness.take()).isEqualTo(samples(1_800L));
        assertThat(freshness.take()).isEqualTo(Freshness.NONE);
    }

    @Test
    void theMedianAndTheWorstAreOfAllSamples() {
        ws(1, 0);
        rest(100, 1);
        ws(2, 1_000);
        rest(1_100, 2);
        ws(3, 1_300);
        rest(2_100, 3);
        ws(4, 2_900);
        rest(3_100, 4);

        assertThat(freshness.take()).isEqualTo(new Freshness(3, 200L, 800L));
    }

    @Test
    void theSameStateOnceMoreIsNoNews() {
        ws(1, 0);
        rest(100, 1);
        ws(1, 500);
        rest(1_100, 1);

        assertThat(freshness.take()).isEqualTo(Freshness.NONE);
    }

    @Test
    void anEventThatIsSupersededBeforeRestShowsItGivesNoSample() {
        ws(1, 0);
        rest(100, 1);
        ws(2, 300);
        ws(3, 600);
        rest(1_100, 3);
        rest(2_100, 2);

        assertThat(freshness.take()).isEqualTo(samples(500L));
    }

    @Test
    void wherePollsWereTooFarApartNothingIsMeasured() {
        ws(1, 0);
        rest(100, 1);
        ws(2, 300);
        rest(2_101, 2);
        assertThat(freshness.take()).isEqualTo(Freshness.NONE);
    }

    @Test
    void theFirstAnswerForAKeyMeasuresNothing() {
        ws(1, 0);
        ws(2, 300);
        rest(900, 2);

        assertThat(freshness.take()).isEqualTo(Freshness.NONE);
    }

    @Test
    void whereRestIsFirstTheTimeIsNegative() {
        ws(1, 0);
        rest(100, 1);
        rest(1_100, 2);
        ws(2, 1_300);
        rest(2_100, 2);

        assertThat(freshness.take()).isEqualTo(samples(-200L));
    }

    @Test
    void aValueThatComesBackWhileRestStillShowsItIsNotTakenForOneThatRestHadFirst() {
        ws(1, 0);
        rest(100, 1);
        ws(2, 300);
        ws(1, 400);
        rest(1_100, 1);

        assertThat(freshness.take().medianMs()).isNotNegative();
    }

    @Test
    void whatCameLateAfterALostConnectionIsNotMeasured() {
        ws(1, 0);
        rest(100, 1);
        ws("1", 2, 500, false);
        rest(1_100, 2);

        assertThat(freshness.take()).isEqualTo(Freshness.NONE);
    }

    @Test
    void entriesOfASeriesAreEachRecognised() {
        ws(1, 0);
        rest(100, 1);
        ws(2, 400);
        ws(3, 600);
        rest(1_100, 1, 2, 3);

        assertThat(freshness.take()).isEqualTo(samples(700L, 500L));
    }

    @Test
    void keysThatAreNotAskedForCostNothing() {
        ws("2", 1, 0, true);
        freshness.asking(List.of("2"));
        assertThat(freshness.isAsking("1")).isFalse();
        rest(100, 1);
        rest(200, 2);

        assertThat(freshness.take()).isEqualTo(Freshness.NONE);
    }

    @Test
    void theWindowForgets() {
        ws(1, 0);
        rest(100, 1);
        ws(2, 300);
        rest(1_100, 2);

        assertThat(freshness.window(TimeUnit.SECONDS.toNanos(60))).isEqualTo(samples(800L));
        assertThat(freshness.window(TimeUnit.SECONDS.toNanos(62))).isEqualTo(Freshness.NONE);
    }
}

package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.jobs.Source.Batch;
import dev.cutover.schema.Event.IntradayBar;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class SimulatedSourceTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Instant NOW = Instant.parse("2026-01-05T15:30:20Z");

    private final List<IntradayBar> history = new ArrayList<>();

    @Test
    void theSameSeedAndTimeGiveTheSameBars() {
        Batch one = started(42, NOW, Progress.NONE).advance(MINUTE.multipliedBy(30));
        Batch other = started(42, NOW, Progress.NONE).advance(MINUTE.multipliedBy(30));

        assertThat(other).isEqualTo(one);
        assertThat(started(43, NOW, Progress.NONE).advance(MINUTE.multipliedBy(30)))
                .isNotEqualTo(one);
    }

    /** The numbers themselves are held, so that another JVM, processor or version of the code can't change them unseen. */
    @Test
    void theFirstBarsOfSeed42AreTheseOnEveryMachine() {
        Batch batch = started(42, NOW, Progress.NONE).advance(Duration.ZERO);

        assertThat(batch.newest().stream().map(SimulatedSourceTest::text))
                .containsExactly(
                        "SPY 435.07 435.13 435.04 435.11 153813", "BTC-USD 63627.74 63644.01 63624.73 63636.78 2.3792");
    }

    @Test
    void timePassedInManyStepsClosesTheSameBarsAsInOne() {
        Source steps = started(42, NOW, Progress.NONE);
        List<IntradayBar> closed = new ArrayList<>();
        for (int second = 0; second < 600; second++) {
            closed.addAll(steps.advance(Duration.ofSeconds(second == 0 ? 0 : 1)).closed());
        }

        assertThat(closed)
                .isEqualTo(started(42, NOW, Progress.NONE)
                        .advance(Duration.ofSeconds(599))
                        .closed())
                .hasSize(20);
    }

    @Test
    void anOpenBarIsTheBeginningOfTheClosedOne() {
        Source source = started(42, Instant.parse("2026-01-05T15:30:00Z"), Progress.NONE);
        List<IntradayBar> open = new ArrayList<>();
        for (int second = 0; second < 60; second++) {
            open.add(source.advance(Duration.ofSeconds(second == 0 ? 0 : 1))
                    .newest()
                    .get(0));
        }
        IntradayBar closed = source.advance(Duration.ofSeconds(1)).closed().get(0);

        for (int second = 1; second < 60; second++) {
            IntradayBar now = open.get(second);
            IntradayBar before = open.get(second - 1);
            assertThat(now.open()).isEqualTo(closed.open());
            assertThat(now.high()).isBetween(before.high(), closed.high());
            assertThat(now.low()).isBetween(closed.low(), before.low());
            assertThat(now.volume()).isBetween(before.volume(), closed.volume());
        }
        assertThat(open.get(59))
                .usingRecursiveComparison()
                .ignoringFields("closed")
                .isEqualTo(closed);
    }

    @Test
    void atSpeed600TenBarsOfEachSymbolCloseInASecond() {
        Source source = started(42, NOW, Progress.NONE);
        source.advance(Duration.ZERO);

        assertThat(Given.minutesOf(source.advance(MINUTE.multipliedBy(10)).closed()))
                .hasSize(20)
                .startsWith("SPY 15:30", "BTC-USD 15:30", "SPY 15:31")
                .endsWith("SPY 15:39", "BTC-USD 15:39");
    }

    @Test
    void coinsTradeInFractionsAndSharesInWholeNumbers() {
        Batch batch = started(42, NOW, Progress.NONE).advance(Duration.ZERO);

        assertThat(batch.newest().get(0).volume().scale()).isZero();
        assertThat(batch.newest().get(1).volume().scale()).isEqualTo(4);
    }

    @Test
    void pricesWanderAroundTheirBaseAndNeverRunAway() {
        Source source = started(7, NOW, Progress.NONE);

        assertThat(source.advance(Duration.ofDays(3)).closed())
                .filteredOn(bar -> bar.symbol().equals("SPY"))
                .allSatisfy(bar -> assertThat(bar.close()).isBetween(new BigDecimal("400"), new BigDecimal("500")))
                .extracting(IntradayBar::close)
                .satisfies(closes -> assertThat(List.copyOf(Set.copyOf(closes))).hasSizeGreaterThan(500));
    }

    @Test
    void itStartsAtWallTimeWithTheDaysHistory() {
        Batch first = started(42, NOW, Progress.NONE).advance(Duration.ZERO);

        assertThat(first.sourceTime()).isEqualTo(NOW);
        assertThat(first.closed()).isEmpty();
        assertThat(history).hasSize(2 * (15 * 60 + 30)).allMatch(IntradayBar::closed);
    }

    @Test
    void aRestartWithinTheLongestPauseMakesUpForTheBarsThatClosed() {
        Batch first = started(42, NOW, progress("2026-01-05T15:27:00Z", "2026-01-05T15:26:00Z"))
                .advance(Duration.ZERO);

        assertThat(Given.minutesOf(first.closed()))
                .containsExactly("BTC-USD 15:27", "SPY 15:28", "BTC-USD 15:28", "SPY 15:29", "BTC-USD 15:29");
        assertThat(first.sourceTime()).isEqualTo(NOW);
    }

    @Test
    void aRestartAfterALongerPauseJumpsToWallTime() {
        Batch first = started(42, NOW, progress("2026-01-05T15:20:00Z", "2026-01-05T15:20:00Z"))
                .advance(Duration.ZERO);

        assertThat(first.closed()).isEmpty();
        assertThat(first.sourceTime()).isEqualTo(NOW);
    }

    @Test
    void aRunThatWasAheadOfWallTimeGoesOnWhereItWas() {
        Source source = started(42, NOW, progress("2026-01-07T10:00:00Z", "2026-01-07T09:59:00Z"));

        Batch first = source.advance(Duration.ZERO);

        assertThat(first.sourceTime()).isEqualTo("2026-01-07T10:01:00Z");
        assertThat(Given.minutesOf(first.closed())).containsExactly("BTC-USD 10:00");
    }

    @Test
    void aSymbolThatIsNewSinceTheLastRunStartsWithTheOthers() {
        Batch first = started(42, NOW, new Progress(Map.of("SPY", Instant.parse("2026-01-05T15:28:00Z"))))
                .advance(Duration.ZERO);

        assertThat(Given.minutesOf(first.closed())).containsExactly("SPY 15:29");
        assertThat(first.newest()).hasSize(2);
    }

    private static Progress progress(String spy, String btc) {
        return new Progress(Map.of("SPY", Instant.parse(spy), "BTC-USD", Instant.parse(btc)));
    }

    private SimulatedSource started(long seed, Instant now, Progress progress) {
        ManualClock clock = new ManualClock(now.toString());
        SimulatedSource source =
                new SimulatedSource(List.of("SPY", "BTC-USD"), seed, "USA", Duration.ofMinutes(5), clock);
        source.resume(progress, history::add);
        return source;
    }

    private static String text(IntradayBar bar) {
        return String.join(
                " ",
                bar.symbol(),
                bar.open().toPlainString(),
                bar.high().toPlainString(),
                bar.low().toPlainString(),
                bar.close().toPlainString(),
                bar.volume().toPlainString());
    }
}

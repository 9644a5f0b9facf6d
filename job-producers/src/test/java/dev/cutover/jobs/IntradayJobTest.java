package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.jobs.Job.Slot;
import dev.cutover.schema.Event.IntradayBar;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

/** With real bars: thirteen minutes to a Friday's close from 19:48, and eight from Monday's open at 13:30. */
final class IntradayJobTest {
    private static final Instant START = Instant.parse("2026-01-05T15:30:00Z");

    private final ManualClock clock = new ManualClock(START.toString());
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final JobsMetrics metrics = new JobsMetrics(registry, clock);
    private final AtomicReference<MarketState> market = new AtomicReference<>(MarketState.EMPTY);

    @Test
    void atSpeed60OneBarClosesEachSecondBeforeTheNextIsShown() {
        MockProducer<byte[], byte[]> producer = Given.producer(true);
        IntradayJob job = job(producer, 60, Progress.NONE);

        ticks(job, 0, 3);

        assertThat(Given.events(producer, IntradayBar.class))
                .extracting(bar -> Given.minuteOf(bar) + " " + bar.closed())
                .containsExactly(
                        "MSFT 19:48 false",
                        "MSFT 19:48 true",
                        "MSFT 19:49 false",
                        "MSFT 19:49 true",
                        "MSFT 19:50 false");
        assertThat(job.hasEmitted()).isTrue();
    }

    @Test
    void atSpeed600EveryBarOfTheFileIsFinalOnceAndTheEndIsHeld() {
        MockProducer<byte[], byte[]> producer = Given.producer(true);

        ticks(job(producer, 600, Progress.NONE), 0, 4);

        assertThat(Given.finals(producer)).hasSize(22);
        assertThat(Given.minutesOf(Given.finals(producer).subList(0, 21))).doesNotHaveDuplicates();
        assertThat(Given.minutesOf(Given.finals(producer).subList(20, 22))).containsExactly("MSFT 13:37", "MSFT 13:37");
    }

    @Test
    void aLateTickChangesNoPace() {
        MockProducer<byte[], byte[]> producer = Given.producer(true);
        IntradayJob job = job(producer, 60, Progress.NONE);

        tick(job, 0);
        tick(job, 5);

        assertThat(Given.finals(producer)).hasSize(5);
    }

    @Test
    void aLongHoldUpIsCaughtUpWithInSteps() {
        MockProducer<byte[], byte[]> producer = Given.producer(true);
        IntradayJob job = job(producer, 60, Progress.NONE);

        tick(job, 0);
        tick(job, 15);
        assertThat(Given.finals(producer)).hasSize(10);
        assertThat(registry.get("cutover.jobs.source.lag").gauge().value()).isEqualTo(5);
        tick(job, 16);

        assertThat(Given.finals(producer)).hasSize(16);
        assertThat(registry.get("cutover.jobs.source.lag").gauge().value()).isZero();
    }

    @Test
    void aWallClockSetBackStopsTheSourceForATickAlone() {
        MockProducer<byte[], byte[]> producer = Given.producer(true);
        IntradayJob job = job(producer, 60, Progress.NONE);

        tick(job, 0);
        tick(job, 1);
        tick(job, -3600);
        tick(job, -3599);

        assertThat(Given.minutesOf(Given.finals(producer))).containsExactly("MSFT 19:48", "MSFT 19:49");
    }

    @Test
    void progressIsWrittenOnceTheBarIsAcknowledgedAndNeverPastAFailure() {
        MockProducer<byte[], byte[]> producer = Given.producer(false);
        IntradayJob job = job(producer, 60, Progress.NONE);
        tick(job, 0);
        producer.completeNext();

        // two bars close; the first one fails, the second one gets through
        tick(job, 2);
        producer.errorNext(new TimeoutException("the broker is away"));
        producer.completeNext();
        tick(job, 3);
        assertThat(progress(producer)).isNull();

        // the failed one is sent again, and with it the one that waited for it counts
        completeAll(producer);
        tick(job, 3);

        assertThat(progress(producer)).isEqualTo(upTo("2016-04-15T19:50:00Z"));
        assertThat(Given.minutesOf(Given.finals(producer)))
                .containsExactly("MSFT 19:48", "MSFT 19:49", "MSFT 19:48", "MSFT 19:50");
    }

    @Test
    void theSourceStandsStillWhileKafkaOwesAnswersForTooManyBars() {
        MockProducer<byte[], byte[]> producer = Given.producer(false);
        Source source = new SimulatedSource(List.of("SPY"), 42, "USA", Duration.ofMinutes(5), clock);
        IntradayJob job = new IntradayJob(source, Progress.NONE, 60_000, publisher(producer), market, metrics);

        for (int second = 0; second <= 20; second++) {
            tick(job, second);
        }
        Instant stoodStillAt = market.get().sourceTime();
        tick(job, 21);

        assertThat(Given.finals(producer)).hasSize(10_000);
        assertThat(market.get().sourceTime()).isEqualTo(stoodStillAt);
        assertThat(registry.get("cutover.jobs.bars.unacknowledged").gauge().value())
                .isEqualTo(10_000);

        completeAll(producer);
        tick(job, 22);
        assertThat(market.get().sourceTime()).isAfter(stoodStillAt);
        assertThat(Given.minutesOf(Given.finals(producer)).subList(0, 1_000)).doesNotHaveDuplicates();
    }

    @Test
    void aRestartGoesOnWhereTheProgressSaysAndClosesNoBarTwice() {
        MockProducer<byte[], byte[]> first = Given.producer(true);
        IntradayJob before = job(first, 60, Progress.NONE);
        ticks(before, 0, 6);
        before.finish(Duration.ofSeconds(1));
        Progress left = progress(first);
        MockProducer<byte[], byte[]> second = Given.producer(true);

        ticks(job(second, 60, left), 0, 3);

        assertThat(left).isEqualTo(upTo("2016-04-15T19:52:00Z"));
        assertThat(Given.minutesOf(Given.finals(first))).endsWith("MSFT 19:52");
        assertThat(Given.minutesOf(Given.finals(second))).containsExactly("MSFT 19:53", "MSFT 19:54");
    }

    @Test
    void theAverageOfTheDayIsTheSameAfterARestart() {
        ticks(job(Given.producer(true), 60, Progress.NONE), 0, 6);
        MarketState.Quote unbroken = market.get().quotes().get("MSFT");

        ticks(job(Given.producer(true), 60, upTo("2016-04-15T19:52:00Z")), 0, 1);
        MarketState.Quote restarted = market.get().quotes().get("MSFT");

        assertThat(restarted).isEqualTo(unbroken);
        assertThat(restarted.vwap()).isEqualTo(unbroken.vwap());
    }

    @Test
    void theAverageBeginsAnewWithTheDayOfTheSource() {
        ticks(job(Given.producer(true), 60, Progress.NONE), 0, 14);

        MarketState.Quote monday = market.get().quotes().get("MSFT");

        assertThat(monday.newest().timestampMinute()).isEqualTo("2016-04-18T13:30:00Z");
        // (55.49 + 55.21 + 55.3) / 3
        assertThat(monday.vwap()).isEqualByComparingTo("55.3333");
        assertThat(monday.dayVolume()).isEqualByComparingTo("270788");
    }

    private IntradayJob job(MockProducer<byte[], byte[]> producer, double speed, Progress progress) {
        try {
            Path file = Path.of(
                    IntradayJobTest.class.getResource("msft-1m-excerpt.tsv").toURI());
            FileSource source = FileSource.open(file, Given.settings("symbol", "MSFT"), metrics);
            return new IntradayJob(source, progress, speed, publisher(producer), market, metrics);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private EventPublisher publisher(MockProducer<byte[], byte[]> producer) {
        return new EventPublisher(producer, FeatureCatalog.shipped(), "/cutover/jobs/file", clock, metrics);
    }

    private void ticks(IntradayJob job, int from, int count) {
        for (int second = from; second < from + count; second++) {
            tick(job, second);
        }
    }

    private void tick(IntradayJob job, int second) {
        clock.set(START.plusSeconds(second));
        assertThat(job.run(new Slot(second, clock.instant()))).isEqualTo(Job.Outcome.DONE);
    }

    private static void completeAll(MockProducer<byte[], byte[]> producer) {
        boolean more = true;
        while (more) {
            more = producer.completeNext();
        }
    }

    private static Progress upTo(String minute) {
        return new Progress(Map.of("MSFT", Instant.parse(minute)));
    }

    /** The progress that was written last; null where none was. */
    private static Progress progress(MockProducer<byte[], byte[]> producer) {
        return producer.history().stream()
                .filter(record -> record.topic().equals(Topics.JOBS_PROGRESS))
                .map(ProducerRecord::value)
                .map(Progress::fromJson)
                .reduce((earlier, later) -> later)
                .orElse(null);
    }
}

package dev.cutover.jobs;

import dev.cutover.jobs.JobsSettings.SourceChoice;
import dev.cutover.schema.Event;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Health;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.MarketCalendar;
import dev.cutover.schema.StartupException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * All jobs, running. Started and closed by one thread; health and counts may be asked by any. The package's drawing shows how
 * the parts hang together.
 */
public final class Jobs implements AutoCloseable {
    private static final Duration PROGRESS_TIMEOUT = Duration.ofSeconds(15);
    private static final Duration CLOSE_DEADLINE = Duration.ofSeconds(2);

    /** A job is not held for longer by a Kafka that is away; an operator's own {@code kafka.max.block.ms} wins. */
    private static final String MAX_BLOCK_MS = "1000";

    private final Feed feed;
    private final EventPublisher publisher;
    private final JobScheduler scheduler;

    private Jobs(Feed feed, EventPublisher publisher, JobScheduler scheduler) {
        this.feed = feed;
        this.publisher = publisher;
        this.scheduler = scheduler;
    }

    /**
     * Reads as much of the source and the market calendar as shows whether they can be used, before anything is started.
     *
     * @throws StartupException as {@link #start}
     */
    public static void check(JobsSettings settings, FeatureCatalog catalog) {
        Clock clock = Clock.systemUTC();
        MarketCalendar unused = calendar(settings);
        if (settings.source() instanceof SourceChoice.RestPoll rest) {
            List<PollPlan> unusedPlans = PollPlan.of(catalog, rest.service(), settings.poll());
            return;
        }
        source(settings, new JobsMetrics(new CompositeMeterRegistry(), clock), clock)
                .close();
    }

    /**
     * Starts all jobs that the catalog has event types for. The topics must be there.
     *
     * @throws StartupException when the source or the market calendar can't be read, or Kafka does not answer; nothing is left
     *     running then
     */
    public static Jobs start(
            JobsSettings settings, FeatureCatalog catalog, KafkaConnection kafka, MeterRegistry registry) {
        Clock clock = Clock.systemUTC();
        JobsMetrics metrics = new JobsMetrics(registry, clock);
        MarketCalendar calendar = calendar(settings);
        Feed feed = feed(settings, catalog, kafka, metrics, clock);
        Producer<byte[], byte[]> producer = null;
        try {
            producer = kafka.with(Map.of(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MS))
                    .producer("jobs");
            return start(catalog, calendar, feed, producer, metrics, clock);
        } catch (RuntimeException e) {
            if (producer != null) {
                producer.close(Duration.ZERO);
            }
            feed.close();
            throw e;
        }
    }

    /** From parts that are there. */
    static Jobs start(
            FeatureCatalog catalog,
            MarketCalendar calendar,
            Feed feed,
            Producer<byte[], byte[]> producer,
            JobsMetrics metrics,
            Clock clock) {
        EventPublisher publisher =
                new EventPublisher(producer, catalog, "/cutover/jobs/" + feed.kind(), clock, metrics);
        JobScheduler scheduler = new JobScheduler(clock, metrics);
        Instant start = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        Feed.Starter starter = new Feed.Starter(catalog, scheduler);
        feed.start(starter, publisher, start);
        // the calendar's word is as true beside a polled service as beside bars, unless that service says it itself
        if (!feed.emits(Event.MarketStatus.TYPE)) {
            starter.start(Event.MarketStatus.TYPE, new MarketStatusJob(calendar, publisher), start);
        }
        Duration beat = catalog.heartbeat().cadence();
        scheduler.start(new HeartbeatJob(beat, publisher), start, beat);
        return new Jobs(feed, publisher, scheduler);
    }

    private static Feed feed(
            JobsSettings settings, FeatureCatalog catalog, KafkaConnection kafka, JobsMetrics metrics, Clock clock) {
        if (settings.source() instanceof SourceChoice.RestPoll rest) {
            return new PollFeed(rest.service(), catalog, settings.poll(), clock, metrics);
        }
        Source source = source(settings, metrics, clock);
        try (Consumer<byte[], byte[]> consumer = kafka.consumer("jobs-progress")) {
            Progress progress = ProgressReader.read(consumer, IntradayJob.progressKey(source), PROGRESS_TIMEOUT);
            return new BarFeed(settings, source, progress, metrics);
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    private static MarketCalendar calendar(JobsSettings settings) {
        try {
            return settings.markets() == null ? MarketCalendar.shipped() : MarketCalendar.load(settings.markets());
        } catch (IllegalArgumentException e) {
            throw new StartupException(e.getMessage(), e);
        }
    }

    private static Source source(JobsSettings settings, JobsMetrics metrics, Clock clock) {
        if (settings.source() instanceof SourceChoice.BarsFile file) {
            return FileSource.open(file.path(), settings, metrics);
        }
        return new SimulatedSource(settings.symbols(), settings.seed(), settings.country(), settings.maxGap(), clock);
    }

    /**
     * Ready once Kafka has acknowledged the first bar, or once every feature has been polled; and while Kafka takes events, no job
     * fails, and of every feature that is polled something can be read.
     */
    public Health health() {
        List<String> reasons = new ArrayList<>();
        publisher.problem().ifPresent(problem -> reasons.add("Kafka does not take events: " + problem));
        scheduler.failing().forEach((job, why) -> reasons.add("job " + job + " fails: " + why));
        return feed.health().and(new Health(reasons));
    }

    /** How many events Kafka has acknowledged. */
    public long published() {
        return publisher.acknowledged();
    }

    /** Stops the jobs, waits for Kafka's answers, and writes how far the source got; within two seconds. */
    @Override
    public void close() {
        long deadlineNs = System.nanoTime() + CLOSE_DEADLINE.toNanos();
        boolean ended = scheduler.stop(CLOSE_DEADLINE.dividedBy(2));
        if (ended) {
            feed.finish(CLOSE_DEADLINE.dividedBy(4));
        }
        publisher.close(Duration.ofNanos(Math.max(0, deadlineNs - System.nanoTime())));
        if (ended) {
            feed.close();
        }
    }
}

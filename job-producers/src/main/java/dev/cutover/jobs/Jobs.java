package dev.cutover.jobs;

import dev.cutover.jobs.JobsSettings.SourceChoice;
import dev.cutover.schema.Event;
import dev.cutover.schema.Feature;
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
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All jobs, running. Started and closed by one thread; health and counts may be asked by any. The package's drawing shows how
 * the parts hang together.
 */
public final class Jobs implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Jobs.class);
    private static final Duration PROGRESS_TIMEOUT = Duration.ofSeconds(15);
    private static final Duration CLOSE_DEADLINE = Duration.ofSeconds(2);

    /** A job is not held for longer by a Kafka that is away; an operator's own {@code kafka.max.block.ms} wins. */
    private static final String MAX_BLOCK_MS = "1000";

    private final Source source;
    private final EventPublisher publisher;
    private final JobScheduler scheduler;
    /** Null where the catalog has no intraday bars. */
    private final IntradayJob intraday;

    private Jobs(Source source, EventPublisher publisher, JobScheduler scheduler, IntradayJob intraday) {
        this.source = source;
        this.publisher = publisher;
        this.scheduler = scheduler;
        this.intraday = intraday;
    }

    /**
     * Reads as much of the source and the market calendar as shows whether they can be used, before anything is started.
     *
     * @throws StartupException as {@link #start}
     */
    public static void check(JobsSettings settings) {
        Clock clock = Clock.systemUTC();
        MarketCalendar unused = calendar(settings);
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
        Source source = source(settings, metrics, clock);
        Producer<byte[], byte[]> producer = null;
        try {
            Progress progress;
            try (Consumer<byte[], byte[]> consumer = kafka.consumer("jobs-progress")) {
                progress = ProgressReader.read(consumer, IntradayJob.progressKey(source), PROGRESS_TIMEOUT);
            }
            producer = kafka.with(Map.of(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MS))
                    .producer("jobs");
            return start(settings, catalog, calendar, source, progress, producer, metrics, clock);
        } catch (RuntimeException e) {
            if (producer != null) {
                producer.close(Duration.ZERO);
            }
            source.close();
            throw e;
        }
    }

    /** From parts that are there. */
    static Jobs start(
            JobsSettings settings,
            FeatureCatalog catalog,
            MarketCalendar calendar,
            Source source,
            Progress progress,
            Producer<byte[], byte[]> producer,
            JobsMetrics metrics,
            Clock clock) {
        String ceSource = "/cutover/jobs/" + source.kind();
        EventPublisher publisher = new EventPublisher(producer, catalog, ceSource, clock, metrics);
        AtomicReference<MarketState> market = new AtomicReference<>(MarketState.EMPTY);
        Valuations valuations = new Valuations(new Portfolio(settings.seed(), settings.accounts()), market::get);
        IntradayJob intraday = new IntradayJob(source, progress, settings.speed(), publisher, market, metrics);
        JobScheduler scheduler = new JobScheduler(clock, metrics);
        Instant start = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        // what the bars' first tick says is there when the others first ask
        Instant afterFirstBars = start.plusSeconds(1);
        Starter starter = new Starter(catalog, scheduler);
        boolean bars = starter.start(Event.IntradayBar.TYPE, intraday, start);
        starter.start(Event.VwapUpdate.TYPE, new VwapJob(settings.country(), market::get, publisher), afterFirstBars);
        starter.start(Event.AccountBalance.TYPE, new AccountBalanceJob(valuations, publisher), afterFirstBars);
        starter.start(Event.Positions.TYPE, new PositionsJob(valuations, publisher), afterFirstBars);
        starter.start(Event.MarketStatus.TYPE, new MarketStatusJob(calendar, publisher), start);
        Duration beat = catalog.heartbeat().cadence();
        scheduler.start(new HeartbeatJob(beat, publisher), start, beat);
        log.info("jobs run from {} at {} times its pace", source.id(), settings.speed());
        return new Jobs(source, publisher, scheduler, bars ? intraday : null);
    }

    private record Starter(FeatureCatalog catalog, JobScheduler scheduler) {

        /** Starts the job at its event type's cadence, if the catalog has that type. */
        boolean start(String type, Job job, Instant first) {
            Optional<Feature.EventType> event = catalog.event(type);
            if (event.isEmpty()) {
                log.info("job {} is not started: the feature catalog has no event type {}", job.name(), type);
                return false;
            }
            scheduler.start(job, first, event.get().cadence());
            return true;
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

    /** Ready once Kafka has acknowledged the first bar, and while it takes events and no job fails. */
    public Health health() {
        List<String> reasons = new ArrayList<>();
        if (intraday != null && !intraday.hasEmitted()) {
            reasons.add("Kafka has not acknowledged a bar yet");
        }
        publisher.problem().ifPresent(problem -> reasons.add("Kafka does not take events: " + problem));
        scheduler.failing().forEach((job, why) -> reasons.add("job " + job + " fails: " + why));
        return new Health(reasons);
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
        if (ended && intraday != null) {
            intraday.finish(CLOSE_DEADLINE.dividedBy(4));
        }
        publisher.close(Duration.ofNanos(Math.max(0, deadlineNs - System.nanoTime())));
        if (ended) {
            source.close();
        }
    }
}

package dev.cutover.control;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.Topics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the topics of evidence, and writes what they say into the {@link EvidenceBook}. Of each it begins as far back as the
 * book can use, and no further than a number of records that is read within seconds; so a start is bounded however long Cutover
 * has run.
 *
 * <p>Its thread, {@code control-evidence}, alone owns the consumer and all that is not final or volatile. While Kafka is away the
 * book stays as it is, and says how old it is. A record that can't be read is counted, logged and passed.
 */
final class EvidenceReader implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EvidenceReader.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);
    private static final long REFRESH_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(500);

    /**
     * One topic of evidence.
     *
     * @param back how far back in time the book can use it
     * @param most records that are read of what is there at the start
     */
    private record Source(TopicPartition partition, Duration back, long most) {
        Source(String topic, Duration back, long most) {
            this(new TopicPartition(topic, 0), back, most);
        }
    }

    private final Consumer<byte[], byte[]> consumer;
    private final EvidenceBook book;
    private final InstantSource clock;
    private final LongSupplier nanoClock;
    private final ControlMetrics metrics;
    private final List<Source> sources;
    private final List<TopicPartition> partitions;
    private final Thread thread = new Thread(this::run, "control-evidence");
    private volatile boolean closing;

    // owned by the reader's thread
    private boolean open;
    /** The ends as they were when they were asked for; empty while there is nothing to reach. */
    private Map<TopicPartition, Long> ends = Map.of();

    private long askedNs;
    private long refreshDueNs;
    private boolean away;

    /**
     * A reader that is at rest until {@link #start}, or is moved by {@link #step}.
     *
     * @param consumer without a group
     * @param clock of the wall
     */
    EvidenceReader(
            Consumer<byte[], byte[]> consumer,
            EvidenceBook book,
            FeatureCatalog catalog,
            InstantSource clock,
            LongSupplier nanoClock,
            ControlMetrics metrics) {
        this.consumer = consumer;
        this.book = book;
        this.clock = clock;
        this.nanoClock = nanoClock;
        this.metrics = metrics;
        this.sources = sources(catalog);
        this.partitions = sources.stream().map(Source::partition).toList();
        this.refreshDueNs = nanoClock.getAsLong();
        metrics.showEvidenceAge(book::ageMs);
    }

    private static List<Source> sources(FeatureCatalog catalog) {
        Duration slowest = catalog.features().stream()
                .map(Feature::slowestCadence)
                .max(Duration::compareTo)
                .orElse(Duration.ZERO);
        Duration watched = longer(Duration.ofHours(1), slowest.multipliedBy(10));
        Duration judged = longer(Duration.ofHours(1), slowest.multipliedBy(GuardInput.CADENCES));
        return List.of(
                new Source(Topics.PARITY_VERDICTS, judged, 20_000),
                new Source(Topics.PARITY_SESSIONS, Duration.ofDays(60), 500_000),
                new Source(Topics.OBSERVATIONS, watched, 100_000),
                new Source(Topics.SIGN_OFFS, Duration.ofDays(3_650), 100_000),
                new Source(Topics.REST_USAGE, Duration.ofDays(FeaturePages.DAYS_OF_USAGE), 1_000_000),
                new Source(Topics.VITALS, VitalsLog.KEEP, 500_000));
    }

    private static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }

    EvidenceReader start() {
        thread.setDaemon(true);
        thread.start();
        return this;
    }

    private void run() {
        try {
            while (!closing) {
                if (!step()) {
                    LockSupport.parkNanos(RETRY_NS);
                }
            }
        } finally {
            consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
        }
    }

    /**
     * One poll. Whatever Kafka throws, the reader goes on: what the book has is better than nothing.
     *
     * @return false when Kafka failed, and should be left alone for a moment
     */
    boolean step() {
        try {
            if (!open) {
                open();
            }
            lookForEnds();
            // nothing after the poll may throw: the position has moved past these records
            consumer.poll(POLL).forEach(this::apply);
            passEnds();
        } catch (WakeupException e) {
            log.trace("woken to close");
            return true;
        } catch (KafkaException e) {
            if (!away) {
                away = true;
                log.warn("can't read the evidence from Kafka; what is known stays: {}", e.getMessage());
            }
            return false;
        } catch (RuntimeException e) {
            log.error("reading the evidence failed, which is a fault of Cutover; what is known stays", e);
            return false;
        }
        if (away) {
            away = false;
            log.info("the evidence is read again");
        }
        return true;
    }

    private void open() {
        Instant now = clock.instant();
        consumer.assign(partitions); // before it is asked for their ends, or it warns
        Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions, ANSWER_TIMEOUT);
        Map<TopicPartition, Long> logEnds = consumer.endOffsets(partitions, ANSWER_TIMEOUT);
        Map<TopicPartition, Long> times = new HashMap<>();
        sources.forEach(
                source -> times.put(source.partition(), now.minus(source.back()).toEpochMilli()));
        Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times, ANSWER_TIMEOUT);
        for (Source source : sources) {
            TopicPartition partition = source.partition();
            long end = logEnds.get(partition);
            OffsetAndTimestamp since = found.get(partition);
            long byTime = since == null ? end : since.offset();
            consumer.seek(partition, Math.max(begins.get(partition), Math.max(byTime, end - source.most())));
        }
        open = true;
    }

    private void lookForEnds() {
        long nowNs = nanoClock.getAsLong();
        if (ends.isEmpty() && nowNs - refreshDueNs >= 0) {
            // of a read_committed consumer this is the last stable offset: as far as it can read
            ends = consumer.endOffsets(partitions, ANSWER_TIMEOUT);
            askedNs = nowNs;
            refreshDueNs = nowNs + REFRESH_NS;
        }
    }

    private void passEnds() {
        if (ends.isEmpty()) {
            return;
        }
        for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
            if (consumer.position(end.getKey(), ANSWER_TIMEOUT) < end.getValue()) {
                return;
            }
        }
        ends = Map.of();
        book.isNewestOf(askedNs);
    }

    private void apply(ConsumerRecord<byte[], byte[]> record) {
        if (record.value() == null) {
            pass(record, "it has no value");
            return;
        }
        try {
            book.add(record.topic(), record.value());
        } catch (JsonFault | IllegalArgumentException e) {
            pass(record, e.getMessage());
        } catch (RuntimeException e) {
            // a fault of Cutover; the records behind this one must be read
            pass(record, e.toString());
        }
    }

    private void pass(ConsumerRecord<byte[], byte[]> record, String why) {
        metrics.evidenceUnreadable(record.topic());
        log.warn("passed the record {}-{}@{}: {}", record.topic(), record.partition(), record.offset(), why);
    }

    /** Waits at most two seconds for the reader's thread to end. */
    @Override
    public void close() {
        closing = true;
        if (thread.getState() == Thread.State.NEW) {
            consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
            return;
        }
        consumer.wakeup();
        LockSupport.unpark(thread);
        try {
            thread.join(TimeUnit.SECONDS.toMillis(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

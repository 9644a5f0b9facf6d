package dev.cutover.schema;

import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Feature.View;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides from which offset a partition must be read so that every key's latest value, and every series to its depth, is known
 * at its end.
 *
 * <p>Jobs re-emit every key at its cadence, so three cadences back from the partition's last record hold every key: counted
 * from that record and not from now, since the jobs may have stopped long ago. How far back a series reaches in time nobody
 * can say (nights, weekends, faster sources), so its partition is read backwards, in windows that double, until each of those
 * keys has its depth or the log ends.
 *
 * <p>Confined to the thread that owns the consumer, before it begins to tail.
 */
public final class TailStart {
    private static final Logger log = LoggerFactory.getLogger(TailStart.class);
    private static final int CADENCES = 3;
    /** Kafka's own would be a minute, in which the caller can neither try again nor say what it waits for. */
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);

    private static final long SMALLEST_WINDOW = 2_000;

    private record SeriesName(EventType type, String key) {
        static SeriesName of(EventRecord entry) {
            return new SeriesName(entry.type(), entry.key());
        }
    }

    private final Consumer<byte[], byte[]> consumer;
    private final Admin admin;
    private final LogWindow window;
    private final Duration answerTimeout;

    /**
     * A search with clients that stay the caller's.
     *
     * @param consumer is left assigned to whatever was read last
     */
    public TailStart(Consumer<byte[], byte[]> consumer, Admin admin) {
        this(consumer, admin, ANSWER_TIMEOUT);
    }

    TailStart(Consumer<byte[], byte[]> consumer, Admin admin, Duration answerTimeout) {
        this.consumer = consumer;
        this.admin = admin;
        this.window = new LogWindow(consumer);
        this.answerTimeout = answerTimeout;
    }

    /**
     * Where to begin.
     *
     * @param begin the partition's first offset
     * @param end the offset behind its last
     * @return from {@code begin} to {@code end}
     * @throws InterruptedException when the service stops meanwhile
     * @throws org.apache.kafka.common.KafkaException when Kafka fails, or the partition can't be read to that end
     */
    public long find(Feature feature, TopicPartition partition, long begin, long end) throws InterruptedException {
        if (begin >= end) {
            return end;
        }
        long start = Math.min(end, cadencesBack(feature, partition, begin));
        boolean hasSeries = feature.events().stream().anyMatch(type -> type.view() instanceof View.Series);
        return hasSeries ? depthBack(feature, partition, begin, start, end) : start;
    }

    private long cadencesBack(Feature feature, TopicPartition partition, long begin) throws InterruptedException {
        ListOffsetsOptions soon = new ListOffsetsOptions().timeoutMs((int) answerTimeout.toMillis());
        ListOffsetsResultInfo last;
        try {
            last = admin.listOffsets(Map.of(partition, OffsetSpec.maxTimestamp()), soon)
                    .partitionResult(partition)
                    .get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TimeoutException) {
                // whether it is there at all is not known: to read it whole would only be the next wait
                throw new TimeoutException(
                        "Kafka did not tell the last timestamp of " + partition + " within " + answerTimeout.toMillis()
                                + " ms",
                        e);
            }
            log.warn("can't tell the last timestamp of {}; reading it whole: {}", partition, e.getMessage());
            return begin;
        }
        if (last.timestamp() < 0) {
            return begin;
        }
        long from = last.timestamp() - feature.slowestCadence().toMillis() * CADENCES;
        OffsetAndTimestamp found =
                consumer.offsetsForTimes(Map.of(partition, Math.max(0, from))).get(partition);
        return found == null ? begin : Math.max(begin, found.offset());
    }

    /**
     * Where to begin so that every series that has an entry between {@code latest} and {@code end} is known to its depth at
     * {@code end}.
     *
     * @param begin the partition's first offset
     * @param latest where to begin at the latest
     * @return from {@code begin} to {@code latest}
     * @throws InterruptedException when its thread is to stop meanwhile
     * @throws org.apache.kafka.common.KafkaException when Kafka fails, or the partition can't be read to that end
     */
    public long depthBack(Feature feature, TopicPartition partition, long begin, long latest, long end)
            throws InterruptedException {
        Map<SeriesName, Set<Object>> entries = new HashMap<>();
        long start = latest;
        window.read(Map.of(partition, start), Map.of(partition, end), record -> {
            EventRecord entry = seriesEntry(feature, record);
            if (entry != null) {
                entries.computeIfAbsent(SeriesName.of(entry), name -> new HashSet<>())
                        .add(entry.by());
            }
        });
        while (start > begin && !deepEnough(entries)) {
            long earlier = Math.max(begin, start - Math.max(SMALLEST_WINDOW, end - start));
            log.info("reading {} back to offset {} for its series", partition, earlier);
            window.read(Map.of(partition, earlier), Map.of(partition, start), record -> {
                EventRecord entry = seriesEntry(feature, record);
                Set<Object> known = entry == null ? null : entries.get(SeriesName.of(entry));
                if (known != null) {
                    known.add(entry.by());
                }
            });
            start = earlier;
        }
        return start;
    }

    private static boolean deepEnough(Map<SeriesName, Set<Object>> entries) {
        return entries.entrySet().stream()
                .allMatch(entry -> entry.getKey().type().view() instanceof View.Series series
                        && entry.getValue().size() >= series.depth());
    }

    /** Null for a record of a type without a series, and for one that can't be read. */
    private static EventRecord seriesEntry(Feature feature, ConsumerRecord<byte[], byte[]> record) {
        try {
            EventRecord read = EventRecord.of(feature, record.key(), record.value(), record.headers());
            return read.by() == null ? null : read;
        } catch (PoisonException e) {
            return null; // it is counted and kept as a dead letter when the tail comes to it
        }
    }
}

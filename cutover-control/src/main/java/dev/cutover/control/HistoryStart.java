package dev.cutover.control;

import dev.cutover.control.PartitionHistory.Standing;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.View;
import dev.cutover.schema.LogWindow;
import dev.cutover.schema.TailStart;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;

/**
 * From where the events of a partition must be read, so that what REST served from some moment on can be judged.
 *
 * <p>What is served then was made of events that came before: of every key there is one within three cadences before the last
 * event before that moment, as the jobs may have stopped long ago. And to know the state at each of those, it is read three
 * cadences farther back, and as far as the series' depth requires.
 *
 * @param from the first offset to read
 * @param judgeFrom what was made of this offset or a later one can be judged
 * @param judgeFromMs the time of it; 0 for the log's begin
 * @param whole whether nothing is missing that the state at {@code judgeFrom} is made of
 */
record HistoryStart(long from, long judgeFrom, long judgeFromMs, boolean whole) {
    private static final int CADENCES = 3;
    private static final long SMALLEST_WINDOW = 100;

    /** What is known when the reading begins. */
    Standing standing(String epoch) {
        return new Standing(judgeFrom, epoch, null, whole);
    }

    /**
     * Looks it up.
     *
     * @param consumer is left assigned to whatever was read last
     * @param begin the partition's first offset
     * @param end the offset of the moment from which on is judged
     * @throws InterruptedException when the thread is to stop meanwhile
     * @throws org.apache.kafka.common.KafkaException when Kafka fails
     */
    static HistoryStart find(
            Feature feature,
            TopicPartition partition,
            Consumer<byte[], byte[]> consumer,
            Admin admin,
            long begin,
            long end)
            throws InterruptedException {
        long lastMs = lastMs(partition, consumer, begin, end);
        if (lastMs < 0) {
            return new HistoryStart(begin, begin, 0, begin == 0);
        }
        Duration back = feature.slowestCadence().multipliedBy(CADENCES);
        long judgeFromMs = Math.max(0, lastMs - back.toMillis());
        long judgeFrom = offsetAt(partition, consumer, judgeFromMs, begin, end);
        long from = offsetAt(partition, consumer, Math.max(0, judgeFromMs - back.toMillis()), begin, judgeFrom);
        boolean hasSeries = feature.events().stream().anyMatch(type -> type.view() instanceof View.Series);
        if (hasSeries && judgeFrom > begin) {
            from = new TailStart(consumer, admin).depthBack(feature, partition, begin, from, judgeFrom);
        }
        // where the log begins, what retention has taken is not known
        boolean whole = begin == 0 || from > begin;
        return new HistoryStart(from, judgeFrom, judgeFromMs, whole);
    }

    /** The first offset of that time or later, between {@code begin} and {@code end}. */
    static long offsetAt(
            TopicPartition partition, Consumer<byte[], byte[]> consumer, long timeMs, long begin, long end) {
        OffsetAndTimestamp found =
                consumer.offsetsForTimes(Map.of(partition, timeMs)).get(partition);
        return found == null ? end : Math.min(end, Math.max(begin, found.offset()));
    }

    /** When the last event before {@code end} was emitted; -1 where there is none. Reads backwards, in windows that double. */
    private static long lastMs(TopicPartition partition, Consumer<byte[], byte[]> consumer, long begin, long end)
            throws InterruptedException {
        LogWindow window = new LogWindow(consumer);
        long[] lastMs = {-1};
        long to = end;
        for (long length = SMALLEST_WINDOW; to > begin && lastMs[0] < 0; length *= 2) {
            long from = Math.max(begin, to - length);
            window.read(
                    Map.of(partition, from),
                    Map.of(partition, to),
                    record -> lastMs[0] = Math.max(lastMs[0], record.timestamp()));
            to = from;
        }
        return lastMs[0];
    }
}

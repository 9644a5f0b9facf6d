package dev.cutover.control;

import dev.cutover.control.Pairing.Side;
import dev.cutover.control.WindowReport.Window;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.PoisonException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads two windows of one topic, partition by partition, both at one pace: always the one that has come less far. Confined to
 * one thread.
 */
final class WindowReader {
    private final ComparedTopics topics;
    private final Window first;
    private final Window second;
    private final WindowComparison comparison;
    private final ProgressLine progress;
    private final LongSupplier nanoClock;
    private long read;
    private long toRead;

    WindowReader(
            ComparedTopics topics,
            Window first,
            Window second,
            WindowComparison comparison,
            ProgressLine progress,
            LongSupplier nanoClock) {
        this.topics = topics;
        this.first = first;
        this.second = second;
        this.comparison = comparison;
        this.progress = progress;
        this.nanoClock = nanoClock;
    }

    private record Stretch(long from, long to) {}

    /**
     * Reads both to their ends.
     *
     * @throws InterruptedException when the thread is to stop; what was read by then is in the comparison
     * @throws org.apache.kafka.common.KafkaException when Kafka fails
     */
    void run() throws InterruptedException {
        Consumer<byte[], byte[]> firsts = topics.consumer();
        Consumer<byte[], byte[]> seconds = topics.consumer();
        Stretch[] ofFirst = stretches(firsts, first);
        Stretch[] ofSecond = stretches(seconds, second);
        for (int i = 0; i < topics.partitions(); i++) {
            partition(cursor(firsts, i, ofFirst[i]), cursor(seconds, i, ofSecond[i]));
            comparison.settle();
        }
    }

    private Stretch[] stretches(Consumer<byte[], byte[]> consumer, Window window) {
        List<TopicPartition> partitions = topics.allEvents();
        Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        Stretch[] stretches = new Stretch[partitions.size()];
        for (int i = 0; i < stretches.length; i++) {
            TopicPartition partition = partitions.get(i);
            long begin = begins.get(partition);
            long end = ends.get(partition);
            long from = HistoryStart.offsetAt(partition, consumer, window.from().toEpochMilli(), begin, end);
            long to = HistoryStart.offsetAt(partition, consumer, window.until().toEpochMilli(), from, end);
            stretches[i] = new Stretch(from, to);
            toRead += to - from;
        }
        return stretches;
    }

    private LogCursor cursor(Consumer<byte[], byte[]> consumer, int partition, Stretch stretch) {
        return new LogCursor(consumer, topics.events(partition), stretch.from(), stretch.to(), nanoClock);
    }

    private void partition(LogCursor ofFirst, LogCursor ofSecond) throws InterruptedException {
        while (true) {
            ConsumerRecord<byte[], byte[]> one = ofFirst.peek();
            ConsumerRecord<byte[], byte[]> other = ofSecond.peek();
            if (one == null && other == null) {
                return;
            }
            boolean firstIsBehind = other == null || (one != null && passed(one, first) <= passed(other, second));
            add(firstIsBehind ? Side.FIRST : Side.SECOND, (firstIsBehind ? ofFirst : ofSecond).next());
        }
    }

    private static long passed(ConsumerRecord<byte[], byte[]> record, Window window) {
        return record.timestamp() - window.from().toEpochMilli();
    }

    private void add(Side side, ConsumerRecord<byte[], byte[]> record) {
        read++;
        progress.tick(sinceNs -> read + " of " + toRead + " events");
        Window window = side == Side.FIRST ? first : second;
        Instant at = Instant.ofEpochMilli(record.timestamp());
        if (at.isBefore(window.from()) || !at.isBefore(window.until())) {
            return; // several producers write, and not all in order
        }
        try {
            EventRecord event = EventRecord.of(topics.feature(), record.key(), record.value(), record.headers());
            comparison.add(side, event, record.timestamp(), record.value());
        } catch (PoisonException e) {
            comparison.unreadable();
        }
    }
}

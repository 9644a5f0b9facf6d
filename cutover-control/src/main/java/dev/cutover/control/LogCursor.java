package dev.cutover.control;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Reads a stretch of one partition, record by record, to an end that was looked up before; holds one poll's records. Confined to
 * the thread that owns the consumer.
 */
final class LogCursor {
    private static final Duration POLL = Duration.ofMillis(500);
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(30);

    private final Consumer<byte[], byte[]> consumer;
    private final TopicPartition partition;
    private final long to;
    private final LongSupplier nanoClock;
    private final Deque<ConsumerRecord<byte[], byte[]>> polled = new ArrayDeque<>();

    /**
     * A cursor at the begin of its stretch.
     *
     * @param consumer reads nothing else as long as the cursor is used
     * @param to the offset behind the last record
     */
    LogCursor(Consumer<byte[], byte[]> consumer, TopicPartition partition, long from, long to, LongSupplier nanoClock) {
        this.consumer = consumer;
        this.partition = partition;
        this.to = to;
        this.nanoClock = nanoClock;
        consumer.assign(java.util.List.of(partition));
        consumer.seek(partition, from);
    }

    /**
     * The next record, which stays the next.
     *
     * @return null at the end
     * @throws InterruptedException when the thread is to stop meanwhile
     * @throws org.apache.kafka.common.KafkaException when Kafka fails, or nothing comes for half a minute
     */
    ConsumerRecord<byte[], byte[]> peek() throws InterruptedException {
        long sinceNs = nanoClock.getAsLong();
        while (polled.isEmpty()) {
            long position = consumer.position(partition);
            if (position >= to) {
                return null;
            }
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (nanoClock.getAsLong() - sinceNs > PATIENCE_NS) {
                throw new TimeoutException(partition + " could be read to offset " + position + " of " + to + " only");
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                if (record.offset() < to) {
                    polled.add(record);
                }
            }
        }
        return polled.peek();
    }

    /** As {@link #peek}, and goes on behind it. */
    ConsumerRecord<byte[], byte[]> next() throws InterruptedException {
        ConsumerRecord<byte[], byte[]> next = peek();
        polled.poll();
        return next;
    }
}

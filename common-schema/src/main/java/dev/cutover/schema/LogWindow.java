package dev.cutover.schema;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Reads stretches of a log to an end that was looked up before, one poll's records at a time: a window can be the whole log.
 * Confined to the thread that owns the consumer.
 */
public final class LogWindow {
    private static final Duration POLL = Duration.ofMillis(500);
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(30);

    private final Consumer<byte[], byte[]> consumer;
    private final LongSupplier nanoClock;

    /**
     * A reader with a consumer that stays the caller's.
     *
     * @param consumer is left assigned to what was read last
     */
    public LogWindow(Consumer<byte[], byte[]> consumer) {
        this(consumer, System::nanoTime);
    }

    LogWindow(Consumer<byte[], byte[]> consumer, LongSupplier nanoClock) {
        this.consumer = consumer;
        this.nanoClock = nanoClock;
    }

    /**
     * Reads all partitions of the window at once.
     *
     * @param froms where each begins
     * @param tos the offset behind each one's last, of these partitions at least
     * @throws InterruptedException when the service stops meanwhile
     * @throws org.apache.kafka.common.KafkaException when Kafka fails, or nothing comes for half a minute
     */
    public void read(
            Map<TopicPartition, Long> froms,
            Map<TopicPartition, Long> tos,
            java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> action)
            throws InterruptedException {
        consumer.assign(froms.keySet());
        froms.forEach(consumer::seek);
        Map<TopicPartition, Long> positions = Map.copyOf(froms);
        long progressNs = nanoClock.getAsLong();
        while (positions.entrySet().stream().anyMatch(each -> each.getValue() < tos.get(each.getKey()))) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (nanoClock.getAsLong() - progressNs > PATIENCE_NS) {
                // the topic may have been made anew meanwhile: the end that was looked up is then another log's
                throw new TimeoutException(unfinished(positions, tos));
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                if (record.offset() < tos.get(new TopicPartition(record.topic(), record.partition()))) {
                    action.accept(record);
                }
            }
            Map<TopicPartition, Long> next = positions(froms);
            if (!next.equals(positions)) {
                positions = next;
                progressNs = nanoClock.getAsLong();
            }
        }
    }

    /** By the consumer, and not by the records: markers and what was aborted are passed without one. */
    private Map<TopicPartition, Long> positions(Map<TopicPartition, Long> partitions) {
        Map<TopicPartition, Long> positions = new HashMap<>();
        partitions.keySet().forEach(partition -> positions.put(partition, consumer.position(partition)));
        return positions;
    }

    private static String unfinished(Map<TopicPartition, Long> positions, Map<TopicPartition, Long> tos) {
        return positions.entrySet().stream()
                .filter(each -> each.getValue() < tos.get(each.getKey()))
                .map(each -> each.getKey() + " could be read to offset " + each.getValue() + " of "
                        + tos.get(each.getKey()) + " only")
                .sorted()
                .collect(Collectors.joining("; "));
    }
}

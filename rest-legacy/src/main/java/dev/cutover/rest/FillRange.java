package dev.cutover.rest;

import dev.cutover.schema.Feature;
import dev.cutover.schema.LogWindow;
import dev.cutover.schema.TailStart;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;

/**
 * What must be read of each partition before its feature can be served. Immutable.
 *
 * @param starts where to begin
 * @param lasts the last record before the end that a reader can see; the offset before the start where there is none. Looked
 *     up, since markers of transactions, records that were aborted and ones that were compacted away leave offsets, also at
 *     the end, that no reader ever reaches
 */
record FillRange(List<Long> starts, List<Long> lasts) {
    private static final long SMALLEST_WINDOW = 200;

    FillRange {
        starts = List.copyOf(starts);
        lasts = List.copyOf(lasts);
    }

    /**
     * Looks it up in Kafka, which it may do for long.
     *
     * @param consumer is left assigned to whatever was read last
     * @throws InterruptedException when the service stops meanwhile
     * @throws org.apache.kafka.common.KafkaException when Kafka fails, or a partition can't be read to its end
     */
    static FillRange find(Feature feature, Consumer<byte[], byte[]> consumer, Admin admin) throws InterruptedException {
        List<TopicPartition> partitions = IntStream.range(0, feature.partitions())
                .mapToObj(partition -> new TopicPartition(feature.topic(), partition))
                .toList();
        consumer.assign(partitions); // before it is asked for their ends, or it warns
        Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        TailStart tailStart = new TailStart(consumer, admin);
        Map<TopicPartition, Long> starts = new HashMap<>();
        for (TopicPartition partition : partitions) {
            starts.put(partition, tailStart.find(feature, partition, begins.get(partition), ends.get(partition)));
        }
        Map<TopicPartition, Long> lasts = lastReadable(consumer, starts, ends);
        return new FillRange(
                partitions.stream().map(starts::get).toList(),
                partitions.stream().map(lasts::get).toList());
    }

    int partitions() {
        return starts.size();
    }

    long start(int partition) {
        return starts.get(partition);
    }

    long last(int partition) {
        return lasts.get(partition);
    }

    /** Where to begin, by partition of the topic. */
    Map<TopicPartition, Long> startsIn(String topic) {
        return IntStream.range(0, partitions())
                .boxed()
                .collect(Collectors.toMap(partition -> new TopicPartition(topic, partition), starts::get));
    }

    /** Reads backwards, all partitions at once, in windows that double. */
    private static Map<TopicPartition, Long> lastReadable(
            Consumer<byte[], byte[]> consumer, Map<TopicPartition, Long> starts, Map<TopicPartition, Long> ends)
            throws InterruptedException {
        Map<TopicPartition, Long> lasts = new HashMap<>();
        starts.forEach((partition, start) -> lasts.put(partition, start - 1));
        Map<TopicPartition, Long> open = new HashMap<>(ends);
        open.keySet().removeIf(partition -> starts.get(partition) >= ends.get(partition));
        LogWindow window = new LogWindow(consumer);
        for (long length = SMALLEST_WINDOW; !open.isEmpty(); length *= 2) {
            Map<TopicPartition, Long> froms = new HashMap<>();
            for (Map.Entry<TopicPartition, Long> to : open.entrySet()) {
                froms.put(to.getKey(), Math.max(starts.get(to.getKey()), to.getValue() - length));
            }
            window.read(froms, open, record -> {
                TopicPartition partition = new TopicPartition(record.topic(), record.partition());
                lasts.merge(partition, record.offset(), Math::max);
            });
            froms.forEach((partition, from) -> {
                if (lasts.get(partition) >= from || from <= starts.get(partition)) {
                    open.remove(partition);
                } else {
                    open.put(partition, from);
                }
            });
        }
        return lasts;
    }
}

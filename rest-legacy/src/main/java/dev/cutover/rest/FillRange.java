package dev.cutover.rest;

import dev.cutover.schema.Feature;
import dev.cutover.schema.TailStart;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
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
    private static final Duration POLL = Duration.ofMillis(500);

    FillRange {
        starts = List.copyOf(starts);
        lasts = List.copyOf(lasts);
    }

    /**
     * Looks it up in Kafka, which it may do for long.
     *
     * @param consumer is left assigned to whatever was read last
     * @throws InterruptedException when the service stops meanwhile
     */
    static FillRange find(Feature feature, Consumer<byte[], byte[]> consumer, Admin admin) throws InterruptedException {
        List<TopicPartition> partitions = IntStream.range(0, feature.partitions())
                .mapToObj(partition -> new TopicPartition(feature.topic(), partition))
                .toList();
        consumer.assign(partitions); // before it is asked for their ends, or it warns
        Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        TailStart tailStart = new TailStart(consumer, admin);
        Long[] starts = new Long[partitions.size()];
        Long[] lasts = new Long[partitions.size()];
        for (TopicPartition partition : partitions) {
            long end = ends.get(partition);
            long start = tailStart.find(feature, partition, begins.get(partition), end);
            starts[partition.partition()] = start;
            lasts[partition.partition()] = lastReadable(consumer, partition, start, end);
        }
        return new FillRange(List.of(starts), List.of(lasts));
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

    /** Reads backwards, in windows that double. */
    private static long lastReadable(Consumer<byte[], byte[]> consumer, TopicPartition partition, long start, long end)
            throws InterruptedException {
        long to = end;
        for (long window = SMALLEST_WINDOW; to > start; window *= 2) {
            long from = Math.max(start, to - window);
            long last = lastWithin(consumer, partition, from, to);
            if (last >= from) {
                return last;
            }
            to = from;
        }
        return start - 1;
    }

    private static long lastWithin(Consumer<byte[], byte[]> consumer, TopicPartition partition, long from, long to)
            throws InterruptedException {
        long last = from - 1;
        consumer.assign(List.of(partition));
        consumer.seek(partition, from);
        while (consumer.position(partition) < to) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                if (record.offset() < to) {
                    last = Math.max(last, record.offset());
                }
            }
        }
        return last;
    }
}

package dev.cutover.gateway;

import dev.cutover.schema.Feature;
import dev.cutover.schema.TailStart;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;

/**
 * Where the reading of partitions begins, and the end that each must reach before what was read of it is the present.
 *
 * @param starts the offset of the first record to read
 * @param ends the offset behind the last record that the log held when it was asked
 */
record Beginning(Map<TopicPartition, Long> starts, Map<TopicPartition, Long> ends) {
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);

    /**
     * Looks it up in Kafka.
     *
     * @param consumer is left assigned to whatever was read last
     * @throws org.apache.kafka.common.KafkaException when Kafka fails
     */
    static Beginning find(Consumer<byte[], byte[]> consumer, Admin admin, Collection<Feature> features)
            throws InterruptedException {
        List<TopicPartition> partitions = new ArrayList<>();
        features.forEach(feature -> partitions.addAll(partitions(feature)));
        consumer.assign(partitions); // before it is asked for their ends, or it warns
        Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions, ANSWER_TIMEOUT);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, ANSWER_TIMEOUT);
        TailStart start = new TailStart(consumer, admin);
        Map<TopicPartition, Long> starts = new HashMap<>();
        for (Feature feature : features) {
            for (TopicPartition partition : partitions(feature)) {
                starts.put(partition, start.find(feature, partition, begins.get(partition), ends.get(partition)));
            }
        }
        return new Beginning(starts, ends);
    }

    static List<TopicPartition> partitions(Feature feature) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (int i = 0; i < feature.partitions(); i++) {
            partitions.add(new TopicPartition(feature.topic(), i));
        }
        return partitions;
    }
}

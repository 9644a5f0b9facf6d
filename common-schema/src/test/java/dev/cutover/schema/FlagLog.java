package dev.cutover.schema;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;

/** A flag log in Kafka's own mock. Records can be appended once a reader has opened it. Any thread. */
final class FlagLog {
    static final TopicPartition PARTITION = new TopicPartition(Topics.FLAGS, 0);

    final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
    private long endOffset;

    FlagLog() {
        consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
        consumer.updateEndOffsets(Map.of(PARTITION, 0L));
    }

    void append(Flag flag) {
        append(flag.feature().getBytes(UTF_8), flag.toJson());
    }

    /** A record that readers can see, and with it the new end. */
    synchronized void append(byte[] key, byte[] value) {
        consumer.addRecord(new ConsumerRecord<>(Topics.FLAGS, 0, endOffset, key, value));
        endOffset++;
        consumer.updateEndOffsets(Map.of(PARTITION, endOffset));
    }

    /** The marker that ends a transaction: it takes an offset, and no poll returns it. */
    synchronized void appendMarker() {
        endOffset++;
        consumer.updateEndOffsets(Map.of(PARTITION, endOffset));
    }

    /** What a real consumer does in a poll that finds nothing but markers. */
    synchronized void skipMarkers() {
        consumer.seek(PARTITION, endOffset);
    }
}

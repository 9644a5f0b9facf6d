package dev.cutover.schema;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where records go that no subscriber could read. The key is the record's place, so that several readers, or one that starts
 * again, write one letter and not many: compaction keeps the last.
 *
 * <p>Any thread; it may wait for as long as the producer's {@code max.block.ms}.
 */
public final class DeadLetters implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DeadLetters.class);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

    /** Why the record could not be read. */
    public static final String REASON = "cutover_reason";
    /** The record's own key; absent where it had none. */
    public static final String KEY = "cutover_key";

    private static final String NULL_VALUE = "cutover_null_value";
    private static final byte[] NOTHING = new byte[0];

    private final Producer<byte[], byte[]> producer;
    private final Counter written;
    private final Counter failed;
    private final KafkaClientMetrics metrics;

    /**
     * Letters over a producer that is closed with them.
     *
     * @param written counts the records that are sent here
     * @param failed counts those that could not be written here either
     */
    public DeadLetters(Producer<byte[], byte[]> producer, Counter written, Counter failed) {
        this.producer = producer;
        this.written = written;
        this.failed = failed;
        this.metrics = new KafkaClientMetrics(producer);
    }

    /** Shows what the producer measures of itself. */
    public void bindTo(MeterRegistry registry) {
        metrics.bindTo(registry);
    }

    /** Letters over a producer of their own, which does not hold up its reader for long when Kafka is away. */
    public static DeadLetters open(KafkaConnection kafka, String clientId, Counter written, Counter failed) {
        return new DeadLetters(
                kafka.with(Map.of(ProducerConfig.MAX_BLOCK_MS_CONFIG, "1000")).producer(clientId), written, failed);
    }

    /**
     * Writes a letter, without waiting for Kafka's answer.
     *
     * @param reason for a person to read
     */
    public void send(ConsumerRecord<byte[], byte[]> record, String reason) {
        String place = record.topic() + "-" + record.partition() + "@" + record.offset();
        written.increment();
        log.warn("record {} goes to {}: {}", place, Topics.DEAD_LETTERS, reason);
        try {
            var unused = producer.send(letter(place, record, reason), (metadata, failure) -> {
                if (failure != null) {
                    lost(place, failure);
                }
            });
        } catch (KafkaException e) {
            lost(place, e);
        }
    }

    private void lost(String place, Exception failure) {
        failed.increment();
        log.error("record {} could not be written to {}: {}", place, Topics.DEAD_LETTERS, failure.getMessage());
    }

    private static ProducerRecord<byte[], byte[]> letter(
            String place, ConsumerRecord<byte[], byte[]> record, String reason) {
        Headers headers = new RecordHeaders(record.headers().toArray());
        headers.add(REASON, reason.getBytes(StandardCharsets.UTF_8));
        if (record.key() != null) {
            headers.add(KEY, record.key());
        }
        byte[] value = record.value();
        if (value == null) {
            // a null value would be a tombstone, and the letter would vanish
            headers.add(NULL_VALUE, NOTHING);
            value = NOTHING;
        }
        return new ProducerRecord<>(
                Topics.DEAD_LETTERS, null, null, place.getBytes(StandardCharsets.UTF_8), value, headers);
    }

    @Override
    public void close() {
        metrics.close();
        producer.close(CLOSE_TIMEOUT);
    }
}

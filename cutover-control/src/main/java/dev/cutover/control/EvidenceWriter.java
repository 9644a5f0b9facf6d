package dev.cutover.control;

import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.Topics;
import io.micrometer.core.instrument.Counter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what was seen. Evidence that can't be written is counted and lost: it says nothing that the next second's does not say
 * anew. Any thread; it waits for a quarter of a second at most while Kafka is away.
 */
final class EvidenceWriter implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EvidenceWriter.class);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

    private final Producer<byte[], byte[]> producer;
    private final Counter failed;
    private final AtomicBoolean failing = new AtomicBoolean();

    /** A writer over a producer that is closed with it. */
    EvidenceWriter(Producer<byte[], byte[]> producer, Counter failed) {
        this.producer = producer;
        this.failed = failed;
    }

    /** A writer over a producer of its own. */
    static EvidenceWriter open(KafkaConnection kafka, String clientId, Counter failed) {
        return new EvidenceWriter(
                kafka.with(Map.of(ProducerConfig.MAX_BLOCK_MS_CONFIG, "250")).producer(clientId), failed);
    }

    void write(Observation observation) {
        write(Topics.OBSERVATIONS, observation.feature().getBytes(StandardCharsets.UTF_8), observation.toJson());
    }

    void write(SessionTally tally) {
        write(Topics.PARITY_SESSIONS, tally.recordKey(), tally.toJson());
    }

    private void write(String topic, byte[] key, byte[] value) {
        try {
            var unused =
                    producer.send(new ProducerRecord<>(topic, key, value), (metadata, failure) -> done(topic, failure));
        } catch (KafkaException e) {
            done(topic, e);
        }
    }

    private void done(String topic, Exception failure) {
        if (failure == null) {
            failing.set(false);
            return;
        }
        failed.increment();
        if (!failing.getAndSet(true)) {
            log.warn(
                    "evidence could not be written to {}: {}; further losses are only counted",
                    topic,
                    failure.getMessage());
        }
    }

    @Override
    public void close() {
        producer.close(CLOSE_TIMEOUT);
    }
}

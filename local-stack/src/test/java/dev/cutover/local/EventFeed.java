package dev.cutover.local;

import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.KafkaConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Writes events as any producer would, in any language: by topic, key, headers and bytes. */
final class EventFeed implements AutoCloseable {
    private final KafkaProducer<byte[], byte[]> producer;
    private final FeatureCatalog catalog;
    private final Queue<Future<RecordMetadata>> pending = new ConcurrentLinkedQueue<>();

    EventFeed(KafkaConnection kafka, FeatureCatalog catalog) {
        this.producer = kafka.producer("test-feed");
        this.catalog = catalog;
    }

    /** Sends without waiting; {@link #flush} waits for all, and fails if one did. */
    void enqueue(String type, String key, String data) {
        pending.add(send(type, key, data));
    }

    private Future<RecordMetadata> send(String type, String key, String data) {
        return send(type, key, data, System.currentTimeMillis());
    }

    /** Written at another time than now. */
    RecordMetadata sendAt(long timestampMs, String type, String key, String data) {
        return await(send(type, key, data, timestampMs));
    }

    private Future<RecordMetadata> send(String type, String key, String data, long timestampMs) {
        String topic = catalog.features().stream()
                .filter(feature -> feature.event(type).isPresent())
                .findFirst()
                .orElseThrow()
                .topic();
        return producer.send(new ProducerRecord<>(
                topic,
                null,
                timestampMs,
                utf8(key),
                utf8(data),
                EventHeaders.of(type, UUID.randomUUID().toString(), "/test", Instant.now())));
    }

    RecordMetadata sendNow(String type, String key, String data) {
        return await(send(type, key, data));
    }

    /** A record as broken as wanted. */
    RecordMetadata sendRaw(String topic, int partition, String type, byte[] key, byte[] value) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, partition, key, value);
        if (type != null) {
            record.headers().add(EventHeaders.TYPE, utf8(type));
        }
        return await(producer.send(record));
    }

    void flush() {
        producer.flush();
        for (Future<RecordMetadata> each; (each = pending.poll()) != null; ) {
            await(each);
        }
    }

    private static RecordMetadata await(Future<RecordMetadata> sent) {
        try {
            return sent.get();
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(2));
    }
}

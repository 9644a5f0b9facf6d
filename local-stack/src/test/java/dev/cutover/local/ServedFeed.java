package dev.cutover.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Json;
import dev.cutover.schema.Reference;
import dev.cutover.schema.ServedRecord;
import dev.cutover.schema.ServedRecord.Kind;
import dev.cutover.schema.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Writes what REST would record of its answers, truly or not. */
final class ServedFeed implements AutoCloseable {
    private final KafkaProducer<byte[], byte[]> producer;
    private final Feature feature;
    private final String epoch;

    /** @param epoch of the events' topic */
    ServedFeed(SystemUnderTest system, Feature feature, String epoch) {
        this.producer = system.open(system.kafka().producer("test-served"));
        this.feature = feature;
        this.epoch = epoch;
    }

    static JsonNode json(String text) {
        try {
            return Json.MAPPER.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A body with another number somewhere. */
    static String lie(String body, String array, String field, String amount) {
        JsonNode lying = json(body);
        ((ObjectNode) lying.path(array).path(0)).set(field, json(amount));
        return lying.toString();
    }

    /** @param at where the event is that it was made of */
    void entry(String key, RecordMetadata at, String body) {
        entry(key, at, body, Instant.now());
    }

    void entry(String key, RecordMetadata at, String body, Instant servedAt) {
        send(
                at.partition(),
                new ServedRecord(
                        Kind.ENTRY,
                        feature.name(),
                        key,
                        epoch,
                        at.partition(),
                        at.offset(),
                        feature.rest().orElseThrow().parameter() + "=" + key,
                        "other",
                        Reference.MATERIALISED,
                        servedAt,
                        servedAt,
                        String.format("%016x", body.hashCode()),
                        json(body),
                        null));
    }

    /** What an existing service answered. */
    void upstream(String key, int partition, String body) {
        Instant now = Instant.now();
        send(
                partition,
                new ServedRecord(
                        Kind.ENTRY,
                        feature.name(),
                        key,
                        null,
                        null,
                        null,
                        feature.rest().orElseThrow().parameter() + "=" + key,
                        "other",
                        Reference.UPSTREAM,
                        now,
                        now,
                        String.format("%016x", body.hashCode()),
                        json(body),
                        null));
    }

    /** A list that names those keys of a partition. */
    void list(int partition, long offset, String... keys) {
        Instant now = Instant.now();
        send(
                partition,
                new ServedRecord(
                        Kind.LIST,
                        feature.name(),
                        null,
                        epoch,
                        partition,
                        offset,
                        "",
                        "other",
                        Reference.MATERIALISED,
                        now,
                        now,
                        null,
                        null,
                        List.of(keys)));
    }

    private void send(int partition, ServedRecord record) {
        try {
            var unused = producer.send(new ProducerRecord<>(
                            Topics.served(feature), partition, record.recordKey(), record.toJson()))
                    .get();
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(2));
    }
}

package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.Topics;
import io.micrometer.core.instrument.Counter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the newest verdicts of a feature from their topic, each time that it is asked for: piece by piece from the end
 * backwards, until it has as many as are wanted. What is written twice, as at-least-once delivery may, is given once.
 *
 * <p>A consumer for each reading, so that any thread may ask.
 */
final class VerdictLog {
    private static final Logger log = LoggerFactory.getLogger(VerdictLog.class);

    static final TopicPartition PARTITION = new TopicPartition(Topics.PARITY_VERDICTS, 0);
    /** Records of all features that one piece has. */
    static final int PIECE = 2_000;
    /** Records of all features that are looked at for one feature's: one that is hardly ever asked for ends the search. */
    static final int FARTHEST = 100_000;
    /** Without any progress. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration POLL = Duration.ofMillis(100);

    private final Supplier<? extends Consumer<byte[], byte[]>> consumers;
    private final LongSupplier nanoClock;
    private final Counter unreadable;

    /**
     * A log that is opened at each reading.
     *
     * @param consumers each for one reading
     * @param unreadable counts the records that were skipped
     */
    VerdictLog(Supplier<? extends Consumer<byte[], byte[]>> consumers, LongSupplier nanoClock, Counter unreadable) {
        this.consumers = consumers;
        this.nanoClock = nanoClock;
        this.unreadable = unreadable;
    }

    /**
     * The newest verdicts of one feature as they stand in the topic, newest first. Blocks while it reads.
     *
     * @throws KafkaException when the topic can't be read
     */
    List<byte[]> newest(String feature, int limit) {
        Consumer<byte[], byte[]> consumer = consumers.get();
        try {
            consumer.assign(List.of(PARTITION));
            long begin = consumer.beginningOffsets(List.of(PARTITION), PATIENCE).get(PARTITION);
            long end = consumer.endOffsets(List.of(PARTITION), PATIENCE).get(PARTITION);
            Reading reading = new Reading(consumer, feature);
            long farthest = Math.max(begin, end - FARTHEST);
            for (long until = end; until > farthest && reading.newest.size() < limit; until -= PIECE) {
                reading.piece(Math.max(farthest, until - PIECE), until);
            }
            return List.copyOf(reading.newest.subList(0, Math.min(limit, reading.newest.size())));
        } finally {
            consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
        }
    }

    /** Confined to the thread that asked. */
    private final class Reading {
        private final Consumer<byte[], byte[]> consumer;
        private final byte[] prefix;
        private final Set<String> ids = new HashSet<>();
        private final List<byte[]> newest = new ArrayList<>();

        Reading(Consumer<byte[], byte[]> consumer, String feature) {
            this.consumer = consumer;
            this.prefix = (feature + "|").getBytes(StandardCharsets.UTF_8);
        }

        /** Adds what lies before all that has been read so far. */
        void piece(long from, long until) {
            List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
            consumer.seek(PARTITION, from);
            long progressNs = nanoClock.getAsLong();
            for (long position = from, next; position < until; position = next) {
                consumer.poll(POLL).forEach(record -> {
                    if (record.offset() < until && isOfFeature(record.key())) {
                        records.add(record);
                    }
                });
                next = consumer.position(PARTITION, PATIENCE);
                if (next > position) {
                    progressNs = nanoClock.getAsLong();
                } else if (nanoClock.getAsLong() - progressNs > PATIENCE.toNanos()) {
                    throw new org.apache.kafka.common.errors.TimeoutException(
                            PARTITION + " could be read to offset " + next + " of " + until + " only");
                }
            }
            for (int i = records.size() - 1; i >= 0; i--) {
                keep(records.get(i));
            }
        }

        private boolean isOfFeature(byte[] key) {
            return key != null
                    && key.length >= prefix.length
                    && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
        }

        private void keep(ConsumerRecord<byte[], byte[]> record) {
            String id = id(record);
            if (id == null) {
                unreadable.increment();
                log.warn("skipped the record {}@{}: it is no verdict", PARTITION, record.offset());
            } else if (ids.add(id)) {
                newest.add(record.value());
            }
        }
    }

    /** Null where the record is no verdict. */
    private static String id(ConsumerRecord<byte[], byte[]> record) {
        if (record.value() == null) {
            return null;
        }
        try {
            return Json.read(Json.MAPPER, JsonNode.class, record.value())
                    .path("id")
                    .textValue();
        } catch (JsonFault e) {
            return null;
        }
    }
}

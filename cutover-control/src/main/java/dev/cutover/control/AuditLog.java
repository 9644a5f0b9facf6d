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
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the history of a feature from the audit topic, whole, each time that it is asked for: a consumer for each reading, so
 * that any thread may ask, and what other features' records hold is dropped as it is read.
 *
 * <p>A change is known to its writer once the flag's marker stands in the flag log; the marker in the audit topic may come a
 * moment later, and hides the record until then. So a reading aims at the end that holds the records of open transactions as
 * well, and waits a little for their markers.
 */
final class AuditLog {
    private static final Logger log = LoggerFactory.getLogger(AuditLog.class);

    static final TopicPartition PARTITION = new TopicPartition(Topics.FLAG_AUDIT, 0);
    /** Without any progress: a marker that is not there by then may belong to a writer that died. */
    static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration POLL = Duration.ofMillis(100);

    private final Supplier<? extends Consumer<byte[], byte[]>> consumers;
    private final LongSupplier writtenEnd;
    private final LongSupplier nanoClock;
    private final Counter unreadable;

    /**
     * A log that is opened at each reading.
     *
     * @param consumers each read_committed, for one reading
     * @param writtenEnd the end of the partition, records of open transactions included; throws {@link KafkaException}
     * @param unreadable counts the records that were skipped
     */
    AuditLog(
            Supplier<? extends Consumer<byte[], byte[]>> consumers,
            LongSupplier writtenEnd,
            LongSupplier nanoClock,
            Counter unreadable) {
        this.consumers = consumers;
        this.writtenEnd = writtenEnd;
        this.nanoClock = nanoClock;
        this.unreadable = unreadable;
    }

    /** The end of the audit topic as any writer has left it; blocks for 5 s at most. */
    static long writtenEnd(Admin admin) {
        try {
            return admin.listOffsets(
                            Map.of(PARTITION, OffsetSpec.latest()),
                            new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED)
                                    .timeoutMs((int) ANSWER_TIMEOUT.toMillis()))
                    .partitionResult(PARTITION)
                    .get(ANSWER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                    .offset();
        } catch (ExecutionException e) {
            throw new KafkaException(e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            throw new org.apache.kafka.common.errors.TimeoutException(
                    "no answer within " + ANSWER_TIMEOUT.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /**
     * The audit records of one feature as they stand in the topic, oldest first. Blocks while it reads.
     *
     * @throws KafkaException when the topic can't be read to its end
     */
    List<byte[]> of(String feature) {
        byte[] key = feature.getBytes(StandardCharsets.UTF_8);
        long end = writtenEnd.getAsLong();
        Consumer<byte[], byte[]> consumer = consumers.get();
        try {
            consumer.assign(List.of(PARTITION));
            consumer.seekToBeginning(List.of(PARTITION));
            long readable =
                    consumer.endOffsets(List.of(PARTITION), ANSWER_TIMEOUT).get(PARTITION);
            List<byte[]> records = new ArrayList<>();
            long progressNs = nanoClock.getAsLong();
            for (long position = position(consumer), next; position < end; position = next) {
                consumer.poll(POLL).forEach(record -> keep(record, key, records));
                next = position(consumer);
                if (next > position) {
                    progressNs = nanoClock.getAsLong();
                } else if (nanoClock.getAsLong() - progressNs > PATIENCE.toNanos()) {
                    complain(next, readable, end);
                    break;
                }
            }
            return records;
        } finally {
            consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
        }
    }

    private static long position(Consumer<byte[], byte[]> consumer) {
        return consumer.position(PARTITION, ANSWER_TIMEOUT);
    }

    /** What is committed must be read; what is open may stay so, and then is no change yet. */
    private static void complain(long position, long readable, long end) {
        if (position < readable) {
            throw new org.apache.kafka.common.errors.TimeoutException(PARTITION + " could be read to offset " + position
                    + " of " + readable + " only: Kafka does not answer");
        }
        log.info(
                "{} has an open transaction between offsets {} and {}; it is not waited for", PARTITION, position, end);
    }

    private void keep(ConsumerRecord<byte[], byte[]> record, byte[] key, List<byte[]> records) {
        if (!Arrays.equals(key, record.key())) {
            return;
        }
        String fault = fault(record.value());
        if (fault == null) {
            records.add(record.value());
            return;
        }
        unreadable.increment();
        log.warn("skipped the audit record {}@{}: {}", PARTITION, record.offset(), fault);
    }

    /** Null for a JSON object. */
    private static String fault(byte[] value) {
        if (value == null) {
            return "it has no value";
        }
        try {
            return Json.read(Json.MAPPER, JsonNode.class, value).isObject() ? null : "it is no JSON object";
        } catch (JsonFault e) {
            return "it " + e.getMessage();
        }
    }
}

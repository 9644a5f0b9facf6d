package dev.cutover.schema;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes flags, so that no version is lost or given twice whoever else writes at the same time.
 *
 * <p>Why it is safe: every write opens the one transactional id anew. That fences whoever held it, and returns only when the
 * other's open transaction has been ended one way or the other; so the log read to its end <em>after</em> that holds all that
 * can ever come before this write. Flag and audit record are one transaction. A writer that is fenced itself reads again: its
 * change is there, or the version is as it was and it may try again, or somebody else was faster.
 *
 * <p>Holds no state between writes: any thread, several at once. A write blocks its caller.
 */
public final class FlagWriter {
    private static final Logger log = LoggerFactory.getLogger(FlagWriter.class);

    /** One for all of Cutover: it is the fence. */
    public static final String TRANSACTIONAL_ID = "flag-writer";

    private static final int ATTEMPTS = 5;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    /** What became of a write. */
    public sealed interface Outcome {
        /** The flag stands as written, and this service's reader has seen it. */
        record Written(Flag flag) implements Outcome {}

        /**
         * Nothing was written.
         *
         * @param current the flag as it is: who changed it, and to what
         * @param expectedVersion the version that the write was made for
         */
        record Conflict(Flag current, long expectedVersion) implements Outcome {}
    }

    /** Kafka failed: whether the change was written is unknown until the log is read. */
    public static final class FlagWriteException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        FlagWriteException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private final Supplier<? extends Producer<byte[], byte[]>> producers;
    private final FlagReader reader;
    private final Clock clock;
    private final Duration timeout;

    /**
     * A writer; it opens nothing yet.
     *
     * @param producers makes a transactional producer with {@link #TRANSACTIONAL_ID} for each try
     * @param reader this service's own
     * @param timeout for each reading of the log to its end
     */
    public FlagWriter(
            Supplier<? extends Producer<byte[], byte[]>> producers, FlagReader reader, Clock clock, Duration timeout) {
        this.producers = producers;
        this.reader = reader;
        this.clock = clock;
        this.timeout = timeout;
    }

    /**
     * Changes one flag.
     *
     * @param expectedVersion refused as a conflict unless the flag has it; empty: whatever it is when the write begins
     * @param change from the flag as it stands to the flag as it shall be; may throw to refuse, which ends the write. It may be
     *     called several times. Version, change id and time are set by the writer
     * @throws FlagWriteException when Kafka fails
     */
    public Outcome write(String feature, OptionalLong expectedVersion, UnaryOperator<Flag> change) {
        String changeId = UUID.randomUUID().toString();
        OptionalLong base = expectedVersion;
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try (Attempt tried = new Attempt(producers.get())) {
                tried.producer.initTransactions();
                Flag current = read(feature);
                if (reader.hasSeen(changeId)) {
                    return new Outcome.Written(current);
                }
                if (base.isEmpty()) {
                    base = OptionalLong.of(current.version());
                }
                if (current.version() != base.getAsLong()) {
                    return new Outcome.Conflict(current, base.getAsLong());
                }
                Flag next = change.apply(current).stamped(current.version() + 1, changeId, clock.instant());
                tried.commit(new FlagChange(current, next));
                read(feature);
                return new Outcome.Written(next);
            } catch (ProducerFencedException | InvalidProducerEpochException e) {
                log.debug("another writer was faster, try {} of {}", attempt, ATTEMPTS);
            } catch (KafkaException e) {
                throw new FlagWriteException(
                        "the flag of " + feature + " may not have been written: " + e.getMessage()
                                + "; look at its status before trying again",
                        e);
            }
        }
        Flag current = read(feature);
        return reader.hasSeen(changeId)
                ? new Outcome.Written(current)
                : new Outcome.Conflict(current, base.orElse(current.version()));
    }

    private Flag read(String feature) {
        try {
            reader.readToEnd().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            return reader.flag(feature);
        } catch (ExecutionException | TimeoutException e) {
            throw new FlagWriteException(
                    "the flag log could not be read to its end within " + timeout.toMillis() + " ms", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FlagWriteException("interrupted while reading the flag log", e);
        }
    }

    /** One producer's life; closing it aborts what it has not committed. */
    private record Attempt(Producer<byte[], byte[]> producer) implements AutoCloseable {

        void commit(FlagChange change) {
            byte[] key = change.after().feature().getBytes(StandardCharsets.UTF_8);
            long atMs = change.after().changedAt().toEpochMilli();
            producer.beginTransaction();
            // what a send fails with, the commit throws
            Future<RecordMetadata> unusedFlag = producer.send(new ProducerRecord<>(
                    Topics.FLAGS, 0, atMs, key, change.after().toJson()));
            Future<RecordMetadata> unusedAudit =
                    producer.send(new ProducerRecord<>(Topics.FLAG_AUDIT, 0, atMs, key, change.toAuditJson()));
            producer.commitTransaction();
        }

        @Override
        public void close() {
            producer.close(CLOSE_TIMEOUT);
        }
    }
}

package dev.cutover.schema;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes flags, so that no version is lost or given twice whoever else writes at the same time.
 *
 * <p>Why it is safe: every write opens the one transactional id anew. That fences whoever held it, and returns only when the
 * other's open transaction has been ended one way or the other; so the log read to its end <em>after</em> that holds all that
 * can ever come before this write. Flag and audit record are one transaction. Whatever a try fails with, fenced or a commit
 * whose answer was lost, the next one thereby learns its end: the change is there, or the version is as it was and it may try
 * again, or somebody else was faster.
 *
 * <p>A commit is answered before its marker stands in the log, and only behind the marker do readers see the change. So a
 * write waits for the change itself, not for the log's end.
 *
 * <p>Holds no state between writes: any thread, several at once. A write blocks its caller.
 */
public final class FlagWriter {
    private static final Logger log = LoggerFactory.getLogger(FlagWriter.class);

    /** One for all of Cutover: it is the fence. */
    public static final String TRANSACTIONAL_ID = "flag-writer";

    private static final int ATTEMPTS = 5;
    private static final long BACKOFF_NS = TimeUnit.MILLISECONDS.toNanos(100);
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
        return write(feature, expectedVersion, change, null);
    }

    /**
     * The same, with what led to the change.
     *
     * @param evidence goes into the audit record alone; null for none
     */
    public Outcome write(
            String feature, OptionalLong expectedVersion, UnaryOperator<Flag> change, ObjectNode evidence) {
        String changeId = UUID.randomUUID().toString();
        CompletableFuture<Flag> readBack = reader.expect(changeId);
        try {
            return write(feature, expectedVersion, change, evidence, changeId, readBack);
        } finally {
            reader.forget(changeId);
        }
    }

    private Outcome write(
            String feature,
            OptionalLong expectedVersion,
            UnaryOperator<Flag> change,
            ObjectNode evidence,
            String changeId,
            CompletableFuture<Flag> readBack) {
        OptionalLong base = expectedVersion;
        KafkaException failure = null;
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try (Attempt tried = new Attempt(producers.get())) {
                tried.producer.initTransactions();
                Flag current = read(feature);
                if (readBack.isDone()) {
                    return new Outcome.Written(readBack.join());
                }
                if (base.isEmpty()) {
                    base = OptionalLong.of(current.version());
                }
                if (current.version() != base.getAsLong()) {
                    return new Outcome.Conflict(current, base.getAsLong());
                }
                Flag next = change.apply(current).stamped(current, changeId, clock.instant());
                tried.commit(new FlagChange(current, next), evidence);
                return new Outcome.Written(
                        await(readBack, "the change of " + feature + " was written, but not read back"));
            } catch (StartupException e) {
                // no client can be made: the cluster's name is not known any more, say
                throw new FlagWriteException(
                        "the flag of " + feature + " may not have been written: " + e.getMessage(), e);
            } catch (KafkaException e) {
                // fenced, or a commit of unknown end: the next try ends it, and reads what came of it
                if (isFinal(e)) {
                    throw failed(feature, e);
                }
                failure = e;
                log.debug("try {} of {} to write the flag of {} failed", attempt, ATTEMPTS, feature, e);
                // writers that fence each other at once would do so again at once
                LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(BACKOFF_NS << attempt));
            }
        }
        Flag current = read(feature);
        if (readBack.isDone()) {
            return new Outcome.Written(readBack.join());
        }
        if (base.isPresent() && current.version() != base.getAsLong()) {
            return new Outcome.Conflict(current, base.getAsLong());
        }
        throw failed(feature, failure);
    }

    /**
     * Whether another try is no use: Kafka refuses this client, or is away. The producer throws some failures as they are and
     * others as the cause of a plain {@link KafkaException}, so that the whole chain counts.
     */
    private static boolean isFinal(KafkaException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof AuthorizationException
                    || cause instanceof AuthenticationException
                    || cause instanceof UnsupportedVersionException
                    || cause instanceof org.apache.kafka.common.errors.TimeoutException
                    || cause instanceof InterruptException) {
                return true;
            }
        }
        return false;
    }

    private static FlagWriteException failed(String feature, KafkaException failure) {
        Throwable reason = failure;
        while (reason.getCause() != null) {
            reason = reason.getCause();
        }
        return new FlagWriteException(
                "the flag of " + feature + " may not have been written: " + reason.getMessage()
                        + "; look at its status before trying again",
                failure);
    }

    private Flag read(String feature) {
        await(reader.readToEnd(), "the flag log could not be read to its end");
        return reader.flag(feature);
    }

    private <T> T await(CompletableFuture<T> reading, String problem) {
        try {
            return reading.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new FlagWriteException(problem + ": " + e.getCause().getMessage(), e);
        } catch (TimeoutException e) {
            throw new FlagWriteException(problem + " within " + timeout.toMillis() + " ms", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FlagWriteException(problem + ": interrupted", e);
        }
    }

    /** One producer's life; closing it aborts what it has not committed. */
    private record Attempt(Producer<byte[], byte[]> producer) implements AutoCloseable {

        void commit(FlagChange change, ObjectNode evidence) {
            byte[] key = change.after().feature().getBytes(StandardCharsets.UTF_8);
            long atMs = change.after().changedAt().toEpochMilli();
            producer.beginTransaction();
            // the futures may go: what a send fails with, the commit throws
            Future<RecordMetadata> unusedFlag = producer.send(new ProducerRecord<>(
                    Topics.FLAGS, 0, atMs, key, change.after().toJson()));
            Future<RecordMetadata> unusedAudit =
                    producer.send(new ProducerRecord<>(Topics.FLAG_AUDIT, 0, atMs, key, change.toAuditJson(evidence)));
            producer.commitTransaction();
        }

        @Override
        public void close() {
            try {
                producer.close(CLOSE_TIMEOUT);
            } catch (KafkaException e) {
                // what the try came to stands already, and the next initTransactions ends what is left open
                log.debug("a flag writer's producer did not close", e);
            }
        }
    }
}

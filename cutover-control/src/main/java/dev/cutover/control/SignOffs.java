package dev.cutover.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.cutover.schema.Json;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes sign-offs with a producer of its own. Any thread; a write blocks its caller. */
final class SignOffs implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SignOffs.class);

    private static final Duration DELIVERY_TIMEOUT = Duration.ofSeconds(10);
    /** Whoever signs off and then promotes at once meets a gate that knows of it; later than this, the gate will. */
    static final Duration READ_BACK = Duration.ofSeconds(2);

    private static final long READ_BACK_POLL_NS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

    private final Producer<byte[], byte[]> producer;
    private final Predicate<SignOff> known;
    private final LongSupplier nanoClock;

    /**
     * A writer that is ready.
     *
     * @param producer waits for all replicas, and not for ever: see {@link #producer}; closed with this
     * @param known whether this instance's reader of the evidence has a sign-off
     */
    SignOffs(Producer<byte[], byte[]> producer, Predicate<SignOff> known, LongSupplier nanoClock) {
        this.producer = producer;
        this.known = known;
        this.nanoClock = nanoClock;
    }

    /** A producer that has given up before an operator does. */
    static Producer<byte[], byte[]> producer(KafkaConnection kafka) {
        String timeoutMs = Long.toString(DELIVERY_TIMEOUT.toMillis());
        return kafka.with(Map.of(
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        timeoutMs,
                        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                        timeoutMs,
                        ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                        Long.toString(DELIVERY_TIMEOUT.toMillis() / 2),
                        ProducerConfig.LINGER_MS_CONFIG,
                        "0"))
                .producer("cutover-control-signoffs");
    }

    /**
     * Returns once Kafka has the sign-off, and mostly once this instance's gate knows of it as well.
     *
     * @throws KafkaException when Kafka may not have it; to write it again does no harm
     */
    void write(SignOff signOff) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                Topics.SIGN_OFFS,
                0,
                signOff.at().toEpochMilli(),
                signOff.recordKey().getBytes(StandardCharsets.UTF_8),
                json(signOff));
        try {
            var unused = producer.send(record).get(2 * DELIVERY_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new KafkaException(
                    "the sign-off may not have been written: " + e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            throw new KafkaException("the sign-off may not have been written: no answer in time", e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
        awaitKnown(signOff);
    }

    private void awaitKnown(SignOff signOff) {
        long startNs = nanoClock.getAsLong();
        while (!known.test(signOff) && !Thread.currentThread().isInterrupted()) {
            if (nanoClock.getAsLong() - startNs > READ_BACK.toNanos()) {
                log.warn(
                        "the sign-off of {} is written, but not read back within {} s",
                        signOff.feature(),
                        READ_BACK.toSeconds());
                return;
            }
            LockSupport.parkNanos(READ_BACK_POLL_NS);
        }
    }

    private static byte[] json(SignOff signOff) {
        try {
            return Json.MAPPER.writeValueAsBytes(signOff);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a sign-off that can't be written: " + signOff, e);
        }
    }

    @Override
    public void close() {
        producer.close(CLOSE_TIMEOUT);
    }
}

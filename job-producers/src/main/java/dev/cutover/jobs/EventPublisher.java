package dev.cutover.jobs;

import dev.cutover.schema.Event;
import dev.cutover.schema.EventCodec;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Headers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one owner of the Kafka producer. Any job's thread may publish: the producer is thread-safe and keeps the order of each
 * thread's records in a partition. What Kafka answers comes on the producer's own thread.
 *
 * <p>A record's timestamp is the wall clock at emission, whatever time its data speaks of.
 */
final class EventPublisher {
    private static final Logger log = LoggerFactory.getLogger(EventPublisher.class);
    private static final long LOG_PAUSE_NS = TimeUnit.SECONDS.toNanos(30);

    private final Producer<byte[], byte[]> producer;
    private final String ceSource;
    private final Clock clock;
    private final JobsMetrics metrics;
    private final EventCodec codec = new EventCodec();
    private final Map<String, String> topicOfType = new HashMap<>();
    private final String idPrefix = UUID.randomUUID() + "-";
    private final AtomicLong lastId = new AtomicLong();
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicLong failedInARow = new AtomicLong();
    /** When a failure is to be logged again, by {@code System.nanoTime()}; what lies between is only counted. */
    private final AtomicLong logAgainNs = new AtomicLong(System.nanoTime());
    /** Why the last send failed; null when the last one did not. */
    private volatile String problem;

    /**
     * @param producer handed over: closed by {@link #close}
     * @param ceSource who emits, for the events' headers
     */
    EventPublisher(
            Producer<byte[], byte[]> producer,
            FeatureCatalog catalog,
            String ceSource,
            Clock clock,
            JobsMetrics metrics) {
        this.producer = producer;
        this.ceSource = ceSource;
        this.clock = clock;
        this.metrics = metrics;
        for (Feature feature : catalog.features()) {
            feature.events().forEach(event -> topicOfType.put(event.type(), feature.topic()));
        }
        topicOfType.put(Event.Heartbeat.TYPE, catalog.heartbeat().topic());
    }

    /**
     * Hands the event to the producer, for a job that emits its state again at its cadence anyway.
     *
     * @throws KafkaException as {@link #send}
     */
    void publish(Event event) {
        CompletableFuture<Void> unused = send(event);
    }

    /**
     * Hands the event to the producer. Blocks for the producer's {@code max.block.ms} at most.
     *
     * @return completes once Kafka has acknowledged the event, or exceptionally once it is known that it will not
     * @throws KafkaException when the producer can't even take it, as when Kafka has been away for long: the job is to
     *     hear of that at once, and back off
     */
    CompletableFuture<Void> send(Event event) {
        return send(event.type(), event.key(), codec.encode(event));
    }

    /**
     * As {@link #send(Event)}, for an event that somebody else has written.
     *
     * @param type one of the catalog's
     * @param data goes out as it is
     */
    CompletableFuture<Void> send(String type, String key, byte[] data) {
        String topic = topicOfType.get(type);
        Instant now = clock.instant();
        Headers headers = EventHeaders.of(type, idPrefix + lastId.incrementAndGet(), ceSource, now);
        byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
        CompletableFuture<Void> answer = new CompletableFuture<>();
        hand(new ProducerRecord<>(topic, null, now.toEpochMilli(), keyBytes, data, headers), (metadata, failure) -> {
            if (failure == null) {
                acknowledged.incrementAndGet();
                metrics.published(type);
                recovered();
                answer.complete(null);
            } else {
                failed(topic, type, failure);
                answer.completeExceptionally(failure);
            }
        });
        throwRefusal(answer);
        return answer;
    }

    /** By the end of a send, only a record that the producer could not even take has failed. */
    private static void throwRefusal(CompletableFuture<Void> answer) {
        if (answer.isCompletedExceptionally()) {
            try {
                answer.join();
            } catch (CompletionException e) {
                throw e.getCause() instanceof RuntimeException refusal ? refusal : e;
            }
        }
    }

    /** Writes how far a source got. A failure is logged and counted; the next write mends it. */
    void publish(String progressKey, Progress progress) {
        hand(
                new ProducerRecord<>(
                        Topics.JOBS_PROGRESS,
                        null,
                        clock.millis(),
                        progressKey.getBytes(StandardCharsets.UTF_8),
                        progress.toJson()),
                (metadata, failure) -> {
                    if (failure != null) {
                        failed(Topics.JOBS_PROGRESS, "progress", failure);
                    }
                });
    }

    private void hand(ProducerRecord<byte[], byte[]> record, Callback answer) {
        // the callback hears of everything that the future would tell
        Future<RecordMetadata> unused = producer.send(record, answer);
    }

    private void recovered() {
        problem = null;
        long failed = failedInARow.getAndSet(0);
        if (failed > 0) {
            logAgainNs.set(System.nanoTime());
            log.info("Kafka takes events again, after {} that failed", failed);
        }
    }

    private void failed(String topic, String type, Exception failure) {
        metrics.sendFailed(type);
        problem = String.valueOf(failure.getMessage());
        long inARow = failedInARow.incrementAndGet();
        long nowNs = System.nanoTime();
        long dueNs = logAgainNs.get();
        if (nowNs - dueNs >= 0 && logAgainNs.compareAndSet(dueNs, nowNs + LOG_PAUSE_NS)) {
            log.warn("can't publish to {}, {} in a row: {}", topic, inARow, failure.toString());
        }
    }

    /** Events that Kafka has acknowledged. */
    long acknowledged() {
        return acknowledged.get();
    }

    /** Why Kafka does not take events; empty while it does. */
    Optional<String> problem() {
        return Optional.ofNullable(problem);
    }

    /** Waits at most that long for what is under way, then gives it up. */
    void close(Duration patience) {
        producer.close(patience);
    }
}

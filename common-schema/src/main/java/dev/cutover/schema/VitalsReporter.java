package dev.cutover.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells {@link Topics#VITALS} every ten seconds how a service does. While Kafka is away, what it would have told is dropped: the
 * next record has all that counts since the start.
 *
 * <p>Its thread, {@code SERVICE-vitals}, measures and writes.
 */
public final class VitalsReporter implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(VitalsReporter.class);
    static final Duration PERIOD = Duration.ofSeconds(10);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);
    private static final Map<String, String> PATIENCE = Map.of(
            ProducerConfig.MAX_BLOCK_MS_CONFIG, "1000",
            ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "3000",
            ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "5000");

    private final String service;
    private final String instance;
    private final LongSupplier closes;
    private final InstantSource clock;
    private final Instant startedAt;
    private final Producer<byte[], byte[]> producer;
    private final ProcessVitals vitals = new ProcessVitals();
    private final ScheduledExecutorService thread;

    /** At rest: {@link #report} is its caller's to call. */
    VitalsReporter(
            String service, String name, LongSupplier closes, InstantSource clock, Producer<byte[], byte[]> producer) {
        this.service = service;
        // two starts are two instances: what is counted begins anew
        this.instance = name + "-" + UUID.randomUUID().toString().substring(0, 8);
        this.closes = closes;
        this.clock = clock;
        this.startedAt = clock.instant();
        this.producer = producer;
        this.thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread made = new Thread(task, service + "-vitals");
            made.setDaemon(true);
            return made;
        });
    }

    /**
     * Reports until it is closed.
     *
     * @param service as in {@link VitalsRecord}
     * @param name the instance's, as in its log
     * @param closes the connections that the service closed for a failure, since its start; any thread
     */
    public static VitalsReporter start(String service, String name, LongSupplier closes, KafkaConnection kafka) {
        VitalsReporter reporter = new VitalsReporter(
                service,
                name,
                closes,
                InstantSource.system(),
                kafka.with(PATIENCE).producer("cutover-" + service + "-vitals-" + name));
        var unused = reporter.thread.scheduleAtFixedRate(
                reporter::report, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
        return reporter;
    }

    void report() {
        VitalsRecord record = new VitalsRecord(
                instance,
                service,
                startedAt,
                clock.instant(),
                vitals.cpuCores(),
                vitals.heapAfterGcBytes(),
                vitals.errorsLogged(),
                closes.getAsLong());
        try {
            Future<RecordMetadata> unused = producer.send(
                    new ProducerRecord<>(
                            Topics.VITALS,
                            instance.getBytes(StandardCharsets.UTF_8),
                            Json.MAPPER.writeValueAsBytes(record)),
                    (metadata, failure) -> {
                        if (failure != null) {
                            log.debug("the vitals of {} were not written", instance, failure);
                        }
                    });
        } catch (KafkaException | JsonProcessingException e) {
            log.debug("the vitals of {} were not written", instance, e);
        }
    }

    /** Ends the reports; a second at most. */
    @Override
    public void close() {
        thread.shutdownNow();
        producer.close(CLOSE_TIMEOUT);
        vitals.close();
    }
}

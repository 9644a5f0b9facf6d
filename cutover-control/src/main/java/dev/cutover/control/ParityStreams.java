package dev.cutover.control;

import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Health;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.StreamsSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs parity, and runs it again when it fails. All instances of control share its partitions, as members of one group.
 *
 * <p>Its thread, {@code control-parity}, begins, watches and ends each run; the stream thread of a run does the rest. Anybody may
 * ask for its health.
 */
public final class ParityStreams implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ParityStreams.class);

    /** The group's name, and the beginning of its internal topics' names, behind the caller's prefix. */
    public static final String APPLICATION = "cutover-parity";

    private static final Duration COMMIT_EVERY = Duration.ofSeconds(1);
    /** For so long Kafka keeps the partitions of a member that it does not hear of. */
    private static final Duration SESSION = Duration.ofSeconds(10);

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);
    /** Who ran for so long has not failed at once. */
    private static final Duration STEADY = Duration.ofMinutes(1);

    private final KafkaConnection kafka;
    private final FeatureCatalog catalog;
    private final SessionClock clock;
    private final String applicationId;
    private final ControlMetrics metrics;
    private final Thread thread = new Thread(this::run, "control-parity");
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile boolean running;
    /** Why it does not run although it should; null where nothing is known to be wrong. */
    private volatile String trouble;

    private ParityStreams(
            KafkaConnection kafka, FeatureCatalog catalog, SessionClock clock, String prefix, ControlMetrics metrics) {
        this.kafka = kafka;
        this.catalog = catalog;
        this.clock = clock;
        this.applicationId = prefix + APPLICATION;
        this.metrics = metrics;
    }

    /** As {@link #start(KafkaConnection, FeatureCatalog, SessionClock, String, ControlMetrics)}, with metrics that nobody reads. */
    public static ParityStreams start(
            KafkaConnection kafka, FeatureCatalog catalog, SessionClock clock, String prefix) {
        return start(kafka, catalog, clock, prefix, new ControlMetrics());
    }

    /**
     * Starts it without waiting: it runs once Kafka lets it.
     *
     * @param kafka where the topics are there
     * @param prefix of the application id; empty but where several share a cluster and not their work
     */
    static ParityStreams start(
            KafkaConnection kafka, FeatureCatalog catalog, SessionClock clock, String prefix, ControlMetrics metrics) {
        ParityStreams parity = new ParityStreams(kafka, catalog, clock, prefix, metrics);
        parity.thread.setDaemon(true);
        parity.thread.start();
        return parity;
    }

    /** Always ready, since flags can be moved without it; degraded while it should run and does not. */
    public Health health() {
        String now = trouble;
        return new Health(List.of(), now == null ? List.of() : List.of("parity does not run: " + now));
    }

    /** Whether it has its partitions and compares. */
    public boolean isRunning() {
        return running;
    }

    private void run() {
        long pauseMs = 0;
        while (!isClosing(pauseMs)) {
            long startNs = System.nanoTime();
            try {
                runOnce();
            } catch (InterruptedException | InterruptException e) {
                log.debug("parity was told to stop");
            } catch (KafkaException | ExecutionException | TimeoutException | UncheckedIOException e) {
                trouble = e.toString();
                log.warn("parity can't run, and tries again: {}", e.toString());
            } catch (RuntimeException e) {
                trouble = e.toString();
                log.error("parity can't run, and tries again", e);
            }
            running = false;
            boolean wasSteady = System.nanoTime() - startNs > STEADY.toNanos();
            pauseMs = wasSteady ? 1_000 : Math.min(LONGEST_PAUSE.toMillis(), Math.max(1_000, 2 * pauseMs));
        }
    }

    /** Waits for a while, but not if it is to close. */
    private boolean isClosing(long pauseMs) {
        try {
            return closing.await(pauseMs, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return closing.getCount() == 0;
        }
    }

    private void runOnce() throws InterruptedException, ExecutionException, TimeoutException {
        ParityStart.Begins begins = ParityStart.find(catalog, kafka, applicationId);
        Path directory = temporaryDirectory();
        try {
            StreamsConfig settings = new StreamsConfig(settings(kafka, applicationId, directory));
            KafkaStreams streams =
                    new KafkaStreams(ParityTopology.of(catalog, settings, clock, begins, metrics), settings);
            CountDownLatch ended = new CountDownLatch(1);
            streams.setStateListener((to, from) -> {
                running = to == KafkaStreams.State.RUNNING;
                if (running) {
                    trouble = null;
                }
                if (to.hasStartedOrFinishedShuttingDown()) {
                    ended.countDown();
                }
            });
            streams.setUncaughtExceptionHandler(e -> {
                log.error("the stream thread of parity has failed; it is started again", e);
                trouble = e.toString();
                // and not REPLACE_THREAD, which would do so at once, however often
                return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
            });
            try {
                streams.start();
                ended.await();
            } finally {
                close(streams);
            }
        } finally {
            delete(directory);
        }
    }

    static Properties settings(KafkaConnection kafka, String applicationId, Path stateDirectory) {
        Properties settings = StreamsSettings.of(kafka, applicationId, stateDirectory);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, COMMIT_EVERY.toMillis());
        settings.put(
                StreamsConfig.mainConsumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), (int) SESSION.toMillis());
        settings.put(
                StreamsConfig.mainConsumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG),
                (int) SESSION.toMillis() / 10);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG), true);
        // a verdict is wanted at once
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
        return settings;
    }

    private static void close(KafkaStreams streams) {
        boolean interrupted = Thread.interrupted(); // or closing would be cut short
        boolean closed =
                streams.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                        .withTimeout(STOP_TIMEOUT));
        if (!closed) {
            log.warn("parity has not stopped within {} ms; its threads end later", STOP_TIMEOUT.toMillis());
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("cutover-parity-");
        } catch (IOException e) {
            throw new UncheckedIOException("can't make a temporary directory for Kafka Streams", e);
        }
    }

    private static void delete(Path directory) {
        try {
            Utils.delete(directory.toFile());
        } catch (IOException e) {
            log.warn("can't delete {}: {}", directory, e.getMessage());
        }
    }

    /** What was read and is not committed is read again by the next one. Within five seconds or so. */
    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
        try {
            thread.join(STOP_TIMEOUT.plusSeconds(2).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            log.warn("parity's thread did not stop in time");
        }
    }
}

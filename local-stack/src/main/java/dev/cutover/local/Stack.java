package dev.cutover.local;

import dev.cutover.gateway.Gateway;
import dev.cutover.gateway.GatewaySettings;
import dev.cutover.jobs.Jobs;
import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Health;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.StartupException;
import dev.cutover.schema.TopicProvisioner;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Broker, gateways and jobs in one JVM: started in the order of their needs, closed in reverse. Confined to the thread that
 * starts it and the one that closes it, which must not overlap; the figures may be read from any thread.
 */
final class Stack implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Stack.class);
    private static final Duration READY_TIMEOUT = Duration.ofSeconds(90);
    private static final long READY_POLL_NS = TimeUnit.MILLISECONDS.toNanos(50);

    private record Part(String name, AutoCloseable closeable) {}

    private final Deque<Part> parts = new ArrayDeque<>();
    private final List<Gateway> gateways = new ArrayList<>();
    private String bootstrap;
    private Jobs jobs;

    private Stack() {}

    /**
     * Returns when every part is ready.
     *
     * @param kafkaAt the connection to a cluster at an address
     * @param progress is told what is being started, for people to read
     * @throws StartupException when a part can't start; nothing is left running then
     */
    static Stack start(
            UpSettings settings,
            FeatureCatalog catalog,
            Function<String, KafkaConnection> kafkaAt,
            Consumer<String> progress) {
        Stack stack = new Stack();
        try {
            stack.startParts(settings, catalog, kafkaAt, progress);
            return stack;
        } catch (RuntimeException e) {
            boolean interrupted = Thread.interrupted(); // a start that is called off still closes in order
            stack.close();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            throw e;
        }
    }

    private void startParts(
            UpSettings settings,
            FeatureCatalog catalog,
            Function<String, KafkaConnection> kafkaAt,
            Consumer<String> progress) {
        Jobs.check(settings.jobs()); // an unreadable file is to be known before anything runs
        bootstrap = settings.bootstrap() == null ? startBroker(settings, progress) : settings.bootstrap();
        KafkaConnection kafka = kafkaAt.apply(bootstrap);
        Map<String, String> topicIds = TopicProvisioner.ensure(kafka, catalog);
        progress.accept("gateways");
        parts.push(new Part("gateways", this::closeGateways));
        for (GatewaySettings each : settings.gateways()) {
            gateways.add(Gateway.start(each, catalog, kafka, topicIds));
        }
        progress.accept("jobs");
        jobs = Jobs.start(settings.jobs(), catalog, kafka, new SimpleMeterRegistry());
        parts.push(new Part("jobs", jobs));
        awaitReady();
    }

    private String startBroker(UpSettings settings, Consumer<String> progress) {
        progress.accept("Kafka");
        EmbeddedBroker broker =
                EmbeddedBroker.start(settings.dataDirectory(), settings.fresh(), settings.host(), settings.kafkaPort());
        parts.push(new Part("broker", broker));
        return broker.bootstrap();
    }

    private void awaitReady() {
        long deadlineNs = System.nanoTime() + READY_TIMEOUT.toNanos();
        while (true) {
            List<String> reasons = new ArrayList<>(jobs.health().reasons());
            gateways.stream().map(Gateway::health).map(Health::reasons).forEach(reasons::addAll);
            if (reasons.isEmpty()) {
                return;
            }
            if (System.nanoTime() > deadlineNs) {
                throw new StartupException(
                        "not ready after " + READY_TIMEOUT.toSeconds() + " s: " + String.join("; ", reasons));
            }
            LockSupport.parkNanos(READY_POLL_NS);
            if (Thread.interrupted()) {
                throw new StartupException("interrupted while starting");
            }
        }
    }

    /** All at once: each may take its drain window, and together they must not take more. */
    private void closeGateways() throws InterruptedException {
        List<Thread> closers = gateways.stream()
                .map(gateway -> new Thread(gateway::close, "close-" + gateway.name()))
                .toList();
        closers.forEach(Thread::start);
        for (Thread closer : closers) {
            closer.join();
        }
    }

    String bootstrap() {
        return bootstrap;
    }

    List<Gateway> gateways() {
        return gateways;
    }

    CutoverStatus status() {
        return gateways.get(0).status();
    }

    /** Events that Kafka has acknowledged since the start. */
    long published() {
        return jobs.published();
    }

    long framesSent() {
        return gateways.stream().mapToLong(Gateway::framesSent).sum();
    }

    long connections() {
        return gateways.stream().mapToLong(Gateway::connections).sum();
    }

    @Override
    public void close() {
        while (!parts.isEmpty()) {
            Part part = parts.pop();
            try {
                part.closeable().close();
            } catch (Exception e) {
                log.error("{} did not close in order", part.name(), e);
            }
        }
    }
}

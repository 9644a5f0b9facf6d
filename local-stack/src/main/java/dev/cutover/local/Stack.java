package dev.cutover.local;

import dev.cutover.control.Control;
import dev.cutover.control.Targets;
import dev.cutover.gateway.Gateway;
import dev.cutover.gateway.GatewaySettings;
import dev.cutover.jobs.Jobs;
import dev.cutover.rest.RestLegacy;
import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Health;
import dev.cutover.schema.HostAndPort;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.Parts;
import dev.cutover.schema.StartupException;
import dev.cutover.schema.TopicProvisioner;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Everything in one JVM: started in the order of their needs, closed in reverse. Confined to the thread that starts it and the
 * one that closes it, which must not overlap; the figures may be read from any thread.
 */
final class Stack implements AutoCloseable {
    private static final Duration READY_TIMEOUT = Duration.ofSeconds(90);
    private static final long READY_POLL_NS = TimeUnit.MILLISECONDS.toNanos(50);

    private final Parts parts;
    private final String bootstrap;
    private final Control control;
    private final List<Gateway> gateways = new ArrayList<>();
    private final RestLegacy rest;
    private final Jobs jobs;

    /**
     * Returns when every part is ready.
     *
     * @param kafkaAt the connection to a cluster at an address
     * @param environment of the start: {@code WS_FEATURE_<NAME>}
     * @param progress is told what is being started, for people to read
     * @throws StartupException when a part can't start; nothing is left running then
     */
    static Stack start(
            UpSettings settings,
            FeatureCatalog catalog,
            Function<String, KafkaConnection> kafkaAt,
            Map<String, String> environment,
            Consumer<String> progress) {
        return Parts.start(parts -> new Stack(settings, catalog, kafkaAt, environment, progress, parts));
    }

    private Stack(
            UpSettings settings,
            FeatureCatalog catalog,
            Function<String, KafkaConnection> kafkaAt,
            Map<String, String> environment,
            Consumer<String> progress,
            Parts parts) {
        this.parts = parts;
        Jobs.check(settings.jobs(), catalog); // an unreadable file is to be known before anything runs
        bootstrap = settings.bootstrap() == null ? startBroker(settings, progress) : settings.bootstrap();
        KafkaConnection kafka = kafkaAt.apply(bootstrap);
        Map<String, String> topicIds = TopicProvisioner.ensure(kafka, catalog);
        progress.accept("gateways");
        parts.add("gateways", this::closeGateways);
        for (GatewaySettings each : settings.gateways()) {
            gateways.add(Gateway.start(each, catalog, kafka, topicIds));
        }
        progress.accept("REST");
        rest = parts.add(
                "rest", RestLegacy.start(settings.rest(gateways.get(0)), catalog, kafka, new Drifts(catalog).extras()));
        progress.accept("control");
        control =
                parts.add("control", Control.start(settings.control().probing(targets()), catalog, kafka, environment));
        progress.accept("jobs");
        jobs = parts.add("jobs", Jobs.start(settings.jobs(), catalog, kafka, new SimpleMeterRegistry()));
        awaitReady();
    }

    /** The ports that were really bound. */
    private Targets targets() {
        return new Targets(
                URI.create("http://" + HostAndPort.of(rest.address())),
                gateways.stream()
                        .map(gateway -> URI.create("ws://" + HostAndPort.of(gateway.address()) + "/ws/"))
                        .toList());
    }

    private String startBroker(UpSettings settings, Consumer<String> progress) {
        progress.accept("Kafka");
        return parts.add(
                        "broker",
                        EmbeddedBroker.start(
                                settings.dataDirectory(), settings.fresh(), settings.host(), settings.kafkaPort()))
                .bootstrap();
    }

    private void awaitReady() {
        List<Supplier<Health>> services = new ArrayList<>(List.of(control::health, rest::health, jobs::health));
        gateways.forEach(gateway -> services.add(gateway::health));
        long deadlineNs = System.nanoTime() + READY_TIMEOUT.toNanos();
        while (true) {
            List<String> reasons = services.stream()
                    .flatMap(service -> service.get().reasons().stream())
                    .toList();
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

    Control control() {
        return control;
    }

    List<Gateway> gateways() {
        return gateways;
    }

    RestLegacy rest() {
        return rest;
    }

    CutoverStatus status() {
        return control.status();
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
        parts.close();
    }
}

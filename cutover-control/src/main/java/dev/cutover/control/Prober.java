package dev.cutover.control;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches what a client gets: listens on every gateway, asks REST, and says every second what it saw of each feature, while this
 * instance is the active one.
 *
 * <p>Its thread, {@code control-prober}, owns all that is seen, and alone calls the sink. The HTTP client has two threads of its
 * own, {@code control-probe-http-N}, which only hand over.
 */
final class Prober implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Prober.class);

    static final Duration OBSERVE_EVERY = Duration.ofSeconds(1);

    /** How soon it is known that this instance became active, or is not any more. */
    private static final Duration LOOK_EVERY = Duration.ofMillis(200);
    /** For so long at most it waits for something to arrive, before it looks what is due. */
    private static final Duration STEP = Duration.ofMillis(20);

    private static final Duration AFTER_FAULT = Duration.ofSeconds(1);
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
    private static final int HTTP_THREADS = 2;

    private final String instance;
    private final ControlSettings.Probing settings;
    private final List<Feature> features;
    private final BooleanSupplier active;
    private final Consumer<Observation> sink;
    private final ProbeRun.World world;
    private final InstantSource clock;
    private final ExecutorService httpThreads;
    private final HttpClient http;
    private final Thread thread = new Thread(this::run, "control-prober");

    private volatile boolean closing;
    /** Gateways that it is connected to. */
    private volatile int open;
    /** By the place of the feature in the catalog; NaN where nothing was measured. Immutable. */
    private volatile List<Double> mediansMs = List.of();

    // owned by the prober's thread

    /** Null while another instance is the active one. */
    private ProbeRun run;

    private Instant observedAt;
    private long observeDueNs;

    /**
     * A prober that is at rest until {@link #start}.
     *
     * @param instance how this service calls itself
     * @param active whether this instance is the active one; asked several times a second
     * @param clock stamps observations
     * @param sink takes each observation; may wait for a moment
     */
    Prober(
            String instance,
            ControlSettings.Probing probing,
            FeatureCatalog catalog,
            BooleanSupplier active,
            ProbeRun.World world,
            InstantSource clock,
            Consumer<Observation> sink) {
        this.instance = instance;
        this.settings = probing;
        this.features = catalog.features();
        this.active = active;
        this.world = world;
        this.clock = clock;
        this.sink = sink;
        AtomicInteger number = new AtomicInteger();
        httpThreads = Executors.newFixedThreadPool(HTTP_THREADS, task -> {
            Thread made = new Thread(task, "control-probe-http-" + number.incrementAndGet());
            made.setDaemon(true);
            return made;
        });
        http = HttpClient.newBuilder()
                .executor(httpThreads)
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .build();
        showMetrics();
    }

    private void showMetrics() {
        world.metrics().showProbe(() -> open, settings.targets().gateways().size());
        for (int i = 0; i < features.size(); i++) {
            int feature = i;
            world.metrics().showFreshness(features.get(i).name(), () -> {
                List<Double> medians = mediansMs;
                return medians.isEmpty() ? Double.NaN : medians.get(feature);
            });
        }
    }

    Prober start() {
        thread.setDaemon(true);
        thread.start();
        return this;
    }

    private void run() {
        while (!closing) {
            try {
                step();
            } catch (InterruptedException e) {
                break;
            } catch (RuntimeException e) {
                world.metrics().probeFaults.increment();
                log.error("probing begins anew after a fault of Cutover", e);
                rest();
                LockSupport.parkNanos(AFTER_FAULT.toNanos());
            }
        }
        rest();
    }

    private void step() throws InterruptedException {
        if (!active.getAsBoolean()) {
            rest();
            LockSupport.parkNanos(LOOK_EVERY.toNanos());
            return;
        }
        if (run == null) {
            begin();
        }
        run.step(STEP);
        if (world.nanoClock().getAsLong() - observeDueNs >= 0) {
            observe();
        }
    }

    private void begin() {
        Targets targets = settings.targets();
        log.info("probing begins: {} and {}", targets.rest(), targets.gateways());
        run = new ProbeRun(targets, features, settings.keys(), http, world);
        observedAt = clock.instant();
        observeDueNs = world.nanoClock().getAsLong() + OBSERVE_EVERY.toNanos();
    }

    private void observe() {
        Instant until = clock.instant();
        List<Observation> observations = run.observe(instance, observedAt, until);
        observedAt = until;
        observeDueNs += OBSERVE_EVERY.toNanos();
        long nowNs = world.nanoClock().getAsLong();
        if (nowNs - observeDueNs >= 0) {
            observeDueNs = nowNs + OBSERVE_EVERY.toNanos();
        }
        List<Double> medians = new ArrayList<>();
        for (int i = 0; i < features.size(); i++) {
            medians.add(run.medianMs(i).map(Long::doubleValue).orElse(Double.NaN));
        }
        mediansMs = List.copyOf(medians);
        open = run.openConnections();
        observations.forEach(sink);
    }

    private void rest() {
        if (run != null) {
            log.info("probing has ended");
            run.close();
            run = null;
            open = 0;
            mediansMs = List.of();
        }
    }

    /** Waits for two seconds at most. */
    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(thread);
        try {
            thread.join(CLOSE_TIMEOUT.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        httpThreads.shutdownNow();
        try {
            if (!httpThreads.awaitTermination(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("the prober's HTTP threads have not ended in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.cutover.rest;

import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.DeadLetters;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.Health;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.Parts;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.StartupException;
import dev.cutover.schema.VitalsReporter;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One REST service, whole: its parts are built in the order of the flow, run, and are closed in reverse.
 *
 * <p>{@link #start} and {@link #close} block their caller; the rest is safe on any thread.
 */
public final class RestLegacy implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RestLegacy.class);
    private static final Duration ADMIN_CLOSE_TIMEOUT = Duration.ofSeconds(1);

    private final FeatureCatalog catalog;
    private final Parts parts;
    private final FlagReader flags;
    private final Supplier<Health> source;
    private final RestHttp http;
    private volatile boolean closing;

    /**
     * Starts a service and returns once its port is bound; {@link #health} tells when it is ready.
     *
     * @param kafka where the topics are there
     * @throws StartupException when the port is taken, or a setting of Kafka's is wrong
     */
    public static RestLegacy start(RestSettings settings, FeatureCatalog catalog, KafkaConnection kafka) {
        return start(settings, catalog, kafka, Clock.systemUTC());
    }

    /**
     * Starts a service whose promoted features retire by another clock, as {@link #start(RestSettings, FeatureCatalog,
     * KafkaConnection)}.
     */
    public static RestLegacy start(
            RestSettings settings, FeatureCatalog catalog, KafkaConnection kafka, InstantSource clock) {
        return start(settings, catalog, kafka, clock, RestExtras.NONE);
    }

    /** Starts a service with what the local stack adds, as {@link #start(RestSettings, FeatureCatalog, KafkaConnection)}. */
    public static RestLegacy start(
            RestSettings settings, FeatureCatalog catalog, KafkaConnection kafka, RestExtras extras) {
        return start(settings, catalog, kafka, Clock.systemUTC(), extras);
    }

    private static RestLegacy start(
            RestSettings settings,
            FeatureCatalog catalog,
            KafkaConnection kafka,
            InstantSource clock,
            RestExtras extras) {
        return Parts.start(parts -> new RestLegacy(settings, catalog, kafka, clock, extras, parts));
    }

    private RestLegacy(
            RestSettings settings,
            FeatureCatalog catalog,
            KafkaConnection kafka,
            InstantSource clock,
            RestExtras extras,
            Parts parts) {
        this.catalog = catalog;
        this.parts = parts;
        RestMetrics metrics = new RestMetrics();
        flags = parts.add("flag reader", new FlagReader(kafka, "cutover-rest-flags"));
        metrics.showFlags(flags);
        ServedRecorder recorder = parts.add(
                "recorder",
                new ServedRecorder(
                        ServedRecorder.producer(kafka),
                        settings.recordRate(),
                        UUID.randomUUID().toString(),
                        InstantSource.system(),
                        System::nanoTime,
                        metrics));
        List<Endpoint> endpoints;
        if (settings.upstream().isPresent()) {
            Upstream upstream =
                    parts.add("upstream", new Upstream(settings.upstream().get()));
            source = upstream::health;
            endpoints = endpoints(settings.gatewayUrl(), stages -> new UpstreamEndpoint(stages, upstream, metrics));
        } else {
            Materialisers materialisers = materialisers(settings, kafka, clock, metrics);
            source = materialisers::health;
            endpoints = endpoints(
                    settings.gatewayUrl(), stages -> new FeatureEndpoint(stages, materialisers, extras.changes()));
        }
        http = parts.add(
                "http",
                RestHttp.start(
                        settings,
                        endpoints,
                        extras.posts(),
                        new ServiceEndpoints(this::health, this::status, metrics::scrape),
                        recorder,
                        InstantSource.system(),
                        metrics));
        recorder.start();
        parts.add(
                "vitals", VitalsReporter.start("rest", "rest-" + http.address().getPort(), () -> 0, kafka));
        log.info("REST listens on {}", http.address());
    }

    /** Cutover's own snapshots, which fill from now on. */
    private Materialisers materialisers(
            RestSettings settings, KafkaConnection kafka, InstantSource clock, RestMetrics metrics) {
        Admin admin = kafka.admin("cutover-rest-admin");
        parts.add("admin client", () -> admin.close(ADMIN_CLOSE_TIMEOUT));
        DeadLetters deadLetters = parts.add(
                "dead letters",
                DeadLetters.open(kafka, "cutover-rest-dead-letters", metrics.deadLetters, metrics.deadLettersFailed));
        Materialisers materialisers = parts.add(
                "materialisers",
                new Materialisers(catalog, kafka, admin, flags, deadLetters, settings.retireAfter(), clock, metrics));
        flags.onChange(change -> materialisers.wake());
        var unused = flags.caughtUp().thenRun(materialisers::wake);
        materialisers.start();
        return materialisers;
    }

    private List<Endpoint> endpoints(String gatewayUrl, Function<StageAnswers, Endpoint> maker) {
        return catalog.features().stream()
                .filter(feature -> feature.rest().isPresent())
                .map(feature -> maker.apply(new StageAnswers(feature, () -> flag(feature), gatewayUrl)))
                .toList();
    }

    /** Empty before the flags were first read: the reader's own default would be a guess. */
    private Optional<Flag> flag(Feature feature) {
        return flags.ageMs().isPresent() ? Optional.of(flags.flag(feature.name())) : Optional.empty();
    }

    /** The address that clients connect to. */
    public InetSocketAddress address() {
        return http.address();
    }

    /**
     * Ready once the flags are known and every feature that is not promoted can be served of Cutover's own snapshots, or is to
     * be served by an existing service; not any more once it stops.
     */
    public Health health() {
        Health own = closing ? new Health(List.of("the service is stopping")) : new Health(List.of());
        return own.and(source.get()).and(flags.health());
    }

    /** The flags as this service knows them. */
    public CutoverStatus status() {
        return CutoverStatus.of(catalog, flags);
    }

    /** Ends everything; takes a few seconds at most, also while Kafka is away. */
    @Override
    public synchronized void close() {
        closing = true;
        parts.close();
        log.info("REST has stopped");
    }
}

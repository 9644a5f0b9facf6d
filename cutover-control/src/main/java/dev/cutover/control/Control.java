package dev.cutover.control;

import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.FlagWriter;
import dev.cutover.schema.Health;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.Parts;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.StartupException;
import dev.cutover.schema.VitalsReporter;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One control service, whole: its parts are built in the order of the flow, run, and are closed in reverse.
 *
 * <p>{@link #start} and {@link #close} block their caller; the rest is safe on any thread.
 */
public final class Control implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Control.class);
    private static final Duration FLAGS_TIMEOUT = Duration.ofSeconds(20);
    private static final Duration WRITE_READ_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration ADMIN_CLOSE_TIMEOUT = Duration.ofSeconds(1);

    private final ControlSettings settings;
    private final FeatureCatalog catalog;
    private final Parts parts;
    private final FlagReader flags;
    private final Lease lease;
    private final EvidenceParts evidence;
    private final ControlHttp http;
    private volatile boolean closing;

    /**
     * Starts the service and returns once it serves, its flags have been read to their end, and those that the environment asks
     * for are written.
     *
     * @param kafka where the topics are there
     * @param environment whose {@code WS_FEATURE_*} count for flags that were never written
     * @throws StartupException when the port is taken, Kafka can't be reached, or a variable is not what it must be
     */
    public static Control start(
            ControlSettings settings, FeatureCatalog catalog, KafkaConnection kafka, Map<String, String> environment) {
        return Parts.start(parts -> new Control(settings, catalog, kafka, environment, parts));
    }

    private Control(
            ControlSettings settings,
            FeatureCatalog catalog,
            KafkaConnection kafka,
            Map<String, String> environment,
            Parts parts) {
        this.settings = settings;
        this.catalog = catalog;
        this.parts = parts;
        FirstStart firstStart = FirstStart.of(environment, catalog);
        ControlMetrics metrics = new ControlMetrics();
        flags = parts.add("flag reader", new FlagReader(kafka, "cutover-control-flags"));
        flags.bindTo(metrics.registry());
        FlagWriter writer = new FlagWriter(
                () -> kafka.transactionalProducer("cutover-control-writer", FlagWriter.TRANSACTIONAL_ID),
                flags,
                Clock.systemUTC(),
                WRITE_READ_TIMEOUT);
        Admin admin = kafka.admin("cutover-control-admin");
        parts.add("admin client", () -> admin.close(ADMIN_CLOSE_TIMEOUT));
        AuditLog audit = new AuditLog(
                () -> kafka.withQuickFetch().consumer("cutover-control-audit"),
                () -> AuditLog.writtenEnd(admin),
                System::nanoTime,
                metrics.unreadableAudit);
        lease = parts.add(
                "lease",
                new Lease(
                        kafka.groupConsumer("cutover-control-lease", Lease.GROUP, Lease.SESSION),
                        System::nanoTime,
                        settings.name()));
        metrics.showActive(lease::isActive);
        // before the first request: what was never read must not be taken for shadow
        awaitFlags(kafka);
        evidence = new EvidenceParts(settings, catalog, kafka, flags, writer, lease, metrics, parts);
        Answers answers = new Answers(catalog, metrics);
        ControlApi changes = new ControlApi(
                writer::write, evidence.book::checklist, evidence.signOffs::write, Clock.systemUTC(), answers, metrics);
        PageReports pages = new PageReports(catalog);
        EvidenceApi readings = new EvidenceApi(
                settings.name(),
                lease::isActive,
                catalog,
                feature -> evidence.book.of(feature, Clock.systemUTC().instant()),
                evidence.book::checklist,
                evidence.guard::state,
                audit::of,
                new VerdictLog(
                        () -> kafka.withQuickFetch().consumer("cutover-control-verdicts"),
                        System::nanoTime,
                        metrics.unreadableVerdicts)::newest,
                report -> evidence.writer.write(
                        pages.read(report, Clock.systemUTC().instant())),
                answers);
        http = parts.add(
                "http",
                ControlHttp.start(
                        settings,
                        changes,
                        readings,
                        answers,
                        new ServiceEndpoints(this::health, this::status, metrics::scrape)));
        // last: a start that fails must not have written
        firstStart.write(flags::flag, writer::write);
        lease.start();
        evidence.start();
        parts.add("vitals", VitalsReporter.start("control", settings.name(), () -> 0, kafka));
        log.info("{} listens on {}", settings.name(), http.address());
    }

    private void awaitFlags(KafkaConnection kafka) {
        try {
            flags.caughtUp().get(FLAGS_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new StartupException(
                    "the flags could not be read from Kafka " + kafka.bootstrap() + " within "
                            + FLAGS_TIMEOUT.toSeconds() + " s; is it running, and is --bootstrap right?",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartupException("interrupted while the flags were read", e);
        }
    }

    /** The address that clients connect to. */
    public InetSocketAddress address() {
        return http.address();
    }

    public String name() {
        return settings.name();
    }

    /** Ready once it knows the flags; not any more once it stops. */
    public Health health() {
        return new Health(closing ? List.of("the control service is stopping") : List.of())
                .and(flags.health())
                .and(evidence.health());
    }

    /** The flags as this service knows them. */
    public CutoverStatus status() {
        return CutoverStatus.of(catalog, flags);
    }

    /** Whether this instance, of all that run, is the active one now. */
    public boolean isActive() {
        return lease.isActive();
    }

    /** Lets changes under way come to their end, then ends everything; ten seconds at most, whether Kafka answers or not. */
    @Override
    public synchronized void close() {
        if (closing) {
            return;
        }
        closing = true;
        parts.close();
        log.info("{} has stopped", settings.name());
    }
}

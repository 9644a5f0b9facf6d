package dev.cutover.control;

import dev.cutover.schema.ActiveHours;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.FlagWriter;
import dev.cutover.schema.Health;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.MarketCalendar;
import dev.cutover.schema.Parts;
import dev.cutover.schema.StartupException;
import java.time.Clock;
import java.util.Random;
import java.util.UUID;

/**
 * What gathers evidence and acts on it, in the order of its flow: parity and prober write it, the reader reads it into the book,
 * and the guard looks into the book. They begin with {@link #start}, and are closed with the service's other parts.
 */
final class EvidenceParts {
    /** What the gate and whoever asks look into. Any thread. */
    final EvidenceBook book;

    final Guard guard;
    final SignOffs signOffs;
    /** Takes what pages report. Any thread. */
    final EvidenceWriter writer;

    private final ParityStreams parity;
    private final Prober prober;
    private final EvidenceReader reader;

    /**
     * Builds all of it; parity alone begins at once.
     *
     * @param parts takes what is to be closed
     * @throws StartupException when the catalog names a market that the calendar does not have
     */
    EvidenceParts(
            ControlSettings settings,
            FeatureCatalog catalog,
            KafkaConnection kafka,
            FlagReader flags,
            FlagWriter flagWriter,
            Lease lease,
            ControlMetrics metrics,
            Parts parts) {
        Clock clock = Clock.systemUTC();
        MarketCalendar markets = settings.markets();
        checkMarkets(catalog, markets);
        parity = parts.add("parity", ParityStreams.start(kafka, catalog, settings.sessions(), "", metrics));
        writer = parts.add(
                "evidence writer",
                EvidenceWriter.open(kafka, "cutover-control-evidence-writer", metrics.evidenceFailed));
        SessionLosses losses = new SessionLosses(
                settings.sessions(),
                "prober-" + settings.name() + "-" + UUID.randomUUID().toString().substring(0, 8));
        prober = parts.add(
                "prober",
                new Prober(
                        settings.name(),
                        settings.probing(),
                        catalog,
                        lease::isActive,
                        new ProbeRun.World(flags::flag, markets::isActive, System::nanoTime, new Random(), metrics),
                        clock,
                        observation -> {
                            writer.write(observation);
                            losses.add(observation).ifPresent(writer::write);
                        }));
        book = new EvidenceBook(
                catalog,
                settings.thresholds(),
                settings.sessions(),
                flags::flag,
                (type, at) -> markets.isActive(type.active(), at),
                clock,
                System::nanoTime);
        reader = parts.add(
                "evidence reader",
                new EvidenceReader(
                        kafka.withQuickFetch().consumer("cutover-control-evidence"),
                        book,
                        catalog,
                        clock,
                        System::nanoTime,
                        metrics));
        guard = parts.add(
                "guard",
                new Guard(
                        catalog,
                        book::guarded,
                        flags::flag,
                        flags::ageMs,
                        flagWriter::write,
                        lease::isActive,
                        clock,
                        metrics));
        signOffs = parts.add("sign-offs", new SignOffs(SignOffs.producer(kafka), book::knows, System::nanoTime));
    }

    private static void checkMarkets(FeatureCatalog catalog, MarketCalendar markets) {
        for (Feature feature : catalog.features()) {
            for (Feature.EventType type : feature.events()) {
                if (type.active() instanceof ActiveHours.Market market
                        && markets.market(market.name()).isEmpty()) {
                    throw new StartupException("the feature catalog has " + type.type() + " active by market:"
                            + market.name() + ", which the market calendar does not have");
                }
            }
        }
    }

    /** Begins to read, to probe and to guard. */
    void start() {
        reader.start();
        prober.start();
        guard.start();
    }

    /** Ready without evidence: flags can be moved all the same. What does not go as it should is said. */
    Health health() {
        return parity.health().and(book.health());
    }
}

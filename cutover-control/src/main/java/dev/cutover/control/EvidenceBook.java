package dev.cutover.control;

import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Health;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.Stage;
import dev.cutover.schema.Topics;
import dev.cutover.schema.UsageRecord;
import dev.cutover.schema.VitalsRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * What this instance knows of the evidence: what {@link EvidenceReader} has read, folded and bounded.
 *
 * <p>The reader writes, any thread asks. Its monitor guards all of it, and is held for work in memory alone, of a few thousand
 * entries at most; what it gives out is immutable.
 */
final class EvidenceBook {
    private final FeatureCatalog catalog;
    private final Thresholds thresholds;
    private final SessionClock sessionClock;
    private final Function<String, Flag> flags;
    private final InstantSource clock;
    private final LongSupplier nanoClock;

    // guarded by this
    private final Map<String, FeaturePages> pages = new HashMap<>();
    private final VitalsLog vitals = new VitalsLog();
    private OptionalLong freshNs = OptionalLong.empty();

    /**
     * A book in which nothing has been written yet.
     *
     * @param sessionClock whose sessions count: those of another setting, before or beside this one, are passed
     * @param flags a feature's flag as last read
     * @param active whether jobs are bound to emit the type at an instant
     * @param clock of the wall
     */
    EvidenceBook(
            FeatureCatalog catalog,
            Thresholds thresholds,
            SessionClock sessionClock,
            Function<String, Flag> flags,
            BiPredicate<EventType, Instant> active,
            InstantSource clock,
            LongSupplier nanoClock) {
        this.catalog = catalog;
        this.thresholds = thresholds;
        this.sessionClock = sessionClock;
        this.flags = flags;
        this.clock = clock;
        this.nanoClock = nanoClock;
        for (Feature feature : catalog.features()) {
            pages.put(feature.name(), new FeaturePages(feature, active));
        }
    }

    /**
     * Writes down one record. One of a feature that the catalog does not have is passed: it had it once.
     *
     * @throws JsonFault when it can't be read
     * @throws IllegalArgumentException when the topic holds no evidence
     */
    void add(String topic, byte[] value) throws JsonFault {
        switch (topic) {
            case Topics.PARITY_VERDICTS -> add(Verdict.fromJson(value));
            case Topics.PARITY_SESSIONS -> add(SessionTally.fromJson(value));
            case Topics.OBSERVATIONS -> add(Observation.fromJson(value));
            case Topics.SIGN_OFFS -> add(Json.read(Json.MAPPER, SignOff.class, value));
            case Topics.REST_USAGE -> add(Json.read(Json.MAPPER, UsageRecord.class, value));
            case Topics.VITALS -> add(Json.read(Json.MAPPER, VitalsRecord.class, value));
            default -> throw new IllegalArgumentException("no topic of evidence: " + topic);
        }
    }

    private synchronized void add(Verdict verdict) {
        FeaturePages known = pages.get(verdict.feature());
        if (known != null) {
            known.add(verdict);
        }
    }

    private synchronized void add(SessionTally tally) {
        FeaturePages known = pages.get(tally.feature());
        if (known != null && sessionClock.has(tally.session())) {
            known.add(tally);
        }
    }

    private synchronized void add(Observation observation) {
        FeaturePages known = pages.get(observation.feature());
        if (known != null) {
            known.watch.add(observation);
        }
    }

    private synchronized void add(SignOff signOff) {
        FeaturePages known = pages.get(signOff.feature());
        if (known != null) {
            known.add(signOff);
        }
    }

    private synchronized void add(UsageRecord usage) {
        FeaturePages known = pages.get(usage.feature());
        if (known != null) {
            known.add(usage);
        }
    }

    private synchronized void add(VitalsRecord record) {
        vitals.add(record);
    }

    /** The reader has read all that was there at that time, by the nano clock. */
    synchronized void isNewestOf(long nanos) {
        freshNs = OptionalLong.of(nanos);
    }

    /** Milliseconds since this was last known to be the newest; empty before it was read to its end for the first time. */
    synchronized OptionalLong ageMs() {
        return freshNs.isEmpty()
                ? freshNs
                : OptionalLong.of(TimeUnit.NANOSECONDS.toMillis(nanoClock.getAsLong() - freshNs.getAsLong()));
    }

    /** Never a reason against being ready: flags can be moved all the same. Degraded while what is known may not be the newest. */
    Health health() {
        OptionalLong age = ageMs();
        if (age.isEmpty()) {
            return new Health(List.of(), List.of("the evidence is still being read from Kafka"));
        }
        return age.getAsLong() <= Checklist.STALE_MS
                ? new Health(List.of())
                : new Health(
                        List.of(),
                        List.of("the evidence was last known to be the newest " + age.getAsLong() / 1000
                                + " s ago, and stays as it was: Kafka does not answer"));
    }

    /**
     * All that is known of a feature.
     *
     * @throws java.util.NoSuchElementException when the catalog has no such feature
     */
    Evidence of(String name, Instant now) {
        return of(flags.apply(name), now);
    }

    private synchronized Evidence of(Flag flag, Instant now) {
        Feature feature = catalog.feature(flag.feature()).orElseThrow();
        FeaturePages known = pages.get(flag.feature());
        Instant flip = flag.stage() == Stage.SHADOW ? null : flag.since();
        return new Evidence(
                feature,
                flag,
                now,
                thresholds,
                ageMs(),
                known.sessions(),
                known.watch.since(flip),
                known.callers(),
                vitals.since(flip, now),
                known.signOffs);
    }

    /** Whether a sign-off, or a newer one of the same step, is written down. */
    synchronized boolean knows(SignOff signOff) {
        SignOff stands = pages.get(signOff.feature()).signOffs.get(signOff.to());
        return stands != null && !stands.at().isBefore(signOff.at());
    }

    /** The lines of the gate to a stage, as things stand now. */
    List<ChecklistLine> checklist(String feature, Stage to) {
        return Checklist.of(of(feature, clock.instant()), to);
    }

    /** What the guard looks at. The flag is the one that its decision is for. */
    synchronized GuardInput guarded(Flag flag, Instant now, GuardInput.Surroundings surroundings) {
        Feature feature = catalog.feature(flag.feature()).orElseThrow();
        FeaturePages known = pages.get(flag.feature());
        Duration window = feature.slowestCadence().multipliedBy(GuardInput.CADENCES);
        Map<String, Instant> arrivals = new TreeMap<>();
        Instant heartbeatAt = null;
        for (FeaturePages each : pages.values()) {
            arrivals.putAll(each.watch.arrivals());
            Instant beat = each.watch.heartbeatAt();
            if (beat != null && (heartbeatAt == null || beat.isAfter(heartbeatAt))) {
                heartbeatAt = beat;
            }
        }
        return new GuardInput(
                feature,
                flag,
                now,
                thresholds,
                surroundings,
                ageMs(),
                known.watch.seen(flag.since(), window),
                heartbeatAt,
                arrivals,
                known.verdicts(flag.since(), now.minus(window)));
    }
}

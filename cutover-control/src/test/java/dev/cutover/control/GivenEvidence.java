package dev.cutover.control;

import dev.cutover.control.Observation.Freshness;
import dev.cutover.control.ServiceVitals.Figures;
import dev.cutover.control.Watch.TypeWatch;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.ParityRules;
import dev.cutover.schema.Reference;
import dev.cutover.schema.Stage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** Evidence with which positions may go a stage up, of which a test takes something away. */
final class GivenEvidence {
    static final Instant NOW = Instant.parse("2026-01-05T15:30:00Z");
    static final Instant FLIP = NOW.minusSeconds(600);
    private static final long MIB = 1024 * 1024;

    Feature feature = FeatureCatalog.shipped().feature("positions").orElseThrow();
    Flag flag;
    Thresholds thresholds = Thresholds.standard();
    OptionalLong ageMs = OptionalLong.of(120);
    final List<SessionSum> sessions = new ArrayList<>();
    final Map<String, TypeWatch> types = new HashMap<>();
    Instant watchUntil = NOW.minusMillis(400);
    int connectionsUp = 1;
    List<String> missingFields = List.of();
    Freshness freshness = new Freshness(12, 430L, 900L);
    final List<Caller> callers = new ArrayList<>();
    final Map<String, ServiceVitals> vitals = new HashMap<>();
    final Map<Stage, SignOff> signOffs = new HashMap<>();

    private GivenEvidence(Stage stage) {
        flag = new Flag(
                "positions",
                stage,
                3,
                100,
                null,
                Flag.Guard.ON,
                false,
                false,
                "c-3",
                "alice",
                FLIP,
                "two sessions",
                stage == Stage.SHADOW ? null : FLIP);
        sessions.add(session(10).of(3));
        sessions.add(session(40).of(3));
        types.put("positions", seen(100_000, 100));
        callers.add(new Caller("cutover-control", "prober", "2026-01-05", 90, FLIP, NOW.minusSeconds(2)));
        VitalsLines.SERVICES.forEach(service -> vitals.put(service, vitals(service, 0.5, 100, 0)));
        signOffs.put(Stage.PROMOTED, new SignOff("positions", Stage.PROMOTED, "bob", null, NOW.minusSeconds(5)));
    }

    static GivenEvidence shadow() {
        return new GivenEvidence(Stage.SHADOW);
    }

    /** Ten minutes after the flip. */
    static GivenEvidence live() {
        return new GivenEvidence(Stage.LIVE);
    }

    /** Of a watch of ten keys in active hours, with the expected number of events at ten seconds. */
    static TypeWatch seen(long watchedMs, long frames) {
        return new TypeWatch(true, watchedMs, 1, watchedMs / 10_000.0 * 10, frames, 10, 0, NOW.minusSeconds(3));
    }

    /** As if the flip had cost nothing, with another figure after it. */
    static ServiceVitals vitals(String service, double coresAfter, long mibAfter, long errors) {
        return new ServiceVitals(
                service,
                new Figures(0.5, 100 * MIB, 8, false),
                new Figures(coresAfter, mibAfter * MIB, 9, false),
                errors,
                NOW.minusSeconds(4));
    }

    /** A window of half a minute that ended so many seconds ago; it is still on where that is negative. */
    static Session session(long endedSecondsAgo) {
        return new Session(NOW.minusSeconds(endedSecondsAgo));
    }

    /** A session in the making. */
    static final class Session {
        private final Instant until;
        private long lagging;
        private long mismatches;
        private long missingRest;
        private long missingWs;
        private long gaps;
        private long drops;
        private boolean watched = true;
        private boolean closed = true;
        private Reference reference = Reference.MATERIALISED;

        private Session(Instant until) {
            this.until = until;
        }

        Session lagging(long count) {
            lagging = count;
            return this;
        }

        Session mismatches(long count) {
            mismatches = count;
            return this;
        }

        Session missingRest(long count) {
            missingRest = count;
            return this;
        }

        Session missingWs(long count) {
            missingWs = count;
            return this;
        }

        Session gaps(long count) {
            gaps = count;
            return this;
        }

        Session drops(long count) {
            drops = count;
            return this;
        }

        Session cutShort() {
            closed = false;
            return this;
        }

        Session unwatched() {
            watched = false;
            return this;
        }

        Session upstream() {
            reference = Reference.UPSTREAM;
            return this;
        }

        SessionSum of(long matches) {
            Instant from = until.minusSeconds(30);
            return new SessionSum(
                    "30s@" + from,
                    from,
                    until,
                    watched,
                    closed,
                    matches,
                    lagging,
                    mismatches,
                    missingRest,
                    missingWs,
                    gaps,
                    drops,
                    lagging > 0 ? 250 : 0,
                    matches > 0 ? Set.of(reference) : Set.of());
        }
    }

    /** In place of those that are there. */
    GivenEvidence sessions(SessionSum... newestFirst) {
        sessions.clear();
        sessions.addAll(List.of(newestFirst));
        return this;
    }

    GivenEvidence type(String type, TypeWatch seen) {
        types.put(type, seen);
        return this;
    }

    GivenEvidence rules(ParityRules.Rule... rules) {
        feature = new Feature(
                feature.name(),
                feature.topic(),
                feature.partitions(),
                feature.delivery(),
                feature.events(),
                feature.rest(),
                new ParityRules(feature.parity().lag(), feature.parity().arrays(), List.of(rules)));
        return this;
    }

    Evidence made() {
        return new Evidence(
                feature,
                flag,
                NOW,
                thresholds,
                ageMs,
                sessions,
                new Watch(watchUntil, connectionsUp, 0, types, missingFields, NOW.minusSeconds(12), freshness),
                callers,
                vitals,
                signOffs);
    }

    /** Of the gate to the next stage. */
    List<ChecklistLine> lines() {
        return Checklist.of(made(), Checklist.next(flag.stage()).orElseThrow());
    }

    ChecklistLine line(String name) {
        return lines().stream()
                .filter(line -> line.line().equals(name))
                .findFirst()
                .orElseThrow();
    }
}

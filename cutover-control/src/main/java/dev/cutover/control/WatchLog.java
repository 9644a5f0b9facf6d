package dev.cutover.control;

import dev.cutover.control.Observation.Freshness;
import dev.cutover.control.Observation.TypeSeen;
import dev.cutover.control.Watch.TypeWatch;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiPredicate;

/**
 * What the prober saw of one feature, as far back as its frequencies can be judged by. Of a type outside of its active hours the
 * last of them are kept, so that what held until the close can still be said after it. Guarded by the book's monitor.
 */
final class WatchLog {
    /** So many of a type are kept: what its jobs missed is forgiven after as many. */
    private static final int CADENCES = 10;

    private static final Duration LEAST = Duration.ofMinutes(1);
    /** Of observations, a second each, whatever the cadence. */
    private static final int MOST = 20_000;
    /** What follows within is the same stretch. */
    private static final Duration HOLE = Duration.ofSeconds(2);

    private final BiPredicate<EventType, Instant> active;
    private final Duration keep;
    private final Deque<Observation> recent = new ArrayDeque<>();
    private final Map<String, TypeLog> types = new LinkedHashMap<>();
    /** Null before the first one. */
    private Instant heartbeatAt;

    /** @param active whether jobs are bound to emit the type at an instant */
    WatchLog(Feature feature, BiPredicate<EventType, Instant> active) {
        this.active = active;
        this.keep = keep(feature.slowestCadence());
        feature.events().forEach(type -> types.put(type.type(), new TypeLog(type)));
    }

    /** How far back what comes at a cadence is looked at. */
    private static Duration keep(Duration cadence) {
        Duration cadences = cadence.multipliedBy(CADENCES);
        return cadences.compareTo(LEAST) < 0 ? LEAST : cadences;
    }

    /** One type within one observation. */
    private record Slice(Instant from, Instant until, boolean begins, TypeSeen seen) {
        long ms() {
            return Duration.between(from, until).toMillis();
        }
    }

    /** One type within its active hours. */
    private final class TypeLog {
        private final EventType type;
        private final Duration kept;
        private final Deque<Slice> slices = new ArrayDeque<>();
        private boolean activeNow;
        /** Whether the newest observation could see events that were due. */
        private boolean looking;

        private String instance = "";
        /** Of the newest slice; null before the first one. */
        private Instant until;
        /** When the prober began to look without a break, within the active hours; null before. */
        private Instant stretchFrom;
        /** Null before the first event. */
        private Instant lastAt;

        TypeLog(EventType type) {
            this.type = type;
            this.kept = keep(type.cadence());
        }

        void add(Observation observation) {
            TypeSeen seen = observation.types().get(type.type());
            if (seen == null) {
                return;
            }
            if (seen.lastAt() != null && (lastAt == null || seen.lastAt().isAfter(lastAt))) {
                lastAt = seen.lastAt();
            }
            boolean goesOn = looking
                    && observation.instance().equals(instance)
                    && !observation.from().isAfter(until.plus(HOLE));
            activeNow = active.test(type, observation.from()) && active.test(type, observation.until());
            // without a connection nothing could be seen: that is no silence of the type
            looking = activeNow && observation.connectionsUp() > 0;
            if (!looking) {
                return;
            }
            instance = observation.instance();
            until = observation.until();
            if (!goesOn) {
                stretchFrom = observation.from();
            }
            slices.add(new Slice(observation.from(), observation.until(), !goesOn, seen));
            Instant oldest = until.minus(kept);
            while (slices.size() > MOST || slices.peek().from().isBefore(oldest)) {
                slices.remove();
            }
        }

        /** Null while nothing is due, or could be seen. */
        Instant watchedSince() {
            return looking ? stretchFrom : null;
        }

        TypeWatch since(Instant from) {
            long watchedMs = 0;
            long frames = 0;
            int stretches = 0;
            int keys = 0;
            int late = 0;
            double expected = 0;
            for (Slice slice : slices) {
                if (from != null && slice.from().isBefore(from)) {
                    continue;
                }
                stretches += watchedMs == 0 || slice.begins() ? 1 : 0;
                watchedMs += slice.ms();
                frames += slice.seen().frames();
                keys = Math.max(keys, slice.seen().keys());
                late = slice.seen().late();
                expected += slice.seen().keys()
                        * (double) slice.ms()
                        / type.cadence().toMillis();
            }
            return new TypeWatch(activeNow, watchedMs, stretches, expected, frames, keys, late, lastAt);
        }
    }

    /** Takes what the prober saw; what pages report counts for nothing here, since anybody may be a page. */
    void add(Observation observation) {
        if (observation.source() != Observation.Source.PROBER) {
            return;
        }
        recent.add(observation);
        Instant oldest = observation.until().minus(keep);
        while (recent.size() > MOST || recent.peek().from().isBefore(oldest)) {
            recent.remove();
        }
        types.values().forEach(type -> type.add(observation));
        Instant beat = observation.heartbeatAt();
        if (beat != null && (heartbeatAt == null || beat.isAfter(heartbeatAt))) {
            heartbeatAt = beat;
        }
    }

    /** @param from null for all that is kept */
    Watch since(Instant from) {
        Observation newest = recent.peekLast();
        if (newest == null) {
            return Watch.NONE;
        }
        Map<String, TypeWatch> watched = new LinkedHashMap<>();
        types.forEach((type, log) -> watched.put(type, log.since(from)));
        List<Observation> counting = counting(from);
        return new Watch(
                newest.until(),
                newest.connectionsUp(),
                newest.connectionsDown(),
                watched,
                counting.stream()
                        .flatMap(each -> each.missingFields().stream())
                        .distinct()
                        .limit(Observation.MISSING_FIELDS)
                        .toList(),
                heartbeatAt,
                freshness(counting));
    }

    private List<Observation> counting(Instant from) {
        return recent.stream()
                .filter(each -> from == null || !each.from().isBefore(from))
                .toList();
    }

    /** The median of the medians, each as heavy as its samples. */
    private static Freshness freshness(List<Observation> observations) {
        TreeMap<Long, Long> medians = new TreeMap<>();
        long samples = 0;
        long worstMs = Long.MIN_VALUE;
        for (Observation each : observations) {
            Freshness freshness = each.freshness();
            if (freshness.samples() > 0 && freshness.medianMs() != null && freshness.worstMs() != null) {
                medians.merge(freshness.medianMs(), freshness.samples(), Long::sum);
                samples += freshness.samples();
                worstMs = Math.max(worstMs, freshness.worstMs());
            }
        }
        long passed = 0;
        for (Map.Entry<Long, Long> median : medians.entrySet()) {
            passed += median.getValue();
            if (passed * 2 >= samples) {
                return new Freshness(samples, median.getKey(), worstMs);
            }
        }
        return Freshness.NONE;
    }

    /** What the guard goes by. */
    GuardInput.Seen seen(Instant flip, Duration window) {
        Observation newest = recent.peekLast();
        if (newest == null) {
            return GuardInput.Seen.NOTHING;
        }
        Instant from = newest.until().minus(window);
        long gaps = 0;
        long failures = 0;
        for (Observation each : counting(flip == null || flip.isBefore(from) ? from : flip)) {
            gaps += each.gaps();
            failures += each.failures();
        }
        List<GuardInput.TypeState> states = new ArrayList<>();
        types.values()
                .forEach(log ->
                        states.add(new GuardInput.TypeState(log.type, log.activeNow, log.watchedSince(), log.lastAt)));
        return new GuardInput.Seen(newest.until(), newest.connectionsUp(), gaps, failures, states);
    }

    /** When the newest event of each type came, or the heartbeat; without those that never did. */
    Map<String, Instant> arrivals() {
        Map<String, Instant> arrivals = new HashMap<>();
        types.forEach((type, log) -> {
            if (log.lastAt != null) {
                arrivals.put(type, log.lastAt);
            }
        });
        return arrivals;
    }

    /** When the newest heartbeat came; null before the first one. */
    Instant heartbeatAt() {
        return heartbeatAt;
    }
}

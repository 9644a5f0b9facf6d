package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.Observation.TypeSeen;
import dev.cutover.schema.ActiveHours;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;

/**
 * What is seen of one feature, on all gateways and on REST, folded into an {@link Observation} each second. An event that several
 * gateways bring counts once, when the first of them brings it. Does no I/O; times are those of one nano clock. Owned by the
 * prober's thread.
 */
final class FeatureWatch {
    /** So many keys of a type are known; what comes of others is counted, but nobody notices when they stop coming. */
    static final int MOST_KEYS = 50_000;
    /** A key that has been silent for so long, while others of its type went on, is one that was retired. */
    static final Duration RETIRED_AFTER = Duration.ofMinutes(10);

    private static final int RETIRED_AFTER_CADENCES = 10;
    private static final long NEVER = Long.MIN_VALUE;

    /**
     * A live event.
     *
     * @param atOnce false where it comes late because the connection was away
     */
    record Arrived(String type, String key, String epoch, int partition, long offset, JsonNode data, boolean atOnce) {}

    /** How the subscriptions of this feature stand on all gateways together. */
    record Connections(int up, int down) {}

    /** Of one event type. */
    private static final class Seen {
        final EventType type;
        /** When each key's newest event came, or since when it has been waited for. */
        final Map<String, Long> keys = new HashMap<>();

        long frames;
        long lastNs = NEVER;
        /** Since when its events have been due; {@link #NEVER} outside of its active hours. */
        long activeNs = NEVER;

        Seen(EventType type) {
            this.type = type;
        }
    }

    private final Feature feature;
    private final BiPredicate<ActiveHours, Instant> isActive;
    private final Map<String, Seen> types = new LinkedHashMap<>();
    private final NavigableSet<String> keys = new TreeSet<>();
    /** By partition, how far events have been counted. */
    private final Map<Integer, Long> counted = new HashMap<>();

    private String countedEpoch = "";
    /** Since when any gateway has been subscribed on; {@link #NEVER} while none is. */
    private long upSinceNs = NEVER;

    // since the last observation
    private final Set<String> missingFields = new LinkedHashSet<>();
    private long gaps;
    private long drops;
    private long failures;
    private long restErrors;

    private final FreshnessWatch freshness;

    /**
     * Sees nothing yet.
     *
     * @param isActive whether a job is bound to emit at an instant
     */
    FeatureWatch(Feature feature, FreshnessWatch freshness, BiPredicate<ActiveHours, Instant> isActive) {
        this.feature = feature;
        this.freshness = freshness;
        this.isActive = isActive;
        feature.events().forEach(type -> types.put(type.type(), new Seen(type)));
    }

    String feature() {
        return feature.name();
    }

    FreshnessWatch freshness() {
        return freshness;
    }

    /** Every key that was seen, of whatever type. */
    NavigableSet<String> keys() {
        return keys;
    }

    /** A key that a snapshot holds: its next event is waited for from now on. */
    void known(String type, String key, long atNs) {
        Seen seen = types.get(type);
        if (seen != null && seen.keys.size() < MOST_KEYS) {
            seen.keys.putIfAbsent(key, atNs);
            keys.add(key);
        }
    }

    /** An event, from whichever gateway. */
    void arrived(Arrived event, long atNs) {
        Seen seen = types.get(event.type());
        if (seen == null || !isFirst(event)) {
            return;
        }
        seen.frames++;
        seen.lastNs = seen.lastNs == NEVER ? atNs : later(seen.lastNs, atNs);
        known(event.type(), event.key(), atNs);
        seen.keys.computeIfPresent(event.key(), (key, before) -> later(before, atNs));
        checkFields(seen.type, event.data());
        freshness.arrived(event, atNs);
    }

    private boolean isFirst(Arrived event) {
        if (!countedEpoch.equals(event.epoch())) {
            countedEpoch = event.epoch();
            counted.clear();
        }
        Long before = counted.get(event.partition());
        if (before != null && event.offset() <= before) {
            return false;
        }
        counted.put(event.partition(), event.offset());
        return true;
    }

    private void checkFields(EventType type, JsonNode data) {
        for (String field : type.required()) {
            if (missingFields.size() < Observation.MISSING_FIELDS && !data.hasNonNull(field)) {
                missingFields.add(type.type() + ": " + field);
            }
        }
    }

    void gap() {
        gaps++;
    }

    void dropped() {
        drops++;
    }

    void failed() {
        failures++;
    }

    void restError() {
        restErrors++;
    }

    /**
     * What was seen since the last observation.
     *
     * @param nowNs the moment that {@code until} is as well
     * @param heartbeatAt null before the first heartbeat
     */
    Observation observe(
            String instance, Instant from, Instant until, long nowNs, Connections connections, Instant heartbeatAt) {
        if (connections.up() == 0) {
            upSinceNs = NEVER;
        } else if (upSinceNs == NEVER) {
            upSinceNs = nowNs;
        }
        Map<String, TypeSeen> seen = new LinkedHashMap<>();
        types.forEach((name, type) -> seen.put(name, look(type, until, nowNs)));
        Observation observation = new Observation(
                feature.name(),
                Observation.Source.PROBER,
                instance,
                from,
                until,
                connections.up(),
                connections.down(),
                seen,
                gaps,
                drops,
                failures,
                restErrors,
                0,
                freshness.take(),
                List.copyOf(missingFields),
                heartbeatAt);
        types.values().forEach(type -> type.frames = 0);
        missingFields.clear();
        gaps = drops = failures = restErrors = 0;
        return observation;
    }

    private TypeSeen look(Seen type, Instant until, long nowNs) {
        if (!isActive.test(type.type.active(), until)) {
            type.activeNs = NEVER;
        } else if (type.activeNs == NEVER) {
            type.activeNs = nowNs;
        }
        forgetRetired(type, nowNs);
        return new TypeSeen(
                type.frames,
                type.keys.size(),
                late(type, nowNs),
                type.lastNs == NEVER ? null : until.minusNanos(nowNs - type.lastNs));
    }

    /** Nobody is late who could not have been heard, or was not bound to speak. */
    private int late(Seen type, long nowNs) {
        if (upSinceNs == NEVER || type.activeNs == NEVER) {
            return 0;
        }
        long patienceNs = 2 * type.type.cadence().toNanos();
        long beginNs = later(upSinceNs, type.activeNs);
        return (int) type.keys.values().stream()
                .filter(lastNs -> nowNs - later(lastNs, beginNs) > patienceNs)
                .count();
    }

    /** Times of a nano clock may overflow: only their difference says which is later. */
    private static long later(long oneNs, long otherNs) {
        return oneNs - otherNs >= 0 ? oneNs : otherNs;
    }

    private void forgetRetired(Seen type, long nowNs) {
        long cadenceNs = type.type.cadence().toNanos();
        boolean othersGoOn = type.lastNs != NEVER && nowNs - type.lastNs <= 2 * cadenceNs;
        long silentNs = Math.max(RETIRED_AFTER.toNanos(), RETIRED_AFTER_CADENCES * cadenceNs);
        if (othersGoOn && type.keys.values().removeIf(lastNs -> nowNs - lastNs > silentNs)) {
            keys.removeIf(key -> types.values().stream().noneMatch(each -> each.keys.containsKey(key)));
        }
    }
}

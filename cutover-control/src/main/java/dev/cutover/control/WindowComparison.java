package dev.cutover.control;

import dev.cutover.control.Pairing.Side;
import dev.cutover.control.Pairing.Value;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Feature.View;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Compares two windows of one feature's events, key by key: how many there were, how often, and what they said. Pure; its size
 * is bounded as long as both windows are fed at one pace. Confined to one thread.
 */
final class WindowComparison {
    static final int MOST_KEYS = 10_000;

    private final Feature feature;
    private final Set<String> only;
    private final Map<EventType, ShiftedComparison> comparisons = new HashMap<>();
    private final Map<String, Map<EventType, Lane>> keys = new TreeMap<>();
    private final FieldTally fields = new FieldTally();
    private long beyond;
    private long unreadable;

    /** The events of one key and type. */
    private static final class Lane {
        final Pairing pairing;
        final Map<Side, Long> events = new EnumMap<>(Side.class);
        final Map<Side, Intervals> intervals = new EnumMap<>(Side.class);
        long differing;

        Lane(Function<Lane, Pairing> pairing) {
            this.pairing = pairing.apply(this);
            for (Side side : Side.values()) {
                events.put(side, 0L);
                intervals.put(side, new Intervals());
            }
        }
    }

    /**
     * What was found of one key and event type.
     *
     * @param values of each side: the entries of a series, else the changes
     * @param compared how many of them had a counterpart
     * @param differing how many of those differ from it
     * @param cut whether from some change on nothing was compared, as one side was too far ahead
     */
    record Row(
            String key,
            String type,
            Map<Side, Long> events,
            Map<Side, Long> values,
            long compared,
            long differing,
            boolean cut,
            Map<Side, Intervals> intervals) {

        /** Whether this key and type has events on one side alone. */
        boolean isOneSided() {
            return events.values().contains(0L);
        }

        /** Whether nothing is wrong: at the windows' edges one side may have one value more. */
        boolean isGood() {
            return differing == 0 && !isOneSided() && Math.abs(values.get(Side.FIRST) - values.get(Side.SECOND)) <= 1;
        }
    }

    /**
     * All that was found.
     *
     * @param beyond events of keys that there was no room for
     */
    record Result(List<Row> rows, List<FieldTally.Field> fields, List<String> capped, long beyond, long unreadable) {
        Result {
            rows = List.copyOf(rows);
            fields = List.copyOf(fields);
            capped = List.copyOf(capped);
        }
    }

    /**
     * A comparison of which both windows are to be fed.
     *
     * @param only the keys that count; empty for all
     * @param comparison of each event type
     */
    WindowComparison(Feature feature, Set<String> only, Function<EventType, ShiftedComparison> comparison) {
        this.feature = feature;
        this.only = Set.copyOf(only);
        feature.events().forEach(type -> comparisons.put(type, comparison.apply(type)));
    }

    /** An event of a window; those of a key come in order. */
    void add(Side side, EventRecord event, long tsMs, byte[] data) {
        if (!only.isEmpty() && !only.contains(event.key())) {
            return;
        }
        if (keys.size() == MOST_KEYS && !keys.containsKey(event.key())) {
            beyond++;
            return;
        }
        Lane lane = keys.computeIfAbsent(event.key(), key -> new HashMap<>())
                .computeIfAbsent(event.type(), type -> new Lane(its -> pairing(event.key(), type, its)));
        lane.events.merge(side, 1L, Long::sum);
        lane.intervals.get(side).event(tsMs);
        lane.pairing.add(side, event.by(), Instant.ofEpochMilli(tsMs).toString(), data);
    }

    private Pairing pairing(String key, EventType type, Lane lane) {
        ShiftedComparison comparison = comparisons.get(type);
        return type.view() instanceof View.Series series
                ? new Pairing.OfSeries(comparison, series.depth(), (one, other) -> compare(key, type, lane, one, other))
                : new Pairing.OfChanges(comparison, (one, other) -> compare(key, type, lane, one, other));
    }

    private void compare(String key, EventType type, Lane lane, Value one, Value other) {
        List<Difference> differences = comparisons.get(type).differences(one.json(), other.json());
        if (differences.isEmpty()) {
            return;
        }
        lane.differing++;
        String where = type.type() + ", " + one.at() + " | " + other.at();
        differences.forEach(difference -> fields.add(difference, key, where));
    }

    /** A record that nobody can read. */
    void unreadable() {
        unreadable++;
    }

    /** No more events of the keys so far will come. */
    void settle() {
        keys.values().forEach(types -> types.values().forEach(lane -> lane.pairing.settle()));
    }

    /** What was found, once all is settled. */
    Result result() {
        settle();
        List<Row> rows = new ArrayList<>();
        keys.forEach((key, types) -> feature.events().stream()
                .filter(types::containsKey)
                .forEach(type -> rows.add(row(key, type, types.get(type)))));
        return new Result(rows, fields.fields(), fields.capped(), beyond, unreadable);
    }

    private static Row row(String key, EventType type, Lane lane) {
        Map<Side, Long> values = new EnumMap<>(Side.class);
        for (Side side : Side.values()) {
            values.put(side, lane.pairing.values(side));
        }
        return new Row(
                key,
                type.type(),
                lane.events,
                values,
                lane.pairing.paired(),
                lane.differing,
                lane.pairing.isCut(),
                lane.intervals);
    }
}

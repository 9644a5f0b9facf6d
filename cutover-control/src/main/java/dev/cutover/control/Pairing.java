package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.EventRecord;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * Finds, for the events of one key and type in one window, those that they are to be compared with in the other. Its size is
 * bounded as long as both windows are read at one pace. Confined to one thread.
 */
sealed interface Pairing {

    /** One of the two windows. */
    enum Side {
        FIRST,
        SECOND;

        Side other() {
            return this == FIRST ? SECOND : FIRST;
        }
    }

    /**
     * One value of a window.
     *
     * @param at which one it is, in words
     */
    record Value(JsonNode json, String at) {}

    void add(Side side, Object by, String at, byte[] data);

    /** Both windows are at their ends: pairs what is left, and keeps no event any more. */
    void settle();

    /** How many values that side has had: of a series its entries, else its changes. */
    long values(Side side);

    /** How many of them have had a counterpart. */
    long paired();

    /** Whether some were not paired since there was no room for them. */
    boolean isCut();

    /** The values of a type of which the newest counts, in the order of its changes: the n-th of the one with the n-th of the other. */
    final class OfChanges implements Pairing {
        static final int MOST_PENDING = 1_000;

        private final ShiftedComparison comparison;
        private final BiConsumer<Value, Value> pairs;
        private final Map<Side, Changes> windows = Map.of(Side.FIRST, new Changes(), Side.SECOND, new Changes());
        private long paired;
        private boolean cut;

        private static final class Changes {
            final Deque<Value> pending = new ArrayDeque<>();
            JsonNode last;
            long changes;
        }

        /** @param pairs is given each pair, the first window's value first */
        OfChanges(ShiftedComparison comparison, BiConsumer<Value, Value> pairs) {
            this.comparison = comparison;
            this.pairs = pairs;
        }

        @Override
        public void add(Side side, Object by, String at, byte[] data) {
            Changes mine = windows.get(side);
            Changes others = windows.get(side.other());
            JsonNode json = new Payloads().read(data);
            if (mine.last != null && !comparison.isChange(mine.last, json)) {
                return;
            }
            mine.last = json;
            mine.changes++;
            Value value = new Value(json, "change " + mine.changes + " at " + at);
            if (!others.pending.isEmpty()) {
                Value other = others.pending.remove();
                paired++;
                pairs.accept(side == Side.FIRST ? value : other, side == Side.FIRST ? other : value);
            } else if (!cut && mine.pending.size() < MOST_PENDING) {
                mine.pending.add(value);
            } else {
                cut = true; // from here on nobody knows any more which is the n-th
            }
        }

        @Override
        public void settle() {
            for (Changes window : windows.values()) {
                window.pending.clear();
                window.last = null;
            }
        }

        @Override
        public long values(Side side) {
            return windows.get(side).changes;
        }

        @Override
        public long paired() {
            return paired;
        }

        @Override
        public boolean isCut() {
            return cut;
        }
    }

    /**
     * The entries of a series, by the series' field; of each the last version that its window has. An entry goes with the one
     * that has its own value of that field, or with the one that has it shifted by the windows' distance, whichever finds more
     * of them. Of entries far older than the newest nobody waits for another version.
     */
    final class OfSeries implements Pairing {
        private static final int SLACK = 16;
        private static final Comparator<Object> ORDER = Comparator.comparing((Object by) -> !(by instanceof Instant))
                .thenComparing((one, other) -> one instanceof Instant instant
                        ? instant.compareTo((Instant) other)
                        : EventRecord.BY_FIELD.compare(one, other));

        private final ShiftedComparison comparison;
        private final int depth;
        private final BiConsumer<Value, Value> pairs;
        private final Map<Side, Entries> windows = Map.of(Side.FIRST, new Entries(), Side.SECOND, new Entries());
        private long paired;
        /** Null until it was found out. */
        private Boolean shifts;

        private static final class Entries {
            /** Those that are not settled. */
            final TreeMap<Object, Entry> entries = new TreeMap<>(ORDER);

            long settled;

            /** Null where there is none. */
            Value settle(Object by) {
                Entry entry = entries.remove(by);
                settled += entry == null ? 0 : 1;
                return entry == null ? null : entry.value();
            }
        }

        private static final class Entry {
            private final String at;
            private final byte[] data;

            Entry(String at, byte[] data) {
                this.at = at;
                this.data = data;
            }

            Value value() {
                return new Value(new Payloads().read(data), at);
            }
        }

        OfSeries(ShiftedComparison comparison, int depth, BiConsumer<Value, Value> pairs) {
            this.comparison = comparison;
            this.depth = depth;
            this.pairs = pairs;
        }

        @Override
        public void add(Side side, Object by, String at, byte[] data) {
            TreeMap<Object, Entry> mine = windows.get(side).entries;
            mine.put(key(by), new Entry("entry " + by + " at " + at, data));
            if (mine.size() > 2 * depth + SLACK) {
                settleTo(depth);
            }
        }

        private static Object key(Object by) {
            Instant instant = by instanceof String text ? ShiftedComparison.instant(text) : null;
            return instant == null ? by : instant;
        }

        @Override
        public void settle() {
            settleTo(0);
        }

        /** The oldest go, each with its counterpart. */
        private void settleTo(int size) {
            if (shifts == null) {
                shifts = matches(true) >= matches(false);
            }
            for (Side side : Side.values()) {
                Entries mine = windows.get(side);
                while (mine.entries.size() > size) {
                    Object oldest = mine.entries.firstKey();
                    Value value = mine.settle(oldest);
                    Value other = windows.get(side.other()).settle(counterpart(side, oldest, shifts));
                    if (other != null) {
                        paired++;
                        pairs.accept(side == Side.FIRST ? value : other, side == Side.FIRST ? other : value);
                    }
                }
            }
        }

        private long matches(boolean shifted) {
            Set<Object> second = windows.get(Side.SECOND).entries.keySet();
            return windows.get(Side.FIRST).entries.keySet().stream()
                    .filter(by -> second.contains(counterpart(Side.FIRST, by, shifted)))
                    .count();
        }

        private Object counterpart(Side side, Object by, boolean shifted) {
            if (!shifted || !(by instanceof Instant instant)) {
                return by;
            }
            return side == Side.FIRST ? instant.plus(comparison.distance()) : instant.minus(comparison.distance());
        }

        @Override
        public long values(Side side) {
            return windows.get(side).settled + windows.get(side).entries.size();
        }

        @Override
        public long paired() {
            return paired;
        }

        @Override
        public boolean isCut() {
            return false;
        }
    }
}

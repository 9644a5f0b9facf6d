package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Reference;
import dev.cutover.schema.ServedRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The fields that an upstream answers differently each time: those in which two reads of the prober differ, one right after the
 * other, while no event has changed them. Measured anew with each pair of reads, and only for the key that was read. Owned
 * by one thread.
 */
final class Noise {
    static final String PROBER = "prober";
    private static final Duration BACK_TO_BACK = Duration.ofSeconds(2);
    private static final int MOST_READS = 1_000;

    private final Comparison comparison;
    /** The reads that may be the first of a pair, by key and query; the oldest first. */
    private final Map<String, ServedRecord> reads = new LinkedHashMap<>();

    private final Map<String, Pair> pairs = new HashMap<>();
    /** Those that were settled and not {@linkplain #takeSettled taken} since. */
    private final Map<String, Pair> settled = new HashMap<>();

    /**
     * Two reads back to back.
     *
     * @param from when the first one was asked for
     * @param to when the second one was answered
     * @param fields that differ, by {@link Comparison#differing}
     * @param settled whether those that an event has changed are out of them: it must be found out while the events of that time are
     *     kept
     */
    record Pair(Instant from, Instant to, Set<String> fields, boolean settled) {}

    Noise(Comparison comparison) {
        this.comparison = comparison;
    }

    /**
     * Looks at what was served.
     *
     * @return the pair that it completes; null where it completes none
     */
    Pair read(ServedRecord served) {
        if (served.kind() != ServedRecord.Kind.ENTRY
                || served.reference() != Reference.UPSTREAM
                || !served.caller().equals(PROBER)) {
            return null;
        }
        ServedRecord first = reads.put(served.key() + "|" + served.query(), served);
        if (reads.size() > MOST_READS) {
            reads.remove(reads.keySet().iterator().next());
        }
        if (first == null
                || served.askedAt().isBefore(first.servedAt())
                || served.askedAt().isAfter(first.servedAt().plus(BACK_TO_BACK))) {
            return null;
        }
        Pair pair =
                new Pair(first.askedAt(), served.servedAt(), comparison.differing(first.body(), served.body()), false);
        pairs.put(served.key(), pair);
        return pair;
    }

    /** What has been settled since the last call, by key: to be kept. */
    Map<String, Pair> takeSettled() {
        Map<String, Pair> taken = Map.copyOf(settled);
        settled.clear();
        return taken;
    }

    /** Goes on with a pair that was kept. */
    void restore(String key, Pair pair) {
        pairs.put(key, pair);
    }

    /**
     * The fields of a key's body that are noise.
     *
     * @param lag by how much an event may come after what it tells of
     */
    Set<String> of(String key, KeyHistory history, BodyForm form, Duration lag, Payloads payloads, Instant now) {
        Pair pair = pairs.get(key);
        if (pair == null) {
            return Set.of();
        }
        if (pair.settled() || pair.fields().isEmpty()) {
            return pair.fields();
        }
        long fromMs = pair.from().toEpochMilli();
        long endMs = pair.to().plus(lag).toEpochMilli();
        Set<String> fields = new HashSet<>(pair.fields());
        JsonNode before = null;
        for (KeyHistory.Moment moment : around(history.moments(form), fromMs, endMs)) {
            if (history.at(moment.offset(), form, true, payloads) instanceof KeyHistory.State.Body state) {
                if (before != null) {
                    fields.removeAll(comparison.differing(before, state.body()));
                }
                before = state.body();
            }
        }
        if (!now.isBefore(pair.to().plus(lag))) {
            Pair known = new Pair(pair.from(), pair.to(), Set.copyOf(fields), true);
            pairs.put(key, known);
            settled.put(key, known);
        }
        return fields;
    }

    /** The moment that was current at the beginning, and those until the end. */
    private static List<KeyHistory.Moment> around(List<KeyHistory.Moment> moments, long fromMs, long endMs) {
        int begin = 0;
        int end = 0;
        for (int i = 0; i < moments.size() && moments.get(i).fromMs() <= endMs; i++) {
            begin = moments.get(i).fromMs() < fromMs ? i : begin;
            end = i + 1;
        }
        return moments.subList(begin, end);
    }
}

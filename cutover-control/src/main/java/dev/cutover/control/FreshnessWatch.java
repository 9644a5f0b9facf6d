package dev.cutover.control;

import dev.cutover.control.Observation.Freshness;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * By how much REST shows a feature's events later than the WebSocket brings them, by whoever asks for a key at the feature's
 * cadence: from an event's arrival to the end of the first answer that holds equal data. Of the keys alone that are being asked
 * for, and only where the answer before was no longer ago than a caller would wait: else it would be the sample's own rotation
 * that is measured.
 *
 * <p>An event that says what the one before it said is the state once more, and not news; it gives no sample. Does no I/O;
 * owned by the prober's thread.
 */
final class FreshnessWatch {
    /** For so long samples count for {@link #window}. */
    static final Duration WINDOW = Duration.ofMinutes(1);

    private static final int MOST_WINDOW_SAMPLES = 1_000;
    /** Events of one key and type that wait to be seen on REST: older ones are superseded anyway. */
    private static final int MOST_WAITING = 16;

    private static final long NEVER = Long.MIN_VALUE;

    /**
     * A value in an answer.
     *
     * @param hash of data, by {@link DataHash}
     */
    record Shown(String type, long hash) {}

    /** An event that REST has not shown yet. */
    private record Waiting(long hash, long atNs, boolean atOnce) {}

    private record Sample(long atNs, long lateNs) {}

    /** Of one key and type. */
    private static final class Stream {
        final Deque<Waiting> waiting = new ArrayDeque<>();
        /** What the newest answer showed, and since when answers in a row have shown it. */
        Map<Long, Long> shown = Map.of();

        boolean begun;
        /** Of the newest event. */
        long newestHash;

        long newestNs;
    }

    /** Of one key that is asked for. */
    private static final class Key {
        final Map<String, Stream> streams = new HashMap<>();
        long answeredNs = NEVER;
    }

    private final EventHash eventHash;
    private final long patienceNs;
    private final Map<String, Key> asked = new HashMap<>();
    private final Deque<Sample> window = new ArrayDeque<>();
    private final List<Long> samplesNs = new ArrayList<>();

    /** How an event's data is recognised. */
    interface EventHash {
        long of(FeatureWatch.Arrived event);
    }

    /** @param interval how often a key is asked for */
    FreshnessWatch(EventHash eventHash, Duration interval) {
        this.eventHash = eventHash;
        this.patienceNs = 2 * interval.toNanos();
    }

    /** From now on these keys are asked for, and no others. */
    void asking(Collection<String> keys) {
        asked.keySet().retainAll(Set.copyOf(keys));
        keys.forEach(key -> asked.computeIfAbsent(key, each -> new Key()));
    }

    boolean isAsking(String key) {
        return asked.containsKey(key);
    }

    /** An event on the WebSocket. */
    void arrived(FeatureWatch.Arrived event, long atNs) {
        Key key = asked.get(event.key());
        if (key == null) {
            return;
        }
        Stream stream = key.streams.computeIfAbsent(event.type(), each -> new Stream());
        long hash = eventHash.of(event);
        boolean news = stream.begun && hash != stream.newestHash;
        if (news && !wasShownFirst(stream, key, hash, event.atOnce(), atNs)) {
            if (stream.waiting.size() == MOST_WAITING) {
                stream.waiting.removeFirst();
            }
            stream.waiting.addLast(new Waiting(hash, atNs, event.atOnce()));
        }
        if (news || !stream.begun) {
            stream.newestHash = hash;
            stream.newestNs = atNs;
        }
        stream.begun = true;
    }

    /** Whether REST has begun to show it since the event before it came, and before this one did. */
    private boolean wasShownFirst(Stream stream, Key key, long hash, boolean atOnce, long atNs) {
        Long since = stream.shown.get(hash);
        if (since == null || since == NEVER || since - stream.newestNs <= 0) {
            return false;
        }
        if (atOnce && key.answeredNs != NEVER) {
            add(atNs, since - atNs);
        }
        return true;
    }

    /**
     * An answer of REST for a key.
     *
     * @param values all that it holds of the key
     * @param atNs when it was complete
     */
    void answered(String name, Collection<Shown> values, long atNs) {
        Key key = asked.get(name);
        if (key == null) {
            return;
        }
        boolean inTime = key.answeredNs != NEVER && atNs - key.answeredNs <= patienceNs;
        Map<String, Map<Long, Long>> shown = new HashMap<>();
        for (Shown value : values) {
            Stream stream = key.streams.computeIfAbsent(value.type(), each -> new Stream());
            // what the first answer shows may have stood there for long
            long since = key.answeredNs == NEVER ? NEVER : stream.shown.getOrDefault(value.hash(), atNs);
            shown.computeIfAbsent(value.type(), each -> new HashMap<>()).put(value.hash(), since);
            recognise(stream, value.hash(), inTime, atNs);
        }
        shown.forEach((type, hashes) -> key.streams.get(type).shown = hashes);
        key.answeredNs = atNs;
    }

    private void recognise(Stream stream, long hash, boolean inTime, long atNs) {
        if (stream.waiting.stream().noneMatch(each -> each.hash() == hash)) {
            return;
        }
        // those before it will not be shown any more, or are parts of the same answer
        for (Iterator<Waiting> each = stream.waiting.iterator(); each.hasNext(); ) {
            Waiting event = each.next();
            each.remove();
            if (event.hash() == hash) {
                if (inTime && event.atOnce()) {
                    add(atNs, atNs - event.atNs());
                }
                return;
            }
        }
    }

    private void add(long atNs, long lateNs) {
        samplesNs.add(lateNs);
        if (window.size() == MOST_WINDOW_SAMPLES) {
            window.removeFirst();
        }
        window.addLast(new Sample(atNs, lateNs));
    }

    /** What was measured since the last call. */
    Freshness take() {
        Freshness freshness = of(samplesNs);
        samplesNs.clear();
        return freshness;
    }

    /** What was measured within the last {@link #WINDOW}. */
    Freshness window(long nowNs) {
        while (!window.isEmpty() && nowNs - window.getFirst().atNs() > WINDOW.toNanos()) {
            window.removeFirst();
        }
        return of(window.stream().map(Sample::lateNs).toList());
    }

    /** The median is, of an even number, the lower one of both in the middle. */
    static Freshness of(List<Long> lateNs) {
        if (lateNs.isEmpty()) {
            return Freshness.NONE;
        }
        List<Long> sorted = lateNs.stream().sorted().toList();
        return new Freshness(
                sorted.size(),
                TimeUnit.NANOSECONDS.toMillis(sorted.get((sorted.size() - 1) / 2)),
                TimeUnit.NANOSECONDS.toMillis(sorted.get(sorted.size() - 1)));
    }
}

package dev.cutover.gateway;

import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature.View;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is known of one key: its last event and, for a series, the entries that were written last, as many as its depth. Counted
 * by writing and not by the field, they are a function of the log's end alone, the same on a gateway that has run for long and
 * on one that has just started. Holds a reference to each of those frames.
 *
 * <p>Owned by one hub's event loop.
 */
final class LatestValues {
    /** By offset in each partition. */
    static final Comparator<Frame> BY_POSITION =
            Comparator.<Frame>comparingInt(frame -> frame.key.partition).thenComparingLong(frame -> frame.offset);

    private final int depth;
    /** By the field's value, the one written last at the end: which {@link dev.cutover.schema.TailStart} finds again in the log. */
    private final Map<Object, Frame> series;

    private Frame last;

    LatestValues(View view) {
        this.depth = view instanceof View.Series of ? of.depth() : 0;
        this.series = depth > 0 ? new LinkedHashMap<>() : null;
    }

    /** Retains the frame, for as long as it is among the newest. */
    void put(Frame frame) {
        frame.retain();
        if (last != null) {
            last.release();
        }
        last = frame;
        if (series != null) {
            Frame replaced = series.remove(frame.by);
            if (replaced != null) {
                replaced.release();
            } else if (series.size() == depth) {
                Iterator<Frame> oldest = series.values().iterator();
                oldest.next().release();
                oldest.remove();
            }
            series.put(frame.by, frame.retain());
        }
    }

    /** The newest entries of the series, oldest first; at most {@code most}, and at most the view's depth. */
    private List<Frame> newest(int most) {
        List<Frame> sorted = new ArrayList<>(series.values());
        sorted.sort(Comparator.comparing(frame -> frame.by, EventRecord.BY_FIELD));
        return sorted.subList(Math.max(0, sorted.size() - most), sorted.size());
    }

    /**
     * Adds what a snapshot holds of this key, each frame retained.
     *
     * @param entries of a series; 0 for the last event alone
     */
    void addTo(List<Frame> snapshot, int entries) {
        if (entries > 0 && series != null) {
            newest(entries).forEach(frame -> snapshot.add(frame.retain()));
        } else if (last != null) {
            snapshot.add(last.retain());
        }
    }

    /** How many events a snapshot of its full depth holds. */
    int entries() {
        if (last == null) {
            return 0;
        }
        return series == null ? 1 : series.size();
    }

    /** The position that a snapshot sorts this key by. */
    Frame last() {
        return last;
    }

    void release() {
        if (last != null) {
            last.release();
            last = null;
        }
        if (series != null) {
            series.values().forEach(Frame::release);
            series.clear();
        }
    }
}

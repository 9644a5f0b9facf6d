package dev.cutover.control;

import java.util.Arrays;

/**
 * The time between one event and the next. The worst is exact; the median, of many, is that of every second, fourth, … of them.
 * Its size is bounded. Confined to one thread.
 */
final class Intervals {
    private static final int MOST = 256;

    private final long[] kept = new long[MOST];
    private int size;
    private int stride = 1;
    private long seen;
    private long lastMs = Long.MIN_VALUE;
    private long worstMs = -1;

    /** An event at a time; those of one series come in order. */
    void event(long tsMs) {
        if (lastMs != Long.MIN_VALUE) {
            add(Math.max(0, tsMs - lastMs));
        }
        lastMs = tsMs;
    }

    private void add(long intervalMs) {
        worstMs = Math.max(worstMs, intervalMs);
        if (seen++ % stride != 0) {
            return;
        }
        if (size == MOST) {
            for (int i = 0; i < MOST / 2; i++) {
                kept[i] = kept[2 * i];
            }
            size = MOST / 2;
            stride *= 2;
        }
        kept[size++] = intervalMs;
    }

    /** Null where there were fewer than two events, as {@link #worstMs}. */
    Long medianMs() {
        if (size == 0) {
            return null;
        }
        long[] sorted = Arrays.copyOf(kept, size);
        Arrays.sort(sorted);
        return sorted[(size - 1) / 2];
    }

    Long worstMs() {
        return worstMs < 0 ? null : worstMs;
    }
}

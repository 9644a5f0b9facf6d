package dev.cutover.local;

import java.util.Arrays;

/** How long each of many things took. Confined to one thread at a time. */
final class Latencies {
    private long[] nanos = new long[1 << 12];
    private int size;

    void add(long tookNs) {
        if (size == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * size);
        }
        nanos[size++] = tookNs;
    }

    int size() {
        return size;
    }

    /** In milliseconds; NaN where there is none. */
    double percentileMs(double percent) {
        if (size == 0) {
            return Double.NaN;
        }
        long[] sorted = Arrays.copyOf(nanos, size);
        Arrays.sort(sorted);
        return sorted[(int) Math.min(size - 1, Math.round(size * percent / 100))] / 1e6;
    }

    /** The percentiles that the figures name. */
    String shown() {
        return "p50 %.1f ms, p99 %.1f ms, max %.1f ms of %d"
                .formatted(percentileMs(50), percentileMs(99), percentileMs(100), size);
    }
}

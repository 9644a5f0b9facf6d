package dev.cutover.local;

import java.util.Arrays;

/**
 * What one client got of one key of a feature, or of all its keys, from one request for it to its end: in each partition the
 * offsets in the order in which they came, with a checksum of each event's data.
 *
 * <p>Confined to the swarm's event loop, until the swarm has ended.
 */
final class Track {
    /** Events in the order in which they came. */
    static final class Received {
        long[] offsets = new long[16];
        int[] sums = new int[16];
        int size;

        void add(long offset, int sum) {
            if (size == offsets.length) {
                offsets = Arrays.copyOf(offsets, 2 * size);
                sums = Arrays.copyOf(sums, 2 * size);
            }
            offsets[size] = offset;
            sums[size++] = sum;
        }
    }

    final String feature;
    /** Null for all keys. */
    final String key;
    /** In each partition the offset behind which it begins. */
    final long[] start;

    final boolean fromSnapshot;
    final Received[] live;
    final Received[] snapshot;
    /** Whether the client has asked for no more; what it got is then a beginning. */
    boolean closed;

    Track(String feature, String key, long[] start, boolean fromSnapshot) {
        this.feature = feature;
        this.key = key;
        this.start = start.clone();
        this.fromSnapshot = fromSnapshot;
        this.live = new Received[start.length];
        this.snapshot = new Received[start.length];
        Arrays.setAll(live, partition -> new Received());
        Arrays.setAll(snapshot, partition -> new Received());
    }
}

package dev.cutover.gateway;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;

/**
 * The recent frames of one feature: in each partition all that the log holds from some offset on, up to the last one reached.
 * Holds a reference to each of them, within a {@link BacklogBudget}.
 *
 * <p>Offsets have holes (transaction markers, records that no subscriber can read), so that it is not the frames that say from
 * where a partition is complete: that is where its reading began, and after an eviction what follows the frame evicted.
 *
 * <p>Owned by one hub's event loop. A loop's own backlog, rather than one for all loops, costs a reference for each frame and
 * needs no lock, and what is read from it and what comes live are then the work of one thread: see {@link CatchUp}.
 */
final class Backlog {
    /** Where the reading of a partition began is not known yet: no position is within reach. */
    private static final long UNKNOWN = Long.MAX_VALUE;

    /** What a frame holds on the heap besides its bytes, roughly: two small objects, and its places here. */
    private static final int FRAME_OBJECT_BYTES = 160;

    private final BacklogBudget budget;
    private final FrameRing[] rings;
    private final long[] completeFrom;
    private final long[] reached;
    /** The partition of every frame held, in the order in which they came. */
    private final Queue<Integer> arrivals = new ArrayDeque<>();

    private long bytes;

    /** For {@link BacklogBudget#backlog}. */
    Backlog(int partitions, BacklogBudget budget) {
        this.budget = budget;
        this.rings = new FrameRing[partitions];
        Arrays.setAll(rings, partition -> new FrameRing());
        this.completeFrom = new long[partitions];
        Arrays.fill(completeFrom, UNKNOWN);
        this.reached = new long[partitions];
        Arrays.fill(reached, -1);
    }

    /** Takes in the next frame of its partition, and retains it until it is evicted. */
    void add(Frame frame) {
        int partition = frame.key.partition;
        if (completeFrom[partition] == UNKNOWN || frame.offset <= reached[partition]) {
            beginAt(partition, frame.offset);
        }
        reached[partition] = frame.offset;
        rings[partition].addLast(frame.retain());
        arrivals.add(partition);
        bytes += heldBytes(frame);
        budget.grew(heldBytes(frame));
    }

    /** @param offset the last one read, or passed over; −1 for none */
    void reach(int partition, long offset) {
        if (completeFrom[partition] == UNKNOWN || offset < reached[partition]) {
            beginAt(partition, offset + 1);
        }
        reached[partition] = offset;
    }

    /** For a partition's first sign, and for a log that was cut or begun anew, of which what is held may not be true any more. */
    private void beginAt(int partition, long offset) {
        while (rings[partition].size() > 0) {
            drop(partition);
        }
        arrivals.removeIf(each -> each == partition);
        completeFrom[partition] = offset;
    }

    /** The last offset reached in each partition; the array is the backlog's own. */
    long[] reached() {
        return reached;
    }

    /** The lowest offset that a position may have seen last, in that partition; nobody's in a partition not yet begun. */
    long reachesBackTo(int partition) {
        return completeFrom[partition] - 1;
    }

    /**
     * Whether it holds all that lies after a position. One that is ahead of what was reached is within reach as well.
     *
     * @param seen the last offset seen in each partition; −1 for none
     */
    boolean reaches(long[] seen) {
        for (int partition = 0; partition < seen.length; partition++) {
            if (seen[partition] < reachesBackTo(partition)) {
                return false;
            }
        }
        return true;
    }

    /** How many frames it holds of a partition. */
    int size(int partition) {
        return rings[partition].size();
    }

    /**
     * A frame, not retained for the caller.
     *
     * @param index from 0, the oldest, to below {@link #size}; an index holds until the next frame comes in
     */
    Frame get(int partition, int index) {
        return rings[partition].get(index);
    }

    /** The index of the first frame that lies after an offset; the partition's size where there is none. */
    int indexAfter(int partition, long offset) {
        return rings[partition].indexAfter(offset);
    }

    long bytes() {
        return bytes;
    }

    /** For the budget: gives up the frame that came first, in whichever partition. */
    void evictOldest() {
        int partition = arrivals.remove();
        completeFrom[partition] = drop(partition) + 1;
    }

    private long drop(int partition) {
        Frame frame = rings[partition].removeFirst();
        bytes -= heldBytes(frame);
        budget.shrank(heldBytes(frame));
        frame.release();
        return frame.offset;
    }

    private static int heldBytes(Frame frame) {
        return frame.bytes() + FRAME_OBJECT_BYTES;
    }

    /** The log is another: nothing is held or known of it yet. */
    void restart() {
        release();
        Arrays.fill(reached, -1);
    }

    void release() {
        for (int partition = 0; partition < rings.length; partition++) {
            beginAt(partition, UNKNOWN);
        }
    }

    /** The frames of one partition, in ascending offset. */
    private static final class FrameRing {
        private static final int FIRST_CAPACITY = 16;

        /** Its length is a power of two. */
        private Frame[] frames = new Frame[FIRST_CAPACITY];

        private int first;
        private int size;

        int size() {
            return size;
        }

        Frame get(int index) {
            return frames[(first + index) & (frames.length - 1)];
        }

        void addLast(Frame frame) {
            if (size == frames.length) {
                Frame[] larger = new Frame[2 * size];
                for (int i = 0; i < size; i++) {
                    larger[i] = get(i);
                }
                frames = larger;
                first = 0;
            }
            frames[(first + size) & (frames.length - 1)] = frame;
            size++;
        }

        Frame removeFirst() {
            Frame frame = frames[first];
            frames[first] = null;
            first = (first + 1) & (frames.length - 1);
            size--;
            return frame;
        }

        int indexAfter(long offset) {
            int low = 0;
            int high = size;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (get(middle).offset <= offset) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }
    }
}

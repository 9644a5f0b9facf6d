package dev.cutover.rest;

import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;

/**
 * How far the store of one feature is, in each partition. Written by the stream thread, read by any; an offset is written after
 * the store has changed, so that who reads the offset and then the store finds at least what belongs to it.
 */
final class Coverage {
    private final FillRange range;
    private final AtomicLongArray reached;
    /** How often a store was made for the partition. */
    private final AtomicIntegerArray opened;

    Coverage(FillRange range) {
        this.range = range;
        this.reached = new AtomicLongArray(range.partitions());
        this.opened = new AtomicIntegerArray(range.partitions());
        for (int i = 0; i < range.partitions(); i++) {
            reached.set(i, range.start(i) - 1);
        }
    }

    /** Counts a store, and tells whether it is the first one of a partition that is known. */
    boolean open(int partition) {
        return partition < opened.length() && opened.incrementAndGet(partition) == 1;
    }

    void reach(int partition, long offset) {
        reached.set(partition, offset);
    }

    /** Whether every store is there and holds all that could be read when the filling began. */
    boolean isComplete() {
        for (int i = 0; i < range.partitions(); i++) {
            if (opened.get(i) == 0 || reached.get(i) < range.last(i)) {
                return false;
            }
        }
        return true;
    }

    /** The last offset of each partition whose effect is in the store; -1 for none. */
    List<Long> offsets() {
        return IntStream.range(0, range.partitions()).mapToObj(reached::get).toList();
    }
}

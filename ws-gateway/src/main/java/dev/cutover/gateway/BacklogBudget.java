package dev.cutover.gateway;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The bytes that the backlogs of one event loop may hold together. When they are too many, the largest backlog gives up its
 * oldest frames: a feature that is chatty takes what the others leave, and never what is their even share.
 *
 * <p>Every loop has its own, and each counts all the bytes; they are held once all the same. A frame is shared by all loops,
 * what is evicted is a function of the frames that came, and all loops take in the same frames in the same order: so they hold
 * the same ones, but for the few batches by which one loop may be behind another.
 *
 * <p>Owned by one hub's event loop.
 */
final class BacklogBudget {
    private final long mostBytes;
    private final List<Backlog> backlogs = new ArrayList<>();
    private long bytes;

    /** @param mostBytes of all backlogs together; 0 keeps nothing */
    BacklogBudget(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** One more backlog under this budget, empty. */
    Backlog backlog(int partitions) {
        Backlog backlog = new Backlog(partitions, this);
        backlogs.add(backlog);
        return backlog;
    }

    long bytes() {
        return bytes;
    }

    void grew(long by) {
        bytes += by;
        while (bytes > mostBytes) {
            backlogs.stream()
                    .max(Comparator.comparingLong(Backlog::bytes))
                    .orElseThrow()
                    .evictOldest();
        }
    }

    void shrank(long by) {
        bytes -= by;
    }
}

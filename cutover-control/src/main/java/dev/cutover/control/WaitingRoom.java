package dev.cutover.control;

import dev.cutover.schema.ServedRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * What REST served and can't be judged yet: until the log has reached an offset, or a time has come. Bounded by the bytes of
 * what waits. Owned by the task's thread.
 */
final class WaitingRoom {
    private static final long MOST_BYTES = 64 << 20;

    private final TreeSet<Guest> byTime =
            new TreeSet<>(Comparator.comparing(Guest::until).thenComparingLong(Guest::servedOffset));
    private final TreeSet<Guest> byOffset = new TreeSet<>(
            Comparator.<Guest>comparingLong(guest -> guest.served().offset()).thenComparingLong(Guest::servedOffset));
    private long bytes;

    /**
     * One that waits.
     *
     * @param servedOffset in the topic of what was served
     * @param length of its record, in bytes
     * @param since when it was first looked at
     */
    record Guest(long servedOffset, ServedRecord served, int length, Instant since, Instant until) {}

    /** False where there is no room. */
    boolean add(Guest guest) {
        if (bytes + guest.length() > MOST_BYTES) {
            return false;
        }
        bytes += guest.length();
        byTime.add(guest);
        if (guest.served().offset() != null) {
            byOffset.add(guest);
        }
        return true;
    }

    int size() {
        return byTime.size();
    }

    /** Takes out those whose offset the log has reached. */
    List<Guest> reached(long offset) {
        List<Guest> reached = new ArrayList<>();
        while (!byOffset.isEmpty() && byOffset.first().served().offset() <= offset) {
            Guest guest = byOffset.pollFirst();
            byTime.remove(guest);
            reached.add(left(guest));
        }
        return reached;
    }

    /** Takes out those whose time has come. */
    List<Guest> due(Instant now) {
        List<Guest> due = new ArrayList<>();
        while (!byTime.isEmpty() && !byTime.first().until().isAfter(now)) {
            Guest guest = byTime.pollFirst();
            if (guest.served().offset() != null) {
                byOffset.remove(guest);
            }
            due.add(left(guest));
        }
        return due;
    }

    private Guest left(Guest guest) {
        bytes -= guest.length();
        return guest;
    }
}

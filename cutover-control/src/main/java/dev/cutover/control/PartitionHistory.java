package dev.cutover.control;

import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the event log has said of every key of one partition, and how far it was read. Owned by one thread.
 *
 * <p>A topic that is made anew begins again at offset 0, and what was known is of another log. It shows in an event whose offset
 * was passed before and whose timestamp is newer than any; or, should the new log have grown past the old one's end unseen, in
 * the topic's id that REST gives. Then all is forgotten.
 */
final class PartitionHistory {
    private final Feature feature;
    private final int partition;
    private final Map<String, KeyHistory> keys = new HashMap<>();
    private long reached = -1;
    private long newestMs = -1;
    private Standing standing;

    /**
     * What of a partition is not in its events.
     *
     * @param judgeFrom what REST made of a lower offset is not judged, as not everything was known then
     * @param epoch the id of the topic; null while nobody has named it
     * @param formerEpoch of the topic before it was made anew; null where it never was
     * @param whole whether the log was read from so far back that a key that is not known is not in it
     */
    record Standing(long judgeFrom, String epoch, String formerEpoch, boolean whole) {
        /** Of a log that is read from where all of it is known. */
        static Standing from(long judgeFrom, String epoch) {
            return new Standing(judgeFrom, epoch, null, true);
        }
    }

    /**
     * What an event has changed.
     *
     * @param cleared whether all that was known before is gone
     * @param gone the versions of the event's key and type that are not needed any more
     */
    record Change(boolean cleared, List<Version> gone) {}

    PartitionHistory(Feature feature, int partition, Standing standing) {
        this.feature = feature;
        this.partition = partition;
        this.standing = standing;
    }

    Feature feature() {
        return feature;
    }

    int partition() {
        return partition;
    }

    Standing standing() {
        return standing;
    }

    /** The offset up to which the log was read; -1 before its first event. */
    long reached() {
        return reached;
    }

    Map<String, KeyHistory> keys() {
        return Collections.unmodifiableMap(keys);
    }

    /** What is known of a key, which may be nothing yet. */
    KeyHistory key(String key) {
        KeyHistory known = keys.get(key);
        return known == null ? new KeyHistory(feature, key) : known;
    }

    /** Adds an event; one that comes again, after a failure, changes nothing. */
    Change add(EventRecord event, long offset, long tsMs, byte[] data) {
        boolean cleared =
                offset <= reached && tsMs > newestMs && !key(event.key()).holds(event.type(), offset, tsMs);
        if (cleared) {
            clear(new Standing(offset, null, standing.epoch(), false));
        }
        if (reached < 0 && !standing.whole()) {
            // from its very beginning nothing is missing
            standing = new Standing(offset, standing.epoch(), standing.formerEpoch(), offset == 0);
        }
        KeyHistory history = keys.computeIfAbsent(event.key(), key -> new KeyHistory(feature, key));
        List<Version> gone = history.add(event.type(), new Version(offset, tsMs, event.by(), data));
        passed(offset, tsMs);
        return new Change(cleared, gone);
    }

    /** An offset was read, whatever was there. */
    void passed(long offset, long tsMs) {
        reached = Math.max(reached, offset);
        newestMs = Math.max(newestMs, tsMs);
    }

    /** Goes on with what another history of this partition had kept of a key. */
    void restore(String key, EventType type, long wholeFrom, List<Version> versions) {
        keys.computeIfAbsent(key, each -> new KeyHistory(feature, each)).restore(type, wholeFrom, versions);
        versions.forEach(version -> passed(version.offset(), version.tsMs()));
    }

    /**
     * Whether what was made of the topic with this id can be judged. An id that was never heard of is the current topic's, and
     * has the history cleared if it is not of it.
     *
     * @return false for one that is gone
     */
    boolean isOf(String epoch) {
        if (epoch.equals(standing.epoch())) {
            return true;
        }
        if (epoch.equals(standing.formerEpoch())) {
            return false;
        }
        if (standing.epoch() == null) {
            standing = new Standing(standing.judgeFrom(), epoch, standing.formerEpoch(), standing.whole());
        } else {
            clear(new Standing(0, epoch, standing.epoch(), false));
        }
        return true;
    }

    private void clear(Standing next) {
        keys.clear();
        reached = -1;
        newestMs = -1;
        standing = next;
    }
}

package dev.cutover.gateway;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * One subscription on its way from a position to the present. It reads the backlog as fast as its subscriber reads, and holds
 * neither frames nor bytes for it: what comes live meanwhile joins the backlog and is read in its turn. Until it is at the
 * backlog's end its keys are in no {@link LiveSubscription}; there they go live between two batches, in one step of the thread
 * that delivers both, so that no event is lost or doubled.
 *
 * <p>Owned by the session's event loop.
 */
final class CatchUp {

    /** How far one run has come. */
    enum Progress {
        /** The subscriber takes no more at the moment. */
        WAITING,
        /** All that the backlog holds has been written. */
        AT_END,
        /** The backlog holds no more what is next: it is for a longer memory, or expired. */
        OUT_OF_REACH
    }

    private final JsonNode id;
    private final FeatureShard shard;
    private final KeyFilter keys;
    /** The last offset in each partition up to which everything wanted has been written, or was seen by the client before. */
    private final long[] seen;

    private boolean announced;
    private long announcedNs;

    /**
     * @param id of the request; null for none
     * @param seen by the client, in each partition; taken over
     */
    CatchUp(JsonNode id, FeatureShard shard, KeyFilter keys, long[] seen) {
        this.id = id;
        this.shard = shard;
        this.keys = keys;
        this.seen = seen;
    }

    JsonNode id() {
        return id;
    }

    FeatureShard shard() {
        return shard;
    }

    /** What it wants; a key that another request takes over is taken away here. */
    KeyFilter keys() {
        return keys;
    }

    /** The array is its own. */
    long[] seen() {
        return seen;
    }

    /** Writes what is next, as far as the session takes it. Not while the hub delivers. */
    Progress run(SubscriberSession session) {
        if (!shard.backlog().reaches(seen)) {
            return Progress.OUT_OF_REACH;
        }
        for (int partition = 0; partition < seen.length; partition++) {
            if (!run(partition, session)) {
                return Progress.WAITING;
            }
        }
        return Progress.AT_END;
    }

    private boolean run(int partition, SubscriberSession session) {
        Backlog backlog = shard.backlog();
        int size = backlog.size(partition);
        for (int i = backlog.indexAfter(partition, seen[partition]); i < size; i++) {
            Frame frame = backlog.get(partition, i);
            if (keys.wants(frame.key.key) && !session.writeNow(frame)) {
                return false;
            }
            seen[partition] = frame.offset;
        }
        seen[partition] = Math.max(seen[partition], backlog.reached()[partition]);
        return true;
    }

    /**
     * Whether the client has seen what this gateway has yet to read: it had its position from elsewhere. Its keys must not go
     * live before the gateway is there, or it would see events again.
     */
    boolean isAhead() {
        long[] reached = shard.backlog().reached();
        for (int partition = 0; partition < seen.length; partition++) {
            if (seen[partition] > reached[partition]) {
                return true;
            }
        }
        return false;
    }

    /** Tells whether the client is still to be told that it has caught up: true the first time. */
    boolean announce(long nowNs) {
        boolean first = !announced;
        if (first) {
            announced = true;
            announcedNs = nowNs;
        }
        return first;
    }

    /** How long it has been told so. */
    long announcedForNs(long nowNs) {
        return nowNs - announcedNs;
    }
}

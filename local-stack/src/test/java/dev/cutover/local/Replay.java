package dev.cutover.local;

import java.time.Instant;
import java.util.Set;

/** One replay that a client asked for, and what it got of it. Confined to the swarm's event loop, until the swarm has ended. */
final class Replay {
    final String feature;
    /** Null for all keys. */
    final Set<String> keys;

    /** Null for the log's begin. */
    final Instant from;

    final Instant until;

    final Track track;
    /** Whether `replay_complete` came; else it ended early, and what came is a beginning. */
    boolean complete;
    /** As `replay_complete` says. */
    long count;

    Replay(String feature, Set<String> keys, Instant from, Instant until, int partitions) {
        this.feature = feature;
        this.keys = keys;
        this.from = from;
        this.until = until;
        long[] start = new long[partitions];
        java.util.Arrays.fill(start, -1);
        this.track = new Track(feature, null, start, false);
    }
}

package dev.cutover.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.gateway.ServerMessages.Opening;
import java.util.concurrent.TimeUnit;

/**
 * One telling of a part of the past, beside what is live: by time over the partitions, as fast as its subscriber reads, or at a
 * pace. It holds no bytes but the pieces of its {@link LogReading}.
 *
 * <p>Owned by the session's event loop.
 */
final class Replay {

    /** How far one run has come. */
    enum Progress {
        /** The subscriber, the log or the time has to move first. */
        WAITING,
        COMPLETE,
        /** The log does not hold what is next. */
        EXPIRED,
        UNAVAILABLE
    }

    private final ClientMessage.Replay wanted;
    private final FeatureShard shard;
    private final SubscriberSession session;
    private final Sender sender;
    private final LogReading reading;
    private final byte[] mark;

    private boolean subscribed;
    private long count;

    /** The first event's time, and when it was told: what the pace counts from. */
    private long firstMs;

    private long firstNs;
    /** When the session comes back for the pace's sake; 0 where that was not asked for yet. */
    private long wakeNs;

    Replay(
            ClientMessage.Replay wanted,
            FeatureShard shard,
            EventLog.Start start,
            EventLog log,
            SubscriberSession session) {
        this.wanted = wanted;
        this.shard = shard;
        this.session = session;
        this.sender = session.sender();
        this.mark = ServerMessages.replayMark(wanted.id());
        this.reading = new LogReading(
                log,
                shard.feature(),
                log.encoder(shard.feature()),
                KeyFilter.of(wanted.keys())::wants,
                start,
                wanted.until(),
                false,
                session);
    }

    JsonNode id() {
        return wanted.id();
    }

    FeatureShard shard() {
        return shard;
    }

    /** Events written so far. */
    long count() {
        return count;
    }

    /** Writes what is next and due, as far as the client takes it. Not while the hub delivers. */
    Progress run() {
        while (sender.canWriteNow()) {
            LogReading.State state = reading.state();
            subscribe();
            switch (state) {
                case READY -> {
                    if (!isDue() || !sender.writeNow(reading.head(), mark)) {
                        return Progress.WAITING;
                    }
                    reading.pass();
                    count++;
                }
                case END -> {
                    return Progress.COMPLETE;
                }
                case WAITING -> {
                    return Progress.WAITING;
                }
                case GONE -> {
                    return Progress.EXPIRED;
                }
                case UNAVAILABLE -> {
                    return Progress.UNAVAILABLE;
                }
            }
        }
        return Progress.WAITING;
    }

    private void subscribe() {
        if (!subscribed && reading.span() != null) {
            subscribed = true;
            long[] seen = reading.span().from().clone();
            for (int partition = 0; partition < seen.length; partition++) {
                seen[partition]--;
            }
            sender.subscribed(wanted.id(), shard, seen, Opening.REPLAY);
        }
    }

    /** Whether the pace allows the head now; has the session come back when it does. */
    private boolean isDue() {
        if (wanted.speed() == 0) {
            return true;
        }
        long nowNs = session.nowNs();
        long headMs = reading.head().timestampMs;
        if (count == 0) {
            firstMs = headMs;
            firstNs = nowNs;
        }
        long dueNs = firstNs + (long) (TimeUnit.MILLISECONDS.toNanos(headMs - firstMs) / wanted.speed());
        if (dueNs <= nowNs) {
            return true;
        }
        if (wakeNs <= nowNs || wakeNs > dueNs) {
            wakeNs = dueNs;
            session.goOnAfter(dueNs - nowNs);
        }
        return false;
    }

    /** Ends it. */
    void close() {
        reading.close();
    }
}

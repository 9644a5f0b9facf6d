package dev.cutover.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.gateway.ServerMessages.Opening;
import java.util.Arrays;

/**
 * One subscription on its way from a position to the present. It reads the log while it is out of the backlog's reach, and then
 * the backlog, as fast as its subscriber reads; what comes live meanwhile joins the backlog and is read in its turn. Until it is
 * at the backlog's end its keys are in no {@link LiveSubscription}; there they go live between two batches, in one step of the
 * thread that delivers both, so that no event is lost or doubled. It holds no bytes but the pieces of its {@link LogReading},
 * and gives those back when its subscriber does not read.
 *
 * <p>Owned by the session's event loop.
 */
final class CatchUp {

    /** How far one run has come. */
    enum Progress {
        /** The subscriber, or the log, has to move first. */
        WAITING,
        /** All that this gateway has read has been written. */
        AT_END,
        /** Neither the backlog nor the log holds what is next. */
        EXPIRED,
        /** What is next is in the log alone, and Kafka does not answer. */
        UNAVAILABLE
    }

    private final JsonNode id;
    private final FeatureShard shard;
    private final KeyFilter keys;
    private final EventLog log;
    private final FrameEncoder encoder;
    private final SubscriberSession session;
    private final Sender sender;

    /**
     * The last offset in each partition up to which everything wanted has been written, or was seen by the client before; null
     * until it is known.
     */
    private long[] seen;
    /** Of what lies before the backlog; null while the backlog has what is next. */
    private LogReading reading;
    /** Whether something was written since this was last looked at. */
    private boolean moved;

    private boolean subscribed;
    private boolean announced;
    private long announcedNs;

    /**
     * From a position.
     *
     * @param id of the request; null for none
     * @param seen by the client, in each partition; taken over
     */
    CatchUp(JsonNode id, FeatureShard shard, KeyFilter keys, long[] seen, EventLog log, SubscriberSession session) {
        this.id = id;
        this.shard = shard;
        this.keys = keys;
        this.seen = seen;
        this.log = log;
        this.encoder = log.encoder(shard.feature());
        this.session = session;
        this.sender = session.sender();
    }

    /** From where the log is to tell. */
    CatchUp(
            JsonNode id,
            FeatureShard shard,
            KeyFilter keys,
            EventLog.Start start,
            EventLog log,
            SubscriberSession session) {
        this(id, shard, keys, (long[]) null, log, session);
        this.reading = reading(start);
    }

    private LogReading reading(EventLog.Start start) {
        return new LogReading(log, shard.feature(), encoder, keys.copy()::wants, start, null, true, session);
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

    /** Null while it is not known; the array is its own. */
    long[] seen() {
        return seen;
    }

    /** Writes what is next, as far as the client takes it. Not while the hub delivers. */
    Progress run() {
        while (reading != null || !shard.backlog().reaches(seen)) {
            if (reading == null) {
                reading = reading(new EventLog.Start.Known(untilTheBacklog()));
            }
            Progress progress = runLog();
            if (progress != Progress.AT_END) {
                return progress;
            }
            close(); // the reading; the backlog may have moved on meanwhile
        }
        subscribe();
        return runBacklog();
    }

    /** Tells the client that it is subscribed, once it is known from where, and that the log has it. */
    private void subscribe() {
        if (!subscribed) {
            subscribed = true;
            sender.subscribed(id, shard, seen, Opening.POSITION);
        }
    }

    // what lies before the backlog

    private Progress runLog() {
        while (sender.canWriteNow()) {
            switch (reading.state()) {
                case READY -> {
                    beginLog();
                    if (!write(reading.head())) {
                        return Progress.WAITING;
                    }
                    reading.pass();
                    takePassed();
                }
                case END -> {
                    beginLog();
                    return Progress.AT_END;
                }
                case WAITING -> {
                    if (subscribed) {
                        takePassed();
                    }
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

    /** The log has what is next: the client is told from where it begins, before what it does not want is passed over. */
    private void beginLog() {
        if (seen == null) {
            seen = Arrays.stream(reading.span().from()).map(next -> next - 1).toArray();
        }
        subscribe();
        takePassed();
    }

    private EventLog.Span untilTheBacklog() {
        long[] from = new long[seen.length];
        long[] to = new long[seen.length];
        for (int partition = 0; partition < seen.length; partition++) {
            from[partition] = seen[partition] + 1;
            to[partition] = Math.max(from[partition], shard.backlog().reachesBackTo(partition) + 1);
        }
        return new EventLog.Span(from, to);
    }

    private void takePassed() {
        for (int partition = 0; partition < seen.length; partition++) {
            seen[partition] = Math.max(seen[partition], reading.passed(partition));
        }
    }

    // the backlog

    private Progress runBacklog() {
        for (int partition = 0; partition < seen.length; partition++) {
            if (!runBacklog(partition)) {
                return Progress.WAITING;
            }
        }
        return Progress.AT_END;
    }

    private boolean runBacklog(int partition) {
        Backlog backlog = shard.backlog();
        int size = backlog.size(partition);
        for (int i = backlog.indexAfter(partition, seen[partition]); i < size; i++) {
            Frame frame = backlog.get(partition, i);
            if (!write(frame)) {
                return false;
            }
            seen[partition] = frame.offset;
        }
        seen[partition] = Math.max(seen[partition], backlog.reached()[partition]);
        return true;
    }

    /** False where it can't be written now. */
    private boolean write(Frame frame) {
        if (keys.wants(frame.key.key) && !sender.writeNow(frame)) {
            return false;
        }
        moved = true;
        return true;
    }

    // its life

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

    /** To be called every second or so: what a client that has not read since holds of the log, others may have meanwhile. */
    void giveBackIfStalled() {
        if (!moved && reading != null && !reading.isAsking()) {
            reading.giveBack();
        }
        moved = false;
    }

    /** Gives back what it holds of the log. */
    void close() {
        if (reading != null) {
            reading.close();
            reading = null;
        }
    }
}

package dev.cutover.gateway;

import dev.cutover.schema.Feature;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.function.Predicate;

/**
 * The reading of a part of a feature's log: its events one after the other, by time over the partitions, in ascending offset
 * within each. Holds a piece of each partition at most, all together within {@link #MOST_BYTES} and an event for each, however
 * slowly they are taken.
 *
 * <p>Owned by the event loop of who reads.
 */
final class LogReading {
    static final int MOST_BYTES = 256 * 1024;

    private static final int LEAST_PIECE_BYTES = 16 * 1024;

    enum State {
        /** {@link #head} is next. */
        READY,
        /** Something is being found or read; {@code onArrival} is called when it has come. */
        WAITING,
        /** Kafka does not answer, and was asked again; answered once, and then it is {@link #WAITING} until Kafka does. */
        UNAVAILABLE,
        /** What is next is not in the log any more. */
        GONE,
        END
    }

    private final EventLog log;
    private final EventLog.Reader reader;
    private final Executor loop;
    private final Runnable onArrival;
    private final boolean inTurn;
    private final EventLog.Start start;
    private final Instant until;

    /** What is to be read; null until it is found. */
    private EventLog.Span span;
    /** By partition, in ascending offset. */
    private final List<Queue<Frame>> held = new ArrayList<>();
    /** Where the reading of each partition goes on; null until that is known. */
    private long[] next;

    private boolean asking;
    private boolean hasRoom;
    /** Kafka does not answer, and {@link State#UNAVAILABLE} has, or has not yet, been said. */
    private boolean away;

    private boolean awaySaid;
    private boolean gone;
    private volatile boolean closed;

    /**
     * Reads nothing yet.
     *
     * @param encoder from the log; may go on from one reading to the next
     * @param wanted by key; safe on any thread
     * @param until the time before which it ends; null for the log's end as it is when it is asked first
     * @param inTurn whether it takes its turn with the many that read to catch up
     * @param session whose loop owns it, and which goes on when a state of {@link State#WAITING} is over
     */
    LogReading(
            EventLog log,
            Feature feature,
            FrameEncoder encoder,
            Predicate<String> wanted,
            EventLog.Start start,
            Instant until,
            boolean inTurn,
            SubscriberSession session) {
        this.log = log;
        this.reader = new EventLog.Reader(feature, encoder, wanted, () -> closed);
        this.loop = session.loop();
        this.onArrival = session::goOn;
        this.inTurn = inTurn;
        this.start = start;
        this.until = until;
        for (int partition = 0; partition < feature.partitions(); partition++) {
            held.add(new ArrayDeque<>());
        }
        if (start instanceof EventLog.Start.Known known) {
            begin(known.span());
        }
    }

    /** Where it stands; asks for what is next where that is needed. */
    State state() {
        if (gone) {
            return State.GONE;
        }
        if (!asking) {
            ask();
        }
        if (away && !awaySaid) {
            awaySaid = true;
            return State.UNAVAILABLE;
        }
        if (gone) {
            return State.GONE; // a log may answer at once
        }
        if (next == null || lacking() >= 0) {
            return State.WAITING;
        }
        return first() == null ? State.END : State.READY;
    }

    private void ask() {
        if (next == null) {
            asking = true;
            log.find(reader.feature(), start, until, loop, this::found);
        } else if (lacking() >= 0) {
            asking = true;
            int partition = lacking();
            boolean needsRoom = inTurn && !hasRoom;
            int mostBytes = Math.max(LEAST_PIECE_BYTES, MOST_BYTES / next.length);
            log.read(
                    reader,
                    new EventLog.Piece(partition, next[partition], span.to()[partition], mostBytes, needsRoom),
                    loop,
                    answer -> read(partition, needsRoom, answer));
        }
    }

    private void found(EventLog.Answer<EventLog.Span> answer) {
        if (answer instanceof EventLog.Answer.Found<EventLog.Span> found) {
            begin(found.value());
        }
        arrived(answer);
    }

    private void begin(EventLog.Span found) {
        span = found;
        next = found.from().clone();
    }

    private void read(int partition, boolean tookRoom, EventLog.Answer<EventLog.Frames> answer) {
        if (answer instanceof EventLog.Answer.Found<EventLog.Frames> found) {
            hasRoom |= tookRoom;
            if (closed) {
                found.value().frames().forEach(Frame::release);
            } else {
                held.get(partition).addAll(found.value().frames());
                next[partition] = found.value().next();
            }
            giveRoomIfEmpty();
        }
        arrived(answer);
    }

    private void arrived(EventLog.Answer<?> answer) {
        asking = false;
        gone = answer instanceof EventLog.Answer.Gone<?>;
        away = answer instanceof EventLog.Answer.Unavailable<?>;
        awaySaid &= away;
        if (!closed) {
            onArrival.run();
        }
    }

    /** A partition of which something is to come and nothing is held: what is next by time can't be told without it. */
    private int lacking() {
        for (int partition = 0; partition < next.length; partition++) {
            if (held.get(partition).isEmpty() && next[partition] < span.to()[partition]) {
                return partition;
            }
        }
        return -1;
    }

    private void giveRoomIfEmpty() {
        if (hasRoom && first() == null) {
            hasRoom = false;
            log.giveRoom();
        }
    }

    private Queue<Frame> first() {
        Queue<Frame> first = null;
        for (Queue<Frame> queue : held) {
            if (!queue.isEmpty() && (first == null || queue.peek().timestampMs < first.peek().timestampMs)) {
                first = queue;
            }
        }
        return first;
    }

    /** The next event, not retained for the caller; only where the state is {@link State#READY}. */
    Frame head() {
        return first().peek();
    }

    /** Goes on behind the head. */
    void pass() {
        first().remove().release();
        giveRoomIfEmpty();
    }

    /** The last offset of a partition that was passed, or that holds nothing wanted and lies before what is next. */
    long passed(int partition) {
        Frame frame = held.get(partition).peek();
        return (frame == null ? next[partition] : frame.offset) - 1;
    }

    /** What is read; null until it is found. */
    EventLog.Span span() {
        return span;
    }

    /** Whether it waits for the log, rather than for who reads it. */
    boolean isAsking() {
        return asking;
    }

    /** Drops what it holds, to read it again when it is asked for. */
    void giveBack() {
        for (int partition = 0; partition < held.size(); partition++) {
            Queue<Frame> frames = held.get(partition);
            if (!frames.isEmpty()) {
                next[partition] = frames.peek().offset;
            }
            frames.forEach(Frame::release);
            frames.clear();
        }
        giveRoomIfEmpty();
    }

    /** Ends it; it may not be asked any more. */
    void close() {
        closed = true;
        giveBack();
    }
}

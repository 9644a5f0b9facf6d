package dev.cutover.gateway;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * What one event loop still has to do for its sessions, and in which order: the present first, then some of what they read of the
 * past, in turns, then one flush for each that was written to, and the end of those that failed.
 *
 * <p>Owned by its event loop. A flush or a close may come back here.
 */
final class Turns {
    /** What one session may write of the past before others have their turn, and all of them before the present has its. */
    private static final int TURN_BYTES = 64 * 1024;

    private static final int ROUND_BYTES = 512 * 1024;
    /** A turn costs something, also where nothing is written. */
    private static final int LEAST_TURN_BYTES = 512;

    /** What the loop is about. */
    private enum Turn {
        IDLE,
        /** Sessions or their subscriptions are gone through: none may leave or enter the index. */
        DELIVERING,
        SETTLING
    }

    private final Executor loop;
    private final GatewayMetrics metrics;
    private final Runnable beforeSettling;
    private final List<Sender> toFlush = new ArrayList<>();
    private final List<SubscriberSession> toClose = new ArrayList<>();
    /** Those that have something of the past to write, in the order of their turns. */
    private final Set<SubscriberSession> ready = new LinkedHashSet<>();
    /** Those that go on once the next batch has been delivered. */
    private final Set<SubscriberSession> readyAfterBatch = new LinkedHashSet<>();

    private Turn turn = Turn.IDLE;
    private boolean continuing;
    private long framesSent;
    private long bytesSent;

    /** @param beforeSettling may fail sessions */
    Turns(Executor loop, GatewayMetrics metrics, Runnable beforeSettling) {
        this.loop = loop;
        this.metrics = metrics;
        this.beforeSettling = beforeSettling;
    }

    /** Does something with many sessions, and settles when all of it is done: meanwhile none is closed or leaves the index. */
    void goThrough(Runnable work) {
        turn = Turn.DELIVERING;
        try {
            work.run();
        } finally {
            turn = Turn.IDLE;
        }
        settle();
    }

    /** Goes through the sessions with a batch, by which others may go on. */
    void deliver(Runnable work) {
        ready.addAll(readyAfterBatch);
        readyAfterBatch.clear();
        goThrough(work);
    }

    /**
     * To be called when the reading of what a client sent is done, or its socket has room again. A flush may come back here while
     * others are gone through; those are then settled with the rest.
     */
    void settle() {
        if (turn != Turn.IDLE) {
            return;
        }
        turn = Turn.SETTLING;
        try {
            beforeSettling.run();
            takeTurns();
            // by index: a flush can make room, and what then goes out is to be flushed as well
            for (int i = 0; i < toFlush.size(); i++) {
                toFlush.get(i).flush();
            }
            for (int i = 0; i < toClose.size(); i++) {
                toClose.get(i).closeIfFailed();
            }
        } finally {
            toFlush.clear();
            toClose.clear();
            turn = Turn.IDLE;
        }
        metrics.framesSent.increment((double) framesSent);
        metrics.bytesSent.increment((double) bytesSent);
        framesSent = 0;
        bytesSent = 0;
        if (!ready.isEmpty()) {
            continueLater();
        }
    }

    /** Behind the batches that wait: however many read the past, the present comes first. */
    private void continueLater() {
        if (!continuing) {
            continuing = true;
            loop.execute(this::goOn);
        }
    }

    private void goOn() {
        continuing = false;
        settle();
    }

    /** Gives turns to those who read the past, one after the other, as many as one round bears. */
    private void takeTurns() {
        int left = ROUND_BYTES;
        while (left > 0 && !ready.isEmpty()) {
            Iterator<SubscriberSession> first = ready.iterator();
            SubscriberSession session = first.next();
            first.remove();
            left -= LEAST_TURN_BYTES + session.sender().takeTurn(TURN_BYTES);
        }
    }

    // what is to be done when the loop settles

    void toBeFlushed(Sender sender) {
        toFlush.add(sender);
    }

    void toBeClosed(SubscriberSession session) {
        toClose.add(session);
    }

    /** Counts what was written, for the metrics. */
    void sent(int frames, int bytes) {
        framesSent += frames;
        bytesSent += bytes;
    }

    /** Frames written since the loop has settled last. */
    long framesSent() {
        return framesSent;
    }

    // the past

    /** Has the session go on with what it reads of the past, when its turn comes. */
    void goOn(SubscriberSession session) {
        ready.add(session);
        if (turn == Turn.IDLE) {
            continueLater();
        }
    }

    /** Has it go on when the tail has brought more. */
    void goOnAfterBatch(SubscriberSession session) {
        readyAfterBatch.add(session);
    }

    /** The session reads nothing of the past any more. */
    void stays(SubscriberSession session) {
        ready.remove(session);
        readyAfterBatch.remove(session);
    }
}

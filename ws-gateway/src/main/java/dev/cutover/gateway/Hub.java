package dev.cutover.gateway;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.FlagChange;
import dev.cutover.schema.Stage;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop's share of the gateway: its sessions, and every feature as they see it.
 *
 * <p>Owned by its event loop. From other threads come batches, by {@link #accept}, and flag changes, by {@link
 * #onFlagChange}; both cross as a task of the loop.
 */
final class Hub {
    private static final Logger log = LoggerFactory.getLogger(Hub.class);

    /** Batches that may wait for a loop; the tail waits before it hands over more. */
    private static final int MOST_BATCHES_WAITING = 16;

    /**
     * What all hubs of a gateway share.
     *
     * @param epochs of the topics, by name, as they were at the start
     * @param stages of the features, by name, as they are now; safe on any thread
     */
    record Shared(
            GatewaySettings settings,
            FeatureCatalog catalog,
            Map<String, String> epochs,
            Function<String, Stage> stages,
            LongSupplier nanoClock,
            GatewayMetrics metrics) {}

    /** What the loop is about. */
    private enum Turn {
        IDLE,
        /** Sessions or their subscriptions are gone through: none may leave or enter the index. */
        DELIVERING,
        SETTLING
    }

    private final Executor loop;
    private final Shared shared;
    private final Semaphore room = new Semaphore(MOST_BATCHES_WAITING);

    // owned by the loop
    private final Map<String, FeatureShard> shardsByName = new LinkedHashMap<>();
    private final List<FeatureShard> shards = new ArrayList<>();
    private final Set<SubscriberSession> sessions = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<SubscriberSession> toFlush = new ArrayList<>();
    private final List<SubscriberSession> toClose = new ArrayList<>();
    /** Those that are on their way from a position to the present. */
    private final Set<SubscriberSession> catchingUp = Collections.newSetFromMap(new IdentityHashMap<>());

    private Turn turn = Turn.IDLE;

    private boolean released;
    private long framesSent;
    private long bytesSent;

    Hub(Executor loop, Shared shared) {
        this.loop = loop;
        this.shared = shared;
        BacklogBudget budget = new BacklogBudget(shared.settings().backlogBytes());
        for (Feature feature : shared.catalog().features()) {
            FeatureShard shard = new FeatureShard(
                    feature, shared.epochs().get(feature.topic()), budget.backlog(feature.partitions()));
            shards.add(shard);
            shardsByName.put(feature.name(), shard);
        }
    }

    // from other threads

    /**
     * Hands a batch over; the hub then owns one reference to each of its frames. Waits while the loop is behind.
     *
     * @throws InterruptedException and takes over nothing, when the caller is told to stop
     */
    void accept(TailBatch batch) throws InterruptedException {
        room.acquire();
        try {
            loop.execute(() -> {
                try {
                    deliver(batch);
                } finally {
                    room.release();
                }
            });
        } catch (RejectedExecutionException e) {
            room.release();
            batch.release(); // the loop has ended, and its sessions with it
        }
    }

    /** Waits until every batch handed over so far has been delivered. */
    void awaitIdle() throws InterruptedException {
        room.acquire(MOST_BATCHES_WAITING);
        room.release(MOST_BATCHES_WAITING);
    }

    /** Tells every session of a feature's new stage. */
    void onFlagChange(FlagChange change) {
        boolean moved = change.before().stage() != change.after().stage();
        if (moved && shared.catalog().feature(change.after().feature()).isPresent()) {
            try {
                loop.execute(() -> announce(change));
            } catch (RejectedExecutionException e) {
                log.debug("no session is left to be told of {}", change);
            }
        }
    }

    // on the loop

    private void deliver(TailBatch batch) {
        try {
            if (!released) {
                goThrough(() -> offer(batch));
            }
        } finally {
            batch.release();
        }
    }

    private void offer(TailBatch batch) {
        long nowNs = nowNs();
        for (Frame frame : batch.frames()) {
            shards.get(frame.key.feature).accept(frame, nowNs);
        }
        for (TailBatch.Reached reached : batch.reached()) {
            shards.get(reached.feature()).backlog().reach(reached.partition(), reached.offset());
        }
        // after the events of the batch: `high` then says no more than what was written before it
        for (byte[] heartbeat : batch.heartbeats()) {
            sessions.forEach(session -> session.sendHeartbeat(heartbeat));
        }
    }

    private void announce(FlagChange change) {
        ByteBuf frame = ServerMessages.stageChanged(change);
        goThrough(() -> sessions.forEach(session -> session.send(frame.retainedDuplicate())));
        frame.release();
    }

    /** Does something with many sessions, and settles when all of it is done: meanwhile none is closed or leaves the index. */
    private void goThrough(Runnable work) {
        turn = Turn.DELIVERING;
        try {
            work.run();
        } finally {
            turn = Turn.IDLE;
        }
        settle();
    }

    /**
     * To be called when the reading of what a client sent is done, or its socket has room again: what catches up goes on, then
     * one flush for each session that was written to, and the end of those that failed. A flush may come back here while others
     * are gone through; those are then settled with the rest.
     */
    void settle() {
        if (turn != Turn.IDLE) {
            return;
        }
        turn = Turn.SETTLING;
        try {
            List.copyOf(catchingUp).forEach(SubscriberSession::drain);
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
        shared.metrics().framesSent.increment((double) framesSent);
        shared.metrics().bytesSent.increment((double) bytesSent);
        framesSent = 0;
        bytesSent = 0;
    }

    void toBeFlushed(SubscriberSession session) {
        toFlush.add(session);
    }

    /** Has the session go on with its catching up whenever the hub settles. */
    void toCatchUp(SubscriberSession session) {
        catchingUp.add(session);
    }

    void noLongerCatchingUp(SubscriberSession session) {
        catchingUp.remove(session);
    }

    /** Whether the index must stay as it is, and what lies in the backlog is still being offered. */
    boolean isDelivering() {
        return turn == Turn.DELIVERING;
    }

    void toBeClosed(SubscriberSession session) {
        toClose.add(session);
    }

    void sent(int frames, int bytes) {
        framesSent += frames;
        bytesSent += bytes;
    }

    void attach(SubscriberSession session) {
        sessions.add(session);
        shared.metrics().connections.incrementAndGet();
    }

    void detach(SubscriberSession session) {
        if (sessions.remove(session)) {
            shared.metrics().connections.decrementAndGet();
        }
    }

    /** To be called every second or so. */
    void checkAlive() {
        long nowNs = nowNs();
        long pingNs = shared.settings().ping().toNanos();
        goThrough(() -> sessions.forEach(session -> session.checkAlive(nowNs, pingNs)));
    }

    /** Tells the sessions to go, one after the other: each is served until it is told. */
    void drain(DrainSchedule schedule, RandomGenerator random) {
        long[] delaysNs = schedule.delaysNs(sessions.size(), random);
        int next = 0;
        for (SubscriberSession session : sessions) {
            session.failAfter(CloseReason.DRAINING, delaysNs[next++]);
        }
    }

    /** Closes those that are still there: told first, if they have not been. */
    void cutSessions() {
        goThrough(() -> sessions.forEach(session -> session.fail(CloseReason.DRAINING)));
        List.copyOf(sessions).forEach(SubscriberSession::cut);
    }

    /** How many events the snapshots of all features and keys, to their full depth, hold together. */
    int entries() {
        return shards.stream().mapToInt(FeatureShard::entries).sum();
    }

    ByteBuf welcome(String connection) {
        return ServerMessages.welcome(
                shared.settings().name(),
                connection,
                shards,
                shared.stages(),
                shared.settings().ping().toMillis());
    }

    List<FeatureShard> shards() {
        return shards;
    }

    /** Null where the catalog has no such feature. */
    FeatureShard shard(String feature) {
        return shardsByName.get(feature);
    }

    GatewaySettings settings() {
        return shared.settings();
    }

    Stage stage(String feature) {
        return shared.stages().apply(feature);
    }

    long nowNs() {
        return shared.nanoClock().getAsLong();
    }

    GatewayMetrics metrics() {
        return shared.metrics();
    }

    /** Gives back every frame; nothing is delivered after it. */
    void release() {
        released = true;
        shards.forEach(FeatureShard::release);
    }
}

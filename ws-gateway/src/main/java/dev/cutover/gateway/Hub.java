package dev.cutover.gateway;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.FlagChange;
import dev.cutover.schema.Stage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
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
     * @param replayPlaces one for each replay that may run
     */
    record Shared(
            GatewaySettings settings,
            FeatureCatalog catalog,
            Map<String, String> epochs,
            Function<String, Stage> stages,
            EventLog log,
            Semaphore replayPlaces,
            LongSupplier nanoClock,
            GatewayMetrics metrics) {}

    private final Executor loop;
    private final Shared shared;
    private final Semaphore room = new Semaphore(MOST_BATCHES_WAITING);
    /** Written by the loop, for a gauge. */
    private final AtomicLong backlogBytes;

    // owned by the loop
    private final Map<String, FeatureShard> shardsByName = new LinkedHashMap<>();
    private final List<FeatureShard> shards = new ArrayList<>();
    private final Set<SubscriberSession> sessions = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Outbound.Total outbound = new Outbound.Total();
    private final long mostOutboundBytes;
    private final BacklogBudget budget;
    private final DeliveryTimes deliveryTimes;
    private final Turns turns;
    /** What new connections are to be told of Kafka; null while it answers. */
    private String upstreamAway;

    private boolean released;

    Hub(Executor loop, Shared shared) {
        this.loop = loop;
        this.shared = shared;
        this.mostOutboundBytes =
                shared.settings().limits().outboundBytes() / shared.settings().loops();
        this.budget = new BacklogBudget(shared.settings().backlogBytes());
        for (Feature feature : shared.catalog().features()) {
            FeatureShard shard = new FeatureShard(
                    feature,
                    shared.epochs().get(feature.topic()),
                    budget.backlog(feature.partitions()),
                    shared.metrics().subscriptions(feature.name()));
            shards.add(shard);
            shardsByName.put(feature.name(), shard);
        }
        this.deliveryTimes = new DeliveryTimes(shared.metrics());
        this.turns = new Turns(loop, shared.metrics(), this::closeThoseForWhomMostWaits);
        this.backlogBytes = shared.metrics().backlogBytesOfALoop();
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

    /** Tells every session, now, that Kafka does not answer; those that come until {@link #onUpstreamBack} are told as well. */
    void onUpstreamAway(String message) {
        execute(() -> {
            upstreamAway = message;
            turns.goThrough(() -> sessions.forEach(this::tellIfUpstreamAway));
        });
    }

    void onUpstreamBack() {
        execute(() -> upstreamAway = null);
    }

    private void execute(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            log.debug("the loop has ended, and its sessions with it");
        }
    }

    // on the loop

    private void deliver(TailBatch batch) {
        try {
            if (!released) {
                turns.deliver(() -> offer(batch));
                deliveryTimes.flushed();
                backlogBytes.lazySet(budget.bytes());
            }
        } finally {
            batch.release();
        }
    }

    private void offer(TailBatch batch) {
        long nowNs = nowNs();
        for (TailBatch.Renewed renewed : batch.renewed()) {
            shards.get(renewed.feature()).renew(renewed.epoch(), renewed.ends());
        }
        for (Frame frame : batch.frames()) {
            long sentBefore = turns.framesSent();
            shards.get(frame.key.feature).accept(frame, nowNs);
            if (turns.framesSent() > sentBefore) {
                deliveryTimes.written(frame.timestampMs);
            }
        }
        for (TailBatch.Reached reached : batch.reached()) {
            shards.get(reached.feature()).backlog().reach(reached.partition(), reached.offset());
        }
        // no event is being offered here, so the index may change
        for (FeatureShard shard : shards) {
            if (shard.endRenewal()) {
                sessions.forEach(session -> session.onRenewed(shard));
            }
        }
        // after the events of the batch: `high` then says no more than what was written before it
        for (byte[] heartbeat : batch.heartbeats()) {
            sessions.forEach(session -> session.sendHeartbeat(heartbeat, batch.condition()));
        }
    }

    void tellIfUpstreamAway(SubscriberSession session) {
        if (upstreamAway != null) {
            session.sender().send(ServerMessages.error(null, ErrorCode.UPSTREAM_UNAVAILABLE, upstreamAway));
        }
    }

    private void announce(FlagChange change) {
        ServerMessage message = ServerMessages.stageChanged(change);
        turns.goThrough(() -> sessions.forEach(session -> session.sender().send(message)));
    }

    /** Whose turn it is on this loop. */
    Turns turns() {
        return turns;
    }

    /** To be called when the reading of what a client sent is done, or its socket has room again. */
    void settle() {
        turns.settle();
    }

    /** When too much waits for all together, those go for whom most does, until it is not too much. */
    private void closeThoseForWhomMostWaits() {
        if (outbound.bytes() <= mostOutboundBytes) {
            return;
        }
        List<SubscriberSession> slowest = new ArrayList<>(sessions);
        slowest.sort(Comparator.comparingLong(
                        (SubscriberSession session) -> session.sender().waitingBytes())
                .reversed());
        for (SubscriberSession session : slowest) {
            if (outbound.bytes() <= mostOutboundBytes) {
                return;
            }
            session.fail(CloseReason.SLOW_CONSUMER);
        }
    }

    /** What waits for this loop's sessions. */
    Outbound.Total outbound() {
        return outbound;
    }

    EventLog log() {
        return shared.log();
    }

    /** Takes a place for one more replay; false where all of the gateway's are taken. */
    boolean takeReplay() {
        return shared.replayPlaces().tryAcquire();
    }

    void giveReplay() {
        shared.replayPlaces().release();
    }

    Executor loop() {
        return loop;
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
        turns.goThrough(() -> sessions.forEach(session -> session.checkAlive(nowNs, pingNs)));
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
        turns.goThrough(() -> sessions.forEach(session -> session.fail(CloseReason.DRAINING)));
        List.copyOf(sessions).forEach(SubscriberSession::cut);
    }

    /** How many events the snapshots of all features and keys, to their full depth, hold together. */
    int entries() {
        return shards.stream().mapToInt(FeatureShard::entries).sum();
    }

    ServerMessage welcome(String connection) {
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

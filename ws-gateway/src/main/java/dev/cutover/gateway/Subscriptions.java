package dev.cutover.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.gateway.ClientMessage.From;
import dev.cutover.schema.Feature.View;
import dev.cutover.schema.Stage;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What one session has asked for: what it gets live, and what it still catches up with; and the answers to its requests.
 *
 * <p>A key is in one place at a time: live, or in one {@link CatchUp}, from where it goes live. The newest request for a key
 * decides, so that no event of it can come from two places.
 *
 * <p>Confined to the session's event loop.
 */
final class Subscriptions {
    private static final int MOST_CATCH_UPS = 64;
    /** Longer than a gateway that reads lies behind another: who is still ahead then has a position that is not of this log. */
    private static final long MOST_AHEAD_NS = TimeUnit.SECONDS.toNanos(10);

    private static final String BEYOND_THE_END =
            "the position lies beyond what the topic holds; going on from a snapshot";

    private final SubscriberSession session;
    private final Hub hub;
    private final Map<FeatureShard, LiveSubscription> live = new LinkedHashMap<>();
    /** In the order of their requests: the first is served first. */
    private final List<CatchUp> catchUps = new ArrayList<>();

    Subscriptions(SubscriberSession session, Hub hub) {
        this.session = session;
        this.hub = hub;
    }

    /** Everything from now on, for a client that says nothing. */
    void subscribeToAll() {
        for (FeatureShard shard : hub.shards()) {
            subscribe(new ClientMessage.Subscribe(null, shard.feature().name(), null, new From.Now()));
        }
    }

    void subscribe(ClientMessage.Subscribe wanted) {
        FeatureShard shard = shard(wanted.id(), wanted.feature());
        if (shard == null) {
            return;
        }
        KeyFilter keys = KeyFilter.of(wanted.keys());
        if (wanted.from() instanceof From.Position position) {
            resume(wanted, shard, keys, position);
        } else if (wanted.from() instanceof From.Snapshot snapshot) {
            int depth = Math.min(snapshot.depth(), deepestSeries(shard));
            if (snapshot.depth() > 0 && depth == 0) {
                refuse(wanted.id(), "depth goes with a series; feature " + wanted.feature() + " has none");
                return;
            }
            takeFromCatchUps(shard, wanted.keys());
            beginWithSnapshot(wanted.id(), shard, keys, depth, false);
        } else {
            takeFromCatchUps(shard, wanted.keys());
            session.send(subscribed(wanted.id(), shard));
            goLive(shard, keys);
        }
    }

    private static int deepestSeries(FeatureShard shard) {
        return shard.feature().events().stream()
                .mapToInt(type -> type.view() instanceof View.Series series ? series.depth() : 0)
                .max()
                .orElse(0);
    }

    private void beginWithSnapshot(JsonNode id, FeatureShard shard, KeyFilter keys, int depth, boolean gap) {
        session.send(ServerMessages.subscribed(id, shard, stage(shard), shard.reached(), gap));
        List<Frame> frames = shard.snapshot(keys, depth);
        session.send(new Snapshot(frames));
        session.send(ServerMessages.snapshotComplete(id, shard, frames.size()));
        goLive(shard, keys);
    }

    private ByteBuf subscribed(JsonNode id, FeatureShard shard) {
        return ServerMessages.subscribed(id, shard, stage(shard), shard.reached(), false);
    }

    private Stage stage(FeatureShard shard) {
        return hub.stage(shard.feature().name());
    }

    private void goLive(FeatureShard shard, KeyFilter keys) {
        if (session.isOpen()) { // else it failed meanwhile, and may have left the index already
            live.computeIfAbsent(shard, feature -> new LiveSubscription(session, shard))
                    .add(keys);
        }
    }

    // from a position

    private void resume(ClientMessage.Subscribe wanted, FeatureShard shard, KeyFilter keys, From.Position position) {
        long[] seen = null;
        if (position.epoch().equals(shard.epoch())) {
            try {
                seen = position.seen(shard.feature().partitions());
            } catch (ClientMessage.BadFieldException e) {
                refuse(wanted.id(), e.getMessage());
                return;
            }
        }
        if (catchUps.size() >= MOST_CATCH_UPS) {
            session.refuse(
                    wanted.id(),
                    ErrorCode.TOO_MANY_SUBSCRIPTIONS,
                    MOST_CATCH_UPS + " subscriptions of this connection catch up already; wait until they have");
            return;
        }
        takeFromCatchUps(shard, wanted.keys());
        takeFromLive(shard, wanted.keys()); // these keys begin anew
        if (seen == null) {
            expire(
                    wanted.id(),
                    shard,
                    keys,
                    "the epoch is not that of feature " + wanted.feature()
                            + ", whose topic has been made anew since; going on from a snapshot");
        } else if (shard.backlog().reaches(seen)) {
            hub.metrics().resumes.increment();
            session.send(ServerMessages.subscribed(wanted.id(), shard, stage(shard), seen, false));
            catchUps.add(new CatchUp(wanted.id(), shard, keys, seen));
            hub.toCatchUp(session);
            session.drain();
        } else {
            expire(wanted.id(), shard, keys, outOfReach(shard, seen));
        }
    }

    private static String outOfReach(FeatureShard shard, long[] seen) {
        StringBuilder reach = new StringBuilder();
        for (int partition = 0; partition < seen.length; partition++) {
            if (seen[partition] < shard.backlog().reachesBackTo(partition)) {
                reach.append(reach.isEmpty() ? "" : ", ")
                        .append(partition)
                        .append(":")
                        .append(shard.backlog().reachesBackTo(partition));
            }
        }
        return "the position is out of reach in feature " + shard.feature().name() + ", which goes back to " + reach
                + "; going on from a snapshot";
    }

    /** Here, and where it is called, a longer memory than the backlog's would go on instead. */
    private void expire(JsonNode id, FeatureShard shard, KeyFilter keys, String why) {
        hub.metrics().positionsExpired.increment();
        session.send(ServerMessages.error(id, ErrorCode.POSITION_EXPIRED, why));
        beginWithSnapshot(id, shard, keys, 0, true);
    }

    /**
     * Goes on with what catches up, as far as the subscriber reads. Not while the hub delivers: a frame that is being offered
     * lies in the backlog already.
     */
    void catchUp() {
        int next = 0;
        while (next < catchUps.size() && session.isOpen()) {
            CatchUp catchUp = catchUps.get(next);
            if (catchUp.shard().isRenewing()) {
                next++; // its position means nothing any more; it will begin anew
                continue;
            }
            switch (catchUp.run(session)) {
                case WAITING -> {
                    return;
                }
                case OUT_OF_REACH -> {
                    catchUps.remove(next);
                    expire(catchUp.id(), catchUp.shard(), catchUp.keys(), outOfReach(catchUp.shard(), catchUp.seen()));
                }
                case AT_END -> {
                    if (catchUp.announce(hub.nowNs())) {
                        session.send(ServerMessages.caughtUp(catchUp.id(), catchUp.shard()));
                    }
                    if (!catchUp.isAhead()) {
                        catchUps.remove(next);
                        goLive(catchUp.shard(), catchUp.keys());
                    } else if (catchUp.announcedForNs(hub.nowNs()) < MOST_AHEAD_NS) {
                        next++;
                    } else {
                        catchUps.remove(next);
                        expire(catchUp.id(), catchUp.shard(), catchUp.keys(), BEYOND_THE_END);
                    }
                }
            }
        }
        if (catchUps.isEmpty()) {
            hub.noLongerCatchingUp(session);
        }
    }

    /** The feature's log is another: whoever wants it begins anew with a snapshot of that, what catches up as well. */
    void onRenewed(FeatureShard shard) {
        LiveSubscription subscription = live.get(shard);
        if (subscription != null) {
            // it wants these keys already: that they go live changes nothing
            beginWithSnapshot(null, shard, subscription.keys(), 0, true);
        }
        for (CatchUp catchUp : List.copyOf(catchUps)) {
            if (catchUp.shard() == shard) {
                catchUps.remove(catchUp);
                beginWithSnapshot(catchUp.id(), shard, catchUp.keys(), 0, true);
            }
        }
    }

    // no more

    void unsubscribe(ClientMessage.Unsubscribe unwanted) {
        FeatureShard shard = shard(unwanted.id(), unwanted.feature());
        if (shard != null) {
            takeFromCatchUps(shard, unwanted.keys());
            takeFromLive(shard, unwanted.keys());
            session.send(ServerMessages.unsubscribed(unwanted.id(), shard));
        }
    }

    /** @param keys null for all, here and below */
    private void takeFromCatchUps(FeatureShard shard, Collection<String> keys) {
        catchUps.removeIf(catchUp -> {
            if (catchUp.shard() == shard) {
                catchUp.keys().remove(keys);
            }
            return catchUp.keys().wantsNothing();
        });
    }

    private void takeFromLive(FeatureShard shard, Collection<String> keys) {
        LiveSubscription subscription = live.get(shard);
        if (subscription != null) {
            subscription.remove(keys);
            if (subscription.wantsNothing()) {
                live.remove(shard);
            }
        }
    }

    /** Ends all of them, when the session ends. */
    void clear() {
        live.values().forEach(subscription -> subscription.remove(null));
        live.clear();
        catchUps.clear();
        hub.noLongerCatchingUp(session);
    }

    /**
     * For each feature subscribed to, the offset in each partition up to which everything wanted has been written, or waits in
     * front of what is sent next.
     */
    Map<FeatureShard, long[]> high() {
        Map<FeatureShard, long[]> high = new LinkedHashMap<>();
        live.keySet().forEach(shard -> high.put(shard, shard.reached().clone()));
        for (CatchUp catchUp : catchUps) {
            long[] offsets = high.computeIfAbsent(
                    catchUp.shard(), shard -> shard.reached().clone());
            for (int partition = 0; partition < offsets.length; partition++) {
                offsets[partition] = Math.min(offsets[partition], catchUp.seen()[partition]);
            }
        }
        return high;
    }

    /** Null, and refused, where the catalog has no such feature. */
    private FeatureShard shard(JsonNode id, String feature) {
        FeatureShard shard = hub.shard(feature);
        if (shard == null) {
            session.refuse(
                    id,
                    ErrorCode.UNKNOWN_FEATURE,
                    "'" + feature + "' is no feature; there are "
                            + hub.shards().stream()
                                    .map(each -> each.feature().name())
                                    .toList());
        }
        return shard;
    }

    private void refuse(JsonNode id, String why) {
        session.refuse(id, ErrorCode.BAD_REQUEST, why);
    }
}

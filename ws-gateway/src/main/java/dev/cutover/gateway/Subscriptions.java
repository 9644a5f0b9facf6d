package dev.cutover.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.gateway.ClientMessage.From;
import dev.cutover.gateway.ServerMessages.Opening;
import dev.cutover.schema.Feature.View;
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
    private static final String OUT_OF_REACH =
            "the topic does not hold what follows the position any more; going on from a snapshot";
    private static final String MADE_ANEW =
            "the epoch is not that of feature %s, whose topic has been made anew since;" + " going on from a snapshot";

    private final SubscriberSession session;
    private final Sender sender;
    private final Requests requests;
    private final Hub hub;
    private final Map<FeatureShard, LiveSubscription> live = new LinkedHashMap<>();
    /** In the order of their requests: the first is served first. */
    private final List<CatchUp> catchUps = new ArrayList<>();

    Subscriptions(SubscriberSession session, Requests requests, Hub hub) {
        this.session = session;
        this.sender = session.sender();
        this.requests = requests;
        this.hub = hub;
    }

    /** Everything from now on, for a client that says nothing. */
    void subscribeToAll() {
        for (FeatureShard shard : hub.shards()) {
            subscribe(new ClientMessage.Subscribe(null, shard.feature().name(), null, new From.Now()));
        }
    }

    void subscribe(ClientMessage.Subscribe wanted) {
        FeatureShard shard = requests.shard(wanted.id(), wanted.feature());
        if (shard == null || !hasPlaceFor(wanted.id(), shard, wanted.keys())) {
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
            beginWithSnapshot(wanted.id(), shard, keys, depth, Opening.SNAPSHOT);
        } else if (wanted.from() instanceof From.Now) {
            takeFromCatchUps(shard, wanted.keys());
            sender.subscribed(wanted.id(), shard, shard.reached(), Opening.POSITION);
            goLive(shard, keys);
        } else if (mayCatchUp(wanted.id())) {
            EventLog.Start start = wanted.from() instanceof From.Time time
                    ? new EventLog.Start.Time(time.at())
                    : new EventLog.Start.Earliest();
            takeOver(shard, wanted.keys());
            catchUpWith(new CatchUp(wanted.id(), shard, keys, start, hub.log(), session));
        }
    }

    private static int deepestSeries(FeatureShard shard) {
        return shard.feature().events().stream()
                .mapToInt(type -> type.view() instanceof View.Series series ? series.depth() : 0)
                .max()
                .orElse(0);
    }

    /** Counts the keys that are named, wanted or not: each takes memory. */
    private boolean hasPlaceFor(JsonNode id, FeatureShard shard, Collection<String> keys) {
        int most = hub.settings().limits().sessionKeys();
        int named = 0;
        for (LiveSubscription subscription : live.values()) {
            named += subscription.namedKeys();
        }
        if (keys != null) {
            LiveSubscription known = live.get(shard);
            for (String key : keys) {
                named += known != null && known.keys().named().contains(key) ? 0 : 1;
            }
        }
        for (CatchUp catchUp : catchUps) {
            named += catchUp.keys().named().size();
        }
        if (named > most) {
            requests.refuse(
                    id,
                    ErrorCode.TOO_MANY_SUBSCRIPTIONS,
                    "a connection may name " + most + " keys; leave keys out for all, or open another connection");
        }
        return named <= most;
    }

    private void beginWithSnapshot(JsonNode id, FeatureShard shard, KeyFilter keys, int depth, Opening opening) {
        sendSnapshot(id, shard, keys, depth, opening);
        goLive(shard, keys);
    }

    private void sendSnapshot(JsonNode id, FeatureShard shard, KeyFilter keys, int depth, Opening opening) {
        sender.subscribed(id, shard, shard.reached(), opening);
        List<Frame> frames = shard.snapshot(keys, depth);
        sender.send(new Snapshot(frames));
        sender.send(ServerMessages.snapshotComplete(id, shard, shard.reached(), frames.size()));
    }

    private void goLive(FeatureShard shard, KeyFilter keys) {
        if (session.isOpen()) { // else it failed meanwhile, and may have left the index already
            LiveSubscription subscription = live.get(shard);
            if (subscription == null) {
                subscription = new LiveSubscription(sender, shard);
                live.put(shard, subscription);
                shard.countSubscriptions(1);
            }
            subscription.add(keys);
        }
    }

    // from the past

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
        if (!mayCatchUp(wanted.id())) {
            return;
        }
        takeOver(shard, wanted.keys());
        if (seen == null) {
            expire(wanted.id(), shard, keys, MADE_ANEW.formatted(wanted.feature()));
            return;
        }
        hub.metrics().resumed(shard.backlog().reaches(seen));
        catchUpWith(new CatchUp(wanted.id(), shard, keys, seen, hub.log(), session));
    }

    private boolean mayCatchUp(JsonNode id) {
        boolean may = catchUps.size() < MOST_CATCH_UPS;
        if (!may) {
            requests.refuse(
                    id,
                    ErrorCode.TOO_MANY_SUBSCRIPTIONS,
                    MOST_CATCH_UPS + " subscriptions of this connection catch up already; wait until they have");
        }
        return may;
    }

    /** These keys begin anew. */
    private void takeOver(FeatureShard shard, Collection<String> keys) {
        takeFromCatchUps(shard, keys);
        takeFromLive(shard, keys);
    }

    private void catchUpWith(CatchUp catchUp) {
        catchUps.add(catchUp);
        catchUp.shard().countSubscriptions(1);
        session.goOn();
    }

    private void expire(JsonNode id, FeatureShard shard, KeyFilter keys, String why) {
        hub.metrics().positionsExpired.increment();
        sender.send(ServerMessages.error(id, ErrorCode.POSITION_EXPIRED, why));
        beginWithSnapshot(id, shard, keys, 0, Opening.GAP);
    }

    boolean isCatchingUp() {
        return !catchUps.isEmpty();
    }

    /**
     * Goes on with what catches up, as far as the client takes it. Not while the hub delivers: a frame that is being offered
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
            switch (catchUp.run()) {
                case WAITING -> {
                    if (!sender.canWriteNow()) {
                        return;
                    }
                    next++; // it waits for the log, and another may not
                }
                case EXPIRED -> {
                    drop(catchUp);
                    expire(catchUp.id(), catchUp.shard(), catchUp.keys(), OUT_OF_REACH);
                }
                case UNAVAILABLE -> {
                    sender.sayUnavailable(catchUp.id());
                    next++;
                }
                case AT_END -> {
                    if (catchUp.announce(hub.nowNs())) {
                        sender.send(ServerMessages.caughtUp(catchUp.id(), catchUp.shard()));
                    }
                    if (!catchUp.isAhead()) {
                        drop(catchUp);
                        goLive(catchUp.shard(), catchUp.keys());
                    } else if (catchUp.announcedForNs(hub.nowNs()) < MOST_AHEAD_NS) {
                        hub.turns().goOnAfterBatch(session);
                        next++;
                    } else {
                        drop(catchUp);
                        expire(catchUp.id(), catchUp.shard(), catchUp.keys(), BEYOND_THE_END);
                    }
                }
            }
        }
    }

    private void drop(CatchUp catchUp) {
        catchUp.close();
        catchUps.remove(catchUp);
        catchUp.shard().countSubscriptions(-1);
    }

    /** To be called every second or so. */
    void giveBackWhatIsStalled() {
        catchUps.forEach(CatchUp::giveBackIfStalled);
    }

    /** The feature's log is another, and has been read: whoever wants it begins anew, what catches up as well. */
    void onRenewed(FeatureShard shard) {
        LiveSubscription subscription = live.get(shard);
        if (subscription != null) {
            sendSnapshot(null, shard, subscription.keys(), 0, Opening.GAP);
        }
        for (CatchUp catchUp : List.copyOf(catchUps)) {
            if (catchUp.shard() == shard) {
                drop(catchUp);
                beginWithSnapshot(catchUp.id(), shard, catchUp.keys(), 0, Opening.GAP);
            }
        }
    }

    // no more

    void unsubscribe(ClientMessage.Unsubscribe unwanted) {
        FeatureShard shard = requests.shard(unwanted.id(), unwanted.feature());
        if (shard != null && (!wantsAll(shard) || hasPlaceFor(unwanted.id(), shard, unwanted.keys()))) {
            takeOver(shard, unwanted.keys());
            sender.send(ServerMessages.unsubscribed(unwanted.id(), shard));
        }
    }

    /** Whether keys that are taken away have to be remembered. */
    private boolean wantsAll(FeatureShard shard) {
        LiveSubscription subscription = live.get(shard);
        return (subscription != null && subscription.keys().isAll())
                || catchUps.stream()
                        .anyMatch(each -> each.shard() == shard && each.keys().isAll());
    }

    /** @param keys null for all, here and below */
    private void takeFromCatchUps(FeatureShard shard, Collection<String> keys) {
        for (CatchUp catchUp : List.copyOf(catchUps)) {
            if (catchUp.shard() == shard) {
                catchUp.keys().remove(keys);
            }
            if (catchUp.keys().wantsNothing()) {
                drop(catchUp);
            }
        }
    }

    private void takeFromLive(FeatureShard shard, Collection<String> keys) {
        LiveSubscription subscription = live.get(shard);
        if (subscription != null) {
            subscription.remove(keys);
            if (subscription.wantsNothing()) {
                live.remove(shard);
                shard.countSubscriptions(-1);
            }
        }
    }

    /** Ends all of them, when the session ends. */
    void clear() {
        List.copyOf(live.keySet()).forEach(shard -> takeFromLive(shard, null));
        List.copyOf(catchUps).forEach(this::drop);
    }

    /**
     * For each feature subscribed to, the offset in each partition up to which everything wanted has been written, or waits in
     * front of what is sent next; without those of which it is not known yet from where they begin.
     */
    Map<FeatureShard, long[]> high() {
        Map<FeatureShard, long[]> high = new LinkedHashMap<>();
        live.keySet().forEach(shard -> high.put(shard, shard.reached().clone()));
        for (CatchUp catchUp : catchUps) {
            if (catchUp.seen() == null) {
                continue;
            }
            long[] offsets = high.computeIfAbsent(
                    catchUp.shard(), shard -> shard.reached().clone());
            for (int partition = 0; partition < offsets.length; partition++) {
                offsets[partition] = Math.min(offsets[partition], catchUp.seen()[partition]);
            }
        }
        catchUps.stream().filter(each -> each.seen() == null).forEach(each -> high.remove(each.shard()));
        return high;
    }

    private void refuse(JsonNode id, String why) {
        requests.refuse(id, ErrorCode.BAD_REQUEST, why);
    }
}

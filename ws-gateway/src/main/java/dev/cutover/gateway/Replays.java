package dev.cutover.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.gateway.ClientMessage.From;
import java.util.ArrayList;
import java.util.List;

/**
 * The replays that one session runs, beside what it gets live: so many at a time, and so many of all sessions together.
 *
 * <p>Confined to the session's event loop.
 */
final class Replays {
    private final SubscriberSession session;
    private final Sender sender;
    private final Requests requests;
    private final Hub hub;
    private final List<Replay> running = new ArrayList<>();

    Replays(SubscriberSession session, Requests requests, Hub hub) {
        this.session = session;
        this.sender = session.sender();
        this.requests = requests;
        this.hub = hub;
    }

    void begin(ClientMessage.Replay wanted) {
        FeatureShard shard = requests.shard(wanted.id(), wanted.feature());
        if (shard == null || !hasPlace(wanted.id())) {
            return;
        }
        EventLog.Start start = start(wanted, shard);
        if (start == null) {
            return;
        }
        if (!hub.takeReplay()) {
            refuse(
                    wanted.id(),
                    "this gateway runs " + hub.settings().limits().replays() + " replays already; try again later");
            return;
        }
        running.add(new Replay(wanted, shard, start, hub.log(), session));
        session.goOn();
    }

    private boolean hasPlace(JsonNode id) {
        int most = hub.settings().limits().sessionReplays();
        boolean has = running.size() < most;
        if (!has) {
            refuse(id, "a connection may run " + most + " replays at a time; wait for one, or end it");
        }
        return has;
    }

    private void refuse(JsonNode id, String why) {
        requests.refuse(id, ErrorCode.TOO_MANY_SUBSCRIPTIONS, why);
    }

    /** Null, and refused, where it begins nowhere. */
    private EventLog.Start start(ClientMessage.Replay wanted, FeatureShard shard) {
        if (wanted.from() instanceof From.Earliest) {
            return new EventLog.Start.Earliest();
        }
        if (wanted.from() instanceof From.Time time) {
            return new EventLog.Start.Time(time.at());
        }
        From.Position position = (From.Position) wanted.from();
        if (!position.epoch().equals(shard.epoch())) {
            expire(wanted.id(), "the epoch is not that of feature " + wanted.feature());
            return null;
        }
        try {
            return new EventLog.Start.Position(position.seen(shard.feature().partitions()));
        } catch (ClientMessage.BadFieldException e) {
            requests.refuse(wanted.id(), ErrorCode.BAD_REQUEST, e.getMessage());
            return null;
        }
    }

    private void expire(JsonNode id, String why) {
        hub.metrics().positionsExpired.increment();
        sender.send(ServerMessages.error(id, ErrorCode.POSITION_EXPIRED, why + "; there is nothing to replay"));
    }

    /** Goes on with all of them, as far as the client takes it. Not while the hub delivers. */
    void goOn() {
        for (Replay replay : List.copyOf(running)) {
            if (!sender.canWriteNow()) {
                return;
            }
            switch (replay.run()) {
                case WAITING -> {}
                case UNAVAILABLE -> sender.sayUnavailable(replay.id());
                case EXPIRED -> {
                    end(replay);
                    expire(replay.id(), "the topic does not hold what follows any more");
                }
                case COMPLETE -> {
                    end(replay);
                    sender.send(ServerMessages.replayComplete(replay.id(), replay.shard(), replay.count()));
                }
            }
        }
    }

    boolean isEmpty() {
        return running.isEmpty();
    }

    /** Ends one that the client does not want any more. */
    void end(ClientMessage.EndReplay unwanted) {
        FeatureShard shard = requests.shard(unwanted.id(), unwanted.feature());
        if (shard == null) {
            return;
        }
        for (Replay replay : List.copyOf(running)) {
            if (replay.shard() == shard && unwanted.sub().equals(replay.id())) {
                end(replay);
            }
        }
        sender.send(ServerMessages.replayEnded(unwanted.id(), shard, unwanted.sub()));
    }

    /** The feature's topic has been made anew: what was being told is no more. */
    void onRenewed(FeatureShard shard) {
        for (Replay replay : List.copyOf(running)) {
            if (replay.shard() == shard) {
                end(replay);
                expire(replay.id(), "the topic of feature " + shard.feature().name() + " has been made anew");
            }
        }
    }

    private void end(Replay replay) {
        replay.close();
        running.remove(replay);
        hub.giveReplay();
    }

    /** Ends all of them, when the session ends. */
    void clear() {
        List.copyOf(running).forEach(this::end);
    }
}

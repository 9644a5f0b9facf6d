package dev.cutover.gateway;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What one client says and wants: each of its messages is followed by its {@link Subscriptions} or {@link Replays}, or refused;
 * too many refused in a row end the session.
 *
 * <p>Confined to the session's event loop.
 */
final class Requests {
    private static final int MOST_BAD_MESSAGES_IN_A_ROW = 20;

    private final SubscriberSession session;
    private final Hub hub;
    private final Subscriptions subscriptions;
    private final Replays replays;
    private int badMessages;

    Requests(SubscriberSession session, Hub hub) {
        this.session = session;
        this.hub = hub;
        this.subscriptions = new Subscriptions(session, this, hub);
        this.replays = new Replays(session, this, hub);
    }

    Subscriptions subscriptions() {
        return subscriptions;
    }

    void onText(String text) {
        int badBefore = badMessages;
        ClientMessage message = ClientMessage.parse(text);
        if (message instanceof ClientMessage.Refused refused) {
            refuse(refused.id(), refused.code(), refused.message());
        } else if (message instanceof ClientMessage.Ping ping) {
            session.sender().send(ServerMessages.pong(ping.timestamp()));
        } else if (message instanceof ClientMessage.Subscribe subscribe) {
            subscriptions.subscribe(subscribe);
        } else if (message instanceof ClientMessage.Unsubscribe unsubscribe) {
            subscriptions.unsubscribe(unsubscribe);
        } else if (message instanceof ClientMessage.Replay replay) {
            replays.begin(replay);
        } else if (message instanceof ClientMessage.EndReplay end) {
            replays.end(end);
        }
        if (badMessages == badBefore) {
            badMessages = 0;
        }
    }

    // what can't be followed

    void onBinary() {
        refuse(null, ErrorCode.BAD_REQUEST, "binary messages are not understood; send JSON as text");
    }

    /** A message beyond the rate, of which nothing was read. */
    void onTooManyMessages() {
        refuse(
                null,
                ErrorCode.RATE_LIMITED,
                "more than " + hub.settings().limits().messageRate()
                        + " messages a second; this one was dropped: send it again, and fewer");
    }

    /** A ping or pong beyond the rate, which was dropped without an answer. */
    void onTooManyControlFrames() {
        countRefused(ErrorCode.RATE_LIMITED);
    }

    /** Answers a message that can't be followed; too many of them in a row end the session. */
    void refuse(JsonNode id, ErrorCode code, String message) {
        session.sender().send(ServerMessages.error(id, code, message));
        countRefused(code);
    }

    private void countRefused(ErrorCode code) {
        hub.metrics().refused(code.wireName());
        badMessages++;
        if (badMessages >= MOST_BAD_MESSAGES_IN_A_ROW) {
            session.fail(CloseReason.BAD_MESSAGES);
        }
    }

    /** Null, and refused, where the catalog has no such feature. */
    FeatureShard shard(JsonNode id, String feature) {
        FeatureShard shard = hub.shard(feature);
        if (shard == null) {
            refuse(
                    id,
                    ErrorCode.UNKNOWN_FEATURE,
                    "'" + feature + "' is no feature; there are "
                            + hub.shards().stream()
                                    .map(each -> each.feature().name())
                                    .toList());
        }
        return shard;
    }

    // of the past

    /** Whether anything is still to be written of it. */
    boolean wantsPast() {
        return subscriptions.isCatchingUp() || !replays.isEmpty();
    }

    /** Goes on with what catches up and what is replayed, as far as the client takes it. Not while the hub delivers. */
    void writePast() {
        subscriptions.catchUp();
        replays.goOn();
    }

    /** The feature's topic has been made anew, and read. */
    void onRenewed(FeatureShard shard) {
        subscriptions.onRenewed(shard);
        replays.onRenewed(shard);
    }

    /** Ends all of them, when the session ends. */
    void clear() {
        subscriptions.clear();
        replays.clear();
    }
}

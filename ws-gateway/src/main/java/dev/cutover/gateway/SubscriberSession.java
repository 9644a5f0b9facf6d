package dev.cutover.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Feature.Delivery;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import java.util.concurrent.TimeUnit;

/**
 * One subscriber's connection: its life, and what waits for it. What it has asked for is with its {@link Subscriptions}.
 *
 * <p>Confined to its connection's event loop, fields and methods alike. It never changes the hub's index while the hub
 * delivers: a session that fails is only marked, and closed when the hub settles. Writes and flushes may come back here by way
 * of {@code channelWritabilityChanged}.
 */
final class SubscriberSession {
    private static final int MOST_BAD_MESSAGES_IN_A_ROW = 20;
    private static final int MOST_PINGS_UNANSWERED = 2;
    private static final long CLOSE_GRACE_MS = 2_000;
    /** A client may always have so many events of snapshots waiting, however little there is. */
    private static final int FEW_SNAPSHOT_EVENTS = 10_000;

    private enum State {
        OPEN,
        /** To be closed by the hub's {@code settle()}. */
        FAILED,
        /** A close frame was sent, after which nothing may be; waits for the peer's, or for the socket to take ours. */
        CLOSING,
        CLOSED
    }

    private final String name;
    private final Channel channel;
    /** Writes from here pass no encoder: the frames are whole already. */
    private final ChannelHandlerContext wire;

    private final Hub hub;
    private final Outbound outbound;
    private final Subscriptions subscriptions;

    private State state = State.OPEN;
    /** Why it is to be closed; null unless {@link State#FAILED}. */
    private CloseReason failure;

    private boolean draining;
    private boolean unflushed;
    private long lastSignNs;
    private int pingsUnanswered;
    private int badMessages;

    /**
     * @param name for logs and {@code welcome}; unique within the gateway
     * @param wire the context whose writes go to the socket as they are
     */
    SubscriberSession(String name, ChannelHandlerContext wire, Hub hub) {
        this.name = name;
        this.channel = wire.channel();
        this.wire = wire;
        this.hub = hub;
        this.outbound = new Outbound(hub.settings().limits().sessionBytes());
        this.subscriptions = new Subscriptions(this, hub);
        this.lastSignNs = hub.nowNs();
    }

    /** @param plain whether the client spoke no subprotocol: it then wants everything from now on */
    void open(boolean plain) {
        hub.attach(this);
        send(hub.welcome(name));
        if (plain) {
            subscriptions.subscribeToAll();
        }
    }

    // from the client; each is followed by the hub's settle()

    void onPing(ByteBuf payload) {
        sign();
        send(WireFrames.pong(payload));
    }

    /** The client closes, or answers our close frame. */
    void onClose(ByteBuf payload) {
        if (state == State.CLOSING) {
            closeChannel();
        } else if (state != State.CLOSED) {
            var unused =
                    close(new CloseWebSocketFrame(true, 0, payload.retain())).addListener(ChannelFutureListener.CLOSE);
        }
    }

    /** The socket has room again: the client has read something, which is as good as a word from it. */
    void onWritable() {
        sign();
        drain();
    }

    void onText(String text) {
        sign();
        if (state != State.OPEN) {
            return;
        }
        int badBefore = badMessages;
        ClientMessage message = ClientMessage.parse(text);
        if (message instanceof ClientMessage.Refused refused) {
            refuse(refused.id(), refused.code(), refused.message());
        } else if (message instanceof ClientMessage.Ping ping) {
            send(ServerMessages.pong(ping.timestamp()));
        } else if (message instanceof ClientMessage.Subscribe subscribe) {
            subscriptions.subscribe(subscribe);
        } else if (message instanceof ClientMessage.Unsubscribe unsubscribe) {
            subscriptions.unsubscribe(unsubscribe);
        }
        if (badMessages == badBefore) {
            badMessages = 0;
        }
    }

    void onBinary() {
        sign();
        if (state == State.OPEN) {
            refuse(null, ErrorCode.BAD_REQUEST, "binary messages are not understood; send JSON as text");
        }
    }

    /** Any sign of life, a pong for one. */
    void sign() {
        lastSignNs = hub.nowNs();
        pingsUnanswered = 0;
    }

    /** Answers a message that can't be followed; too many of them in a row end the session. */
    void refuse(JsonNode id, ErrorCode code, String message) {
        send(ServerMessages.error(id, code, message));
        countRefused(code);
    }

    /** A message beyond the rate, of which nothing was read. */
    void onTooManyMessages() {
        sign();
        if (state == State.OPEN) {
            refuse(
                    null,
                    ErrorCode.RATE_LIMITED,
                    "more than " + hub.settings().limits().messageRate()
                            + " messages a second; this one was dropped: send it again, and fewer");
        }
    }

    /** A ping or pong beyond the rate, which was dropped without an answer. */
    void onTooManyControlFrames() {
        sign();
        if (state == State.OPEN) {
            countRefused(ErrorCode.RATE_LIMITED);
        }
    }

    private void countRefused(ErrorCode code) {
        hub.metrics().refused(code.wireName());
        badMessages++;
        if (badMessages >= MOST_BAD_MESSAGES_IN_A_ROW) {
            fail(CloseReason.BAD_MESSAGES);
        }
    }

    // to the client

    /** Offers an event, which the session retains if it can't write it now. */
    void offer(Frame frame, Delivery delivery, long nowNs) {
        if (state != State.OPEN) {
            return;
        }
        if (outbound.isEmpty() && canWrite()) {
            write(frame.share(), 1);
            return;
        }
        frame.retain();
        Outbound.Offer offer = delivery == Delivery.LATEST
                ? outbound.offerLatest(frame, nowNs, frame.key.mostWaitNs)
                : outbound.offer(new Outbound.Event(frame), nowNs);
        switch (offer) {
            case QUEUED -> {}
            case CONFLATED -> hub.metrics().conflated.increment();
            case FULL, OVERDUE -> {
                frame.release();
                fail(CloseReason.SLOW_CONSUMER);
            }
        }
    }

    /** Sends a frame that is no event; takes over its reference. */
    void send(ByteBuf frame) {
        if (state != State.OPEN) {
            frame.release();
        } else if (outbound.isEmpty() && canWrite()) {
            write(frame, 1);
        } else {
            enqueue(new Outbound.Message(frame));
        }
    }

    /** Sends a snapshot in pieces, as the client reads; takes it over. */
    void send(Snapshot snapshot) {
        int waiting = outbound.snapshotEvents();
        if (waiting > 0 && waiting + snapshot.waiting() > Math.max(FEW_SNAPSHOT_EVENTS, 2 * hub.entries())) {
            snapshot.release(); // it has asked for everything twice over, and does not read
            fail(CloseReason.SLOW_CONSUMER);
        } else if (!snapshot.isDone()) {
            enqueue(snapshot);
            drain();
        }
    }

    /** Writes an event if the client takes it now, behind all that waits. */
    boolean writeNow(Frame frame) {
        boolean can = state == State.OPEN && outbound.isEmpty() && canWrite();
        if (can) {
            write(frame.share(), 1);
        }
        return can;
    }

    private void enqueue(Outbound.Entry entry) {
        if (state != State.OPEN) {
            entry.release();
        } else if (outbound.offer(entry, hub.nowNs()) == Outbound.Offer.FULL) {
            entry.release();
            fail(CloseReason.SLOW_CONSUMER);
        }
    }

    void sendHeartbeat(byte[] data) {
        send(ServerMessages.heartbeat(data, subscriptions.high()));
    }

    /** Netty's buffer has a high-water mark; what the socket takes at once is to count before a reader is called slow. */
    private boolean canWrite() {
        if (channel.isWritable()) {
            return true;
        }
        channel.flush();
        return channel.isWritable();
    }

    private void write(ByteBuf wholeFrames, int count) {
        hub.sent(count, wholeFrames.readableBytes());
        var unused = wire.write(wholeFrames, wire.voidPromise());
        if (!unflushed) {
            unflushed = true;
            hub.toBeFlushed(this);
        }
    }

    void flush() {
        unflushed = false;
        channel.flush();
    }

    /**
     * Writes what waits, and then what catches up, as far as the socket takes it. A flush on the way may come back here, also
     * while the hub delivers; the catching up then goes on when it settles.
     */
    void drain() {
        if (draining) {
            return;
        }
        draining = true;
        do {
            writeWaiting();
            if (!hub.isDelivering()) {
                subscriptions.catchUp();
            }
        } while (!outbound.isEmpty() && canWrite());
        draining = false;
    }

    private void writeWaiting() {
        Outbound.Entry entry;
        while ((entry = outbound.first()) != null && canWrite()) {
            if (entry instanceof Snapshot snapshot) {
                int before = snapshot.written();
                ByteBuf piece = snapshot.nextPiece(channel.alloc());
                write(piece, snapshot.written() - before);
                if (snapshot.isDone()) {
                    outbound.removeFirst();
                }
            } else {
                outbound.removeFirst();
                write(
                        entry instanceof Outbound.Event event
                                ? event.frame().share()
                                : ((Outbound.Message) entry).wire().retain(),
                        1);
                entry.release();
            }
        }
    }

    // its end

    /**
     * The one way in which this gateway ends a session: the hub's {@code settle()} tells the client why, and the channel is
     * closed when the client has answered or the grace time has passed.
     *
     * @return whether this is what ends it; false when it was ending already
     */
    boolean fail(CloseReason reason) {
        if (state != State.OPEN) {
            return false;
        }
        state = State.FAILED;
        failure = reason;
        hub.toBeClosed(this);
        return true;
    }

    /** Ends it as {@link #fail} does, when so much time has passed; what happens meanwhile it takes part in. */
    void failAfter(CloseReason reason, long delayNs) {
        var unused = channel.eventLoop()
                .schedule(
                        () -> {
                            fail(reason);
                            hub.settle();
                        },
                        delayNs,
                        TimeUnit.NANOSECONDS);
    }

    /** Closes the channel now, whether or not the client was told. */
    void cut() {
        closeChannel();
    }

    /** For the hub, and not while it goes through its sessions. */
    void closeIfFailed() {
        if (state == State.FAILED) {
            hub.metrics().closed(failure.code);
            var unused = close(new CloseWebSocketFrame(failure.status, failure.json()));
        }
    }

    private ChannelFuture close(CloseWebSocketFrame last) {
        state = State.CLOSING;
        leave();
        var unused = channel.eventLoop().schedule(this::closeChannel, CLOSE_GRACE_MS, TimeUnit.MILLISECONDS);
        return channel.writeAndFlush(last);
    }

    private void closeChannel() {
        var unused = channel.close();
    }

    /** The connection is gone. */
    void onGone() {
        if (state != State.CLOSED) {
            leave();
            state = State.CLOSED;
            hub.detach(this);
        }
    }

    private void leave() {
        subscriptions.clear();
        outbound.clear();
    }

    /** Pings a client that is silent, and closes one that has not answered twice. */
    void checkAlive(long nowNs, long pingNs) {
        if (state != State.OPEN || nowNs - lastSignNs < pingNs) {
            return;
        }
        lastSignNs = nowNs; // the next ping, or the close, comes one interval later
        if (pingsUnanswered == MOST_PINGS_UNANSWERED) {
            fail(CloseReason.UNRESPONSIVE);
        } else {
            pingsUnanswered++;
            send(WireFrames.ping());
        }
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    String name() {
        return name;
    }
}

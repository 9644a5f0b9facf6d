package dev.cutover.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * The life of one subscriber's connection: how it opens, by what it is known to live, and how it ends. What its client says and
 * wants is with its {@link Requests}; what the client gets goes by its {@link Sender}.
 *
 * <p>Confined to its connection's event loop, fields and methods alike. It never changes the hub's index while the hub
 * delivers: a session that fails is only marked, and closed when the hub settles.
 */
final class SubscriberSession {
    private static final int MOST_PINGS_UNANSWERED = 2;
    private static final long CLOSE_GRACE_MS = 2_000;

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
    private final Wire wire;
    private final Hub hub;
    private final Sender sender;
    private final Requests requests;

    private State state = State.OPEN;
    /** Why it is to be closed; null unless {@link State#FAILED}. */
    private CloseReason failure;

    private long lastSignNs;
    private int pingsUnanswered;

    /**
     * @param name for logs and {@code welcome}; unique within the gateway
     * @param socket the context whose writes go to the socket as they are
     */
    SubscriberSession(String name, ChannelHandlerContext socket, Wire wire, Hub hub) {
        this.name = name;
        this.channel = socket.channel();
        this.wire = wire;
        this.hub = hub;
        this.sender = new Sender(this, socket, wire, hub);
        this.requests = new Requests(this, hub);
        this.lastSignNs = hub.nowNs();
    }

    /** @param plain whether the client spoke no subprotocol: it then wants everything from now on */
    void open(boolean plain) {
        hub.attach(this);
        sender.send(hub.welcome(name));
        hub.tellIfUpstreamAway(this);
        if (plain) {
            requests.subscriptions().subscribeToAll();
        }
    }

    /** @param wanted by a client that says so once and for all */
    void open(List<ClientMessage.Subscribe> wanted) {
        open(false);
        wanted.forEach(requests.subscriptions()::subscribe);
    }

    /** Where to all that goes to the client, this class's own last words aside. */
    Sender sender() {
        return sender;
    }

    // from the client; each is followed by the hub's settle()

    void onText(String text) {
        sign();
        if (state == State.OPEN) {
            requests.onText(text);
        }
    }

    void onBinary() {
        sign();
        if (state == State.OPEN) {
            requests.onBinary();
        }
    }

    /** A message beyond the rate, of which nothing was read. */
    void onTooManyMessages() {
        sign();
        if (state == State.OPEN) {
            requests.onTooManyMessages();
        }
    }

    /** A ping or pong beyond the rate, which was dropped without an answer. */
    void onTooManyControlFrames() {
        sign();
        if (state == State.OPEN) {
            requests.onTooManyControlFrames();
        }
    }

    void onPing(ByteBuf payload) {
        sign();
        sender.send(WebSocketWire.pong(payload));
    }

    /** The client closes, or answers our close frame. */
    void onClose(ByteBuf payload) {
        if (state == State.CLOSING) {
            closeChannel();
        } else if (state != State.CLOSED) {
            var unused = close(WebSocketWire.closeAnswer(payload)).addListener(ChannelFutureListener.CLOSE);
        }
    }

    /** The socket has room again: the client has read something, which is as good as a word from it. */
    void onWritable() {
        sign();
        sender.drain();
    }

    /** Any sign of life, a pong for one. */
    void sign() {
        lastSignNs = hub.nowNs();
        pingsUnanswered = 0;
    }

    // from the hub

    void sendHeartbeat(byte[] data, TailVitals.Condition condition) {
        sender.send(ServerMessages.heartbeat(data, requests.subscriptions().high(), condition));
    }

    /** The feature's topic has been made anew, and read. */
    void onRenewed(FeatureShard shard) {
        requests.onRenewed(shard);
    }

    /** To be called every second or so. Pings a client that is silent, and closes one that has not answered twice. */
    void checkAlive(long nowNs, long pingNs) {
        if (state != State.OPEN) {
            return;
        }
        requests.subscriptions().giveBackWhatIsStalled();
        goOn(); // also what waits for Kafka
        if (nowNs - lastSignNs < pingNs) {
            return;
        }
        lastSignNs = nowNs; // the next ping, or the close, comes one interval later
        if (pingsUnanswered == MOST_PINGS_UNANSWERED) {
            fail(CloseReason.UNRESPONSIVE);
        } else {
            pingsUnanswered += wire.isTwoWay() ? 1 : 0;
            sender.send(wire.ping());
        }
    }

    // of the past

    /** Goes on with what it reads of the past when the hub comes to it. */
    void goOn() {
        if (requests.wantsPast()) {
            hub.turns().goOn(this);
        }
    }

    /** Goes on after a while. */
    void goOnAfter(long delayNs) {
        var unused = channel.eventLoop().schedule(this::goOn, delayNs, TimeUnit.NANOSECONDS);
    }

    /** For its sender alone, whose turn it is. */
    void writePast() {
        requests.writePast();
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
        sender.clear(); // at once: what waits for it is memory that others may need
        hub.turns().toBeClosed(this);
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
            ChannelFuture written = close(wire.close(failure));
            if (!wire.isTwoWay()) {
                var unused = written.addListener(ChannelFutureListener.CLOSE);
            }
        }
    }

    private ChannelFuture close(ByteBuf last) {
        state = State.CLOSING;
        leave();
        var unused = channel.eventLoop().schedule(this::closeChannel, CLOSE_GRACE_MS, TimeUnit.MILLISECONDS);
        return sender.sendLast(last);
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
        requests.clear();
        sender.clear();
        hub.turns().stays(this);
    }

    long nowNs() {
        return hub.nowNs();
    }

    Executor loop() {
        return hub.loop();
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    String name() {
        return name;
    }
}

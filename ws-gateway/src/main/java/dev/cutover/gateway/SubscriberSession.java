package dev.cutover.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Feature.Delivery;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import java.util.List;
import java.util.concurrent.Executor;
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
    /** Writes from here pass no encoder: the bytes are whole already. */
    private final ChannelHandlerContext socket;

    private final Wire wire;
    private final Hub hub;
    private final Outbound outbound;
    private final Subscriptions subscriptions;
    private final Replays replays;

    private State state = State.OPEN;
    /** Why it is to be closed; null unless {@link State#FAILED}. */
    private CloseReason failure;

    private boolean draining;
    private boolean unflushed;
    /** What it may still write of the past in this turn, in bytes. */
    private int turnBytes;

    private long lastSignNs;
    private int pingsUnanswered;
    private int badMessages;

    /**
     * @param name for logs and {@code welcome}; unique within the gateway
     * @param socket the context whose writes go to the socket as they are
     */
    SubscriberSession(String name, ChannelHandlerContext socket, Wire wire, Hub hub) {
        this.name = name;
        this.channel = socket.channel();
        this.socket = socket;
        this.wire = wire;
        this.hub = hub;
        this.outbound = new Outbound(hub.settings().limits().sessionBytes(), hub.outbound());
        this.subscriptions = new Subscriptions(this, hub);
        this.replays = new Replays(this, hub);
        this.lastSignNs = hub.nowNs();
    }

    /** @param plain whether the client spoke no subprotocol: it then wants everything from now on */
    void open(boolean plain) {
        hub.attach(this);
        send(hub.welcome(name));
        hub.tellIfUpstreamAway(this);
        if (plain) {
            subscriptions.subscribeToAll();
        }
    }

    /** @param wanted by a client that says so once and for all */
    void open(List<ClientMessage.Subscribe> wanted) {
        open(false);
        wanted.forEach(subscriptions::subscribe);
    }

    // from the client; each is followed by the hub's settle()

    void onPing(ByteBuf payload) {
        sign();
        send(WebSocketWire.pong(payload));
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
        } else if (message instanceof ClientMessage.Replay replay) {
            replays.begin(replay);
        } else if (message instanceof ClientMessage.EndReplay end) {
            replays.end(end);
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
            write(wire.event(frame), 1);
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

    void send(ServerMessage message) {
        if (state == State.OPEN && outbound.isEmpty() && canWrite()) {
            write(wire.message(message), 1);
        } else {
            enqueue(new Outbound.Message(message));
        }
    }

    /** Sends bytes of the connection's own protocol; takes over their reference. */
    private void send(ByteBuf control) {
        if (state == State.OPEN && outbound.isEmpty() && canWrite()) {
            write(control, 1);
        } else {
            enqueue(new Outbound.Control(control));
        }
    }

    /** Tells the client from where a subscription begins. */
    void subscribed(JsonNode id, FeatureShard shard, long[] seen, ServerMessages.Opening opening) {
        send(ServerMessages.subscribed(id, shard, hub.stage(shard.feature().name()), seen, opening));
    }

    void sayUnavailable(JsonNode id) {
        send(ServerMessages.error(
                id, ErrorCode.UPSTREAM_UNAVAILABLE, "Kafka does not answer; it goes on when Kafka does"));
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

    // of the past: written when there is room for it, and never kept here

    /** Whether the client takes something now, behind all that waits, and it is this session's turn. */
    boolean canWriteNow() {
        return turnBytes > 0 && state == State.OPEN && outbound.isEmpty() && canWrite();
    }

    /** Writes an event if the client takes it now. */
    boolean writeNow(Frame frame) {
        boolean can = canWriteNow();
        if (can) {
            turnBytes -= frame.bytes();
            write(wire.event(frame), 1);
        }
        return can;
    }

    /** Writes an event with a mark if the client takes it now. */
    boolean writeNow(Frame frame, byte[] mark) {
        boolean can = canWriteNow();
        if (can) {
            turnBytes -= frame.bytes();
            write(wire.marked(frame, mark, channel.alloc()), 1);
        }
        return can;
    }

    /** Goes on with what it reads of the past when the hub comes to it. */
    void goOn() {
        if (subscriptions.isCatchingUp() || !replays.isEmpty()) {
            hub.goOn(this);
        }
    }

    /** Goes on after a while. */
    void goOnAfter(long delayNs) {
        var unused = channel.eventLoop().schedule(this::goOn, delayNs, TimeUnit.NANOSECONDS);
    }

    /**
     * Has its turn: writes of the past what the socket takes. Not while the hub delivers.
     *
     * @param mostBytes more than which it writes by an event at most
     * @return how many it has written, or a few more
     */
    int takeTurn(int mostBytes) {
        if (draining) {
            return 0; // a flush of its own has come back here; it goes on when that is done
        }
        draining = true;
        turnBytes = mostBytes;
        do { // what the past ends in, a snapshot for one, may have to wait, and has room at once
            writeWaiting();
            subscriptions.catchUp();
            replays.goOn();
        } while (!outbound.isEmpty() && state == State.OPEN && canWrite());
        int written = mostBytes - turnBytes;
        if (turnBytes <= 0) {
            goOn(); // there may be more
        }
        turnBytes = 0;
        draining = false;
        return written;
    }

    /** The feature's topic has been made anew, and read. */
    void onRenewed(FeatureShard shard) {
        subscriptions.onRenewed(shard);
        replays.onRenewed(shard);
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

    // what waits

    private void enqueue(Outbound.Entry entry) {
        if (state != State.OPEN) {
            entry.release();
        } else if (outbound.offer(entry, hub.nowNs()) == Outbound.Offer.FULL) {
            entry.release();
            fail(CloseReason.SLOW_CONSUMER);
        }
    }

    /** Bytes that wait for it. */
    long waitingBytes() {
        return outbound.bytes();
    }

    void sendHeartbeat(byte[] data, TailVitals.Condition condition) {
        send(ServerMessages.heartbeat(data, subscriptions.high(), condition));
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
        var unused = socket.write(wholeFrames, socket.voidPromise());
        if (!unflushed) {
            unflushed = true;
            hub.toBeFlushed(this);
        }
    }

    void flush() {
        unflushed = false;
        channel.flush();
    }

    /** Writes what waits, as far as the socket takes it; then the past has its turn. A flush on the way may come back here. */
    void drain() {
        if (draining) {
            return;
        }
        draining = true;
        do {
            writeWaiting();
        } while (!outbound.isEmpty() && canWrite());
        draining = false;
        goOn();
    }

    private void writeWaiting() {
        while (!outbound.isEmpty() && canWrite() && state == State.OPEN) { // a flush can fail, too
            Outbound.Entry entry = outbound.first();
            if (entry instanceof Snapshot snapshot) {
                int before = snapshot.written();
                ByteBuf piece = snapshot.nextPiece(wire, channel.alloc());
                if (snapshot.isDone()) {
                    outbound.removeFirst();
                }
                write(piece, snapshot.written() - before);
            } else {
                outbound.removeFirst();
                write(bytes(entry), 1);
                entry.release();
            }
        }
    }

    private ByteBuf bytes(Outbound.Entry entry) {
        if (entry instanceof Outbound.Event event) {
            return wire.event(event.frame());
        }
        return entry instanceof Outbound.Message message
                ? wire.message(message.message())
                : ((Outbound.Control) entry).bytesToWrite().retain();
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
        outbound.clear(); // at once: what waits for it is memory that others may need
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
        return socket.writeAndFlush(last);
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
        replays.clear();
        outbound.clear();
        hub.stays(this);
    }

    /** To be called every second or so. Pings a client that is silent, and closes one that has not answered twice. */
    void checkAlive(long nowNs, long pingNs) {
        if (state != State.OPEN) {
            return;
        }
        subscriptions.giveBackWhatIsStalled();
        goOn(); // also what waits for Kafka
        if (nowNs - lastSignNs < pingNs) {
            return;
        }
        lastSignNs = nowNs; // the next ping, or the close, comes one interval later
        if (pingsUnanswered == MOST_PINGS_UNANSWERED) {
            fail(CloseReason.UNRESPONSIVE);
        } else {
            pingsUnanswered += wire.isTwoWay() ? 1 : 0;
            send(wire.ping());
        }
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

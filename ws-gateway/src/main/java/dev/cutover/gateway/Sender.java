package dev.cutover.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Feature.Delivery;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;

/**
 * What goes out to one subscriber: at once where the socket takes it, else it waits in an {@link Outbound}; of the past as much
 * as its turn allows, which is never kept here. Nothing goes out once its session has failed.
 *
 * <p>Confined to the session's event loop. Writes and flushes may come back here by way of {@code channelWritabilityChanged}.
 */
final class Sender {
    /** A client may always have so many events of snapshots waiting, however little there is. */
    private static final int FEW_SNAPSHOT_EVENTS = 10_000;

    private final SubscriberSession session;
    private final Channel channel;
    /** Writes from here pass no encoder: the bytes are whole already. */
    private final ChannelHandlerContext socket;

    private final Wire wire;
    private final Hub hub;
    private final Outbound outbound;

    private boolean draining;
    private boolean unflushed;
    /** What it may still write of the past in this turn, in bytes. */
    private int turnBytes;

    Sender(SubscriberSession session, ChannelHandlerContext socket, Wire wire, Hub hub) {
        this.session = session;
        this.channel = socket.channel();
        this.socket = socket;
        this.wire = wire;
        this.hub = hub;
        this.outbound = new Outbound(hub.settings().limits().sessionBytes(), hub.outbound());
    }

    /** Offers an event, which is retained if it can't be written now. */
    void offer(Frame frame, Delivery delivery, long nowNs) {
        if (!session.isOpen()) {
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
                session.fail(CloseReason.SLOW_CONSUMER);
            }
        }
    }

    void send(ServerMessage message) {
        if (session.isOpen() && outbound.isEmpty() && canWrite()) {
            write(wire.message(message), 1);
        } else {
            enqueue(new Outbound.Message(message));
        }
    }

    /** Sends bytes of the connection's own protocol; takes over their reference. */
    void send(ByteBuf control) {
        if (session.isOpen() && outbound.isEmpty() && canWrite()) {
            write(control, 1);
        } else {
            enqueue(new Outbound.Control(control));
        }
    }

    /** Sends a snapshot in pieces, as the client reads; takes it over. */
    void send(Snapshot snapshot) {
        int waiting = outbound.snapshotEvents();
        if (waiting > 0 && waiting + snapshot.waiting() > Math.max(FEW_SNAPSHOT_EVENTS, 2 * hub.entries())) {
            snapshot.release(); // it has asked for everything twice over, and does not read
            session.fail(CloseReason.SLOW_CONSUMER);
        } else if (!snapshot.isDone()) {
            enqueue(snapshot);
            drain();
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

    /** The last bytes of all; takes over their reference. */
    ChannelFuture sendLast(ByteBuf bytes) {
        return socket.writeAndFlush(bytes);
    }

    // of the past

    /** Whether the client takes something of the past now, behind all that waits, and it is its turn. */
    boolean canWriteNow() {
        return turnBytes > 0 && session.isOpen() && outbound.isEmpty() && canWrite();
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
            session.writePast();
        } while (!outbound.isEmpty() && session.isOpen() && canWrite());
        int written = mostBytes - turnBytes;
        if (turnBytes <= 0) {
            session.goOn(); // there may be more
        }
        turnBytes = 0;
        draining = false;
        return written;
    }

    // what waits

    private void enqueue(Outbound.Entry entry) {
        if (!session.isOpen()) {
            entry.release();
        } else if (outbound.offer(entry, hub.nowNs()) == Outbound.Offer.FULL) {
            entry.release();
            session.fail(CloseReason.SLOW_CONSUMER);
        }
    }

    /** Bytes that wait. */
    long waitingBytes() {
        return outbound.bytes();
    }

    /** Drops what waits. */
    void clear() {
        outbound.clear();
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
        session.goOn();
    }

    private void writeWaiting() {
        while (!outbound.isEmpty() && canWrite() && session.isOpen()) { // a flush can fail, too
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

    // the socket

    /** Netty's buffer has a high-water mark; what the socket takes at once is to count before a reader is called slow. */
    private boolean canWrite() {
        if (channel.isWritable()) {
            return true;
        }
        channel.flush();
        return channel.isWritable();
    }

    private void write(ByteBuf wholeFrames, int count) {
        hub.turns().sent(count, wholeFrames.readableBytes());
        var unused = socket.write(wholeFrames, socket.voidPromise());
        if (!unflushed) {
            unflushed = true;
            hub.turns().toBeFlushed(this);
        }
    }

    void flush() {
        unflushed = false;
        channel.flush();
    }
}

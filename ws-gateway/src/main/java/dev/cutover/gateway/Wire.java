package dev.cutover.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * How what a session says becomes the bytes of its connection: in WebSocket frames, or as a stream of server-sent events. Asked
 * in the order in which the bytes go out. Each buffer has one reference, the caller's.
 *
 * <p>Confined to the session's event loop.
 */
interface Wire {

    /** An event, as it happens or caught up with. */
    ByteBuf event(Frame frame);

    /** At least as many bytes as {@link #writeMarked} writes. */
    int mostMarkedBytes(Frame frame, byte[] mark);

    /** Writes an event with a {@link Frame#mark}: one that moves no client's position. */
    void writeMarked(Frame frame, byte[] mark, ByteBuf out);

    ByteBuf message(ServerMessage message);

    /** What tells a silent client that this end is there, and asks whether it is. */
    ByteBuf ping();

    /** The last that is said. */
    ByteBuf close(CloseReason reason);

    /** Whether the client can answer: to a ping, and to a close. */
    boolean isTwoWay();

    /** An event with its mark, in a buffer of its own. */
    default ByteBuf marked(Frame frame, byte[] mark, ByteBufAllocator alloc) {
        ByteBuf out = alloc.directBuffer(mostMarkedBytes(frame, mark));
        writeMarked(frame, mark, out);
        return out;
    }
}

package dev.cutover.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.List;

/**
 * The events of one snapshot on their way to one subscriber: written in pieces as the subscriber reads, so that a snapshot of
 * any size needs no buffer of its size. Holds a reference to each frame that is not written yet.
 *
 * <p>Confined to the session's event loop.
 */
final class Snapshot implements Outbound.Entry {
    private static final int PIECE_BYTES = 32 * 1024;

    private final List<Frame> frames;
    private int next;

    /** @param frames in the order to be sent; takes over one reference to each */
    Snapshot(List<Frame> frames) {
        this.frames = frames;
    }

    /** How many events have been written so far. */
    int written() {
        return next;
    }

    /** How many events are still to be written. */
    int waiting() {
        return frames.size() - next;
    }

    boolean isDone() {
        return next == frames.size();
    }

    /** The next piece: one event at least, and then as many as fit. */
    ByteBuf nextPiece(Wire wire, ByteBufAllocator alloc) {
        int end = next + 1;
        int bytes = mostBytes(wire, next);
        while (end < frames.size() && bytes + mostBytes(wire, end) <= PIECE_BYTES) {
            bytes += mostBytes(wire, end++);
        }
        ByteBuf piece = alloc.directBuffer(bytes);
        while (next < end) {
            Frame frame = frames.get(next++);
            wire.writeMarked(frame, Frame.SNAPSHOT_MARK, piece);
            frame.release();
        }
        return piece;
    }

    private int mostBytes(Wire wire, int index) {
        return wire.mostMarkedBytes(frames.get(index), Frame.SNAPSHOT_MARK);
    }

    @Override
    public int bytes() {
        return 0;
    }

    @Override
    public void release() {
        while (!isDone()) {
            frames.get(next++).release();
        }
    }
}

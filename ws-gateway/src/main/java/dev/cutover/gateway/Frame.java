package dev.cutover.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;

/**
 * One event as it goes over the wire: the whole WebSocket frame, header included, encoded once and shared by every subscriber.
 * Immutable but for its reference count: whoever keeps a frame beyond a call retains it.
 */
final class Frame {
    /** The {@link #mark} of a snapshot's events. */
    static final byte[] SNAPSHOT_MARK = mark(",\"snapshot\":true");

    private static final byte[] DATA_MEMBER = ",\"data\":".getBytes(StandardCharsets.US_ASCII);

    final EventKey key;
    final long offset;
    /** When the record was appended, or made: Kafka's timestamp. */
    final long timestampMs;
    /** The value of the series' field, a String or a BigDecimal; null for a type without a series. */
    final Object by;

    private final ByteBuf wire;
    private final int payloadAt;
    /** Where in {@link #wire} the comma before {@code "data"} stands. */
    private final int dataAt;

    /**
     * @param envelope the payload up to, and without, {@code ,"data":}
     * @param data the event, as its producer wrote it
     */
    static Frame encode(
            ByteBufAllocator alloc,
            EventKey key,
            long offset,
            long timestampMs,
            Object by,
            ByteBuf envelope,
            byte[] data) {
        int payload = envelope.readableBytes() + DATA_MEMBER.length + data.length + 1;
        ByteBuf wire = alloc.directBuffer(WebSocketWire.MOST_HEADER_BYTES + payload);
        WebSocketWire.writeTextHeader(wire, payload);
        int payloadAt = wire.writerIndex();
        wire.writeBytes(envelope, envelope.readerIndex(), envelope.readableBytes());
        int dataAt = wire.writerIndex();
        wire.writeBytes(DATA_MEMBER).writeBytes(data).writeByte('}');
        return new Frame(key, offset, timestampMs, by, wire, payloadAt, dataAt);
    }

    private Frame(EventKey key, long offset, long timestampMs, Object by, ByteBuf wire, int payloadAt, int dataAt) {
        this.key = key;
        this.offset = offset;
        this.timestampMs = timestampMs;
        this.by = by;
        this.wire = wire;
        this.payloadAt = payloadAt;
        this.dataAt = dataAt;
    }

    int bytes() {
        return wire.readableBytes();
    }

    /** The frame for one more subscriber to write; the write releases it. */
    ByteBuf share() {
        return wire.retainedDuplicate();
    }

    /** Members for the envelope, each with a comma before it, that say what an event is part of. */
    static byte[] mark(String members) {
        return members.getBytes(StandardCharsets.UTF_8);
    }

    /** How long the JSON is, in bytes, without a mark. */
    int payloadBytes() {
        return wire.writerIndex() - payloadAt;
    }

    /** Writes the event's JSON once more, without a frame's header. */
    void writePayload(byte[] mark, ByteBuf out) {
        out.writeBytes(wire, payloadAt, dataAt - payloadAt);
        out.writeBytes(mark);
        out.writeBytes(wire, dataAt, wire.writerIndex() - dataAt);
    }

    Frame retain(int times) {
        wire.retain(times);
        return this;
    }

    Frame retain() {
        wire.retain();
        return this;
    }

    void release() {
        wire.release();
    }

    int references() {
        return wire.refCnt();
    }

    @Override
    public String toString() {
        return ByteBufUtil.hexDump(wire, 0, payloadAt) + " "
                + wire.toString(payloadAt, wire.writerIndex() - payloadAt, StandardCharsets.UTF_8);
    }
}

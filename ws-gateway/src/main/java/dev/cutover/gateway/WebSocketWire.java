package dev.cutover.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** The server's side of the WebSocket framing (RFC 6455, section 5.2): whole frames, unmasked. Stateless. */
final class WebSocketWire implements Wire {
    static final WebSocketWire INSTANCE = new WebSocketWire();
    static final int MOST_HEADER_BYTES = 10;

    private static final int FINAL_TEXT = 0x81;
    private static final int CLOSE = 0x88;
    private static final int PING = 0x89;
    private static final int PONG = 0x8A;
    private static final int TWO_BYTE_LENGTH = 126;
    private static final int EIGHT_BYTE_LENGTH = 127;

    private WebSocketWire() {}

    static void writeTextHeader(ByteBuf out, int payloadBytes) {
        out.writeByte(FINAL_TEXT);
        if (payloadBytes < TWO_BYTE_LENGTH) {
            out.writeByte(payloadBytes);
        } else if (payloadBytes <= 0xFFFF) {
            out.writeByte(TWO_BYTE_LENGTH).writeShort(payloadBytes);
        } else {
            out.writeByte(EIGHT_BYTE_LENGTH).writeLong(payloadBytes);
        }
    }

    @Override
    public ByteBuf event(Frame frame) {
        return frame.share();
    }

    @Override
    public int mostMarkedBytes(Frame frame, byte[] mark) {
        return MOST_HEADER_BYTES + frame.payloadBytes() + mark.length;
    }

    @Override
    public void writeMarked(Frame frame, byte[] mark, ByteBuf out) {
        writeTextHeader(out, frame.payloadBytes() + mark.length);
        frame.writePayload(mark, out);
    }

    /** On the heap: for what is said now and then, not for events. */
    @Override
    public ByteBuf message(ServerMessage message) {
        byte[] json = message.json();
        ByteBuf out = Unpooled.buffer(MOST_HEADER_BYTES + json.length);
        writeTextHeader(out, json.length);
        return out.writeBytes(json);
    }

    @Override
    public ByteBuf ping() {
        return Unpooled.buffer(2).writeByte(PING).writeByte(0);
    }

    @Override
    public ByteBuf close(CloseReason reason) {
        byte[] json = reason.json().getBytes(StandardCharsets.UTF_8);
        return Unpooled.buffer(4 + json.length)
                .writeByte(CLOSE)
                .writeByte(2 + json.length)
                .writeShort(reason.status)
                .writeBytes(json);
    }

    @Override
    public boolean isTwoWay() {
        return true;
    }

    /** @param payload of the client's close frame, which comes back as it is; at most 125 bytes, as the decoder has seen to */
    static ByteBuf closeAnswer(ByteBuf payload) {
        return control(CLOSE, payload);
    }

    /** @param payload of the ping that it answers; at most 125 bytes, as the decoder has seen to */
    static ByteBuf pong(ByteBuf payload) {
        return control(PONG, payload);
    }

    private static ByteBuf control(int opcode, ByteBuf payload) {
        int bytes = payload.readableBytes();
        return Unpooled.buffer(2 + bytes)
                .writeByte(opcode)
                .writeByte(bytes)
                .writeBytes(payload, payload.readerIndex(), bytes);
    }
}

package dev.cutover.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** The server's side of the WebSocket framing (RFC 6455, section 5.2): whole frames, unmasked. */
final class WireFrames {
    static final int MOST_HEADER_BYTES = 10;
    static final byte[] DATA_MEMBER = ",\"data\":".getBytes(StandardCharsets.US_ASCII);

    private static final int FINAL_TEXT = 0x81;
    private static final int PING = 0x89;
    private static final int PONG = 0x8A;
    private static final int TWO_BYTE_LENGTH = 126;
    private static final int EIGHT_BYTE_LENGTH = 127;

    private WireFrames() {}

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

    /** A text frame of that JSON, on the heap: for what is sent now and then, not for events. */
    static ByteBuf text(byte[] json) {
        ByteBuf out = Unpooled.buffer(MOST_HEADER_BYTES + json.length);
        writeTextHeader(out, json.length);
        return out.writeBytes(json);
    }

    static ByteBuf ping() {
        return Unpooled.buffer(2).writeByte(PING).writeByte(0);
    }

    /** @param payload of the ping that it answers; at most 125 bytes, as the decoder has seen to */
    static ByteBuf pong(ByteBuf payload) {
        int bytes = payload.readableBytes();
        return Unpooled.buffer(2 + bytes)
                .writeByte(PONG)
                .writeByte(bytes)
                .writeBytes(payload, payload.readerIndex(), bytes);
    }
}

package dev.cutover.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** The server's side of the WebSocket framing (RFC 6455, section 5.2): whole text frames, unmasked. */
final class WireFrames {
    static final int MOST_HEADER_BYTES = 10;
    static final byte[] DATA_MEMBER = ",\"data\":".getBytes(StandardCharsets.US_ASCII);

    private static final int FINAL_TEXT = 0x81;
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
}

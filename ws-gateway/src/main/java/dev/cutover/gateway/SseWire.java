package dev.cutover.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;

/**
 * A stream of server-sent events. Each has for its id the position of the whole stream, from which a client that has lost its
 * connection goes on: so it keeps what was written last of each feature. A feature whose snapshot is not complete is in no id.
 *
 * <p>Confined to the session's event loop.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">the HTML standard, section 9.2</a>
 */
final class SseWire implements Wire {
    private static final byte[] NO_MARK = {};
    private static final byte[] DATA = ascii("data: ");
    /** Everything of an event beside its type, its id and its data. */
    private static final int MOST_FIELD_BYTES = 32;

    private final ByteBufAllocator alloc;
    /** By feature; the offsets are those of what was written. */
    private final Map<String, ServerMessage.Moved> positions = new LinkedHashMap<>();

    SseWire(ByteBufAllocator alloc) {
        this.alloc = alloc;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public ByteBuf event(Frame frame) {
        ServerMessage.Moved at = positions.get(frame.key.featureName);
        if (at != null) {
            at.seen()[frame.key.partition] = frame.offset;
        }
        byte[] id = ascii(at == null ? "" : id());
        ByteBuf out = alloc.directBuffer(mostMarkedBytes(frame, NO_MARK) + id.length);
        write(frame, NO_MARK, id, out);
        return out;
    }

    /** A line break within the data needs a field of its own; JSON has none but between its tokens. */
    @Override
    public int mostMarkedBytes(Frame frame, byte[] mark) {
        return MOST_FIELD_BYTES + frame.key.type.type().length() + frame.payloadBytes() + mark.length;
    }

    @Override
    public void writeMarked(Frame frame, byte[] mark, ByteBuf out) {
        write(frame, mark, NO_MARK, out);
    }

    private static void write(Frame frame, byte[] mark, byte[] id, ByteBuf out) {
        writeHead(frame.key.type.type(), id, out);
        int dataAt = out.writerIndex();
        frame.writePayload(mark, out);
        for (int i = dataAt; i < out.writerIndex(); i++) {
            byte each = out.getByte(i);
            if (each == '\n' || each == '\r') {
                out.setByte(i, ' '); // between two tokens, where a blank means the same
            }
        }
        out.writeBytes(ascii("\n\n"));
    }

    private static void writeHead(String type, byte[] id, ByteBuf out) {
        ByteBufUtil.writeAscii(out, "event: ");
        ByteBufUtil.writeAscii(out, type);
        if (id.length > 0) {
            ByteBufUtil.writeAscii(out, "\nid: ");
            out.writeBytes(id);
        }
        out.writeByte('\n').writeBytes(DATA);
    }

    @Override
    public ByteBuf message(ServerMessage message) {
        ServerMessage.Moved moved = message.moved();
        if (moved != null && moved.seen() == null) {
            positions.remove(moved.feature());
        } else if (moved != null) {
            positions.put(
                    moved.feature(),
                    new ServerMessage.Moved(
                            moved.feature(), moved.epoch(), moved.seen().clone()));
        }
        byte[] id = ascii(moved == null || moved.seen() == null ? "" : id());
        ByteBuf out = Unpooled.buffer(MOST_FIELD_BYTES + message.type().length() + id.length + message.json().length);
        writeHead(message.type(), id, out);
        return out.writeBytes(message.json()).writeBytes(ascii("\n\n"));
    }

    /** Each feature's place, in the form of {@code Cutover-Position}. */
    private String id() {
        StringJoiner id = new StringJoiner("&");
        positions.forEach((feature, at) -> {
            StringJoiner offsets = new StringJoiner(",");
            for (int partition = 0; partition < at.seen().length; partition++) {
                offsets.add(partition + ":" + at.seen()[partition]);
            }
            id.add(feature + "=" + at.epoch() + ";" + offsets);
        });
        return id.toString();
    }

    /** A comment: the client does not answer, but a connection that is gone fails by it. */
    @Override
    public ByteBuf ping() {
        return Unpooled.copiedBuffer(": ping\n\n", StandardCharsets.US_ASCII);
    }

    @Override
    public ByteBuf close(CloseReason reason) {
        return Unpooled.copiedBuffer(": closed " + reason.json() + "\n\n", StandardCharsets.US_ASCII);
    }

    @Override
    public boolean isTwoWay() {
        return false;
    }
}

package dev.cutover.local;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The client's end of one WebSocket, lean enough for thousands in a JVM: no codec, one buffer that is empty most of the time,
 * frames handed on as the bytes that they are. It answers pings and closes by itself.
 *
 * <p>Confined to its channel's event loop.
 */
final class LeanSocket extends ChannelInboundHandlerAdapter {
    /** The statuses of RFC 6455, section 7.4.1, for what is no close frame. */
    static final int GONE = 1006;

    private static final int TEXT = 0x1;
    private static final int CLOSE = 0x8;
    private static final int PING = 0x9;
    private static final int PONG = 0xA;
    private static final int FINAL = 0x80;
    private static final int MASKED = 0x80;
    private static final byte[] NO_BYTES = {};
    private static final byte[] HANDSHAKE = """
            GET /ws/ HTTP/1.1
            Host: localhost
            Upgrade: websocket
            Connection: Upgrade
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
            Sec-WebSocket-Version: 13
            Sec-WebSocket-Protocol: cutover.v1

            """.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);

    /** Who is called for what happens; once {@link #onClosed} was called nothing is any more. */
    interface Ear {
        /** The handshake is done. */
        void onOpen(LeanSocket socket);

        /** A text frame: its bytes are valid during the call alone. */
        void onText(byte[] bytes, int from, int to);

        /**
         * It is over, or never began.
         *
         * @param status of the close frame; {@link #GONE} without one, and after a handshake that failed
         * @param reason of the close frame, or what became of the handshake
         */
        void onClosed(int status, String reason);
    }

    private final Ear ear;
    private Channel channel;
    private byte[] held = NO_BYTES;
    private int heldBytes;
    private boolean upgraded;
    private boolean closed;

    LeanSocket(Ear ear) {
        this.ear = ear;
    }

    /** @param bootstrap with loop, options and address; its handler is set here */
    static void connect(Bootstrap bootstrap, Ear ear) {
        LeanSocket socket = new LeanSocket(ear);
        var unused = bootstrap.clone().handler(socket).connect().addListener(done -> {
            if (!done.isSuccess()) {
                socket.end(GONE, "not connected: " + done.cause().getMessage());
            }
        });
    }

    Channel channel() {
        return channel;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        channel = ctx.channel();
        var unused = ctx.writeAndFlush(Unpooled.wrappedBuffer(HANDSHAKE));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            int more = bytes.readableBytes();
            if (held.length - heldBytes < more) {
                held = Arrays.copyOf(held, Math.max(heldBytes + more, 2 * heldBytes));
            }
            bytes.readBytes(held, heldBytes, more);
            heldBytes += more;
        } finally {
            bytes.release();
        }
        int used = upgraded ? frames(0) : frames(handshake());
        heldBytes -= used;
        if (heldBytes == 0) {
            held = held.length > 64 * 1024 ? NO_BYTES : held;
        } else if (used > 0) {
            System.arraycopy(held, used, held, 0, heldBytes);
        }
    }

    /** Where the frames begin; 0 while the answer's head is not whole. */
    private int handshake() {
        for (int i = 3; i < heldBytes; i++) {
            if (held[i] == '\n' && held[i - 2] == '\n') {
                String head = new String(held, 0, i + 1, StandardCharsets.US_ASCII);
                if (!head.startsWith("HTTP/1.1 101 ")) {
                    end(GONE, head.lines().findFirst().orElse(""));
                    var unused = channel.close();
                    return heldBytes;
                }
                upgraded = true;
                ear.onOpen(this);
                return i + 1;
            }
        }
        return 0;
    }

    private int frames(int from) {
        int at = from;
        while (upgraded && !closed && heldBytes - at >= 2) {
            int header = 2;
            long length = held[at + 1] & 0x7f;
            if (length >= 126) {
                int lengthBytes = length == 126 ? 2 : 8;
                header += lengthBytes;
                if (heldBytes - at < header) {
                    break;
                }
                length = 0;
                for (int i = 0; i < lengthBytes; i++) {
                    length = (length << 8) | (held[at + 2 + i] & 0xff);
                }
            }
            if (heldBytes - at < header + length) {
                break;
            }
            frame(held[at] & 0xff, at + header, at + header + (int) length);
            at += header + (int) length;
        }
        return closed ? heldBytes : at;
    }

    private void frame(int first, int from, int to) {
        switch (first) {
            case FINAL | TEXT -> ear.onText(held, from, to);
            case FINAL | PING -> send(PONG, Arrays.copyOfRange(held, from, to));
            case FINAL | PONG -> {}
            case FINAL | CLOSE -> {
                byte[] payload = Arrays.copyOfRange(held, from, to);
                send(CLOSE, payload);
                var unused = channel.close();
                int status = payload.length < 2 ? 1005 : ((payload[0] & 0xff) << 8) | (payload[1] & 0xff);
                end(
                        status,
                        payload.length < 2 ? "" : new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8));
            }
            default -> throw new AssertionError("a frame that begins with " + first);
        }
    }

    void say(String json) {
        send(TEXT, json.getBytes(StandardCharsets.UTF_8));
    }

    private void send(int opcode, byte[] payload) {
        ByteBuf frame = Unpooled.buffer(payload.length + 14);
        frame.writeByte(FINAL | opcode);
        if (payload.length < 126) {
            frame.writeByte(MASKED | payload.length);
        } else {
            frame.writeByte(MASKED | 126).writeShort(payload.length);
        }
        // a mask of zeros leaves the bytes as they are
        frame.writeInt(0).writeBytes(payload);
        var unused = channel.writeAndFlush(frame);
    }

    /** Drops the connection without a word. */
    void drop() {
        end(GONE, "dropped");
        if (channel != null) {
            var unused = channel.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        end(GONE, "the connection is gone");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        end(GONE, cause.toString());
        var unused = ctx.close();
    }

    private void end(int status, String reason) {
        if (!closed) {
            closed = true;
            ear.onClosed(status, reason);
        }
    }
}

package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The far end of one connection: speaks bytes to the real pipeline of a gateway, and reads bytes from it. */
final class TestClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_FRAME_BYTES = 16 * 1024 * 1024;

    final EmbeddedChannel channel;
    final FakeSocket socket = new FakeSocket();

    private final EmbeddedChannel decoder =
            new EmbeddedChannel(new WebSocket13FrameDecoder(false, false, MOST_FRAME_BYTES));
    private final EmbeddedChannel encoder = new EmbeddedChannel(new WebSocket13FrameEncoder(true));
    private final List<String> texts = new ArrayList<>();
    private final List<String> pongs = new ArrayList<>();
    private int pings;
    private String closed;

    TestClient(SocketAddress from, HttpFront.Backing backing, ByteBufAllocator alloc) {
        channel = new EmbeddedChannel() {
            @Override
            protected SocketAddress remoteAddress0() {
                return from;
            }
        };
        channel.config().setAllocator(alloc);
        channel.freezeTime();
        channel.pipeline().addLast(socket);
        HttpFront.install(channel.pipeline(), backing);
    }

    // HTTP

    /** Sends bytes and gives what comes back, as text. */
    String http(String request) {
        channel.writeInbound(Unpooled.copiedBuffer(request, StandardCharsets.UTF_8));
        return rawOutput();
    }

    String rawOutput() {
        StringBuilder answer = new StringBuilder();
        ByteBuf bytes;
        while ((bytes = channel.readOutbound()) != null) {
            answer.append(bytes.toString(StandardCharsets.UTF_8));
            bytes.release();
        }
        return answer.toString();
    }

    static String handshakeRequest(String... moreHeaders) {
        StringBuilder request = new StringBuilder("""
                GET /ws/ HTTP/1.1
                Host: localhost
                Upgrade: websocket
                Connection: Upgrade
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
                Sec-WebSocket-Version: 13
                """.replace("\n", "\r\n"));
        for (String header : moreHeaders) {
            request.append(header).append("\r\n");
        }
        return request.append("\r\n").toString();
    }

    /** Upgrades; gives the answer's head. What follows it stays to be read. */
    String handshake(String... moreHeaders) {
        channel.writeInbound(Unpooled.copiedBuffer(handshakeRequest(moreHeaders), StandardCharsets.UTF_8));
        ByteBuf answer = channel.readOutbound();
        String head = answer.toString(StandardCharsets.UTF_8);
        answer.release();
        assertThat(head).startsWith("HTTP/1.1 101 ").endsWith("\r\n\r\n").contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        return head;
    }

    // WebSocket

    TestClient say(String json) {
        return send(new TextWebSocketFrame(json));
    }

    TestClient send(WebSocketFrame... frames) {
        channel.writeInbound(masked(frames));
        return this;
    }

    /** The frames as one piece of bytes, so that the gateway reads them at once. */
    ByteBuf masked(WebSocketFrame... frames) {
        encoder.writeOutbound((Object[]) frames);
        ByteBuf bytes = Unpooled.buffer();
        ByteBuf piece;
        while ((piece = encoder.readOutbound()) != null) {
            bytes.writeBytes(piece);
            piece.release();
        }
        return bytes;
    }

    /** The text messages that have come since this was last asked. */
    List<String> texts() {
        pump();
        List<String> all = List.copyOf(texts);
        texts.clear();
        return all;
    }

    List<JsonNode> messages() {
        return texts().stream().map(TestClient::json).toList();
    }

    /** The messages as {@code type} or {@code type pos}, for short. */
    List<String> summaries() {
        return messages().stream()
                .map(message -> message.path("type").asText()
                        + (message.has("pos")
                                ? " " + message.path("key").asText() + "@"
                                        + message.path("pos").asText()
                                        + (message.has("snapshot") ? " snapshot" : "")
                                : ""))
                .toList();
    }

    /** The one message that has come. */
    JsonNode message() {
        List<JsonNode> messages = messages();
        assertThat(messages).hasSize(1);
        return messages.get(0);
    }

    int pings() {
        pump();
        int count = pings;
        pings = 0;
        return count;
    }

    List<String> pongs() {
        pump();
        return pongs;
    }

    /** The close frame's status and reason; null while none has come. */
    String closed() {
        pump();
        return closed;
    }

    private void pump() {
        ByteBuf bytes;
        while ((bytes = channel.readOutbound()) != null) {
            decoder.writeInbound(bytes);
        }
        WebSocketFrame frame;
        while ((frame = decoder.readInbound()) != null) {
            assertThat(closed).as("a frame after the close frame: %s", frame).isNull();
            if (frame instanceof TextWebSocketFrame text) {
                texts.add(text.text());
            } else if (frame instanceof PingWebSocketFrame) {
                pings++;
            } else if (frame instanceof PongWebSocketFrame pong) {
                pongs.add(pong.content().toString(StandardCharsets.UTF_8));
            } else if (frame instanceof CloseWebSocketFrame close) {
                closed = close.statusCode() + " " + close.reasonText();
            }
            frame.release();
        }
    }

    void afterMs(long ms) {
        channel.advanceTimeBy(ms, TimeUnit.MILLISECONDS);
        channel.runPendingTasks();
    }

    void drop() {
        var unused = channel.close();
    }

    void leave() {
        channel.finishAndReleaseAll();
        decoder.finishAndReleaseAll();
        encoder.finishAndReleaseAll();
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(text, e);
        }
    }
}

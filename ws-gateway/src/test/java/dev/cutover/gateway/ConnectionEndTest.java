package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What keeps a connection and what ends it: pings, sizes, encodings, close frames. */
class ConnectionEndTest {
    private static final int MOST = 64 * 1024;
    private static final String TOO_BIG = "1009 {\"code\":\"message_too_big\",\"reconnect\":false}";

    private final GatewayRig rig = new GatewayRig();

    @AfterEach
    void everythingIsGivenBack() {
        rig.close();
    }

    private static ByteBuf utf8(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    /** A ping message padded to so many bytes. */
    private static String ping(int bytes) {
        String message = "{\"type\":\"ping\",\"pad\":\"\"}";
        return message.replace("\"\"", "\"" + "x".repeat(bytes - message.length()) + "\"");
    }

    @Test
    void textOf64KiBIsAccepted() {
        TestClient client = rig.client().say(ping(MOST));
        assertThat(client.summaries()).containsExactly("pong");
    }

    @Test
    void longerTextIsRefused() {
        TestClient client = rig.client().say(ping(MOST + 1));
        assertThat(client.closed()).isEqualTo(TOO_BIG);
        assertThat(rig.closedBy("message_too_big")).isEqualTo(1);
    }

    @Test
    void fragmentsAreOneMessageEvenWithAPingBetweenThem() {
        ByteBuf whole = utf8("{\"type\":\"ping\",\"pad\":\"€\"}");
        int middleOfTheEuro = 24;
        TestClient client = rig.client()
                .send(new TextWebSocketFrame(false, 0, whole.copy(0, middleOfTheEuro)))
                .send(new PingWebSocketFrame(utf8("hi")))
                .send(new ContinuationWebSocketFrame(
                        true, 0, whole.copy(middleOfTheEuro, whole.readableBytes() - middleOfTheEuro)));
        assertThat(client.summaries()).containsExactly("pong");
        assertThat(client.pongs()).containsExactly("hi");
        whole.release();
    }

    @Test
    void clientThatGoesInTheMiddleOfAMessageIsNoErrorOfTheGateway() {
        rig.client().send(new TextWebSocketFrame(false, 0, utf8("{\"type\":"))).drop();
        assertThat(rig.metrics.connections).hasValue(0);
        assertThat(rig.closedBy("internal")).isZero();
    }

    @Test
    void fragmentsThatAreTooLongTogetherAreRefused() {
        TestClient client = rig.client()
                .send(new TextWebSocketFrame(false, 0, utf8("x".repeat(MOST))))
                .send(new ContinuationWebSocketFrame(true, 0, utf8("x")));
        assertThat(client.closed()).isEqualTo(TOO_BIG);
    }

    @Test
    void fragmentsOf64KiBTogetherAreAccepted() {
        String text = ping(MOST);
        TestClient client = rig.client()
                .send(new TextWebSocketFrame(false, 0, utf8(text.substring(0, 1000))))
                .send(new ContinuationWebSocketFrame(false, 0, utf8("")))
                .send(new ContinuationWebSocketFrame(true, 0, utf8(text.substring(1000))));
        assertThat(client.summaries()).containsExactly("pong");
    }

    @Test
    void binaryIsRefusedAndTheConnectionStays() {
        TestClient client = rig.client().send(new BinaryWebSocketFrame(utf8("{}")));
        assertThat(client.message().at("/data/code").asText()).isEqualTo("bad_request");
        assertThat(client.closed()).isNull();
    }

    @Test
    void textThatIsNotUtf8ClosesWith1007() {
        TestClient client = rig.client()
                .send(new TextWebSocketFrame(Unpooled.wrappedBuffer(new byte[] {'"', (byte) 0xC0, (byte) 0x80, '"'})));
        assertThat(client.closed()).isEqualTo("1007 {\"code\":\"not_utf8\",\"reconnect\":false}");
    }

    @Test
    void framesThatBreakTheProtocolCloseWith1002() {
        TestClient client = rig.client();
        client.channel.writeInbound(Unpooled.wrappedBuffer(new byte[] {(byte) 0x81, 2, '{', '}'})); // not masked
        assertThat(client.closed()).isEqualTo("1002 {\"code\":\"protocol_error\",\"reconnect\":false}");
        client.channel.writeInbound(Unpooled.wrappedBuffer(new byte[100]));
        client.afterMs(2_000);
        assertThat(client.channel.isOpen()).isFalse();
    }

    @Test
    void bytesRightBehindTheHandshakeCloseWith1002() {
        TestClient client = rig.connection();
        ByteBuf early = client.masked(new TextWebSocketFrame("{\"type\":\"ping\"}"));
        client.channel.writeInbound(Unpooled.wrappedBuffer(utf8(TestClient.handshakeRequest()), early));
        ByteBuf answer = client.channel.readOutbound();
        assertThat(answer.toString(StandardCharsets.UTF_8)).startsWith("HTTP/1.1 101 ");
        answer.release();
        assertThat(client.closed()).isEqualTo("1002 {\"code\":\"protocol_error\",\"reconnect\":false}");
    }

    @Test
    void closeOfTheClientIsEchoedAndEndsTheConnection() {
        TestClient client = rig.subscriber("positions").send(new CloseWebSocketFrame(1000, "bye"));
        rig.batch().event("positions", "1", 1).deliver();
        assertThat(client.texts()).isEmpty();
        assertThat(client.closed()).isEqualTo("1000 bye");
        assertThat(client.channel.isOpen()).isFalse();
        assertThat(rig.metrics.connections).hasValue(0);
    }

    @Test
    void closeOfAClientThatDoesNotReadEndsTheConnectionAfterTheGraceTime() {
        TestClient client = rig.subscriber("positions");
        client.socket.stall();
        rig.batch().event("positions", "1", 1).deliver();
        client.send(new CloseWebSocketFrame(1000, "bye"));
        rig.batch().event("positions", "1", 2).deliver();
        assertThat(client.channel.isOpen()).isTrue();
        client.afterMs(2_000);
        assertThat(client.channel.isOpen()).isFalse();
    }

    @Test
    void afterOurCloseFrameTheChannelClosesWhenThePeerAnswers() {
        TestClient client = rig.subscriber("positions");
        rig.hub.drain(new DrainSchedule(Duration.ZERO, 1), new Random(1));
        client.afterMs(0);
        assertThat(client.closed()).isEqualTo("1001 {\"code\":\"draining\",\"reconnect\":true}");
        rig.batch().event("positions", "1", 1).deliver();
        client.send(new PingWebSocketFrame(), new TextWebSocketFrame("{\"type\":\"ping\"}"));
        assertThat(client.texts()).isEmpty();
        assertThat(client.pongs()).isEmpty();
        assertThat(client.channel.isOpen()).isTrue();
        client.send(new CloseWebSocketFrame(1001, ""));
        assertThat(client.channel.isOpen()).isFalse();
    }

    @Test
    void afterOurCloseFrameTheChannelClosesWhenTheGraceTimeIsOver() {
        TestClient client = rig.client();
        rig.hub.drain(new DrainSchedule(Duration.ZERO, 1), new Random(1));
        client.afterMs(0);
        client.afterMs(1_999);
        assertThat(client.channel.isOpen()).isTrue();
        client.afterMs(1);
        assertThat(client.channel.isOpen()).isFalse();
        assertThat(client.closed()).startsWith("1001 ");
    }

    @Test
    void idleClientIsPingedAndClosedWhenItDoesNotAnswerTwice() {
        TestClient client = rig.client();
        rig.afterMs(24_999);
        rig.hub.checkAlive();
        assertThat(client.pings()).isZero();
        rig.afterMs(1);
        rig.hub.checkAlive();
        rig.hub.checkAlive();
        assertThat(client.pings()).isEqualTo(1);
        rig.afterMs(25_000);
        rig.hub.checkAlive();
        assertThat(client.pings()).isEqualTo(1);
        rig.afterMs(24_999);
        rig.hub.checkAlive();
        assertThat(client.closed()).isNull();
        rig.afterMs(1);
        rig.hub.checkAlive();
        assertThat(client.closed()).isEqualTo("1013 {\"code\":\"unresponsive\",\"reconnect\":true}");
    }

    @Test
    void clientThatAnswersItsPingsStays() {
        TestClient client = rig.client();
        for (int i = 0; i < 10; i++) {
            rig.afterMs(25_000);
            rig.hub.checkAlive();
            assertThat(client.pings()).isEqualTo(1);
            client.send(new PongWebSocketFrame());
        }
        assertThat(client.closed()).isNull();
    }

    @Test
    void clientThatReadsSlowlyButReadsIsNoDeadOne() {
        TestClient client = rig.subscriber("positions");
        client.socket.stall();
        for (int i = 0; i < 20; i++) {
            for (int event = 0; event < 80; event++) {
                rig.batch()
                        .event("positions", 0, "key-" + event % 20, "{\"pad\":\"" + "x".repeat(1000) + "\"}")
                        .deliver();
            }
            rig.afterMs(10_000);
            rig.hub.checkAlive();
            client.socket.takeOnce();
        }
        client.socket.resume();
        client.texts();
        assertThat(client.closed()).isNull();
    }

    @Test
    void errorInTheGatewayClosesThatConnectionWith1011AndCountsIt() {
        TestClient broken = rig.subscriber("positions");
        TestClient other = rig.subscriber("positions");
        broken.channel.pipeline().fireExceptionCaught(new IllegalStateException("a mistake of ours"));
        assertThat(broken.closed()).isEqualTo("1011 {\"code\":\"internal\",\"reconnect\":true}");
        rig.batch().event("positions", "1", 1).deliver();
        assertThat(other.summaries()).containsExactly("positions 1@0:0");
    }

    @Test
    void resetConnectionIsNoErrorOfTheGateway() {
        TestClient client = rig.subscriber("positions");
        client.channel.pipeline().fireExceptionCaught(new java.io.IOException("Connection reset by peer"));
        assertThat(client.channel.isOpen()).isFalse();
        assertThat(rig.closedBy("internal")).isZero();
        assertThat(rig.metrics.connections).hasValue(0);
    }
}

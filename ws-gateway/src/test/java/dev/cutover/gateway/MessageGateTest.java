package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that send more than they may: ten frames at once here, and one a second after that. */
class MessageGateTest {
    private static final String PING = "{\"type\":\"ping\"}";
    private static final String BAD = "1008 {\"code\":\"bad_messages\",\"reconnect\":false}";

    private final GatewayRig rig = new GatewayRig(Map.of("message-rate", "1"));

    @AfterEach
    void everythingIsGivenBack() {
        rig.close();
    }

    private TestClient exhausted() {
        TestClient client = rig.client();
        for (int i = 0; i < 10; i++) {
            client.say(PING);
        }
        assertThat(client.summaries()).isEqualTo(Collections.nCopies(10, "pong"));
        return client;
    }

    @Test
    void textBeyondTheRateIsAnsweredWithItsCodeAndTheNextOneInTimeIsHeard() {
        TestClient client = exhausted().say(PING);
        assertThat(client.texts())
                .containsExactly("{\"type\":\"error_message\",\"data\":{\"code\":\"rate_limited\",\"message\":"
                        + "\"more than 1 messages a second; this one was dropped: send it again, and fewer\"}}");
        assertThat(rig.refused("rate_limited")).isEqualTo(1);
        rig.afterMs(1_000);
        assertThat(client.say(PING).summaries()).containsExactly("pong");
        assertThat(client.say(PING).summaries()).containsExactly("error_message");
        assertThat(client.closed()).isNull();
    }

    @Test
    void twentyBeyondTheRateInARowCloseTheConnection() {
        TestClient client = exhausted();
        for (int i = 0; i < 19; i++) {
            client.say(PING);
        }
        assertThat(client.closed()).isNull();
        client.say(PING);
        assertThat(client.closed()).isEqualTo(BAD);
        assertThat(rig.refused("rate_limited")).isEqualTo(20);
    }

    @Test
    void pingsPongsAndBinariesCountAsTextsDo() {
        TestClient client = rig.client();
        for (int i = 0; i < 3; i++) {
            client.send(
                    new PingWebSocketFrame(), new PongWebSocketFrame(), new BinaryWebSocketFrame(Unpooled.buffer()));
        }
        client.say(PING);
        assertThat(rig.refused("rate_limited")).isZero();
        client.texts();
        assertThat(client.pongs()).hasSize(3);
        client.send(new PingWebSocketFrame());
        assertThat(client.pongs()).as("dropped").hasSize(3);
        client.send(new PongWebSocketFrame(), new BinaryWebSocketFrame(Unpooled.buffer()));
        assertThat(client.message().at("/data/code").asText()).isEqualTo("rate_limited");
        assertThat(rig.refused("rate_limited")).isEqualTo(3);
    }

    @Test
    void aFloodOfPongsClosesTheConnection() {
        TestClient client = exhausted();
        for (int i = 0; i < 20; i++) {
            client.send(new PongWebSocketFrame());
        }
        assertThat(client.closed()).isEqualTo(BAD);
    }

    @Test
    void aMessageWhoseBeginningWasDroppedIsDroppedToItsEndAndCountsOnce() {
        TestClient client = exhausted()
                .send(new TextWebSocketFrame(false, 0, text("{\"type\":")))
                .send(new ContinuationWebSocketFrame(false, 0, text("\"ping\"")));
        rig.afterMs(5_000);
        client.send(new ContinuationWebSocketFrame(true, 0, text("}")));
        assertThat(client.summaries()).containsExactly("error_message");
        assertThat(client.say(PING).summaries()).containsExactly("pong");
        assertThat(rig.refused("rate_limited")).isEqualTo(1);
    }

    @Test
    void piecesWithoutAByteDoNotGoOnForEver() {
        TestClient client = rig.client().send(new TextWebSocketFrame(false, 0, Unpooled.EMPTY_BUFFER));
        for (int i = 0; i < 9; i++) {
            client.send(new ContinuationWebSocketFrame(false, 0, Unpooled.EMPTY_BUFFER));
        }
        assertThat(client.closed()).isNull();
        client.send(new ContinuationWebSocketFrame(false, 0, Unpooled.EMPTY_BUFFER));
        assertThat(client.closed()).isEqualTo(BAD);
    }

    @Test
    void aCloseFrameIsHeardWhateverTheRate() {
        TestClient client = exhausted().send(new CloseWebSocketFrame(1000, "bye"));
        assertThat(client.closed()).isEqualTo("1000 bye");
        assertThat(client.channel.isOpen()).isFalse();
    }

    @Test
    void oneClientsRateIsNotAnothers() {
        TestClient loud = exhausted();
        TestClient quiet = rig.client();
        loud.say(PING);
        assertThat(quiet.say(PING).summaries()).isEqualTo(List.of("pong"));
    }

    private static io.netty.buffer.ByteBuf text(String utf8) {
        return Unpooled.copiedBuffer(utf8, StandardCharsets.UTF_8);
    }
}

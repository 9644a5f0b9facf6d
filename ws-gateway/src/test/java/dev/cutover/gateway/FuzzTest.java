package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whatever bytes clients send, others on the same hub lose nothing. {@code -Dcutover.fuzz.messages} sets how many messages,
 * {@code -Dcutover.fuzz.seed} repeats a run.
 */
final class FuzzTest {
    private static final int MESSAGES = Integer.getInteger("cutover.fuzz.messages", 100_000);
    private static final long SEED = Long.getLong("cutover.fuzz.seed", System.nanoTime());
    private static final int HOSTILE = 8;
    private static final int EVENT_EVERY = 20;
    private static final int REQUEST_EVERY = 50;
    /** The log is short, or most of the time would go into telling it to those who ask for all of it. */
    private static final int FORGET_EVERY = 2_000;

    private static final int MOST_RAW_BYTES = 300;

    /** Each of the protocol's messages, and what JSON can be that none of them is. */
    private static final List<String> SEEDS = List.of(
            "{\"type\":\"subscribe\",\"id\":1,\"feature\":\"positions\",\"keys\":[\"123\",\"7\"],\"from\":\"snapshot\"}",
            "{\"type\":\"subscribe\",\"id\":2,\"feature\":\"intraday\",\"from\":\"snapshot\",\"depth\":390}",
            "{\"type\":\"subscribe\",\"id\":\"a\",\"feature\":\"intraday\",\"from\":\"now\"}",
            "{\"type\":\"subscribe\",\"id\":3,\"feature\":\"intraday\",\"from\":\"earliest\"}",
            "{\"type\":\"subscribe\",\"id\":4,\"feature\":\"intraday\",\"from\":{\"time\":\"2026-01-05T14:30:00Z\"},"
                    + "\"until\":\"2026-01-05T15:00:00Z\",\"speed\":10}",
            "{\"type\":\"subscribe\",\"id\":5,\"feature\":\"positions\",\"from\":{\"epoch\":\"epoch-of-positions\","
                    + "\"offsets\":{\"0\":3,\"1\":-1,\"2\":-1}}}",
            "{\"type\":\"subscribe\",\"id\":6,\"feature\":\"positions\",\"from\":{\"epoch\":\"other\",\"offsets\":{}}}",
            "{\"type\":\"unsubscribe\",\"id\":7,\"feature\":\"positions\",\"keys\":[\"123\"]}",
            "{\"type\":\"unsubscribe\",\"id\":8,\"feature\":\"intraday\",\"sub\":4}",
            "{\"type\":\"unsubscribe\",\"id\":9,\"feature\":\"positions\"}",
            "{\"type\":\"ping\",\"timestamp\":1736091000000}",
            "{\"type\":\"ping\",\"timestamp\":1e999999999}",
            "{\"type\":\"ping\",\"timestamp\":" + "9".repeat(2_000) + "}",
            "[".repeat(3_000),
            "{\"a\":".repeat(900),
            "{\"type\":\"\\ud800\",\"id\":\"\\udfff\"}",
            "null",
            "\"\"",
            "");

    /** What mutations put in. */
    private static final List<String> PIECES = List.of(
            "\"",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "null",
            "true",
            "-1",
            "1e400",
            "9223372036854775808",
            "\\u0000",
            "\u0000",
            "\"type\":",
            "\"keys\":",
            "\"from\":",
            "\"offsets\":",
            "\"id\":",
            "\"until\":",
            "\"speed\":",
            "\ud83d\ude00");

    private final RandomGenerator random =
            RandomGeneratorFactory.of("SplittableRandom").create(SEED);

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES) // of a million
    void whateverBytesClientsSendAnotherConnectionOfTheHubLosesNothing() {
        System.out.println("seed " + SEED + ", " + MESSAGES + " messages");
        try (GatewayRig rig = new GatewayRig(Map.of("message-rate", "0", "backlog-bytes", "10000"))) {
            Victim victim = new Victim(rig);
            List<TestClient> hostile = new ArrayList<>();
            for (int i = 0; i < HOSTILE; i++) {
                hostile.add(rig.client());
            }
            Map<String, Integer> closes = new TreeMap<>();
            for (int sent = 0; sent < MESSAGES; sent++) {
                int which = random.nextInt(HOSTILE);
                TestClient attacker = hostile.get(which);
                // half of them break rules at every level, which ends them soon; the others speak on, in good frames
                if (which % 2 == 0) {
                    attack(attacker);
                } else {
                    attacker.say(random.nextInt(4) == 0 ? any(SEEDS) : mutated(any(SEEDS)));
                }
                if (sent % EVENT_EVERY == 0) {
                    victim.event();
                }
                if (sent % REQUEST_EVERY == 0) {
                    victim.request();
                    rig.afterMs(10);
                }
                if (sent % FORGET_EVERY == 0) {
                    rig.log.forget();
                }
                attacker.channel.checkException();
                var unused = attacker.texts();
                if (attacker.closed() != null || !attacker.channel.isActive()) {
                    closes.merge(end(attacker.closed()), 1, Integer::sum);
                    rig.leave(attacker);
                    hostile.set(which, rig.client());
                }
            }
            victim.end();
            System.out.println("closed " + closes + ", events " + victim.events + ", requests " + victim.requests);
            assertThat(closes.keySet())
                    .as("seed %s", SEED)
                    .contains("protocol_error", "not_utf8", "bad_messages")
                    .doesNotContain("internal");
            assertThat(rig.closedBy("internal")).isZero();
        }
    }

    /** The gateway's reason; a client's own close frame comes back to it as it was. */
    private static String end(String closed) {
        if (closed == null) {
            return "(dropped)";
        }
        int code = closed.indexOf("{\"code\":\"");
        return code < 0 ? "(by the client)" : closed.substring(code + 9, closed.indexOf("\",", code));
    }

    /** One that does as it should, and holds that it gets what it should. */
    private static final class Victim {
        private final GatewayRig rig;
        private final TestClient client;
        int events;
        int requests;

        Victim(GatewayRig rig) {
            this.rig = rig;
            this.client = rig.subscriber("positions");
        }

        void event() {
            long offset = rig.end("positions", 0);
            rig.batch()
                    .event("positions", Integer.toString(events % 50), events)
                    .deliver();
            events++;
            assertThat(client.texts())
                    .singleElement()
                    .asString()
                    .contains("\"pos\":\"0:" + offset + "\"")
                    .endsWith(",\"data\":{\"v\":" + (events - 1) + "}}");
        }

        void request() {
            requests++;
            JsonNode pong = client.say("{\"type\":\"ping\",\"timestamp\":" + requests + "}")
                    .message();
            assertThat(pong.path("type").asText()).isEqualTo("pong");
            assertThat(pong.path("timestamp").asInt()).isEqualTo(requests);
        }

        void end() {
            client.channel.checkException();
            assertThat(client.closed()).isNull();
            assertThat(client.channel.isActive()).isTrue();
        }
    }

    private void attack(TestClient attacker) {
        switch (random.nextInt(12)) {
            case 0 -> attacker.channel.writeInbound(raw());
            case 1 -> attacker.channel.writeInbound(damaged(attacker));
            case 2 -> attacker.channel.writeInbound(unmasked());
            case 3 -> fragmented(attacker);
            case 4 -> control(attacker);
            case 5 -> attacker.send(new BinaryWebSocketFrame(bytes(random.nextInt(MOST_RAW_BYTES))));
            case 6 -> attacker.send(new TextWebSocketFrame(true, 0, bytes(random.nextInt(MOST_RAW_BYTES))));
            case 7 -> attacker.say(any(SEEDS));
            default -> attacker.say(mutated(any(SEEDS)));
        }
    }

    private <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private ByteBuf bytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return Unpooled.wrappedBuffer(bytes);
    }

    private ByteBuf raw() {
        return bytes(1 + random.nextInt(MOST_RAW_BYTES));
    }

    /** A good frame of which some bytes are others, or of which the end is missing. */
    private ByteBuf damaged(TestClient attacker) {
        ByteBuf frame = attacker.masked(new TextWebSocketFrame(any(SEEDS)));
        for (int i = random.nextInt(1, 4); i > 0; i--) {
            frame.setByte(random.nextInt(Math.min(frame.readableBytes(), 20)), random.nextInt(256));
        }
        return random.nextBoolean() ? frame : frame.writerIndex(random.nextInt(1, frame.writerIndex() + 1));
    }

    private ByteBuf unmasked() {
        byte[] text = "{\"type\":\"ping\"}".getBytes(StandardCharsets.UTF_8);
        return Unpooled.buffer().writeByte(0x81).writeByte(text.length).writeBytes(text);
    }

    /** A message in pieces, cut anywhere, also within a character; sometimes with others between them, or without an end. */
    private void fragmented(TestClient attacker) {
        byte[] text = mutated(any(SEEDS)).getBytes(StandardCharsets.UTF_8);
        int cut = random.nextInt(text.length + 1);
        send(attacker, new TextWebSocketFrame(false, 0, Unpooled.copiedBuffer(text, 0, cut)));
        if (random.nextInt(4) == 0) {
            send(attacker, new PingWebSocketFrame(bytes(random.nextInt(126))));
        }
        if (random.nextInt(8) == 0) {
            send(attacker, new TextWebSocketFrame(any(SEEDS)));
        }
        boolean last = random.nextInt(8) > 0;
        send(attacker, new ContinuationWebSocketFrame(last, 0, Unpooled.copiedBuffer(text, cut, text.length - cut)));
    }

    /** One that may have been closed for the piece before. */
    private static void send(TestClient attacker, WebSocketFrame frame) {
        if (attacker.channel.isActive()) {
            attacker.send(frame);
        } else {
            frame.release();
        }
    }

    private void control(TestClient attacker) {
        switch (random.nextInt(5)) {
            case 0 -> attacker.send(new PongWebSocketFrame(bytes(random.nextInt(126))));
            case 1 -> attacker.send(new ContinuationWebSocketFrame(true, 0, bytes(5)));
            case 2 -> attacker.send(new CloseWebSocketFrame(true, 0, bytes(random.nextInt(30))));
            case 3 -> attacker.drop();
            default -> attacker.send(new PingWebSocketFrame(bytes(random.nextInt(126))));
        }
    }

    private String mutated(String text) {
        StringBuilder mutated = new StringBuilder(text);
        for (int i = random.nextInt(1, 5); i > 0; i--) {
            int at = random.nextInt(mutated.length() + 1);
            int end = Math.min(mutated.length(), at + random.nextInt(1, 12));
            switch (random.nextInt(4)) {
                case 0 -> mutated.delete(at, end);
                case 1 -> mutated.insert(at, any(PIECES));
                case 2 -> mutated.insert(at, mutated.substring(at, end));
                default -> mutated.replace(at, end, Character.toString(random.nextInt(1, 0x300)));
            }
        }
        return mutated.toString();
    }
}

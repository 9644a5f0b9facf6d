package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.PoisonException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameEncoderTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final UnpooledByteBufAllocator alloc = new UnpooledByteBufAllocator(true);
    private final FrameEncoder positions = encoder("positions");
    private final FrameEncoder intraday = encoder("intraday");

    private FrameEncoder encoder(String feature) {
        FeatureCatalog catalog = FeatureCatalog.shipped();
        Feature found = catalog.feature(feature).orElseThrow();
        return new FrameEncoder(catalog.features().indexOf(found), found, alloc);
    }

    @AfterEach
    void everythingIsGivenBack() {
        assertThat(alloc.metric().usedDirectMemory()).isZero();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static ConsumerRecord<byte[], byte[]> position(long offset, String key, String data) {
        return GatewayRig.record("events.positions", 2, offset, "positions", utf8(key), utf8(data));
    }

    private static ConsumerRecord<byte[], byte[]> bar(byte[] value) {
        return GatewayRig.record("events.intraday", 0, 0, "intraday_bar", utf8("SPY"), value);
    }

    private static byte[] wireOf(Frame frame) {
        ByteBuf shared = frame.share();
        byte[] wire = new byte[shared.readableBytes()];
        shared.readBytes(wire);
        shared.release();
        frame.release();
        assertThat(frame.references()).isZero();
        return wire;
    }

    private static int headerBytes(byte[] wire) {
        return switch (wire[1]) {
            case 126 -> 4;
            case 127 -> 10;
            default -> 2;
        };
    }

    private static String payload(Frame frame) {
        byte[] wire = wireOf(frame);
        int header = headerBytes(wire);
        return new String(wire, header, wire.length - header, StandardCharsets.UTF_8);
    }

    @Test
    void frameHasTypeFirstAndDataAsItWasWritten() throws Exception {
        String data = "{ \"account_id\" : 123, \"€\":1.50,\n\"positions\":[] }";
        assertThat(payload(positions.encode(position(1050, "123", data))))
                .isEqualTo("{\"type\":\"positions\",\"feature\":\"positions\",\"key\":\"123\",\"pos\":\"2:1050\","
                        + "\"ts\":\"2026-01-05T15:30:00.123Z\",\"data\":" + data + "}");
    }

    @Test
    void prevIsTheOffsetBeforeOfTheSameKeyTypeAndPartition() throws Exception {
        assertThat(payload(positions.encode(position(5, "a", "{}")))).doesNotContain("prev");
        assertThat(payload(positions.encode(position(6, "b", "{}")))).doesNotContain("prev");
        assertThat(payload(positions.encode(position(9, "a", "{}")))).contains("\"pos\":\"2:9\",\"prev\":5,\"ts\"");
        assertThat(payload(positions.encode(position(10, "a", "{}")))).contains("\"prev\":9,");
        var otherPartition = GatewayRig.record("events.positions", 1, 11, "positions", utf8("a"), utf8("{}"));
        assertThat(payload(positions.encode(otherPartition))).doesNotContain("prev");
        assertThat(positions.keyCount()).isEqualTo(3);

        var bar =
                GatewayRig.record("events.intraday", 0, 7, "intraday_bar", utf8("A"), utf8("{\"timestamp_minute\":1}"));
        var vwap = GatewayRig.record("events.intraday", 0, 8, "vwap_update", utf8("A"), utf8("{}"));
        assertThat(payload(intraday.encode(bar))).doesNotContain("prev");
        assertThat(payload(intraday.encode(vwap))).doesNotContain("prev");
    }

    @Test
    void poisonDoesNotBreakTheChainOfPrev() throws Exception {
        payload(positions.encode(position(5, "a", "{}")));
        assertThatThrownBy(() -> positions.encode(position(6, "a", "no"))).isInstanceOf(PoisonException.class);
        assertThat(payload(positions.encode(position(7, "a", "{}")))).contains("\"prev\":5,");
    }

    @Test
    void keyIsEscaped() throws Exception {
        String key = "a\"b\\c\n\u0001é€😀\u007f";
        String payload = payload(positions.encode(position(1, key, "{}")));
        assertThat(payload).contains("\"key\":\"a\\\"b\\\\c\\n\\u0001é€😀");
        assertThat(JSON.readTree(payload).path("key").asText()).isEqualTo(key);
        assertThat(JSON.readTree(payload(positions.encode(position(1, "", "{}"))))
                        .path("key")
                        .asText())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"125, 2", "126, 4", "127, 4", "65535, 4", "65536, 10"})
    void headerFitsThePayloadsLength(int payloadBytes, int headerBytes) throws Exception {
        int around = payload(positions.encode(position(1, "", "{}"))).length();
        FrameEncoder fresh = encoder("positions");
        String data = "{" + " ".repeat(Math.max(0, payloadBytes - around)) + "}";
        Frame frame = fresh.encode(position(1, "", data));
        int bytes = frame.bytes();
        byte[] wire = wireOf(frame);
        assertThat(bytes).isEqualTo(wire.length);
        assertThat(wire[0]).isEqualTo((byte) 0x81);
        assertThat(headerBytes(wire)).isEqualTo(headerBytes);
        assertThat(wire).hasSize(headerBytes + payloadBytes);
        long length =
                switch (headerBytes) {
                    case 2 -> wire[1];
                    case 4 -> ((wire[2] & 0xFF) << 8) | (wire[3] & 0xFF);
                    default -> new java.math.BigInteger(1, java.util.Arrays.copyOfRange(wire, 2, 10)).longValueExact();
                };
        assertThat(length).isEqualTo(payloadBytes);
    }

    @Test
    void snapshotFormDiffersByItsMarkAlone() throws Exception {
        for (int size : new int[] {0, 100, 65_400}) {
            Frame frame = encoder("positions").encode(position(1, "k", "{" + " ".repeat(size) + "}"));
            ByteBuf out = alloc.buffer();
            WebSocketWire.INSTANCE.writeMarked(frame, Frame.SNAPSHOT_MARK, out);
            assertThat(out.readableBytes())
                    .isLessThanOrEqualTo(WebSocketWire.INSTANCE.mostMarkedBytes(frame, Frame.SNAPSHOT_MARK));
            byte[] wire = new byte[out.readableBytes()];
            out.readBytes(wire);
            out.release();
            int header = headerBytes(wire);
            String marked = new String(wire, header, wire.length - header, StandardCharsets.UTF_8);
            assertThat(marked.replace("\"snapshot\":true,", "")).isEqualTo(payload(frame));
            assertThat(marked).contains(",\"snapshot\":true,\"data\":{");
        }
    }

    @Test
    void missingEventTypeIsTheFeaturesOnlyOne() throws Exception {
        assertThat(payload(positions.encode(GatewayRig.record("t", 0, 0, null, utf8("k"), utf8("{}")))))
                .startsWith("{\"type\":\"positions\",");
    }

    @Test
    void whateverTheBytesAreTheyArePoisonOrAFrameThatParses() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        byte[][] sound = {
            utf8("{\"timestamp_minute\":\"2026-01-05T15:30:00Z\",\"close\":1.25e3,\"a\":[{},null,\"\\u20ac€😀\"]}"),
            utf8("{\"timestamp_minute\":12,\"deep\":{\"deep\":{\"x\":[[[]]]}}}")
        };
        int frames = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = mutated(random, sound[random.nextInt(sound.length)]);
            Frame frame;
            try {
                frame = intraday.encode(bar(bytes));
            } catch (PoisonException e) {
                continue;
            }
            frames++;
            byte[] wire = wireOf(frame);
            assertWhole(wire, bytes, "seed " + seed + ", round " + i);
        }
        assertThat(frames).as("seed %s", seed).isBetween(100, 19_900);
    }

    private static byte[] mutated(Random random, byte[] from) {
        byte[] bytes = from.clone();
        int changes = random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] = (byte) random.nextInt(256);
                case 1 -> bytes[at] = bytes[random.nextInt(bytes.length)];
                case 2 -> bytes = java.util.Arrays.copyOf(bytes, Math.max(1, bytes.length - random.nextInt(3)));
                default -> bytes[at] = (byte) "{}[]\",:0 \\".charAt(random.nextInt(10));
            }
        }
        return bytes;
    }

    private static void assertWhole(byte[] wire, byte[] data, String which) throws IOException {
        int header = headerBytes(wire);
        byte[] payload = java.util.Arrays.copyOfRange(wire, header, wire.length);
        String text = StandardCharsets.UTF_8
                .newDecoder()
                .decode(java.nio.ByteBuffer.wrap(payload))
                .toString();
        assertThat(JSON.readTree(text).path("type").asText()).as(which).isEqualTo("intraday_bar");
        int dataAt = payload.length - 1 - data.length;
        assertThat(java.util.Arrays.copyOfRange(payload, dataAt, payload.length - 1))
                .as(which)
                .isEqualTo(data);
        assertThat(new String(payload, 0, dataAt, StandardCharsets.UTF_8))
                .as(which)
                .endsWith(",\"data\":");
    }
}

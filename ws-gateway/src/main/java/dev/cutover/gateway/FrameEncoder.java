package dev.cutover.gateway;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Feature.View;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.util.CharsetUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Turns the records of one feature into frames, and refuses those that no subscriber could read. It looks at a payload once,
 * to see that it is one JSON object in UTF-8 (and to find a series' field); the payload's bytes then pass through as they are.
 *
 * <p>Owned by the tail's thread: it holds the keys met so far, and where each was seen last.
 */
final class FrameEncoder {
    private static final JsonFactory JSON = new JsonFactory();
    private static final JsonStringEncoder QUOTE = JsonStringEncoder.getInstance();

    /** A record that no subscriber could read; the message says why. */
    static final class PoisonException extends Exception {
        private static final long serialVersionUID = 1L;

        PoisonException(String message) {
            super(message, null, false, false);
        }
    }

    private record KeyName(int partition, String type, String key) {}

    private final int featureIndex;
    private final Feature feature;
    private final ByteBufAllocator alloc;
    private final Map<KeyName, EventKey> keys = new HashMap<>();
    private final ByteBuf envelope = Unpooled.buffer(512);

    FrameEncoder(int featureIndex, Feature feature, ByteBufAllocator alloc) {
        this.featureIndex = featureIndex;
        this.feature = feature;
        this.alloc = alloc;
    }

    /** How many keys of all types were met. */
    int keyCount() {
        return keys.size();
    }

    /** The record as a frame with one reference, the caller's. */
    Frame encode(ConsumerRecord<byte[], byte[]> record) throws PoisonException {
        EventType type = type(record);
        String keyText = keyText(record);
        Object by = check(record.value(), seriesField(type));
        EventKey key = keys.computeIfAbsent(
                new KeyName(record.partition(), type.type(), keyText),
                name -> new EventKey(featureIndex, keys.size(), type, keyText, record.partition()));
        writeEnvelope(key, record);
        key.lastOffset = record.offset();
        return Frame.encode(alloc, key, record.offset(), by, envelope, record.value());
    }

    private void writeEnvelope(EventKey key, ConsumerRecord<byte[], byte[]> record) {
        envelope.clear();
        ascii("{\"type\":\"").ascii(key.type.type()).ascii("\",\"feature\":\"").ascii(feature.name());
        ascii("\",\"key\":\"");
        envelope.writeBytes(QUOTE.quoteAsUTF8(key.key));
        ascii("\",\"pos\":\"").ascii(Integer.toString(record.partition())).ascii(":");
        ascii(Long.toString(record.offset())).ascii("\"");
        if (key.lastOffset >= 0) {
            ascii(",\"prev\":").ascii(Long.toString(key.lastOffset));
        }
        ascii(",\"ts\":\"")
                .ascii(Instant.ofEpochMilli(record.timestamp()).toString())
                .ascii("\"");
    }

    private FrameEncoder ascii(String text) {
        envelope.writeCharSequence(text, StandardCharsets.US_ASCII);
        return this;
    }

    private EventType type(ConsumerRecord<byte[], byte[]> record) throws PoisonException {
        String name = EventHeaders.type(record.headers());
        List<EventType> types = feature.events();
        if (name == null) {
            if (types.size() == 1) {
                return types.get(0);
            }
            throw new PoisonException("it has no header " + EventHeaders.TYPE + ", and feature " + feature.name()
                    + " has several event types");
        }
        return feature.event(name)
                .orElseThrow(() ->
                        new PoisonException("its event type '" + name + "' is none of feature " + feature.name()));
    }

    private static String keyText(ConsumerRecord<byte[], byte[]> record) throws PoisonException {
        if (record.key() == null) {
            throw new PoisonException("it has no key");
        }
        if (!isUtf8(record.key())) {
            throw new PoisonException("its key is not UTF-8");
        }
        return new String(record.key(), StandardCharsets.UTF_8);
    }

    /**
     * Holds a payload to be one JSON object in UTF-8, since one bad frame would make every browser close its connection.
     *
     * @param field the series' field, which must then be there; null for a type without a series
     * @return that field's value, a String or a BigDecimal; null without a field
     */
    static Object check(byte[] json, String field) throws PoisonException {
        if (json == null) {
            throw new PoisonException("it has no value");
        }
        if (!isUtf8(json) || looksLikeOtherEncoding(json)) {
            throw new PoisonException("its value is not UTF-8 text");
        }
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new PoisonException("its value is no JSON object");
            }
            Object by = scanObject(parser, field);
            if (parser.nextToken() != null) {
                throw new PoisonException("something follows the JSON object in its value");
            }
            if (field != null && by == null) {
                throw new PoisonException("its value has no text or number '" + field + "'");
            }
            return by;
        } catch (IOException | NumberFormatException e) { // the latter for an exponent beyond what a BigDecimal holds
            throw new PoisonException("its value is not JSON: "
                    + (e instanceof JsonProcessingException parse ? parse.getOriginalMessage() : e.getMessage()));
        }
    }

    /** The field that tells the entries of a series apart; null for a type without a series. */
    static String seriesField(EventType type) {
        return type.view() instanceof View.Series series ? series.by() : null;
    }

    private static Object scanObject(JsonParser parser, String field) throws IOException {
        Object by = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean wanted = parser.currentName().equals(field);
            JsonToken value = parser.nextToken();
            if (wanted) {
                by = seriesValue(parser, value);
            }
            parser.skipChildren();
        }
        return by;
    }

    private static Object seriesValue(JsonParser parser, JsonToken value) throws IOException {
        return switch (value) {
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT ->
                parser.getDecimalValue().stripTrailingZeros(); // 1.0 is the entry 1
            default -> null;
        };
    }

    private static boolean isUtf8(byte[] bytes) {
        return ByteBufUtil.isText(Unpooled.wrappedBuffer(bytes), CharsetUtil.UTF_8);
    }

    /** The parser would take UTF-16 or UTF-32 by its zero bytes, and skip a byte order mark: a browser does neither. */
    private static boolean looksLikeOtherEncoding(byte[] json) {
        if (json.length == 0 || json[0] < 0) {
            return true;
        }
        for (int i = 0; i < Math.min(4, json.length); i++) {
            if (json[i] == 0) {
                return true;
            }
        }
        return false;
    }
}

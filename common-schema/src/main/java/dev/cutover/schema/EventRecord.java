package dev.cutover.schema;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.cutover.schema.Feature.EventType;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import org.apache.kafka.common.header.Headers;

/**
 * What every reader makes of a record of a feature's topic, and the rules by which it refuses one: so that the WebSocket and
 * REST hold the same. A payload is looked at once, to see that it is one JSON object in UTF-8 (and to find a series' field); its
 * bytes then go on as they are.
 *
 * @param key the record's key as text
 * @param by the value of the series' field, a String or a BigDecimal; null for a type without a series
 */
public record EventRecord(EventType type, String key, Object by) {
    private static final JsonFactory JSON = new JsonFactory();

    /** The order of a series' entries: numbers by value, then texts. */
    public static final Comparator<Object> BY_FIELD = (one, other) -> {
        if (one instanceof BigDecimal number && other instanceof BigDecimal otherNumber) {
            return number.compareTo(otherNumber);
        }
        if (one instanceof String text && other instanceof String otherText) {
            return text.compareTo(otherText);
        }
        return one instanceof BigDecimal ? -1 : 1;
    };

    /**
     * Reads a record's parts.
     *
     * @throws PoisonException when no subscriber could read it
     */
    public static EventRecord of(Feature feature, byte[] key, byte[] value, Headers headers) throws PoisonException {
        EventType type = type(feature, headers);
        String keyText = keyText(key);
        Object by = object(value, type.view() instanceof Feature.View.Series series ? series.by() : null);
        return new EventRecord(type, keyText, by);
    }

    /**
     * Holds a value of any topic to the same rules.
     *
     * @throws PoisonException unless the value is one JSON object in UTF-8
     */
    public static void checkObject(byte[] value) throws PoisonException {
        Object unused = object(value, null);
    }

    private static EventType type(Feature feature, Headers headers) throws PoisonException {
        String name = EventHeaders.type(headers);
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

    private static String keyText(byte[] key) throws PoisonException {
        if (key == null) {
            throw new PoisonException("it has no key");
        }
        if (!isUtf8(key)) {
            throw new PoisonException("its key is not UTF-8");
        }
        return new String(key, StandardCharsets.UTF_8);
    }

    /** One bad payload would make every browser close its connection: hence the whole of it is parsed. */
    private static Object object(byte[] json, String field) throws PoisonException {
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
        } catch (IOException | ArithmeticException | NumberFormatException e) {
            // the latter two for an exponent beyond what a BigDecimal holds
            throw new PoisonException("its value is not JSON: "
                    + (e instanceof JsonProcessingException parse ? parse.getOriginalMessage() : e.getMessage()));
        }
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

    /** Most payloads are ASCII, which needs no decoder. */
    private static boolean isUtf8(byte[] bytes) {
        for (byte each : bytes) {
            if (each < 0) {
                return isDecodable(bytes);
            }
        }
        return true;
    }

    private static boolean isDecodable(byte[] bytes) {
        try {
            var unused = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
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

package dev.cutover.schema;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.regex.Pattern;

/**
 * The one configuration of Jackson for what Cutover itself writes: UTF-8, snake_case, plain decimals, UTC instants. It reads
 * what it writes and converts nothing: a number is no text, a text no number, a fraction no whole number.
 */
public final class Json {
    /** Thread-safe; never reconfigured. */
    public static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    // or bytes that happen to look like UTF-16 would be read as such
                    .disable(JsonFactory.Feature.CHARSET_DETECTION)
                    .build())
            .addModule(new JavaTimeModule())
            .addModule(new SimpleModule().addDeserializer(Instant.class, new UtcInstant()))
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .enable(JsonGenerator.Feature.WRITE_BIGDECIMAL_AS_PLAIN)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .withCoercionConfig(
                    LogicalType.Textual, text -> text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            // a newer producer may add a field: an older reader goes on
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private Json() {}

    /**
     * Reads one document whole.
     *
     * @throws JsonFault when the bytes are anything else than one document of that type; never another exception,
     *     but what the type's own constructor threw is its cause
     */
    public static <T> T read(ObjectMapper mapper, Class<T> type, byte[] document) throws JsonFault {
        try (JsonParser parser = mapper.createParser(document)) {
            return read(mapper, type, parser);
        } catch (IOException e) {
            throw new JsonFault("", 0, "can't be read: " + e.getMessage(), e);
        }
    }

    /** The parser must still be open when the fault is put into words: it stands at the value that is wrong. */
    private static <T> T read(ObjectMapper mapper, Class<T> type, JsonParser parser) throws IOException, JsonFault {
        try {
            if (parser.nextToken() == null) {
                throw new JsonFault("", 0, "is empty", null);
            }
            T value = mapper.readValue(parser, type);
            if (value == null) {
                throw new JsonFault("", 0, "must be an object, but is null", null);
            }
            if (parser.nextToken() != null) {
                throw new JsonFault("", parser.currentLocation().getLineNr(), "goes on after its end", null);
            }
            return value;
        } catch (JsonProcessingException e) {
            throw JsonFault.of(e, parser);
        } catch (NumberFormatException | ArithmeticException e) {
            // of a number that JSON can write and no program holds, such as 1e99999999999
            throw new JsonFault(
                    "", parser.currentLocation().getLineNr(), "holds a number beyond all bounds: " + e.getMessage(), e);
        }
    }

    /** Reads the one form that instants have on the wire; Jackson's own also takes numbers, and offsets from UTC. */
    private static final class UtcInstant extends StdScalarDeserializer<Instant> {
        private static final long serialVersionUID = 1L;
        private static final Pattern FORM = Pattern.compile("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?Z");

        UtcInstant() {
            super(Instant.class);
        }

        @Override
        public Instant deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            if (!parser.hasToken(JsonToken.VALUE_STRING)) {
                return (Instant) context.handleUnexpectedToken(Instant.class, parser);
            }
            String text = parser.getText();
            if (FORM.matcher(text).matches()) {
                try {
                    return Instant.parse(text);
                } catch (DateTimeException e) {
                    // said below: it has the form, but there is no such day or time
                }
            }
            return (Instant) context.handleWeirdStringValue(Instant.class, text, "no UTC instant");
        }
    }
}

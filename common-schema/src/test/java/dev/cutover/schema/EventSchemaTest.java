package dev.cutover.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class EventSchemaTest {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();
    private static final Set<Class<?>> WHOLE_NUMBERS = Set.of(int.class, long.class);

    static Stream<Class<?>> records() {
        return Arrays.stream(Event.class.getPermittedSubclasses());
    }

    static Stream<String> files() {
        return Golden.events().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("records")
    void theSchemaHasTheFieldsOfTheRecord(Class<?> record) throws ReflectiveOperationException {
        JsonNode schema = json((String) record.getField("TYPE").get(null));

        assertThat(schema.path("$schema").asText()).isEqualTo("https://json-schema.org/draft/2020-12/schema");
        assertObject(schema, record);
    }

    private static void assertObject(JsonNode schema, Class<?> record) {
        List<String> names = Arrays.stream(record.getRecordComponents())
                .map(EventSchemaTest::wireName)
                .toList();
        assertThat(schema.path("type").asText()).as(record + " type").isEqualTo("object");
        assertThat(names(schema.path("properties"))).as(record + " properties").isEqualTo(names);
        assertThat(schema.path("required").valueStream().map(JsonNode::asText))
                .as(record + " required")
                .containsExactlyElementsOf(names);
        assertThat(schema.path("additionalProperties").asBoolean(false))
                .as(record + ": a newer producer may add a field")
                .isTrue();
        assertThat(schema.path("description").asText()).contains("A newer producer may add a field");
        for (RecordComponent component : record.getRecordComponents()) {
            JsonNode property = schema.path("properties").path(wireName(component));
            assertThat(property.path("description").asText())
                    .as(component + " description")
                    .isNotBlank();
            assertFits(property, component.getGenericType(), component.toString());
        }
    }

    private static void assertFits(JsonNode property, Type type, String component) {
        String jsonType = property.path("type").asText();
        if (type instanceof ParameterizedType list) {
            assertThat(list.getRawType()).as(component).isEqualTo(List.class);
            assertThat(jsonType).as(component).isEqualTo("array");
            assertObject(property.path("items"), (Class<?>) list.getActualTypeArguments()[0]);
        } else if (WHOLE_NUMBERS.contains(type)) {
            assertThat(jsonType).as(component).isEqualTo("integer");
            assertThat(property.path("maximum").longValue())
                    .as(component + " maximum")
                    .isEqualTo(type == int.class ? Integer.MAX_VALUE : Long.MAX_VALUE);
        } else if (type == BigDecimal.class) {
            assertThat(jsonType).as(component).isEqualTo("number");
        } else if (type == String.class) {
            assertThat(jsonType).as(component).isEqualTo("string");
            assertThat(property.path("pattern").asText()).as(component).isEqualTo("\\S");
        } else if (type == Instant.class) {
            assertThat(jsonType).as(component).isEqualTo("string");
            assertThat(property.path("format").asText()).as(component).isEqualTo("date-time");
        } else if (type == boolean.class) {
            assertThat(jsonType).as(component).isEqualTo("boolean");
        } else {
            assertThat(jsonType).as(component).isEqualTo("string");
            assertThat(property.path("enum").valueStream().map(JsonNode::asText))
                    .as(component)
                    .containsExactlyElementsOf(Arrays.stream(((Class<?>) type).getEnumConstants())
                            .map(Object::toString)
                            .toList());
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyGoldenFileIsValid(String file) throws IOException {
        String type = Golden.events().get(file).type();

        assertThat(validate(type, MAPPER.readTree(Golden.event(file)))).isEmpty();
    }

    /** Each rule of {@link EventRules} that a schema can say, at each field that it holds for. */
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "account_balance, /account_id, 0",
                "account_balance, /account_id, -1",
                "account_balance, /account_id, 1.5",
                "account_balance, /account_number, \"\"",
                "account_balance, /account_number, \" \\t\"",
                "account_balance, /account_number, 5",
                "account_balance, /cash, \"1\"",
                "account_balance, /cash, 1e40",
                "account_balance, /cash, -1e40",
                "account_balance, /buying_power, -0.01",
                "account_balance, /portfolio_value, null",
                "account_balance, /timestamp, \"2025-12-19\"",
                "account_balance, /timestamp, \"2025-12-19T15:30:00+01:00\"",
                "account_balance, /timestamp, \"2025-02-30T15:30:00Z\"",
                "account_balance, /timestamp, \"+12025-12-19T15:30:00Z\"",
                "account_balance, /timestamp, 1766158200",
                "positions, /account_id, 0",
                "positions, /positions, null",
                "positions, /positions, {}",
                "positions, /positions/0/symbol, \" \"",
                "positions, /positions/0/quantity, \"100\"",
                "positions, /positions/0/entry_price, -1",
                "positions, /positions/0/current_price, -0.5",
                "positions, /positions/0/pnl, null",
                "intraday_bar, /country, \"\"",
                "intraday_bar, /symbol, \"\"",
                "intraday_bar, /timestamp_minute, \"2025-12-19T15:30:01Z\"",
                "intraday_bar, /timestamp_minute, \"2025-12-19T15:30:00.001Z\"",
                "intraday_bar, /open, -1",
                "intraday_bar, /high, -1",
                "intraday_bar, /low, -1",
                "intraday_bar, /close, -1",
                "intraday_bar, /volume, -1",
                "intraday_bar, /volume, 1e40",
                "intraday_bar, /final, \"true\"",
                "vwap_update, /vwap, -1",
                "vwap_update, /volume, -1",
                "vwap_update, /symbol, \"\"",
                "market_status, /market_id, 0",
                "market_status, /market_id, 2147483648",
                "market_status, /country, \"\"",
                "market_status, /status, \"open\"",
                "market_status, /seconds_to_next_event, -1",
                "heartbeat, /heartbeat_count, -1",
            })
    void aBadValueIsRefusedBySchemaAndRecord(String type, String pointer, String value) throws IOException {
        ObjectNode event = (ObjectNode) MAPPER.readTree(Golden.event(type));
        int slash = pointer.lastIndexOf('/');
        ObjectNode holder = slash == 0 ? event : (ObjectNode) event.at(pointer.substring(0, slash));
        String field = pointer.substring(slash + 1);
        assertThat(holder.has(field)).isTrue();
        holder.set(field, MAPPER.readTree(value));

        assertThat(validate(type, event)).as("the schema's objections").isNotEmpty();
        assertThatThrownBy(() -> new EventCodec().decode(type, event.toString().getBytes(UTF_8)))
                .isInstanceOf(InvalidEventException.class)
                .hasMessageContaining(field);
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyFieldIsRequiredBySchemaAndRecord(String file) throws IOException {
        String type = Golden.events().get(file).type();
        for (String field : names(MAPPER.readTree(Golden.event(file)))) {
            ObjectNode event = (ObjectNode) MAPPER.readTree(Golden.event(file));
            event.remove(field);

            assertThat(validate(type, event)).as("the schema on no " + field).isNotEmpty();
            assertThatThrownBy(
                            () -> new EventCodec().decode(type, event.toString().getBytes(UTF_8)))
                    .isInstanceOf(InvalidEventException.class)
                    .hasMessage(type + "." + field + " must be there");
        }
    }

    private static Set<ValidationMessage> validate(String type, JsonNode event) {
        JsonSchema schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                .getSchema(
                        json(type),
                        SchemaValidatorsConfig.builder()
                                .formatAssertionsEnabled(true)
                                .build());
        return schema.validate(event);
    }

    private static JsonNode json(String type) {
        try (InputStream in = Event.class.getResourceAsStream("events/" + type + ".schema.json")) {
            return MAPPER.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> names(JsonNode object) {
        return object.propertyStream().map(property -> property.getKey()).toList();
    }

    private static String wireName(RecordComponent component) {
        JsonProperty given = component.getAccessor().getAnnotation(JsonProperty.class);
        return given != null
                ? given.value()
                : component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }
}

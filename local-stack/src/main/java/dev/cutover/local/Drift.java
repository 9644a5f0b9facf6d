package dev.cutover.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.rest.BodyChange;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A deliberate error of REST: an amount is added to every number of one name, at any depth. Immutable.
 *
 * @param field the name
 * @param amount not 0
 */
record Drift(String feature, String field, BigDecimal amount) implements BodyChange {
    private static final Pattern FORM = Pattern.compile("([^=]+)=([^:]+):([+-]?\\d{1,15}(?:\\.\\d{1,15})?)");

    Drift {
        if (amount.signum() == 0) {
            throw new IllegalArgumentException("the amount must not be 0: that changes nothing");
        }
    }

    /**
     * Reads {@code FEATURE=FIELD:AMOUNT}.
     *
     * @throws IllegalArgumentException when the text has another form
     */
    static Drift parse(String text) {
        Matcher parts = FORM.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    "must be FEATURE=FIELD:AMOUNT, such as positions=current_price:0.01, FEATURE=off or off, but is '"
                            + text + "'");
        }
        return new Drift(parts.group(1), parts.group(2), new BigDecimal(parts.group(3)));
    }

    @Override
    public String tag() {
        return field + ":" + amount.toPlainString();
    }

    @Override
    public byte[] apply(byte[] data) {
        JsonNode document;
        try {
            document = Json.read(Json.MAPPER, JsonNode.class, data);
        } catch (JsonFault e) {
            throw new IllegalArgumentException("an event's data that is no JSON: " + e.getMessage(), e);
        }
        add(document);
        return document.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void add(JsonNode node) {
        if (node instanceof ObjectNode object && object.path(field).isNumber()) {
            object.put(field, object.get(field).decimalValue().add(amount));
        }
        if (node instanceof ObjectNode || node instanceof ArrayNode) {
            node.forEach(this::add);
        }
    }

    @Override
    public String toString() {
        return feature + "=" + field + ":" + amount.toPlainString();
    }
}

package dev.cutover.control;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.cutover.schema.Json;

/**
 * One value that differs. A value that is not there at all is left out of the JSON; a JSON null is a value.
 *
 * @param pointer RFC 6901, into REST's body: to where the value is, or would be; an element of an array that REST does not have
 *     goes by its place in the event log's
 * @param rest null where REST has nothing there
 * @param log null where the event log has nothing there
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Difference(String pointer, JsonNode rest, JsonNode log) {
    private static final int LONGEST_VALUE = 500;

    /** By hand, since what is left out must not become a JSON null. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static Difference of(JsonNode json) {
        return new Difference(json.path("pointer").asText(), json.get("rest"), json.get("log"));
    }

    /**
     * The same, to be kept: of what is long its beginning, as text, and as text also what has no plain form that could be written,
     * such as 1e999999.
     */
    Difference sample() {
        return new Difference(pointer, shorten(rest), shorten(log));
    }

    private static JsonNode shorten(JsonNode value) {
        if (value == null) {
            return null;
        }
        String text = value.isTextual() ? value.textValue() : value.toString();
        if (text.length() > LONGEST_VALUE) {
            return TextNode.valueOf(text.substring(0, LONGEST_VALUE) + "…");
        }
        try {
            String unused = Json.MAPPER.writeValueAsString(value);
            return value;
        } catch (JsonProcessingException e) {
            return TextNode.valueOf(text);
        }
    }
}

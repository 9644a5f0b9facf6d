package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.Stage;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A request's body, read strictly: every field is of its type, and none is unknown, so that a misspelt {@code force} or {@code
 * expect_version} is not taken for one that was left out. A member that is null counts as left out.
 */
final class RequestBody {
    static final int LONGEST_NAME = 200;
    static final int LONGEST_REASON = 1_000;

    /** A body that is not what it must be; the message names the field, and what it must be. */
    static final class BadBodyException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BadBodyException(String message) {
            super(message);
        }
    }

    /** Where the object is, for messages: empty, or with a dot at its end. */
    private final String place;

    private final ObjectNode body;

    private RequestBody(String place, ObjectNode body) {
        this.place = place;
        this.body = body;
    }

    /** @param fields all that there can be */
    static RequestBody of(byte[] json, List<String> fields) {
        JsonNode document;
        try {
            document = Json.read(Json.MAPPER, JsonNode.class, json);
        } catch (JsonFault e) {
            throw new BadBodyException("the body " + e.getMessage());
        }
        if (!(document instanceof ObjectNode body)) {
            throw new BadBodyException("the body must be a JSON object");
        }
        return new RequestBody("", body).knowing(fields);
    }

    private RequestBody knowing(List<String> fields) {
        body.fieldNames().forEachRemaining(name -> {
            if (!fields.contains(name)) {
                throw new BadBodyException(
                        "'" + place + name + "' is no field here; known are " + String.join(", ", fields));
            }
        });
        return this;
    }

    /** A text for people: there, not blank, not too long, and without what could garble a terminal or a log. */
    String text(String field, int longest) {
        String text = text(field);
        if (text == null || text.isBlank()) {
            throw new BadBodyException(field + " must be there, and not blank");
        }
        if (text.codePointCount(0, text.length()) > longest) {
            throw new BadBodyException(field + " must have " + longest + " characters at most, but has "
                    + text.codePointCount(0, text.length()));
        }
        if (text.codePoints().anyMatch(RequestBody::isNoCharacter)) {
            throw new BadBodyException(field + " must hold no control characters");
        }
        return text;
    }

    /** As {@link #text(String, int)}; null where it is left out. */
    String optionalText(String field, int longest) {
        return member(field) == null ? null : text(field, longest);
    }

    /** Control characters, line and paragraph separators, and halves of surrogate pairs, which UTF-8 has no form for. */
    private static boolean isNoCharacter(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE ->
                true;
            default -> false;
        };
    }

    Stage stage(String field) {
        String name = text(field);
        for (Stage stage : Stage.values()) {
            if (stage.wireName().equals(name)) {
                return stage;
            }
        }
        throw new BadBodyException(
                field + " must be shadow, live or promoted, but is " + (name == null ? "not there" : "'" + name + "'"));
    }

    Flag.Guard guard(String field) {
        String name = text(field);
        try {
            return Flag.Guard.fromWireName(name);
        } catch (IllegalArgumentException e) {
            throw new BadBodyException(
                    field + " must be on, warn or off, but is " + (name == null ? "not there" : "'" + name + "'"));
        }
    }

    OptionalLong wholeNumber(String field) {
        return wholeNumber(field, 0, Long.MAX_VALUE);
    }

    OptionalLong wholeNumber(String field, long least, long most) {
        JsonNode node = member(field);
        if (node == null) {
            return OptionalLong.empty();
        }
        if (!node.isIntegralNumber()
                || !node.canConvertToLong()
                || node.longValue() < least
                || node.longValue() > most) {
            throw new BadBodyException(place + field + " must be a whole number, "
                    + (most == Long.MAX_VALUE ? least + " or more" : "from " + least + " to " + most) + ", but is "
                    + clipped(node));
        }
        return OptionalLong.of(node.longValue());
    }

    /**
     * An object within; empty where it is left out.
     *
     * @param fields all that there can be in it
     */
    Optional<RequestBody> object(String field, List<String> fields) {
        JsonNode node = member(field);
        if (node == null) {
            return Optional.empty();
        }
        if (!(node instanceof ObjectNode object)) {
            throw new BadBodyException(place + field + " must be an object, but is " + clipped(node));
        }
        return Optional.of(new RequestBody(place + field + ".", object).knowing(fields));
    }

    /** False where it is left out. */
    boolean flag(String field) {
        JsonNode node = member(field);
        if (node != null && !node.isBoolean()) {
            throw new BadBodyException(field + " must be true or false, but is " + clipped(node));
        }
        return node != null && node.booleanValue();
    }

    /** Null where it is left out. */
    Instant instant(String field) {
        JsonNode node = member(field);
        if (node == null) {
            return null;
        }
        try {
            return Json.read(Json.MAPPER, Instant.class, node.toString().getBytes(StandardCharsets.UTF_8));
        } catch (JsonFault e) {
            throw new BadBodyException(field + " " + e.getMessage());
        }
    }

    private String text(String field) {
        JsonNode node = member(field);
        if (node != null && !node.isTextual()) {
            throw new BadBodyException(field + " must be a text, but is " + clipped(node));
        }
        return node == null ? null : node.textValue();
    }

    private JsonNode member(String field) {
        JsonNode node = body.get(field);
        return node == null || node.isNull() ? null : node;
    }

    private static String clipped(JsonNode node) {
        String text = node.toString();
        return text.length() <= 80 ? text : text.substring(0, 80) + "…";
    }
}

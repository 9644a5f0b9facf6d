package dev.cutover.jobs;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.cutover.jobs.PollFault.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value within a JSON document, as the bytes that were written: so that what is passed on keeps its numbers and its form.
 * Immutable, as long as nobody changes the document's bytes.
 */
final class JsonSlice {
    private static final JsonFactory JSON = JsonFactory.builder()
            // or bytes that happen to look like UTF-16 would be read as such, and offsets would not be theirs
            .disable(JsonFactory.Feature.CHARSET_DETECTION)
            .build();

    private final byte[] document;
    private final int from;
    private final int to;
    private final JsonToken first;

    private JsonSlice(byte[] document, int from, int to, JsonToken first) {
        this.document = document;
        this.from = from;
        this.to = to;
        this.first = first;
    }

    /**
     * The whole of a document, read to its end.
     *
     * @throws PollFault unless the bytes are one JSON value
     */
    static JsonSlice document(byte[] json) throws PollFault {
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() == null) {
                throw new PollFault(Kind.NOT_JSON, "the answer is empty");
            }
            JsonSlice whole = value(json, 0, parser);
            if (parser.nextToken() != null) {
                throw new PollFault(Kind.NOT_JSON, "something follows the JSON value in the answer");
            }
            return whole;
        } catch (JsonProcessingException e) {
            throw new PollFault(Kind.NOT_JSON, "the answer is not JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new UncheckedIOException("bytes in memory can be read", e);
        }
    }

    /** The value that the parser stands at; it is left at the value's end. */
    private static JsonSlice value(byte[] document, int offset, JsonParser parser) throws IOException {
        JsonToken first = parser.currentToken();
        int from = offset + (int) parser.currentTokenLocation().getByteOffset();
        parser.skipChildren();
        parser.finishToken(); // a text is not read to its end before it is asked for
        int to = offset + (int) parser.currentLocation().getByteOffset();
        return new JsonSlice(document, from, to, first);
    }

    /** The value at that place; null where there is none. */
    JsonSlice at(JsonPointer pointer) {
        JsonSlice value = this;
        for (JsonPointer step = pointer; value != null && !step.matches(); step = step.tail()) {
            if (value.isArray()) {
                List<JsonSlice> elements = value.elements();
                int index = step.getMatchingIndex();
                value = index >= 0 && index < elements.size() ? elements.get(index) : null;
            } else {
                value = value.isObject() ? value.members().get(step.getMatchingProperty()) : null;
            }
        }
        return value;
    }

    /** Of an object; of members with one name the last one counts. */
    Map<String, JsonSlice> members() {
        Map<String, JsonSlice> members = new LinkedHashMap<>();
        try (JsonParser parser = open()) {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                members.put(name, value(document, from, parser));
            }
            return members;
        } catch (IOException e) {
            throw readBefore(e);
        }
    }

    /** Of an array. */
    List<JsonSlice> elements() {
        List<JsonSlice> elements = new ArrayList<>();
        try (JsonParser parser = open()) {
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                elements.add(value(document, from, parser));
            }
            return elements;
        } catch (IOException e) {
            throw readBefore(e);
        }
    }

    /** An object's member that is a text or a whole number, as text; null where there is no such member. */
    String text(String member) {
        String text = null;
        try (JsonParser parser = open()) {
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean wanted = parser.currentName().equals(member);
                JsonToken value = parser.nextToken();
                if (wanted) {
                    boolean isKey = value == JsonToken.VALUE_STRING || value == JsonToken.VALUE_NUMBER_INT;
                    text = isKey ? parser.getText() : null;
                }
                parser.skipChildren();
            }
            return text;
        } catch (IOException e) {
            throw readBefore(e);
        }
    }

    /** A parser that stands at the first token of the value. */
    private JsonParser open() throws IOException {
        JsonParser parser = JSON.createParser(document, from, to - from);
        parser.nextToken();
        return parser;
    }

    /** {@link #document} has read every slice, so that no part of it can be wrong now. */
    private static UncheckedIOException readBefore(IOException e) {
        return new UncheckedIOException("JSON that was read before can't be read now", e);
    }

    boolean isObject() {
        return first == JsonToken.START_OBJECT;
    }

    boolean isArray() {
        return first == JsonToken.START_ARRAY;
    }

    boolean isNull() {
        return first == JsonToken.VALUE_NULL;
    }

    /** For messages: {@code an object}. */
    String form() {
        return switch (first) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "a list";
            case VALUE_STRING -> "a text";
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
            default -> new String(bytes(), StandardCharsets.US_ASCII); // true, false, null
        };
    }

    /** A copy. */
    byte[] bytes() {
        return Arrays.copyOfRange(document, from, to);
    }
}

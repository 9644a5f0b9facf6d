package dev.cutover.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What a client may say. Each kind carries {@code id}, to be given back in the answer; null where the client gave none. */
sealed interface ClientMessage {

    /** Where a subscription begins. */
    enum From {
        SNAPSHOT,
        NOW
    }

    /**
     * Asks for events.
     *
     * @param keys null for all
     * @param depth entries of a series, at least 1; 0 for the last event of each key alone
     */
    record Subscribe(JsonNode id, String feature, Set<String> keys, From from, int depth) implements ClientMessage {}

    /**
     * Asks for no more events.
     *
     * @param keys null for all
     */
    record Unsubscribe(JsonNode id, String feature, Set<String> keys) implements ClientMessage {}

    /**
     * Asks for a pong.
     *
     * @param timestamp a number to be given back; null where the client gave none
     */
    record Ping(JsonNode timestamp) implements ClientMessage {}

    /** A message that can't be followed. */
    record Refused(JsonNode id, ErrorCode code, String message) implements ClientMessage {}

    /** Reads a text message. Pure; never throws for what a client may send. */
    static ClientMessage parse(String text) {
        JsonNode message;
        try {
            message = Reading.JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return new Refused(null, ErrorCode.BAD_REQUEST, "the message is not JSON: " + e.getOriginalMessage());
        } catch (NumberFormatException e) {
            return new Refused(null, ErrorCode.BAD_REQUEST, "the message holds a number that is too big");
        }
        if (message == null || !message.isObject()) {
            return new Refused(null, ErrorCode.BAD_REQUEST, "the message must be a JSON object with a type");
        }
        JsonNode id = null;
        try {
            id = Reading.id(message);
            return Reading.typed(id, message);
        } catch (Reading.BadFieldException e) {
            return new Refused(id, ErrorCode.BAD_REQUEST, e.getMessage());
        }
    }

    /** The parsing of the fields, each with its own refusal. */
    final class Reading {
        private static final ObjectReader JSON = JsonMapper.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .build()
                .reader();
        private static final int LONGEST_ID = 64;
        private static final int LONGEST_ECHO = 64;
        private static final List<String> NOT_YET = List.of("until", "speed");

        /** A field that is not what it must be; the message names it. */
        private static final class BadFieldException extends Exception {
            private static final long serialVersionUID = 1L;

            BadFieldException(String message) {
                super(message, null, false, false);
            }
        }

        private Reading() {}

        /** A value as JSON, cut short: a refusal is no echo. */
        private static String shown(JsonNode value) {
            String text = value.toString();
            return text.length() <= LONGEST_ECHO ? text : text.substring(0, LONGEST_ECHO) + "…";
        }

        private static ClientMessage typed(JsonNode id, JsonNode message) throws BadFieldException {
            JsonNode type = message.path("type");
            if (!type.isTextual()) {
                throw new BadFieldException("type must be a text, such as \"subscribe\"");
            }
            return switch (type.textValue()) {
                case "subscribe" -> subscribe(id, message);
                case "unsubscribe" -> new Unsubscribe(id, feature(message), keys(message));
                case "ping" -> new Ping(timestamp(message));
                default ->
                    new Refused(
                            id,
                            ErrorCode.UNKNOWN_TYPE,
                            shown(type) + " is no type; there are subscribe, unsubscribe and ping");
            };
        }

        private static Subscribe subscribe(JsonNode id, JsonNode message) throws BadFieldException {
            for (String field : NOT_YET) {
                if (message.has(field)) {
                    throw new BadFieldException(field + " is not served by this gateway: it has no replay");
                }
            }
            From from = from(message);
            int depth = depth(message);
            if (depth > 0 && from != From.SNAPSHOT) {
                throw new BadFieldException("depth goes with from \"snapshot\" alone");
            }
            return new Subscribe(id, feature(message), keys(message), from, depth);
        }

        private static JsonNode id(JsonNode message) throws BadFieldException {
            JsonNode id = message.get("id");
            if (id == null || id.isNull()) {
                return null;
            }
            if ((!id.isIntegralNumber() && !id.isTextual()) || id.asText().length() > LONGEST_ID) {
                throw new BadFieldException(
                        "id must be a whole number or a text of at most " + LONGEST_ID + " characters");
            }
            return id;
        }

        private static String feature(JsonNode message) throws BadFieldException {
            JsonNode feature = message.path("feature");
            if (!feature.isTextual() || feature.textValue().length() > LONGEST_ECHO) {
                throw new BadFieldException("feature must be a text, the name of a feature");
            }
            return feature.textValue();
        }

        private static Set<String> keys(JsonNode message) throws BadFieldException {
            JsonNode keys = message.get("keys");
            if (keys == null || keys.isNull()) {
                return null;
            }
            if (!keys.isArray() || keys.isEmpty()) {
                throw new BadFieldException("keys must be a list of at least one key; leave it out for all keys");
            }
            List<String> texts = new ArrayList<>(keys.size());
            for (JsonNode key : keys) {
                if (!key.isTextual() && !key.isIntegralNumber()) {
                    throw new BadFieldException("keys must hold texts, but holds " + shown(key));
                }
                texts.add(key.asText());
            }
            return new LinkedHashSet<>(texts);
        }

        private static From from(JsonNode message) throws BadFieldException {
            JsonNode from = message.get("from");
            if (from == null || from.isNull()) {
                return From.SNAPSHOT;
            }
            String text = from.isTextual() ? from.textValue() : "";
            return switch (text) {
                case "snapshot" -> From.SNAPSHOT;
                case "now" -> From.NOW;
                default ->
                    throw new BadFieldException(
                            "from must be \"snapshot\" or \"now\"; this gateway does not serve from " + shown(from));
            };
        }

        private static int depth(JsonNode message) throws BadFieldException {
            JsonNode depth = message.get("depth");
            if (depth == null || depth.isNull()) {
                return 0;
            }
            if (!depth.isIntegralNumber() || depth.bigIntegerValue().signum() <= 0) {
                throw new BadFieldException("depth must be a whole number of at least 1");
            }
            return depth.canConvertToInt() ? depth.intValue() : Integer.MAX_VALUE;
        }

        private static JsonNode timestamp(JsonNode message) throws BadFieldException {
            JsonNode timestamp = message.get("timestamp");
            if (timestamp == null || timestamp.isNull()) {
                return null;
            }
            if (!timestamp.isNumber()) {
                throw new BadFieldException("timestamp must be a number");
            }
            return timestamp;
        }
    }
}

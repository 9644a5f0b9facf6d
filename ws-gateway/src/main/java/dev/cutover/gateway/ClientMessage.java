package dev.cutover.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What a client may say. Each kind carries {@code id}, to be given back in the answer; null where the client gave none. */
sealed interface ClientMessage {

    /** Where a subscription begins. */
    sealed interface From {

        /**
         * The latest values.
         *
         * @param depth entries of a series, at least 1; 0 for the last event of each key alone
         */
        record Snapshot(int depth) implements From {}

        /** Whatever comes next. */
        record Now() implements From {}

        /** The log's begin. */
        record Earliest() implements From {}

        /** What was written then, and since. */
        record Time(Instant at) implements From {}

        /**
         * Right after what the client has seen.
         *
         * @param epoch of the topic that the offsets belong to
         * @param offsets as the client wrote them, an object; to be looked at once the epoch is found to be the topic's
         */
        record Position(String epoch, JsonNode offsets) implements From {

            /**
             * The last offset seen in each partition, −1 for none; a new array.
             *
             * @throws BadFieldException when they are not one whole number of at least −1 for each partition
             */
            long[] seen(int partitions) throws BadFieldException {
                long[] seen = new long[partitions];
                int found = 0;
                for (int partition = 0; partition < partitions; partition++) {
                    JsonNode offset = offsets.get(Integer.toString(partition));
                    if (offset == null) {
                        throw new BadFieldException("offsets must name every partition, but not " + partition
                                + "; there are 0 to " + (partitions - 1));
                    }
                    if (!offset.isIntegralNumber() || !offset.canConvertToLong() || offset.longValue() < -1) {
                        throw new BadFieldException("the offset of partition " + partition
                                + " must be a whole number of at least -1, but is " + Reading.shown(offset));
                    }
                    seen[partition] = offset.longValue();
                    found++;
                }
                if (offsets.size() > found) {
                    throw new BadFieldException(
                            "offsets name a partition that there is not; there are 0 to " + (partitions - 1));
                }
                return seen;
            }
        }
    }

    /**
     * Asks for events.
     *
     * @param keys null for all
     */
    record Subscribe(JsonNode id, String feature, Set<String> keys, From from) implements ClientMessage {}

    /**
     * Asks for a part of the past.
     *
     * @param keys null for all
     * @param from {@link From.Earliest}, {@link From.Time} or {@link From.Position}
     * @param until the time before which it ends
     * @param speed 1 for the original pace; 0 for as fast as the client reads
     */
    record Replay(JsonNode id, String feature, Set<String> keys, From from, Instant until, double speed)
            implements ClientMessage {}

    /**
     * Asks for no more of a replay.
     *
     * @param sub the replay's id
     */
    record EndReplay(JsonNode id, String feature, JsonNode sub) implements ClientMessage {}

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
        } catch (BadFieldException e) {
            return new Refused(id, ErrorCode.BAD_REQUEST, e.getMessage());
        }
    }

    /** A field that is not what it must be; the message names it. */
    final class BadFieldException extends Exception {
        private static final long serialVersionUID = 1L;

        BadFieldException(String message) {
            super(message, null, false, false);
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
        private static final int LONGEST_KEY = 1024;
        private static final double FASTEST = 1_000_000;

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
                case "unsubscribe" -> unsubscribe(id, message);
                case "ping" -> new Ping(timestamp(message));
                default ->
                    new Refused(
                            id,
                            ErrorCode.UNKNOWN_TYPE,
                            shown(type) + " is no type; there are subscribe, unsubscribe and ping");
            };
        }

        private static ClientMessage subscribe(JsonNode id, JsonNode message) throws BadFieldException {
            From from = from(message, depth(message));
            Instant until = until(message);
            double speed = speed(message);
            if (until == null) {
                if (speed > 0) {
                    throw new BadFieldException("speed goes with until: it is a replay that has a pace");
                }
                return new Subscribe(id, feature(message), keys(message), from);
            }
            if (from instanceof From.Snapshot || from instanceof From.Now) {
                throw new BadFieldException("until goes with from \"earliest\", a time or a position");
            }
            if (from instanceof From.Time time && !time.at().isBefore(until)) {
                throw new BadFieldException("until must be later than from, but is " + shown(message.get("until")));
            }
            return new Replay(id, feature(message), keys(message), from, until, speed);
        }

        private static ClientMessage unsubscribe(JsonNode id, JsonNode message) throws BadFieldException {
            JsonNode sub = name("sub", message);
            if (sub == null) {
                return new Unsubscribe(id, feature(message), keys(message));
            }
            if (keys(message) != null) {
                throw new BadFieldException("sub ends a whole replay: leave keys out");
            }
            return new EndReplay(id, feature(message), sub);
        }

        private static JsonNode id(JsonNode message) throws BadFieldException {
            return name("id", message);
        }

        /** What a client calls a subscription by; null for nothing. */
        private static JsonNode name(String field, JsonNode message) throws BadFieldException {
            JsonNode name = message.get(field);
            if (name == null || name.isNull()) {
                return null;
            }
            if ((!name.isIntegralNumber() && !name.isTextual()) || name.asText().length() > LONGEST_ID) {
                throw new BadFieldException(
                        field + " must be a whole number or a text of at most " + LONGEST_ID + " characters");
            }
            return name;
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
                if (key.asText().length() > LONGEST_KEY) {
                    throw new BadFieldException("a key may have " + LONGEST_KEY + " characters, but one has "
                            + key.asText().length());
                }
                texts.add(key.asText());
            }
            return new LinkedHashSet<>(texts);
        }

        private static From from(JsonNode message, int depth) throws BadFieldException {
            JsonNode from = message.get("from");
            if (from == null || from.isNull() || from.asText().equals("snapshot")) {
                return new From.Snapshot(depth);
            }
            From other = past(from);
            if (depth > 0) {
                throw new BadFieldException("depth goes with from \"snapshot\" alone");
            }
            return other;
        }

        private static From past(JsonNode from) throws BadFieldException {
            switch (from.asText()) {
                case "now" -> {
                    return new From.Now();
                }
                case "earliest" -> {
                    return new From.Earliest();
                }
                default -> {
                    return from.has("time")
                            ? new From.Time(time("the time of from", from.get("time")))
                            : position(from);
                }
            }
        }

        private static Instant time(String what, JsonNode time) throws BadFieldException {
            try {
                return OffsetDateTime.parse(time.textValue()).toInstant();
            } catch (DateTimeParseException | NullPointerException e) {
                throw new BadFieldException(
                        what + " must be an ISO-8601 time such as 2026-01-05T15:30:00Z, but is " + shown(time));
            }
        }

        /** Null for none. */
        private static Instant until(JsonNode message) throws BadFieldException {
            JsonNode until = message.get("until");
            return until == null || until.isNull() ? null : time("until", until);
        }

        private static From position(JsonNode from) throws BadFieldException {
            if (!from.has("epoch") && !from.has("offsets")) {
                throw new BadFieldException(
                        "from must be \"snapshot\", \"now\", \"earliest\", a time, or a position, its"
                                + " epoch and offsets, but is " + shown(from));
            }
            if (!from.path("epoch").isTextual()) {
                throw new BadFieldException("the epoch of a position must be a text, as subscribed gives it");
            }
            if (!from.path("offsets").isObject()) {
                throw new BadFieldException(
                        "the offsets of a position must be an object, such as {\"0\":1050,\"1\":-1}");
            }
            return new From.Position(from.get("epoch").textValue(), from.get("offsets"));
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

        /** 0 for none. */
        private static double speed(JsonNode message) throws BadFieldException {
            JsonNode speed = message.get("speed");
            if (speed == null || speed.isNull()) {
                return 0;
            }
            if (!speed.isNumber() || speed.doubleValue() < 1 / FASTEST || speed.doubleValue() > FASTEST) {
                throw new BadFieldException("speed must be a number from 0.000001 to 1000000, but is " + shown(speed));
            }
            return speed.doubleValue();
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

package dev.cutover.schema;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * One record of {@link Topics#served}: what REST said of one key, in the partition of that key's events; or, of a list, which of a
 * partition's keys it named. What was made of the event log says of which offset; what an existing service answered has none.
 *
 * @param key null for {@link Kind#LIST}, whose record's key is empty
 * @param epoch the id of the events' topic; null for {@link Reference#UPSTREAM}, as are {@code partition} and {@code offset}
 * @param offset the newest event of the key that had its effect; for {@link Kind#ABSENT} and {@link Kind#LIST} the newest of the
 *     partition that surely had
 * @param query the parameters that the path knows, in the order of their names; empty for the list of all
 * @param caller {@code prober}, {@code fallback} or {@code other}
 * @param askedAt when the request came in, or went out to the existing service
 * @param servedAt when the answer was complete
 * @param bodyHash 16 hex digits; null where there is no body
 * @param body the key's own body; null unless {@link Kind#ENTRY}
 * @param keys the keys of this partition that the list named; null unless {@link Kind#LIST}
 */
public record ServedRecord(
        Kind kind,
        String feature,
        String key,
        String epoch,
        Integer partition,
        Long offset,
        String query,
        String caller,
        Reference reference,
        Instant askedAt,
        Instant servedAt,
        String bodyHash,
        JsonNode body,
        List<String> keys) {

    /** What the record is of. */
    public enum Kind {
        /** A key's body. */
        ENTRY,
        /** A key that was asked for and is not known: 404. */
        ABSENT,
        /** The keys that a list named. */
        LIST;

        /** The name on the wire: lower case. */
        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * The kind of that name.
         *
         * @throws IllegalArgumentException when none has it
         */
        @JsonCreator
        public static Kind fromWireName(String name) {
            for (Kind kind : values()) {
                if (kind.wireName().equals(name)) {
                    return kind;
                }
            }
            throw new IllegalArgumentException("kind must be entry, absent or list, but is '" + name + "'");
        }
    }

    /**
     * A record as its kind and reference ask for it.
     *
     * @throws IllegalArgumentException when a member is missing, or one too many
     */
    public ServedRecord {
        boolean materialised = reference == Reference.MATERIALISED;
        if (kind == null || feature == null || query == null || caller == null || reference == null) {
            throw new IllegalArgumentException("kind, feature, query, caller and reference must be there");
        }
        if (askedAt == null || servedAt == null) {
            throw new IllegalArgumentException("asked_at and served_at must be there");
        }
        if ((key == null) != (kind == Kind.LIST) || (keys == null) == (kind == Kind.LIST)) {
            throw new IllegalArgumentException("a list has keys and no key, all else a key and no keys");
        }
        body = body == null || body.isNull() ? null : body;
        if (kind == Kind.ENTRY && (body == null || bodyHash == null)) {
            throw new IllegalArgumentException("an entry must have a body and its hash");
        }
        if (materialised && (epoch == null || partition == null || offset == null)) {
            throw new IllegalArgumentException("what was made of the log must have epoch, partition and offset");
        }
        keys = keys == null ? null : List.copyOf(keys);
    }

    /** One JSON object. */
    public byte[] toJson() {
        try {
            return Json.MAPPER.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record that can't be written: " + feature + " " + key, e);
        }
    }

    /** The key of the Kafka record. */
    public byte[] recordKey() {
        return (key == null ? "" : key).getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Reads a record's value.
     *
     * @throws JsonFault when the bytes are no such record
     */
    public static ServedRecord fromJson(byte[] json) throws JsonFault {
        return Json.read(Json.MAPPER, ServedRecord.class, json);
    }
}

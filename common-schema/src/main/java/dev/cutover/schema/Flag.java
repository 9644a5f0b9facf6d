package dev.cutover.schema;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;

/**
 * One feature's flag, whole: a record of {@link Topics#FLAGS} holds all of it.
 *
 * @param version 0 before the first change, then one more with each
 * @param rollout percent of the clients that the stage holds for; 0 to 100
 * @param sunset when the REST endpoint is to go; null while no date is set
 * @param hold true while further promotion is held, until an operator clears it
 * @param forced true when the change went past the gate
 * @param changeId unique for each change; null at version 0, as are {@code changedBy}, {@code changedAt}, {@code reason} and
 *     {@code since}
 * @param since when the feature came to its stage: a change that leaves the stage as it is leaves this as well
 */
public record Flag(
        String feature,
        Stage stage,
        long version,
        int rollout,
        Instant sunset,
        Guard guard,
        boolean hold,
        boolean forced,
        String changeId,
        String changedBy,
        Instant changedAt,
        String reason,
        Instant since) {

    /** What the guard does about a live feature that goes bad. */
    public enum Guard {
        ON,
        WARN,
        OFF;

        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }

        @JsonCreator
        public static Guard fromWireName(String name) {
            for (Guard guard : values()) {
                if (guard.wireName().equals(name)) {
                    return guard;
                }
            }
            throw new IllegalArgumentException("guard must be on, warn or off, but is '" + name + "'");
        }
    }

    public Flag {
        if (feature == null || stage == null || guard == null) {
            throw new IllegalArgumentException(
                    "a flag must have feature, stage and guard, but has '" + feature + "', " + stage + " and " + guard);
        }
        if (version < 0) {
            throw new IllegalArgumentException("version must not be negative, but is " + version);
        }
        if (rollout < 0 || rollout > 100) {
            throw new IllegalArgumentException("rollout must be 0 to 100, but is " + rollout);
        }
    }

    /** The flag of a feature that was never changed: shadow. */
    public static Flag initial(String feature) {
        return new Flag(feature, Stage.SHADOW, 0, 100, null, Guard.ON, false, false, null, null, null, null, null);
    }

    /**
     * This flag at another stage, by way of the gate; the writer numbers and stamps the change. Back in shadow no date is set for
     * the REST endpoint to go.
     */
    public Flag at(Stage to, String by, String why) {
        Instant date = to == Stage.SHADOW ? null : sunset;
        return new Flag(feature, to, version, rollout, date, guard, hold, false, changeId, by, changedAt, why, since);
    }

    /** This flag, marked as changed past the gate. */
    public Flag pastTheGate() {
        return new Flag(
                feature, stage, version, rollout, sunset, guard, hold, true, changeId, changedBy, changedAt, reason,
                since);
    }

    /**
     * This flag with another date.
     *
     * @param date when the REST endpoint is to go; null for no date
     */
    public Flag withSunset(Instant date) {
        return new Flag(
                feature, stage, version, rollout, date, guard, hold, forced, changeId, changedBy, changedAt, reason,
                since);
    }

    /**
     * This flag with further promotion held, or let go.
     *
     * @param held whether it is held from now on
     */
    public Flag withHold(boolean held, String by, String why) {
        return new Flag(
                feature, stage, version, rollout, sunset, guard, held, false, changeId, by, changedAt, why, since);
    }

    /** This flag, guarded in another way. */
    public Flag withGuard(Guard other, String by, String why) {
        return new Flag(
                feature, stage, version, rollout, sunset, other, hold, false, changeId, by, changedAt, why, since);
    }

    Flag stamped(Flag before, String newChangeId, Instant at) {
        Instant entered = stage == before.stage && before.since != null ? before.since : at;
        return new Flag(
                feature,
                stage,
                before.version + 1,
                rollout,
                sunset,
                guard,
                hold,
                forced,
                newChangeId,
                changedBy,
                at,
                reason,
                entered);
    }

    /** One JSON object. */
    public byte[] toJson() {
        try {
            return Json.MAPPER.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a flag that can't be written: " + this, e);
        }
    }

    /** @throws IllegalArgumentException when the bytes are no flag of that feature */
    static Flag fromJson(String feature, byte[] json) {
        Flag flag;
        try {
            flag = Json.read(Json.MAPPER, Flag.class, withSince(json));
        } catch (JsonFault e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        if (!flag.feature().equals(feature)) {
            throw new IllegalArgumentException(
                    "the record's key is '" + feature + "', its flag is of '" + flag.feature() + "'");
        }
        return flag;
    }

    /** A record that was written before there was this member entered its stage when it was changed, as far as is known. */
    private static byte[] withSince(byte[] json) {
        try {
            JsonNode form = Json.read(Json.MAPPER, JsonNode.class, json);
            if (form instanceof ObjectNode flag && !flag.has("since") && flag.has("changed_at")) {
                return flag.set("since", flag.get("changed_at")).toString().getBytes(StandardCharsets.UTF_8);
            }
        } catch (JsonFault e) {
            // said better when it is read as a flag
        }
        return json;
    }
}

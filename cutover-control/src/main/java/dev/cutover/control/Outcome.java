package dev.cutover.control;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How a comparison of REST with the event log came out; from the best to the worst. */
public enum Outcome {
    MATCH,
    /** REST said what the log had said, but too long after the log had said something newer. */
    LAGGING,
    /** REST said something of a key, or of an offset, that the log does not have. */
    MISSING_WS,
    /** The log has a key that REST does not know. */
    MISSING_REST,
    MISMATCH;

    /** Whether a session with such a comparison is not clean. */
    public boolean isFault() {
        return this != MATCH && this != LAGGING;
    }

    /** The name on the wire: lower case. */
    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The outcome of that name.
     *
     * @throws IllegalArgumentException when none has it
     */
    @JsonCreator
    public static Outcome fromWireName(String name) {
        for (Outcome outcome : values()) {
            if (outcome.wireName().equals(name)) {
                return outcome;
            }
        }
        throw new IllegalArgumentException(
                "outcome must be match, lagging, missing_ws, missing_rest or mismatch, but is '" + name + "'");
    }
}

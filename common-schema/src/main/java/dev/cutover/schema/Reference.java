package dev.cutover.schema;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What REST's answers were made of, and so how much their comparison with the events proves. */
public enum Reference {
    /** Cutover's own snapshots of the same log: parity of the two ways of serving. */
    MATERIALISED,
    /** An existing service behind the façade: parity with what the dashboard had before. */
    UPSTREAM;

    /** The name on the wire: lower case. */
    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The reference of that name.
     *
     * @throws IllegalArgumentException when none has it
     */
    @JsonCreator
    public static Reference fromWireName(String name) {
        for (Reference reference : values()) {
            if (reference.wireName().equals(name)) {
                return reference;
            }
        }
        throw new IllegalArgumentException("reference must be materialised or upstream, but is '" + name + "'");
    }
}

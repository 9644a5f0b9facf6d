package dev.cutover.control;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.util.Locale;

/**
 * What the guard of this instance makes of a feature.
 *
 * @param state what it does
 * @param reason for a person to read; empty where there is nothing to say
 * @param since when it began to
 */
record GuardState(Doing state, String reason, Instant since) {

    /** What a guard does. */
    enum Doing {
        /** Nothing: another instance is the active one, or none yet. */
        STANDBY,
        /** Nothing: the feature is not live, or its guard is off. */
        IDLE,
        WATCHING,
        ABSTAINING,
        /** It sees the feature as bad. */
        BREACH;

        @JsonValue
        String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}

package dev.cutover.control;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * One line of a checklist.
 *
 * @param line its name, one word
 * @param text what must hold, for a person to read
 * @param measured the figure that was measured; empty where there is none yet
 * @param needed what it would take to be fulfilled; empty where it is
 * @param blocks whether a promotion needs it; a line that does not block informs
 */
record ChecklistLine(
        @JsonProperty("line") String line,
        @JsonProperty("state") State state,
        @JsonProperty("text") String text,
        @JsonProperty("measured") String measured,
        @JsonProperty("needed") String needed,
        @JsonProperty("blocks") boolean blocks) {

    /** What the evidence says of a line. */
    enum State {
        OK("✓"),
        /** The evidence is against it. */
        FAIL("✗"),
        /** There is not enough evidence yet, for it or against it. */
        WAIT("…");

        /** For a terminal. */
        final String mark;

        State(String mark) {
            this.mark = mark;
        }

        @JsonValue
        String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }

        @JsonCreator
        static State fromWireName(String name) {
            for (State state : values()) {
                if (state.wireName().equals(name)) {
                    return state;
                }
            }
            throw new IllegalArgumentException("state must be ok, fail or wait, but is '" + name + "'");
        }
    }

    static ChecklistLine ok(String line, String text, String measured) {
        return new ChecklistLine(line, State.OK, text, measured, "", true);
    }

    static ChecklistLine fail(String line, String text, String measured, String needed) {
        return new ChecklistLine(line, State.FAIL, text, measured, needed, true);
    }

    static ChecklistLine waiting(String line, String text, String measured, String needed) {
        return new ChecklistLine(line, State.WAIT, text, measured, needed, true);
    }

    /** The same line, which does not block. */
    ChecklistLine informing() {
        return new ChecklistLine(line, state, text, measured, needed, false);
    }

    /** Whether a promotion is refused for it. */
    boolean isInTheWay() {
        return blocks && state != State.OK;
    }

    /** An instant as a line's text has it: to the second. */
    static String time(Instant at) {
        return at.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}

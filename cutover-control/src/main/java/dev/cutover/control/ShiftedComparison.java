package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.List;

/**
 * Compares what was said in one window with what was said in another, some time apart: an instant that is later by just that
 * distance says the same. Pure; any thread.
 *
 * @param distance from the first window's begin to the second's
 * @param within by how much an instant may be off the distance; not negative
 */
record ShiftedComparison(Comparison comparison, Duration distance, Duration within) {

    /** What differs, instants aside that are only shifted. */
    List<Difference> differences(JsonNode first, JsonNode second) {
        return comparison.compare(first, second).differences().stream()
                .filter(each -> !isShifted(each))
                .toList();
    }

    /** Whether a value is another than the one before it: one that differs in instants alone was only said again. */
    boolean isChange(JsonNode before, JsonNode after) {
        return comparison.compare(before, after).differences().stream()
                .anyMatch(each -> instant(each.rest()) == null || instant(each.log()) == null);
    }

    private boolean isShifted(Difference difference) {
        Instant first = instant(difference.rest());
        Instant second = instant(difference.log());
        if (first == null || second == null) {
            return false;
        }
        return Duration.between(first.plus(distance), second).abs().compareTo(within) <= 0;
    }

    /** Null for what is none, or not there. */
    private static Instant instant(JsonNode value) {
        return value == null || !value.isTextual() ? null : instant(value.textValue());
    }

    /** The instant that a text names; null where it names none. */
    static Instant instant(String text) {
        // most texts are none, and an exception for each would cost
        if (text.length() < "2026-01-05T15:30Z".length() || text.charAt(10) != 'T') {
            return null;
        }
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException e) {
            return null;
        }
    }
}

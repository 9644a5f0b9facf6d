package dev.cutover.schema;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The file that a catalog is read from: the rules that hold all over it, and how a breach is said.
 *
 * @param name as the operator gave it
 */
record CatalogFile(String name) {
    static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,63}");

    void check(boolean condition, String place, String rule) {
        if (!condition) {
            throw wrong(place, rule);
        }
    }

    /** Refuses a form that has other fields than these. */
    void fields(String place, JsonNode form, Set<String> known) {
        form.fieldNames()
                .forEachRemaining(field -> check(
                        known.contains(field),
                        place,
                        "has no field '" + field + "'; known are " + new TreeSet<>(known)));
    }

    /** The text, which must be a JSON pointer. */
    String pointer(String place, String text) {
        try {
            return JsonPointer.compile(text).toString();
        } catch (IllegalArgumentException e) {
            throw wrong(place, "must be a JSON pointer such as /positions, but is '" + text + "'");
        }
    }

    StartupException wrong(String place, String rule) {
        return new StartupException(name + ": " + place + ": " + rule);
    }
}

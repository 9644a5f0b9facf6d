package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.Pairing.Side;
import dev.cutover.control.WindowComparison.Row;
import dev.cutover.schema.Json;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What the comparison of two windows found, for a program and for people. Immutable; any thread.
 *
 * @param interrupted whether the windows were not read to their ends
 */
record WindowReport(String feature, Window first, Window second, boolean interrupted, WindowComparison.Result result) {

    /** @param until the first instant that is not in it */
    record Window(Instant from, Instant until) {
        @Override
        public String toString() {
            return from + " to " + until;
        }
    }

    /** How many values had a counterpart. */
    long compared() {
        return result.rows().stream().mapToLong(Row::compared).sum();
    }

    private long differing() {
        return result.rows().stream().mapToLong(Row::differing).sum();
    }

    /** Whether there was something to compare, and nothing is wrong with it. */
    boolean isGood() {
        return compared() > 0 && result.rows().stream().allMatch(Row::isGood);
    }

    /** The keys that have events of any type in that window, and none in the other. */
    Set<String> onlyIn(Side side) {
        Set<String> both = keys(side);
        both.removeAll(keys(side.other()));
        return both;
    }

    private Set<String> keys(Side side) {
        return result.rows().stream()
                .filter(row -> row.events().get(side) > 0)
                .map(Row::key)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private List<String> capped() {
        List<String> capped = new ArrayList<>(result.capped());
        if (result.beyond() > 0) {
            capped.add(result.beyond() + " events of keys beyond the first " + WindowComparison.MOST_KEYS
                    + " were left out");
        }
        result.rows().stream()
                .filter(Row::cut)
                .map(row -> row.key() + ", " + row.type() + ": one window has over " + Pairing.OfChanges.MOST_PENDING
                        + " changes more by then; those that follow are only counted")
                .forEach(capped::add);
        return capped;
    }

    /** The document that docs/quick-start.md describes. */
    ObjectNode toJson() {
        ObjectNode document = Json.MAPPER.createObjectNode();
        document.put("feature", feature).put("kind", "windows");
        window(document.putObject("first"), first);
        window(document.putObject("second"), second);
        document.put("interrupted", interrupted).put("equal", isGood());
        document.put("compared", compared()).put("differing", differing());
        document.put("unreadable_events", result.unreadable());
        onlyIn(Side.FIRST).forEach(document.putArray("only_first")::add);
        onlyIn(Side.SECOND).forEach(document.putArray("only_second")::add);
        ArrayNode keys = document.putArray("keys");
        for (Row row : result.rows()) {
            ObjectNode key = keys.addObject().put("key", row.key()).put("type", row.type());
            key.put("compared", row.compared()).put("differing", row.differing());
            side(key.putObject("first"), row, Side.FIRST);
            side(key.putObject("second"), row, Side.SECOND);
        }
        FieldTally.write(result.fields(), document.putArray("fields"), "first", "second");
        capped().forEach(document.putArray("capped")::add);
        return document;
    }

    private static void window(ObjectNode to, Window window) {
        to.put("from", window.from().toString()).put("until", window.until().toString());
    }

    private static void side(ObjectNode to, Row row, Side side) {
        to.put("events", row.events().get(side)).put("values", row.values().get(side));
        to.put("median_ms", row.intervals().get(side).medianMs());
        to.put("worst_ms", row.intervals().get(side).worstMs());
    }

    Findings findings() {
        List<String> facts = new ArrayList<>();
        facts.add("first:  " + first);
        facts.add("second: " + second + (interrupted ? ", where it was interrupted" : ""));
        only(facts, "first", onlyIn(Side.FIRST));
        only(facts, "second", onlyIn(Side.SECOND));
        List<String> remarks = new ArrayList<>();
        if (result.unreadable() > 0) {
            remarks.add(result.unreadable() + " events that nobody can read were left out");
        }
        remarks.addAll(capped());
        return new Findings(
                feature + ": two windows of its events",
                isGood(),
                headline(),
                facts,
                List.of("key", "type", "events", "values", "compared", "differing", "median", "worst interval"),
                result.rows().stream()
                        .sorted(Comparator.comparing(Row::isGood))
                        .map(WindowReport::row)
                        .toList(),
                "first",
                "second",
                result.fields(),
                remarks);
    }

    private static void only(List<String> facts, String window, Set<String> keys) {
        if (!keys.isEmpty()) {
            String names = keys.stream().limit(20).collect(Collectors.joining(", "));
            facts.add("only in the " + window + ": "
                    + (keys.size() > 20 ? keys.size() + " keys, " + names + ", …" : names));
        }
    }

    private static List<String> row(Row row) {
        Intervals one = row.intervals().get(Side.FIRST);
        Intervals other = row.intervals().get(Side.SECOND);
        return List.of(
                row.key(),
                row.type(),
                row.events().get(Side.FIRST) + " | " + row.events().get(Side.SECOND),
                row.values().get(Side.FIRST) + " | " + row.values().get(Side.SECOND),
                Long.toString(row.compared()),
                Long.toString(row.differing()),
                ms(one.medianMs()) + " | " + ms(other.medianMs()),
                ms(one.worstMs()) + " | " + ms(other.worstMs()));
    }

    private static String ms(Long ms) {
        return ms == null ? "-" : ms + " ms";
    }

    private String headline() {
        if (compared() == 0) {
            return "nothing could be compared";
        }
        long uneven = result.rows().stream()
                .filter(row -> !row.isGood() && row.differing() == 0)
                .count();
        return compared() + " values compared: " + (compared() - differing()) + " equal, " + differing() + " differ"
                + (uneven == 0 ? "" : "; of " + uneven + " keys one window has values that the other has not");
    }
}

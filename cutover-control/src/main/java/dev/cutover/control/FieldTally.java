package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Which fields differ how often, with a few of the values of both sides. Its size is bounded. Confined to one thread. */
final class FieldTally {
    static final int MOST_FIELDS = 500;
    /** Of each field. */
    static final int MOST_SAMPLES = 20;

    private static final Pattern INDEX = Pattern.compile("/\\d+(?=/|$)");

    /**
     * One place where the two sides differ.
     *
     * @param pointer the very place
     * @param where which body or event it was
     * @param one null where that side has nothing there, as {@code other}
     */
    record Sample(String key, String pointer, String where, JsonNode one, JsonNode other) {}

    /**
     * A field that differs.
     *
     * @param name its pointer, with {@code *} for the place of an element
     * @param samples the first ones
     */
    record Field(String name, long count, List<Sample> samples) {
        Field {
            samples = List.copyOf(samples);
        }
    }

    private static final class Tally {
        long count;
        final List<Sample> samples = new ArrayList<>();
    }

    private final Map<String, Tally> fields = new LinkedHashMap<>();
    private long beyond;

    void add(Difference difference, String key, String where) {
        String name = nameOf(difference.pointer());
        Tally tally = fields.get(name);
        if (tally == null) {
            if (fields.size() == MOST_FIELDS) {
                beyond++;
                return;
            }
            tally = new Tally();
            fields.put(name, tally);
        }
        tally.count++;
        if (tally.samples.size() < MOST_SAMPLES) {
            Difference sample = difference.sample();
            tally.samples.add(new Sample(key, sample.pointer(), where, sample.rest(), sample.log()));
        }
    }

    /** A pointer with {@code *} for the place of an element. */
    static String nameOf(String pointer) {
        return INDEX.matcher(pointer).replaceAll("/*");
    }

    /** Those that differ most often first. */
    List<Field> fields() {
        return fields.entrySet().stream()
                .map(entry -> new Field(entry.getKey(), entry.getValue().count, entry.getValue().samples))
                .sorted(Comparator.comparingLong(Field::count).reversed().thenComparing(Field::name))
                .toList();
    }

    /**
     * Fields as JSON.
     *
     * @param one what the first side is called, and {@code other} the second
     */
    static void write(List<Field> fields, ArrayNode into, String one, String other) {
        for (Field field : fields) {
            ArrayNode samples = into.addObject()
                    .put("field", field.name())
                    .put("count", field.count())
                    .putArray("samples");
            for (Sample each : field.samples()) {
                ObjectNode sample = samples.addObject();
                sample.put("key", each.key()).put("pointer", each.pointer()).put("where", each.where());
                // of a side that has nothing there its member is left out: null is a value
                if (each.one() != null) {
                    sample.set(one, each.one());
                }
                if (each.other() != null) {
                    sample.set(other, each.other());
                }
            }
        }
    }

    /** What is not shown, in words; empty when all is. */
    List<String> capped() {
        List<String> capped = new ArrayList<>();
        if (fields.values().stream().anyMatch(tally -> tally.count > tally.samples.size())) {
            capped.add("of each field the first " + MOST_SAMPLES + " differences are kept, and all are counted");
        }
        if (beyond > 0) {
            capped.add(
                    beyond + " differences in other than the first " + MOST_FIELDS + " fields are only counted here");
        }
        return capped;
    }
}

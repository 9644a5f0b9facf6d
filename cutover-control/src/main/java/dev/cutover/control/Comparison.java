package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.Member;
import dev.cutover.schema.Feature.View;
import dev.cutover.schema.ParityRules;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Compares REST's body of one key with the event log's. Numbers are equal by value (1, 1.0 and 1e0), members in any order,
 * and elements of an array that has a key field by that field; a null is not the same as nothing. Pure; any thread.
 *
 * <p>A rule of the catalog holds here as long as it stands there, with an owner or without, expired or not: what it costs to
 * leave it there is that the checklist does not let the feature pass ({@link ParityRules.Rule#debt}). Otherwise a date would turn
 * a working feature into a mismatching one over night, and the guard would roll it back.
 */
final class Comparison {
    /** Beyond it the difference of two numbers might not fit into the memory. */
    private static final int LARGEST_SCALE = 1_000;

    private final Rules rules;

    private Comparison(Rules rules) {
        this.rules = rules;
    }

    /** By the rules of the feature; the arrays of its series by their fields. */
    static Comparison of(Feature feature) {
        return of(feature, feature.parity());
    }

    /** By other rules than the feature's own. */
    static Comparison of(Feature feature, ParityRules parity) {
        Map<String, String> arrays = new HashMap<>();
        feature.rest().map(Feature.Rest::one).ifPresent(one -> {
            if (one instanceof Feature.KeyBody.Members body) {
                for (Member member : body.members()) {
                    if (member instanceof Member.Entries entries
                            && entries.type().view() instanceof View.Series series) {
                        arrays.put("/" + escape(member.name()), series.by());
                    }
                }
            }
        });
        arrays.putAll(parity.arrays());
        return of(arrays, parity.rules());
    }

    /**
     * By these rules alone.
     *
     * @param arrays pointer pattern of an array to the field that tells its elements apart
     */
    static Comparison of(Map<String, String> arrays, List<ParityRules.Rule> rules) {
        Rules root = new Rules();
        arrays.forEach((pattern, field) -> root.at(pattern).keyField = field);
        for (ParityRules.Rule rule : rules) {
            Rules place = root.at(rule.field());
            if (rule.within() == null) {
                place.ignored = true;
            } else {
                place.within = place.within == null ? rule.within() : place.within.max(rule.within());
            }
        }
        return new Comparison(root);
    }

    /**
     * What a comparison found.
     *
     * @param differences in the order of REST's body; empty when both are the same
     * @param noise pointers of differences that were not counted
     */
    record Result(List<Difference> differences, List<String> noise) {
        /** Nothing was found, or nothing compared. */
        static final Result NOTHING = new Result(List.of(), List.of());

        boolean isEqual() {
            return differences.isEmpty();
        }
    }

    /** Every difference. */
    Result compare(JsonNode rest, JsonNode log) {
        return compare(rest, log, Set.of());
    }

    /** @param noise fields, as {@link #differing} names them, in which the two may differ */
    Result compare(JsonNode rest, JsonNode log, Set<String> noise) {
        Walk walk = new Walk(noise);
        walk.values(null, List.of(rules), rest, log);
        return new Result(walk.differences, walk.noisy);
    }

    /**
     * The fields in which two bodies differ, by names that hold in another body too: an element goes by its key where a pointer
     * would say its place.
     */
    Set<String> differing(JsonNode one, JsonNode other) {
        Walk walk = new Walk(Set.of());
        walk.values(null, List.of(rules), one, other);
        return walk.names;
    }

    private static String escape(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }

    /** What holds at one place, and at those below it: a tree of the patterns' tokens. Not changed once it is built. */
    private static final class Rules {
        private static final String ANY = "*";

        final Map<String, Rules> children = new HashMap<>();
        /** Null where elements go by their place. */
        String keyField;

        boolean ignored;
        /** Null where numbers must be equal. */
        BigDecimal within;

        Rules at(String pattern) {
            Rules place = this;
            for (String token :
                    pattern.isEmpty() ? new String[0] : pattern.substring(1).split("/", -1)) {
                String name = token.replace("~1", "/").replace("~0", "~");
                place = place.children.computeIfAbsent(name, each -> new Rules());
            }
            return place;
        }

        /** Those that hold for a member or element. */
        static List<Rules> below(List<Rules> rules, String token) {
            if (rules.isEmpty()) {
                return rules;
            }
            return rules.stream()
                    .flatMap(each -> Stream.of(each.children.get(token), each.children.get(ANY)))
                    .filter(each -> each != null)
                    .toList();
        }
    }

    /**
     * Where a value is; null is the body itself.
     *
     * @param token of its pointer
     * @param name how it is told in any body
     */
    private record Place(Place parent, String token, String name) {
        static String pointerOf(Place place) {
            return place == null ? "" : pointerOf(place.parent) + "/" + escape(place.token);
        }

        static String nameOf(Place place) {
            return place == null ? "" : nameOf(place.parent) + "/" + escape(place.name);
        }
    }

    /** What tells an element of an array with a key field from the others: of those with the same key, which one it is. */
    private record Identity(Object key, int occurrence) {
        private static final Object NONE = "no key";

        record Scalar(JsonNode value) {}

        static Object key(JsonNode element, String field) {
            JsonNode key = element.isObject() ? element.get(field) : null;
            if (key == null || key.isContainerNode()) {
                return NONE;
            }
            return key.isNumber() ? key.decimalValue().stripTrailingZeros() : new Scalar(key);
        }

        /** Every element's place, by its identity. */
        static Map<Identity, Integer> index(JsonNode array, String field) {
            Map<Object, Integer> occurrences = new HashMap<>();
            Map<Identity, Integer> index = new LinkedHashMap<>();
            for (int i = 0; i < array.size(); i++) {
                Object key = key(array.get(i), field);
                index.put(new Identity(key, occurrences.merge(key, 1, Integer::sum)), i);
            }
            return index;
        }

        String name() {
            return "[" + (key instanceof Scalar scalar ? scalar.value : key) + (occurrence > 1 ? "#" + occurrence : "")
                    + "]";
        }
    }

    /** One comparison on its way; on the stack of one thread. */
    private static final class Walk {
        private final Set<String> noise;
        final List<Difference> differences = new ArrayList<>();
        final List<String> noisy = new ArrayList<>();
        final Set<String> names = new HashSet<>();

        Walk(Set<String> noise) {
            this.noise = noise;
        }

        /** Either value is null where there is none. */
        void values(Place place, List<Rules> rules, JsonNode rest, JsonNode log) {
            if (rules.stream().anyMatch(each -> each.ignored)) {
                return;
            }
            if (rest == null || log == null) {
                differ(place, rest, log);
            } else if (rest.isObject() && log.isObject()) {
                members(place, rules, rest, log);
            } else if (rest.isArray() && log.isArray()) {
                elements(place, rules, rest, log);
            } else if (rest.isNumber() && log.isNumber()) {
                if (!isSameNumber(rules, rest.decimalValue(), log.decimalValue())) {
                    differ(place, rest, log);
                }
            } else if (!rest.equals(log)) {
                differ(place, rest, log);
            }
        }

        private void members(Place place, List<Rules> rules, JsonNode rest, JsonNode log) {
            rest.properties().forEach(member -> {
                String name = member.getKey();
                values(new Place(place, name, name), Rules.below(rules, name), member.getValue(), log.get(name));
            });
            log.properties().forEach(member -> {
                String name = member.getKey();
                if (!rest.has(name)) {
                    values(new Place(place, name, name), Rules.below(rules, name), null, member.getValue());
                }
            });
        }

        private void elements(Place place, List<Rules> rules, JsonNode rest, JsonNode log) {
            String keyField = rules.stream()
                    .map(each -> each.keyField)
                    .filter(each -> each != null)
                    .findFirst()
                    .orElse(null);
            if (keyField != null) {
                keyedElements(place, rules, rest, log, keyField);
                return;
            }
            for (int i = 0; i < Math.max(rest.size(), log.size()); i++) {
                String token = Integer.toString(i);
                values(new Place(place, token, token), Rules.below(rules, token), rest.get(i), log.get(i));
            }
        }

        private void keyedElements(Place place, List<Rules> rules, JsonNode rest, JsonNode log, String keyField) {
            Map<Identity, Integer> inRest = Identity.index(rest, keyField);
            Map<Identity, Integer> inLog = Identity.index(log, keyField);
            inRest.forEach((identity, at) -> {
                Integer logAt = inLog.remove(identity);
                element(place, rules, identity, at, rest.get(at), logAt == null ? null : log.get(logAt));
            });
            inLog.forEach((identity, at) -> element(place, rules, identity, at, null, log.get(at)));
        }

        private void element(Place place, List<Rules> rules, Identity identity, int at, JsonNode rest, JsonNode log) {
            String token = Integer.toString(at);
            values(new Place(place, token, identity.name()), Rules.below(rules, token), rest, log);
        }

        private static boolean isSameNumber(List<Rules> rules, BigDecimal rest, BigDecimal log) {
            if (rest.compareTo(log) == 0) {
                return true;
            }
            return rules.stream()
                    .map(each -> each.within)
                    .filter(each -> each != null)
                    .anyMatch(within -> Math.abs((long) rest.scale()) <= LARGEST_SCALE
                            && Math.abs((long) log.scale()) <= LARGEST_SCALE
                            && rest.subtract(log).abs().compareTo(within) <= 0);
        }

        private void differ(Place place, JsonNode rest, JsonNode log) {
            if (isNoise(place)) {
                noisy.add(Place.pointerOf(place));
            } else {
                differences.add(new Difference(Place.pointerOf(place), rest, log));
                names.add(Place.nameOf(place));
            }
        }

        private boolean isNoise(Place place) {
            if (noise.isEmpty()) {
                return false;
            }
            for (Place each = place; each != null; each = each.parent) {
                if (noise.contains(Place.nameOf(each))) {
                    return true;
                }
            }
            return false;
        }
    }
}

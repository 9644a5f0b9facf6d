package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.FreshnessWatch.Shown;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Feature.KeyBody;
import dev.cutover.schema.Feature.Member;
import dev.cutover.schema.ParityRules.Rule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Finds the data of events in what REST answers of one feature, so that an event can be recognised there. Fields that the
 * feature's parity rules excuse are not looked at. Immutable; any thread.
 */
final class AnswerForm {
    private static final String ANY = "*";

    private final Feature feature;
    private final Feature.Rest rest;
    /** By event type, where its data stands in the body of a key. */
    private final Map<String, List<String>> places = new HashMap<>();

    /** @param feature one that has an endpoint */
    AnswerForm(Feature feature) {
        this.feature = feature;
        this.rest = feature.rest().orElseThrow();
        if (rest.one() instanceof KeyBody.Data data) {
            place(data.type(), "");
        } else if (rest.one() instanceof KeyBody.Members body) {
            for (Member member : body.members()) {
                if (member instanceof Member.Newest newest) {
                    place(newest.type(), "/" + escaped(newest.name()));
                } else if (member instanceof Member.Entries entries) {
                    place(entries.type(), "/" + escaped(entries.name()) + "/" + ANY);
                }
            }
        }
        if (rest.all() != null) {
            place(rest.all().type(), "");
        }
    }

    private void place(EventType type, String pointer) {
        places.computeIfAbsent(type.type(), each -> new ArrayList<>()).add(pointer);
    }

    private static String escaped(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }

    /** By which an event of that type is recognised. */
    long hash(String type, JsonNode data) {
        return DataHash.of(data, pointer -> isExcused(type, pointer));
    }

    private boolean isExcused(String type, String pointer) {
        List<Rule> rules = feature.parity().rules();
        return !rules.isEmpty()
                && places.getOrDefault(type, List.of()).stream()
                        .anyMatch(place -> rules.stream().anyMatch(rule -> covers(rule.field(), place + pointer)));
    }

    private static boolean covers(String rule, String pointer) {
        String[] pattern = rule.split("/", -1);
        String[] path = pointer.split("/", -1);
        if (pattern.length != path.length) {
            return false;
        }
        for (int i = 0; i < path.length; i++) {
            if (!pattern[i].equals(ANY) && !path[i].equals(ANY) && !pattern[i].equals(path[i])) {
                return false;
            }
        }
        return true;
    }

    /**
     * What an answer to the question for one key holds of it.
     *
     * @param upstream whether it comes from an existing service, which has the body in its own place
     */
    List<Shown> one(JsonNode answer, boolean upstream) {
        JsonNode body = upstream && rest.upstream().one() != null
                ? answer.at(rest.upstream().one().at())
                : answer;
        List<Shown> shown = new ArrayList<>();
        if (rest.one() instanceof KeyBody.Data data) {
            add(shown, data.type(), body);
        } else if (rest.one() instanceof KeyBody.Members members) {
            for (Member member : members.members()) {
                JsonNode value = body.path(member.name());
                if (member instanceof Member.Newest newest) {
                    add(shown, newest.type(), value);
                } else if (member instanceof Member.Entries entries) {
                    value.forEach(entry -> add(shown, entries.type(), entry));
                }
            }
        }
        return shown;
    }

    private void add(List<Shown> shown, EventType type, JsonNode data) {
        if (data.isObject()) {
            shown.add(new Shown(type.type(), hash(type.type(), data)));
        }
    }

    /**
     * What an answer of the list holds, by key.
     *
     * @param wanted which keys
     */
    Map<String, List<Shown>> all(JsonNode answer, boolean upstream, Predicate<String> wanted) {
        JsonNode array = upstream && rest.upstream().all() != null
                ? answer.at(rest.upstream().all().at())
                : answer.path(rest.all().member());
        EventType type = rest.all().type();
        Map<String, List<Shown>> shown = new HashMap<>();
        for (JsonNode element : array) {
            String key = element.path(type.key()).asText();
            if (wanted.test(key)) {
                add(shown.computeIfAbsent(key, each -> new ArrayList<>()), type, element);
            }
        }
        return shown;
    }

    /** Whether the endpoint cuts a body to the newest entries on request. */
    boolean hasSeries() {
        return rest.one() instanceof KeyBody.Members body
                && body.members().stream().anyMatch(Member.Entries.class::isInstance);
    }
}

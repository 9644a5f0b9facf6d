package dev.cutover.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads a feature's REST endpoint from the catalog's file. Confined to the thread that reads the file.
 *
 * @param types the feature's
 */
record RestForm(CatalogFile file, String place, List<Feature.EventType> types) {
    private static final Pattern PATH = Pattern.compile("(/[a-z0-9_-]+)+");
    private static final Set<String> REST_FIELDS = Set.of("path", "parameter", "one", "all", "upstream");
    private static final Set<String> UPSTREAM_FIELDS = Set.of("one", "all");
    private static final Set<String> SOURCE_FIELDS = Set.of("path", "at");
    private static final String KEY_TEXT = "$key";

    /**
     * The endpoint.
     *
     * @throws StartupException when the form breaks a rule; the message names its place
     */
    Feature.Rest read(JsonNode form) {
        file.fields(place, form, REST_FIELDS);
        String path = form.path("path").asText();
        file.check(PATH.matcher(path).matches(), place + ", path", "must match " + PATH + ", but is '" + path + "'");
        String parameter = form.path("parameter").textValue();
        file.check(
                parameter == null || CatalogFile.NAME.matcher(parameter).matches(),
                place + ", parameter",
                "must match " + CatalogFile.NAME + ", but is '" + parameter + "'");
        file.check(
                form.has("one") == (parameter != null),
                place,
                "must have both 'parameter', which names a key, and 'one', the body for that key, or neither");
        file.check(form.has("one") || form.has("all"), place, "must have a body: 'one', 'all', or both");
        Feature.KeyBody one = form.has("one") ? keyBody(place + ", one", form.get("one")) : null;
        Feature.ListBody all = form.has("all") ? listBody(place + ", all", form.get("all")) : null;
        String at = place + ", upstream";
        JsonNode upstream = form.path("upstream");
        file.fields(at, upstream, UPSTREAM_FIELDS);
        file.check(one != null || !upstream.has("one"), at, "has 'one', and the endpoint has not");
        file.check(all != null || !upstream.has("all"), at, "has 'all', and the endpoint has not");
        return new Feature.Rest(
                path,
                parameter,
                one,
                all,
                new Feature.Upstream(
                        one == null
                                ? null
                                : source(
                                        at + ", one",
                                        upstream.get("one"),
                                        new Feature.Source(path + "/?" + parameter + "=" + Feature.Source.KEY, "")),
                        all == null
                                ? null
                                : source(
                                        at + ", all",
                                        upstream.get("all"),
                                        new Feature.Source(path + "/", "/" + all.member()))));
    }

    /** Without one, the existing service is as this endpoint is. */
    private Feature.Source source(String place, JsonNode form, Feature.Source usual) {
        if (form == null) {
            return usual;
        }
        file.fields(place, form, SOURCE_FIELDS);
        String path = form.path("path").asText();
        boolean ofOneKey = usual.path().contains(Feature.Source.KEY);
        file.check(path.startsWith("/"), place + ", path", "must begin with a slash, but is '" + path + "'");
        file.check(
                path.contains(Feature.Source.KEY) == ofOneKey,
                place + ", path",
                (ofOneKey ? "must hold " : "must not hold ") + Feature.Source.KEY + ", but is '" + path + "'");
        return new Feature.Source(
                path, file.pointer(place + ", at", form.path("at").asText()));
    }

    private Feature.KeyBody keyBody(String place, JsonNode form) {
        if (form.isTextual()) {
            return new Feature.KeyBody.Data(latest(place, form.asText()));
        }
        file.check(form.isObject() && !form.isEmpty(), place, "must be an event type, or members: {NAME: TYPE, …}");
        List<Feature.Member> members = new ArrayList<>();
        form.properties().forEach(field -> members.add(member(place, field.getKey(), field.getValue())));
        return new Feature.KeyBody.Members(members);
    }

    private Feature.Member member(String place, String name, JsonNode of) {
        if (of.asText().equals(KEY_TEXT)) {
            return new Feature.Member.KeyText(name);
        }
        Feature.EventType type = type(place + ", " + name, of.asText());
        return type.view() instanceof Feature.View.Series
                ? new Feature.Member.Entries(name, type)
                : new Feature.Member.Newest(name, type);
    }

    private Feature.ListBody listBody(String place, JsonNode form) {
        file.check(form.isObject() && form.size() == 1, place, "must be one member: {NAME: TYPE}");
        String member = form.fieldNames().next();
        return new Feature.ListBody(member, latest(place, form.get(member).asText()));
    }

    private Feature.EventType latest(String place, String name) {
        Feature.EventType type = type(place, name);
        file.check(type.view() instanceof Feature.View.Latest, place, "must name an event type whose view is latest");
        return type;
    }

    private Feature.EventType type(String place, String name) {
        return types.stream()
                .filter(type -> type.type().equals(name))
                .findFirst()
                .orElseThrow(() -> file.wrong(place, "must be an event type of this feature, but is '" + name + "'"));
    }
}

package dev.cutover.rest;

import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.KeyBody;
import dev.cutover.schema.Feature.Member;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a request asks of an endpoint.
 *
 * @param key null for all of them
 * @param limit how many entries of a series at most; at least 1
 */
record SnapshotQuery(String key, int limit) {
    static final String LIMIT = "limit";

    private static final Pattern WHOLE_NUMBER = Pattern.compile("\\d+");
    private static final Pattern ZERO = Pattern.compile("0+");
    private static final Pattern INT = Pattern.compile("0*\\d{1,9}");

    /**
     * Reads the parameters that the endpoint knows; others, which callers add against caches, mean nothing.
     *
     * @throws BadParameterException when one is missing, blank, given twice or of another form
     */
    static SnapshotQuery of(Feature.Rest rest, Map<String, List<String>> parameters) throws BadParameterException {
        String key = rest.parameter() == null ? null : single(rest.parameter(), parameters);
        if (key == null && rest.all() == null) {
            throw new BadParameterException(
                    rest.parameter(), "it is missing; name a key: " + rest.path() + "/?" + rest.parameter() + "=…");
        }
        return new SnapshotQuery(key, hasSeries(rest) ? limit(parameters) : Integer.MAX_VALUE);
    }

    /** As a query, in the order of the parameters' names: requests for the same have the same. */
    String normalised(Feature.Rest rest) {
        Map<String, String> parameters = new TreeMap<>();
        if (key != null) {
            parameters.put(rest.parameter(), key);
        }
        if (limit != Integer.MAX_VALUE) {
            parameters.put(LIMIT, Integer.toString(limit));
        }
        return parameters.entrySet().stream()
                .map(each -> each.getKey() + "=" + URLEncoder.encode(each.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
    }

    static boolean hasSeries(Feature.Rest rest) {
        return rest.one() instanceof KeyBody.Members body
                && body.members().stream().anyMatch(Member.Entries.class::isInstance);
    }

    private static int limit(Map<String, List<String>> parameters) throws BadParameterException {
        String text = single(LIMIT, parameters);
        if (text == null) {
            return Integer.MAX_VALUE;
        }
        if (!WHOLE_NUMBER.matcher(text).matches() || ZERO.matcher(text).matches()) {
            throw new BadParameterException(
                    LIMIT, "it must be a whole number, 1 or more, but is '" + text + "'; leave it out for all entries");
        }
        return INT.matcher(text).matches() ? Integer.parseInt(text) : Integer.MAX_VALUE;
    }

    /** Null where it is left out. */
    private static String single(String name, Map<String, List<String>> parameters) throws BadParameterException {
        List<String> values = parameters.get(name);
        if (values == null || values.isEmpty()) {
            return null;
        }
        if (values.size() > 1) {
            throw new BadParameterException(name, "it is given " + values.size() + " times; give it once");
        }
        String value = values.get(0);
        if (value == null || value.isBlank()) {
            throw new BadParameterException(name, "it is blank; give it a value, or leave it out");
        }
        return value;
    }
}

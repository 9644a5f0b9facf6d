package dev.cutover.rest;

import dev.cutover.schema.Feature;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * A request, as the existing service is to be asked. Pure.
 *
 * @param target its path and query
 * @param asked what was asked for, where the answer can be compared; null where it can't, since parameters are in it of which
 *     the catalog does not say what they do
 */
record UpstreamQuery(String target, SnapshotQuery asked) {
    private static final String NOT_IN_URIS = " \"<>\\^`{|}";

    /**
     * Finds the target: for one key the catalog's path for one key, with what else is in the query; for all else the path of
     * the list with the query as it is, which is not for us to judge. Without a list, a request must name one key.
     *
     * @param raw as on the wire; null where there is none
     * @throws BadParameterException where there is no path for it
     * @throws IllegalArgumentException when the query can't be decoded
     */
    static UpstreamQuery of(Feature.Rest rest, String raw) throws BadParameterException {
        Map<String, List<String>> parameters = QueryString.parse(raw);
        Feature.Upstream upstream = rest.upstream();
        List<String> keys = rest.parameter() == null ? List.of() : parameters.getOrDefault(rest.parameter(), List.of());
        if (keys.size() == 1 && !keys.get(0).isBlank()) {
            String more = QueryString.without(rest.parameter(), raw);
            return new UpstreamQuery(with(upstream.one().path(keys.get(0)), more), asked(rest, parameters));
        }
        if (upstream.all() == null) {
            var unused = SnapshotQuery.of(rest, parameters); // says what is wrong
            throw new IllegalStateException("a query without a key that is none: " + raw);
        }
        return new UpstreamQuery(
                with(upstream.all().path(), raw == null ? "" : raw), keys.isEmpty() ? asked(rest, parameters) : null);
    }

    private static String with(String path, String query) {
        if (query.isEmpty()) {
            return path;
        }
        return path + (path.contains("?") ? "&" : "?") + escaped(query);
    }

    /** What servers take although no URI may hold it (RFC 3986, section 2), in the form in which it may. */
    private static String escaped(String query) {
        StringBuilder escaped = new StringBuilder(query.length());
        for (int i = 0; i < query.length(); i++) {
            char each = query.charAt(i);
            if (NOT_IN_URIS.indexOf(each) < 0) {
                escaped.append(each);
            } else {
                escaped.append('%').append(HexFormat.of().withUpperCase().toHexDigits((byte) each));
            }
        }
        return escaped.toString();
    }

    private static SnapshotQuery asked(Feature.Rest rest, Map<String, List<String>> parameters) {
        boolean allKnown = parameters.keySet().stream()
                .allMatch(name -> name.equals(rest.parameter())
                        || (name.equals(SnapshotQuery.LIMIT) && SnapshotQuery.hasSeries(rest)));
        try {
            return allKnown ? SnapshotQuery.of(rest, parameters) : null;
        } catch (BadParameterException e) {
            return null; // the service behind will say so, or knows another meaning
        }
    }
}

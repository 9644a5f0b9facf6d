package dev.cutover.rest;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Tells the headers that go through an intermediary from those of one connection (RFC 9110, section 7.6.1). Pure. */
final class EndToEnd {
    private static final String CONNECTION = "connection";
    private static final Set<String> HOP_BY_HOP = Set.of(
            CONNECTION,
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "http2-settings");
    /** Of a request, what the client says of the connection to us, or makes itself. */
    private static final Set<String> OF_THIS_REQUEST = Set.of("host", "content-length", "expect");

    private EndToEnd() {}

    /**
     * What of a request goes on.
     *
     * @param headers by lower-case name, each line's value
     */
    static Map<String, List<String>> ofRequest(Map<String, List<String>> headers) {
        return without(OF_THIS_REQUEST, headers);
    }

    /** What of an answer goes back. */
    static Map<String, List<String>> ofAnswer(Map<String, List<String>> headers) {
        return without(Set.of(), headers);
    }

    private static Map<String, List<String>> without(Set<String> more, Map<String, List<String>> headers) {
        Set<String> named = new TreeSet<>();
        headers.forEach((name, values) -> {
            if (name.equalsIgnoreCase(CONNECTION)) {
                values.forEach(value -> List.of(value.split(",", -1))
                        .forEach(each -> named.add(each.strip().toLowerCase(Locale.ROOT))));
            }
        });
        Map<String, List<String>> through = new LinkedHashMap<>();
        headers.forEach((name, values) -> {
            String known = name.toLowerCase(Locale.ROOT);
            if (!HOP_BY_HOP.contains(known) && !more.contains(known) && !named.contains(known)) {
                through.put(name, values);
            }
        });
        return through;
    }
}

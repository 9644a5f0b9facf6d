package dev.cutover.rest;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What an endpoint is asked.
 *
 * @param method GET, HEAD or OPTIONS
 * @param query as on the wire, without its question mark; null where there is none
 * @param headers by lower-case name, each line's value
 */
record Request(String method, String query, Map<String, List<String>> headers, Caller caller, Instant askedAt) {

    boolean isHead() {
        return method.equals("HEAD");
    }

    /** The header's lines as one; null where there is none. */
    String header(String name) {
        List<String> lines = headers.get(name.toLowerCase(Locale.ROOT));
        return lines == null ? null : String.join(",", lines);
    }
}

package dev.cutover.rest;

import dev.cutover.schema.Origins;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Whose pages may read what is answered: those of the loopback interface, and the listed ones. Immutable.
 *
 * @see <a href="https://fetch.spec.whatwg.org/#http-cors-protocol">the CORS protocol</a>
 */
final class Cors {
    static final String METHODS = "GET, HEAD, OPTIONS";

    private static final Map<String, String> EVERYONE = Map.of("Vary", "Origin");
    private static final String ALLOW_ORIGIN = "Access-Control-Allow-Origin";

    private final Set<String> origins;

    /** @param origins in lower case */
    Cors(Set<String> origins) {
        this.origins = Set.copyOf(origins);
    }

    /**
     * What goes with an answer.
     *
     * @param origin of the page that asks; null where none says so
     */
    Map<String, String> headers(String origin) {
        if (!isAllowed(origin)) {
            return EVERYONE;
        }
        Map<String, String> headers = new HashMap<>(EVERYONE);
        headers.put(ALLOW_ORIGIN, origin);
        headers.put("Access-Control-Expose-Headers", "ETag, Cutover-Position, Deprecation, Sunset, Link, Retry-After");
        return headers;
    }

    /** What goes with the answer to a browser that asks what it may send. */
    Map<String, String> preflightHeaders(String origin) {
        Map<String, String> headers = new HashMap<>(EVERYONE);
        headers.put("Allow", METHODS);
        if (isAllowed(origin)) {
            headers.put(ALLOW_ORIGIN, origin);
            headers.put("Access-Control-Allow-Methods", METHODS);
            headers.put("Access-Control-Allow-Headers", "If-None-Match, Cutover-Client, Authorization");
            headers.put("Access-Control-Max-Age", "600");
        }
        return headers;
    }

    private boolean isAllowed(String origin) {
        return origin != null && (Origins.isLoopback(origin) || origins.contains(origin.toLowerCase(Locale.ROOT)));
    }
}

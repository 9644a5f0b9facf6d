package dev.cutover.rest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.schema.HttpAnswer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What goes back to a client.
 *
 * @param content its body is empty where the status has none
 * @param headers beside those that the content brings; each name's values, one line each
 * @param shown what of it can be compared with the events
 * @param isOfServiceBehind whether it is that of an existing service, to which nothing is added any more
 */
record Answer(HttpAnswer content, Map<String, List<String>> headers, Served.Content shown, boolean isOfServiceBehind) {
    static final String CACHE_CONTROL = "Cache-Control";

    private static final Map<String, String> NO_STORE = Map.of(CACHE_CONTROL, "no-store");
    private static final byte[] NO_BODY = new byte[0];

    Answer {
        headers = Map.copyOf(headers);
    }

    Answer(HttpAnswer content, Map<String, String> headers) {
        this(content, lines(headers), Served.NOTHING, false);
    }

    private static Map<String, List<String>> lines(Map<String, String> headers) {
        return headers.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, header -> List.of(header.getValue())));
    }

    /** An answer that nobody may keep. */
    Answer(HttpAnswer content) {
        this(content, NO_STORE);
    }

    static Answer withoutBody(int status, Map<String, String> headers) {
        return new Answer(new HttpAnswer(status, null, NO_BODY), headers);
    }

    /** A problem, with headers beside {@code Cache-Control}. */
    static Answer problem(ObjectNode body, Map<String, String> more) {
        Map<String, String> headers = new HashMap<>(NO_STORE);
        headers.putAll(more);
        return new Answer(HttpAnswer.problem(body), headers);
    }

    /** This answer, and what it has that can be compared. */
    Answer showing(Served.Content what) {
        return new Answer(content, headers, what, isOfServiceBehind);
    }

    int status() {
        return content.status();
    }
}

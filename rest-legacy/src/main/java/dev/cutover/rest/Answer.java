package dev.cutover.rest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.schema.HttpAnswer;
import java.util.HashMap;
import java.util.Map;

/**
 * What goes back to a client.
 *
 * @param content its body is empty where the status has none
 * @param headers beside those that the content brings
 */
record Answer(HttpAnswer content, Map<String, String> headers) {
    static final String CACHE_CONTROL = "Cache-Control";

    private static final Map<String, String> NO_STORE = Map.of(CACHE_CONTROL, "no-store");
    private static final byte[] NO_BODY = new byte[0];

    Answer {
        headers = Map.copyOf(headers);
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

    int status() {
        return content.status();
    }
}

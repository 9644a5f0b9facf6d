package dev.cutover.schema;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * An answer over HTTP, whichever server sends it.
 *
 * @param contentType with its charset where it needs one
 * @param body complete; never changed
 * @param headers beside those of the content
 */
@SuppressWarnings("ArrayRecordComponent") // answers are sent, and never compared
public record HttpAnswer(int status, String contentType, byte[] body, Map<String, String> headers) {
    public static final String JSON = "application/json";
    /** RFC 9457. */
    public static final String PROBLEM = "application/problem+json";

    static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    public HttpAnswer {
        headers = Map.copyOf(headers);
    }

    /** An answer without headers of its own. */
    public HttpAnswer(int status, String contentType, byte[] body) {
        this(status, contentType, body, Map.of());
    }

    /**
     * A JSON document.
     *
     * @param utf8 the document
     */
    public static HttpAnswer json(int status, byte[] utf8) {
        return new HttpAnswer(status, JSON, utf8);
    }

    /**
     * A problem detail.
     *
     * @param title the same for every problem of its kind
     * @param detail what is wrong with this request, and what to do next
     */
    public static HttpAnswer problem(int status, String title, String detail) {
        return problem(problemBody(status, title, detail));
    }

    /**
     * A refusal: a problem detail with a word for programs.
     *
     * @param code why it was refused; one of a few words
     */
    public static HttpAnswer refusal(int status, String title, String code, String detail) {
        return problem(problemBody(status, title, detail).put("code", code));
    }

    /** A problem detail with members of its own: put them into the {@link #problemBody body}. */
    public static HttpAnswer problem(ObjectNode body) {
        return new HttpAnswer(
                body.path("status").intValue(), PROBLEM, body.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** The members that every problem has; without a type, which then is {@code about:blank}. */
    public static ObjectNode problemBody(int status, String title, String detail) {
        return Json.MAPPER
                .createObjectNode()
                .put("title", title)
                .put("status", status)
                .put("detail", detail);
    }
}

package dev.cutover.schema;

import java.util.Locale;
import java.util.Optional;

/**
 * What a request that changes something must be. A page of another site could have its visitor's browser send a change to this
 * machine; but a browser asks first before it sends JSON across origins, and says where the page came from. So a change must be
 * {@code application/json}, and a request whose Origin is foreign is refused. Pure.
 */
public final class JsonPost {

    /**
     * Why a request is not followed.
     *
     * @param code one of a few words
     */
    public record Refusal(String code, int status, String title, String detail) {
        /** The answer, with the code for programs. */
        public HttpAnswer answer() {
            return HttpAnswer.refusal(status, title, code, detail);
        }
    }

    private JsonPost() {}

    /**
     * Looks at where the page comes from.
     *
     * @param origin the header; null where there is none, as with what is no browser
     * @param host the header; null where there is none
     * @param loopback whether the service listens on the loopback interface alone: there is then no other address whose pages
     *     could be its own
     */
    public static Optional<Refusal> refusedOrigin(String origin, String host, boolean loopback) {
        if (origin == null || Origins.isLoopback(origin) || (!loopback && Origins.isSameAddress(origin, host))) {
            return Optional.empty();
        }
        return Optional.of(new Refusal(
                "foreign_origin",
                403,
                "Foreign Origin",
                "pages of " + origin + " may not ask here: only those of this machine"
                        + (loopback ? "" : ", or of the address that is asked")));
    }

    /**
     * Looks at what is sent.
     *
     * @param contentType the header; null where there is none
     * @param bytes the body's length; −1 while it is not known
     */
    public static Optional<Refusal> refusedContent(String contentType, long bytes, int mostBytes) {
        if (contentType == null
                || !contentType
                        .split(";", 2)[0]
                        .strip()
                        .toLowerCase(Locale.ROOT)
                        .equals(HttpAnswer.JSON)) {
            return Optional.of(new Refusal(
                    "content_type",
                    415,
                    "Unsupported Media Type",
                    "the Content-Type must be " + HttpAnswer.JSON + ", but is "
                            + (contentType == null ? "not there" : "'" + contentType + "'")));
        }
        return bytes <= mostBytes
                ? Optional.empty()
                : Optional.of(new Refusal(
                        "too_large", 413, "Content Too Large", "the body must have " + mostBytes + " bytes at most"));
    }
}

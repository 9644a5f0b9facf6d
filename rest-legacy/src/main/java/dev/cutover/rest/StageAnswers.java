package dev.cutover.rest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Flag;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Stage;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** What a feature's stage makes of its answers, whoever gives their body. Immutable; any thread. */
final class StageAnswers {
    static final String RETRY_AFTER = "Retry-After";
    private static final String RETRY_AFTER_S = "1";
    /** RFC 9110, section 5.6.7. */
    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    private final Feature feature;
    private final Supplier<Optional<Flag>> flag;
    private final String gatewayUrl;

    /** @param flag empty while no flag has been read: a stage is never guessed */
    StageAnswers(Feature feature, Supplier<Optional<Flag>> flag, String gatewayUrl) {
        this.feature = feature;
        this.flag = flag;
        this.gatewayUrl = gatewayUrl;
    }

    Feature feature() {
        return feature;
    }

    /** Empty while it is not known. */
    Optional<Flag> flag() {
        return flag.get();
    }

    /**
     * The answer where the stage alone decides it, since it is not known, or the feature is promoted; else empty.
     *
     * @param now what {@link #flag} gave
     */
    Optional<Answer> decided(Optional<Flag> now) {
        if (now.isEmpty()) {
            return Optional.of(unavailable("the stage of " + feature.name() + " has not been read from Kafka yet"));
        }
        return now.get().stage() == Stage.PROMOTED ? Optional.of(gone(now.get())) : Optional.empty();
    }

    /** What is added to an answer: nothing but on a live feature. */
    Map<String, String> deprecation(Flag now) {
        if (now.stage() != Stage.LIVE) {
            return Map.of();
        }
        Map<String, String> headers = new HashMap<>(successor());
        if (now.since() != null) {
            headers.put("Deprecation", "@" + now.since().getEpochSecond()); // RFC 9745
        }
        if (now.sunset() != null) {
            headers.put("Sunset", HTTP_DATE.format(now.sunset())); // RFC 8594
        }
        return headers;
    }

    private Map<String, String> successor() {
        return Map.of("Link", "<" + gatewayUrl + ">; rel=\"successor-version\"");
    }

    private Answer gone(Flag now) {
        Instant since = now.since();
        ObjectNode body = problem(
                        410,
                        "Promoted to WebSocket",
                        feature.name() + " is not served by REST any more" + (since == null ? "" : ", since " + since)
                                + "; subscribe to it at " + gatewayUrl)
                .put("websocket", gatewayUrl)
                .put("since", since == null ? null : since.toString());
        return Answer.problem(body, successor());
    }

    /** 503, to be asked again soon. */
    Answer unavailable(String reason) {
        return Answer.problem(
                problem(503, "Not ready", reason + "; ask again in " + RETRY_AFTER_S + " s"),
                Map.of(RETRY_AFTER, RETRY_AFTER_S));
    }

    /** A problem that names the feature. */
    ObjectNode problem(int status, String title, String detail) {
        return HttpAnswer.problemBody(status, title, detail).put("feature", feature.name());
    }
}

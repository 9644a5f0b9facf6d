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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What one feature's endpoint answers, by its stage. Immutable; any thread; waits for nothing. */
final class FeatureEndpoint {
    private static final String RETRY_AFTER_S = "1";
    /** RFC 9110, section 5.6.7. */
    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);
    /** RFC 9110, section 8.8.3. */
    private static final Pattern ENTITY_TAG = Pattern.compile("\"[^\"]*\"");

    private final Feature feature;
    private final Feature.Rest rest;
    private final Supplier<Optional<Flag>> flag;
    private final Snapshots snapshots;
    private final String gatewayUrl;

    /**
     * The endpoint of a feature.
     *
     * @param feature one that has an endpoint
     * @param flag empty while no flag has been read: a stage is never guessed
     */
    FeatureEndpoint(Feature feature, Supplier<Optional<Flag>> flag, Snapshots snapshots, String gatewayUrl) {
        this.feature = feature;
        this.rest = feature.rest().orElseThrow();
        this.flag = flag;
        this.snapshots = snapshots;
        this.gatewayUrl = gatewayUrl;
    }

    String feature() {
        return feature.name();
    }

    /** Without the slash at its end. */
    String path() {
        return rest.path();
    }

    /**
     * The answer to a GET, and, without its body, to a HEAD.
     *
     * @param parameters decoded
     * @param ifNoneMatch the header, its lines joined by commas; null where there is none
     */
    Answer get(Map<String, List<String>> parameters, String ifNoneMatch) {
        Optional<Flag> now = flag.get();
        if (now.isEmpty()) {
            return unavailable("the stage of " + feature.name() + " has not been read from Kafka yet");
        }
        if (now.get().stage() == Stage.PROMOTED) {
            return gone(now.get());
        }
        SnapshotQuery query;
        try {
            query = SnapshotQuery.of(rest, parameters);
        } catch (BadParameterException e) {
            return badParameter(e);
        }
        Optional<Snapshot> snapshot =
                query.key() == null ? snapshots.all(feature.name()) : snapshots.one(feature.name(), query.key());
        if (snapshot.isEmpty()) {
            return unavailable("the views of " + feature.name() + " are being filled from Kafka");
        }
        SnapshotBody body = SnapshotBody.of(feature, snapshot.get(), query);
        return body == null
                ? unknownKey(query.key())
                : found(body.bytes(), body.tag(), snapshot.get(), now.get(), ifNoneMatch);
    }

    private Answer found(byte[] body, String tag, Snapshot snapshot, Flag now, String ifNoneMatch) {
        Map<String, String> headers = new HashMap<>(deprecation(now));
        headers.put("ETag", tag);
        headers.put("Cutover-Position", snapshot.position());
        headers.put(Answer.CACHE_CONTROL, "no-cache");
        return matches(ifNoneMatch, tag)
                ? Answer.withoutBody(304, headers)
                : new Answer(HttpAnswer.json(200, body), headers);
    }

    /** By the weak comparison (RFC 9110, section 13.1.2): whether one of the tags is this one, or any would do. */
    private static boolean matches(String ifNoneMatch, String tag) {
        if (ifNoneMatch == null) {
            return false;
        }
        if (ifNoneMatch.strip().equals("*")) {
            return true;
        }
        Matcher each = ENTITY_TAG.matcher(ifNoneMatch);
        while (each.find()) {
            if (each.group().equals(tag)) {
                return true;
            }
        }
        return false;
    }

    private Map<String, String> deprecation(Flag now) {
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

    private Answer badParameter(BadParameterException e) {
        return Answer.problem(
                problem(400, "Bad parameter", "parameter " + e.parameter() + " of " + path() + ": " + e.getMessage())
                        .put("parameter", e.parameter()),
                Map.of());
    }

    private Answer unknownKey(String key) {
        String next = rest.all() == null ? "" : "; " + path() + "/ without it lists all";
        return Answer.problem(
                problem(
                                404,
                                "Unknown key",
                                "nothing is known of " + rest.parameter() + " '" + key + "' in " + feature.name()
                                        + next)
                        .put("parameter", rest.parameter())
                        .put("value", key),
                Map.of());
    }

    private Answer unavailable(String reason) {
        return Answer.problem(
                problem(503, "Not ready", reason + "; ask again in " + RETRY_AFTER_S + " s"),
                Map.of("Retry-After", RETRY_AFTER_S));
    }

    private ObjectNode problem(int status, String title, String detail) {
        return HttpAnswer.problemBody(status, title, detail).put("feature", feature.name());
    }
}

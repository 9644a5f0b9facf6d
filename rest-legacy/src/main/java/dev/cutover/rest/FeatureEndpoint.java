package dev.cutover.rest;

import dev.cutover.schema.Feature;
import dev.cutover.schema.Flag;
import dev.cutover.schema.HttpAnswer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What one feature's endpoint answers of Cutover's own views, by its stage. Immutable; any thread; waits for nothing. */
final class FeatureEndpoint implements Endpoint {
    /** RFC 9110, section 8.8.3. */
    private static final Pattern ENTITY_TAG = Pattern.compile("\"[^\"]*\"");

    private final StageAnswers stages;
    private final Feature feature;
    private final Feature.Rest rest;
    private final Snapshots snapshots;
    private final Function<String, Optional<BodyChange>> changes;

    /**
     * The endpoint of a feature that has one.
     *
     * @param changes as in {@link RestExtras}
     */
    FeatureEndpoint(StageAnswers stages, Snapshots snapshots, Function<String, Optional<BodyChange>> changes) {
        this.stages = stages;
        this.feature = stages.feature();
        this.rest = feature.rest().orElseThrow();
        this.snapshots = snapshots;
        this.changes = changes;
    }

    @Override
    public Feature feature() {
        return feature;
    }

    @Override
    public boolean hasOwnCors() {
        return true;
    }

    @Override
    public CompletableFuture<Answer> answer(Request request) {
        return CompletableFuture.completedFuture(get(request));
    }

    private Answer get(Request request) {
        Map<String, List<String>> parameters;
        try {
            parameters = QueryString.parse(request.query());
        } catch (IllegalArgumentException e) {
            return new Answer(HttpAnswer.problem(400, "Bad query", "the query can't be decoded: " + e.getMessage()));
        }
        Optional<Flag> now = stages.flag();
        Optional<Answer> decided = stages.decided(now);
        if (decided.isPresent()) {
            return decided.get();
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
            return stages.unavailable("the views of " + feature.name() + " are being filled from Kafka");
        }
        SnapshotBody body = SnapshotBody.of(
                feature, snapshot.get(), query, changes.apply(feature.name()).orElse(null));
        return body == null
                ? unknownKey(query, snapshot.get())
                : found(body, query, snapshot.get(), now.orElseThrow(), request.header("If-None-Match"));
    }

    private Answer found(SnapshotBody body, SnapshotQuery query, Snapshot snapshot, Flag now, String ifNoneMatch) {
        String tag = body.tag();
        Map<String, String> headers = new HashMap<>(stages.deprecation(now));
        headers.put("ETag", tag);
        headers.put("Cutover-Position", snapshot.position());
        headers.put(Answer.CACHE_CONTROL, "no-cache");
        if (matches(ifNoneMatch, tag)) {
            return Answer.withoutBody(304, headers);
        }
        byte[] bytes = body.bytes();
        return new Answer(HttpAnswer.json(200, bytes), headers)
                .showing(new Served.Views(
                        snapshot.epoch(),
                        snapshot.offsets(),
                        query.key() == null,
                        query.normalised(rest),
                        bytes,
                        body.parts()));
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

    private Answer badParameter(BadParameterException e) {
        return Answer.problem(
                stages.problem(
                                400,
                                "Bad parameter",
                                "parameter " + e.parameter() + " of " + path() + ": " + e.getMessage())
                        .put("parameter", e.parameter()),
                Map.of());
    }

    private Answer unknownKey(SnapshotQuery query, Snapshot snapshot) {
        String key = query.key();
        String next = rest.all() == null ? "" : "; " + path() + "/ without it lists all";
        return Answer.problem(
                        stages.problem(
                                        404,
                                        "Unknown key",
                                        "nothing is known of " + rest.parameter() + " '" + key + "' in "
                                                + feature.name() + next)
                                .put("parameter", rest.parameter())
                                .put("value", key),
                        Map.of())
                .showing(new Served.Unknown(key, query.normalised(rest), snapshot.epoch(), snapshot.offsets()));
    }
}

package dev.cutover.rest;

import dev.cutover.schema.Feature;
import dev.cutover.schema.Flag;
import dev.cutover.schema.HttpAnswer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * What one feature's endpoint answers where an existing service has the data: that service's answer, to which a shadow adds
 * nothing; a promoted feature is not asked for there. Immutable; any thread; waits for nothing.
 */
final class UpstreamEndpoint implements Endpoint {
    private static final String CONTENT_TYPE = "content-type";
    private static final String CONTENT_LENGTH = "content-length";
    private static final String CONTENT_ENCODING = "content-encoding";

    private final StageAnswers stages;
    private final Feature feature;
    private final Upstream upstream;
    private final RestMetrics metrics;

    UpstreamEndpoint(StageAnswers stages, Upstream upstream, RestMetrics metrics) {
        this.stages = stages;
        this.feature = stages.feature();
        this.upstream = upstream;
        this.metrics = metrics;
    }

    @Override
    public Feature feature() {
        return feature;
    }

    /** The existing service knows its pages. */
    @Override
    public boolean hasOwnCors() {
        return false;
    }

    @Override
    public CompletableFuture<Answer> answer(Request request) {
        Optional<Flag> now = stages.flag();
        Optional<Answer> decided = stages.decided(now);
        if (decided.isPresent()) {
            return CompletableFuture.completedFuture(decided.get());
        }
        UpstreamQuery query;
        try {
            query = UpstreamQuery.of(feature.rest().orElseThrow(), request.query());
        } catch (BadParameterException e) {
            return problem(
                    400, "Bad parameter", "parameter " + e.parameter() + " of " + path() + ": " + e.getMessage());
        } catch (IllegalArgumentException e) {
            return problem(400, "Bad query", "the query can't be decoded: " + e.getMessage());
        }
        return upstream.ask(request.method(), query.target(), EndToEnd.ofRequest(request.headers()))
                .thenApply(outcome -> answer(outcome, request, query.asked(), now.orElseThrow()));
    }

    private CompletableFuture<Answer> problem(int status, String title, String detail) {
        return CompletableFuture.completedFuture(Answer.problem(stages.problem(status, title, detail), Map.of()));
    }

    private Answer answer(Upstream.Outcome outcome, Request request, SnapshotQuery asked, Flag now) {
        if (outcome instanceof Upstream.Outcome.Answered answered) {
            metrics.upstream(feature.name(), "answered");
            return passedBack(answered, request, now).showing(shown(answered, asked));
        }
        if (outcome instanceof Upstream.Outcome.Busy) {
            metrics.upstream(feature.name(), "busy");
            return stages.unavailable("the existing service behind has as many requests of ours as it may");
        }
        if (outcome instanceof Upstream.Outcome.Late) {
            metrics.upstream(feature.name(), "late");
            return Answer.problem(
                    stages.problem(504, "Gateway timeout", "the existing service behind did not answer in time"),
                    Map.of());
        }
        metrics.upstream(feature.name(), "failed");
        return Answer.problem(
                stages.problem(
                        502,
                        "Bad gateway",
                        "the existing service behind failed: " + ((Upstream.Outcome.Failed) outcome).why()),
                Map.of());
    }

    private Answer passedBack(Upstream.Outcome.Answered answered, Request request, Flag now) {
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.putAll(EndToEnd.ofAnswer(answered.headers()));
        List<String> type = headers.remove(CONTENT_TYPE);
        if (!request.isHead()) {
            headers.remove(CONTENT_LENGTH); // that of the body is told anew, and none where there is no body
        }
        stages.deprecation(now).forEach((name, value) -> {
            List<String> values =
                    new ArrayList<>(name.equals("Link") ? headers.getOrDefault(name, List.of()) : List.of());
            values.add(value);
            headers.put(name, values);
        });
        HttpAnswer content = new HttpAnswer(answered.status(), type == null ? null : type.get(0), answered.body());
        return new Answer(content, headers, Served.NOTHING, true);
    }

    private Served.Content shown(Upstream.Outcome.Answered answered, SnapshotQuery asked) {
        if (asked == null) {
            return new Served.Unusable("other_parameters");
        }
        String query = asked.normalised(feature.rest().orElseThrow());
        if (answered.status() == 404 && asked.key() != null) {
            return new Served.Unknown(asked.key(), query, null, List.of());
        }
        if (answered.status() != 200) {
            return answered.status() == 304 ? Served.NOTHING : new Served.Unusable("status");
        }
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.putAll(new LinkedHashMap<>(answered.headers()));
        String type = headers.getOrDefault(CONTENT_TYPE, List.of("")).get(0).toLowerCase(Locale.ROOT);
        if (!type.contains("json")) {
            return new Served.Unusable(ServedBodies.NOT_JSON);
        }
        List<String> encodings = headers.get(CONTENT_ENCODING);
        return new Served.FromUpstream(
                asked.key(),
                query,
                encodings == null ? null : String.join(",", encodings).toLowerCase(Locale.ROOT),
                answered.body());
    }
}

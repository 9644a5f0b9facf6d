package dev.cutover.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cutover.schema.Feature;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks REST for a few keys of one feature at its fastest cadence, one request after the other, as long as REST serves it: plans
 * the questions and reads the answers, and does no I/O itself. A sample of keys stays for some rounds, so that its freshness can
 * be told, and then the next ones have their turn. One key of each round is asked for twice in a row: what differs between the two,
 * and no event came between them, is noise. Owned by the prober's thread.
 */
final class RestProbe {
    private static final Logger log = LoggerFactory.getLogger(RestProbe.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    static final Duration LEAST_INTERVAL = Duration.ofMillis(500);
    /** Rounds after which other keys have their turn. */
    static final int ROUNDS_OF_A_SAMPLE = 5;
    /** The list is asked for once in so many rounds, where there are keys to ask for as well. */
    static final int ROUNDS_OF_A_LIST = 10;
    /** A series is asked for whole when its key comes into the sample, and for its newest entries after that. */
    static final int NEWEST_ENTRIES = 10;

    /**
     * A question.
     *
     * @param key null for the list
     * @param path with its query
     */
    record Question(String feature, String key, String path) {}

    /**
     * How a question ended.
     *
     * @param status 0 where there was no answer
     * @param upstream whether it was an existing service's that has no positions
     * @param why there was none, or it can't be used; null for a whole one
     * @param atNs when it was complete
     */
    record Answer(Question question, int status, boolean upstream, String body, String why, long atNs) {}

    private final Feature feature;
    private final Feature.Rest rest;
    private final AnswerForm form;
    private final FeatureWatch watch;
    private final KeyRotation rotation;
    private final long intervalNs;
    private final Deque<Question> pending = new ArrayDeque<>();

    private List<String> sample = List.of();
    private int roundsOfSample;
    private long round;
    private long dueNs;
    private boolean asking;
    private boolean failing;
    private boolean listTooLarge;

    /**
     * Begins at some moment within the first interval.
     *
     * @param feature one that has an endpoint
     */
    RestProbe(
            Feature feature, AnswerForm form, FeatureWatch watch, int keysARound, long nowNs, RandomGenerator random) {
        this.feature = feature;
        this.rest = feature.rest().orElseThrow();
        this.form = form;
        this.watch = watch;
        this.rotation = new KeyRotation(keysARound);
        this.intervalNs = interval(feature).toNanos();
        this.dueNs = nowNs + random.nextLong(intervalNs);
    }

    /** How often a key is asked for. */
    static Duration interval(Feature feature) {
        Duration cadence = feature.fastestCadence();
        return cadence.compareTo(LEAST_INTERVAL) < 0 ? LEAST_INTERVAL : cadence;
    }

    /**
     * The next question, where one is due; its answer is to be {@linkplain #answered told} before there is another.
     *
     * @param served whether REST still serves the feature
     */
    Optional<Question> next(long nowNs, boolean served) {
        if (!served) {
            pending.clear();
            watch.freshness().asking(List.of());
            sample = List.of();
        } else if (nowNs - dueNs >= 0) {
            // rounds that a slow REST did not leave time for are left out
            dueNs += ((nowNs - dueNs) / intervalNs + 1) * intervalNs;
            if (pending.isEmpty() && !asking) {
                plan();
            }
        }
        if (asking || pending.isEmpty()) {
            return Optional.empty();
        }
        asking = true;
        return Optional.of(pending.remove());
    }

    private void plan() {
        boolean fresh = sample.isEmpty() || ++roundsOfSample >= ROUNDS_OF_A_SAMPLE;
        if (fresh) {
            sample = rotation.next(watch.keys());
            roundsOfSample = 0;
            watch.freshness().asking(sample);
        }
        boolean byKey = rest.parameter() != null;
        if (byKey) {
            for (int i = 0; i < sample.size(); i++) {
                Question question = question(sample.get(i), fresh);
                pending.add(question);
                if (i == round % sample.size()) {
                    pending.add(question);
                }
            }
        }
        if (rest.all() != null && !listTooLarge && (!byKey || round % ROUNDS_OF_A_LIST == 0)) {
            pending.add(new Question(feature.name(), null, rest.path() + "/"));
            if (!byKey && round % ROUNDS_OF_A_LIST == 0) {
                pending.add(pending.peekLast());
            }
        }
        round++;
    }

    private Question question(String key, boolean whole) {
        String query = encoded(rest.parameter()) + "=" + encoded(key);
        return new Question(
                feature.name(),
                key,
                rest.path() + "/?" + query + (whole || !form.hasSeries() ? "" : "&limit=" + NEWEST_ENTRIES));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /**
     * The end of the question that was asked last.
     *
     * @return whether the answer was what it should be
     */
    boolean answered(Answer answer) {
        asking = false;
        String why = answer.why() == null ? read(answer) : answer.why();
        if (why != null) {
            watch.restError();
            if (!failing) {
                log.warn(
                        "REST does not answer {} as it should: {}; further ones of {} are only counted",
                        answer.question().path(),
                        why,
                        feature.name());
            }
        }
        failing = why != null;
        return !failing;
    }

    /** The list grows beyond what is worth to be read: keys alone are asked for from now on. */
    void listIsTooLarge() {
        asking = false;
        listTooLarge = true;
    }

    /** What is wrong with it; null where nothing is. */
    private String read(Answer answer) {
        switch (answer.status()) {
            case 200 -> {
                return show(answer);
            }
            // promoted, which its flag may say a moment later
            case 410 -> {
                return null;
            }
            // a key that REST does not know is for parity to judge
            case 404 -> {
                return answer.question().key() == null ? "404" : null;
            }
            default -> {
                return Integer.toString(answer.status());
            }
        }
    }

    private String show(Answer answer) {
        JsonNode body;
        try {
            body = JSON.readTree(answer.body());
        } catch (JsonProcessingException e) {
            return "its body is not JSON: " + e.getOriginalMessage();
        }
        FreshnessWatch freshness = watch.freshness();
        String key = answer.question().key();
        if (key == null) {
            form.all(body, answer.upstream(), freshness::isAsking)
                    .forEach((each, shown) -> freshness.answered(each, shown, answer.atNs()));
        } else {
            freshness.answered(key, form.one(body, answer.upstream()), answer.atNs());
        }
        return null;
    }
}

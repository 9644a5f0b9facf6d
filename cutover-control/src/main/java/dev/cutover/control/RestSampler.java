package dev.cutover.control;

import dev.cutover.control.RestProbe.Answer;
import dev.cutover.control.RestProbe.Question;
import dev.cutover.schema.Feature;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.NavigableSet;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Asks REST for a few keys of a feature at its cadence, one request after the other, as a page would poll it. Confined to one
 * thread, which it never holds up; the client's threads only put answers into a queue.
 */
final class RestSampler {
    private final Feature feature;
    private final Feature.Rest rest;
    private final KeyRotation rotation;
    private final RestAsker asker;
    private final Queue<ProbeArrival> arrivals = new ConcurrentLinkedQueue<>();
    private final Deque<Question> pending = new ArrayDeque<>();
    private final long intervalNs;
    private long dueNs;
    private boolean asking;
    private boolean begun;

    /**
     * A sampler whose first round is due at once.
     *
     * @param feature one that has an endpoint
     * @param size how many keys it asks for in a round
     */
    RestSampler(URI address, Feature feature, int size, long nowNs) {
        this.feature = feature;
        this.rest = feature.rest().orElseThrow();
        this.rotation = new KeyRotation(size);
        this.asker = new RestAsker(HttpClient.newHttpClient(), address, System::nanoTime, arrivals::add);
        this.intervalNs = RestProbe.interval(feature).toNanos();
        this.dueNs = nowNs;
    }

    /** Asks what is due, as soon as the question before is answered; rounds that a slow REST leaves no time for are left out. */
    void ask(NavigableSet<String> keys, long nowNs) {
        if (nowNs - dueNs >= 0) {
            dueNs += ((nowNs - dueNs) / intervalNs + 1) * intervalNs;
            if (pending.isEmpty()) {
                plan(keys);
            }
        }
        askNext();
    }

    /** Asks nothing more; one answer may still come. */
    void stop() {
        pending.clear();
    }

    private void askNext() {
        if (!asking && !pending.isEmpty()) {
            asking = true;
            asker.ask(pending.remove());
        }
    }

    /** The list, where keys can be asked for as well, comes once: it tells of keys that REST lacks. */
    private void plan(NavigableSet<String> keys) {
        if (rest.all() != null && (!begun || rest.parameter() == null)) {
            pending.add(new Question(feature.name(), null, rest.path() + "/"));
        }
        begun = true;
        if (rest.parameter() == null) {
            return;
        }
        List<String> sample = rotation.next(keys);
        // one of them twice in a row: what an existing service answers differently each time is noise
        sample.stream().findFirst().ifPresent(key -> pending.add(question(key)));
        sample.forEach(key -> pending.add(question(key)));
    }

    private Question question(String key) {
        String value = URLEncoder.encode(key, StandardCharsets.UTF_8).replace("+", "%20");
        return new Question(feature.name(), key, rest.path() + "/?" + rest.parameter() + "=" + value);
    }

    /** The next answer that was not taken yet; null where there is none. With it the next question goes out. */
    Answer poll() {
        ProbeArrival arrival = arrivals.poll();
        if (arrival == null) {
            return null;
        }
        asking = false;
        askNext();
        return arrival instanceof ProbeArrival.Answered answered ? answered.answer() : tooLarge(arrival);
    }

    private static Answer tooLarge(ProbeArrival arrival) {
        Question question = ((ProbeArrival.ListTooLarge) arrival).question();
        return new Answer(question, 0, false, null, "a list too large to be read", 0);
    }

    /** Whether an answer is still to come, or to be taken. */
    boolean isAsking() {
        return asking;
    }
}

package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Asks REST for a few keys of a feature at its cadence, one request after the other, as a page would poll it. It asks on a thread
 * of its own; the answers are taken on another.
 */
final class RestSampler implements AutoCloseable {
    private static final Duration LEAST_INTERVAL = Duration.ofMillis(500);
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int MOST_BODY_BYTES = 8 << 20;
    private static final int MOST_UNTAKEN = 64;
    private static final int OK = 200;
    /** The header's value that keeps it out of the callers that a promotion waits for. */
    private static final String CLIENT = "prober";

    /**
     * How a question ended.
     *
     * @param key null for the list
     * @param status 0 where there was no answer
     * @param why there was none, in a few words; null where there was one
     * @param body null where there is none that can be read
     */
    record Asked(String key, int status, String why, JsonNode body) {
        /** The status, or why there was none. */
        String result() {
            return why == null ? Integer.toString(status) : why;
        }
    }

    private final Feature.Rest rest;
    private final String address;
    private final KeyRotation rotation;
    private final Duration interval;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    private final BlockingQueue<Asked> answers = new LinkedBlockingQueue<>(MOST_UNTAKEN);
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "compare-sampler");
    private volatile NavigableSet<String> keys = new TreeSet<>();
    private volatile boolean asking;

    /**
     * A sampler that is to be {@link #start started}.
     *
     * @param feature one that has an endpoint
     * @param size how many keys it asks for in a round
     */
    RestSampler(URI address, Feature feature, int size) {
        this.rest = feature.rest().orElseThrow();
        this.address = address.toString().replaceFirst("/+$", "");
        this.rotation = new KeyRotation(size);
        Duration cadence = feature.fastestCadence();
        this.interval = cadence.compareTo(LEAST_INTERVAL) < 0 ? LEAST_INTERVAL : cadence;
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** The keys that there are by now; any thread. */
    void keys(Collection<String> known) {
        keys = new TreeSet<>(known);
    }

    /** The next answer that was not taken yet; null where there is none. Any thread. */
    Asked poll() {
        return answers.poll();
    }

    /** Whether an answer is still to come of what was asked. Any thread. */
    boolean isAsking() {
        return asking || !answers.isEmpty();
    }

    /** Asks no further; an answer may still come. */
    void stop() {
        stop.countDown();
    }

    @Override
    public void close() {
        stop();
        thread.interrupt();
    }

    private void run() {
        try {
            for (boolean first = true; stop.getCount() > 0; first = false) {
                long beganNs = System.nanoTime();
                asking = true;
                round(first);
                asking = false;
                long leftNs = interval.toNanos() - (System.nanoTime() - beganNs);
                if (stop.await(Math.max(1, leftNs), TimeUnit.NANOSECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            // it is closed
        } finally {
            asking = false;
        }
    }

    /** The list, where keys can be asked for as well, comes once: it tells of keys that REST lacks. */
    private void round(boolean first) throws InterruptedException {
        List<String> round = new ArrayList<>();
        if (rest.parameter() != null) {
            round.addAll(rotation.next(keys));
            // one of them twice in a row: what an existing service answers differently each time is noise
            round.stream().findFirst().ifPresent(round::add);
            round.sort(null);
        }
        if (rest.all() != null && (first || rest.parameter() == null)) {
            answers.put(ask(null));
        }
        for (String key : round) {
            if (stop.getCount() == 0) {
                return;
            }
            answers.put(ask(key));
        }
    }

    private Asked ask(String key) throws InterruptedException {
        String query = key == null ? "" : "?" + encoded(rest.parameter()) + "=" + encoded(key);
        HttpRequest request = HttpRequest.newBuilder(URI.create(address + rest.path() + "/" + query))
                .header("Cutover-Client", CLIENT)
                .timeout(TIMEOUT)
                .build();
        try {
            HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream in = response.body()) {
                byte[] body = in.readNBytes(MOST_BODY_BYTES);
                return new Asked(key, response.statusCode(), null, response.statusCode() == OK ? json(body) : null);
            }
        } catch (IOException e) {
            return new Asked(key, 0, e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage(), null);
        }
    }

    private static JsonNode json(byte[] body) {
        try {
            return Json.read(Json.MAPPER, JsonNode.class, body);
        } catch (JsonFault e) {
            return null; // what REST has made of it is judged by its own record
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}

package dev.cutover.rest;

import dev.cutover.schema.BoundedBody;
import dev.cutover.schema.Health;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The existing service behind REST. Any thread may ask; asking waits for nothing. Its threads, {@code rest-upstream-N}, each carry
 * one request there and its answer back to the client, so that their number bounds what the service gets at a time, and
 * neither a slow service nor a slow client holds up the server's threads. Redirects are not followed. Nothing is asked twice, but
 * where a connection that was kept from an earlier request turns out to be closed.
 */
final class Upstream implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Upstream.class);
    private static final long IDLE_S = 30;
    private static final long STOP_MS = 1_000;
    private static final int CLIENT_THREADS = 2;

    /** What became of a request. */
    sealed interface Outcome {
        /**
         * It was answered, whatever that says.
         *
         * @param headers as they came
         * @param body whole; never changed
         */
        @SuppressWarnings("ArrayRecordComponent") // never compared
        record Answered(int status, Map<String, List<String>> headers, byte[] body) implements Outcome {}

        /** There were as many as may be already. */
        record Busy() implements Outcome {}

        /** It took too long. */
        record Late() implements Outcome {}

        /**
         * There is no answer, or not the whole of it.
         *
         * @param why for a person to read
         */
        record Failed(String why) implements Outcome {}
    }

    private final UpstreamSettings settings;
    private final HttpClient client;
    private final ExecutorService ofClient = Executors.newFixedThreadPool(CLIENT_THREADS, named("rest-upstream-io-"));
    private final ThreadPoolExecutor carriers;
    /** Why the last request failed; null where it did not. */
    private volatile String trouble;

    Upstream(UpstreamSettings settings) {
        this.settings = settings;
        this.carriers = new ThreadPoolExecutor(
                0, settings.concurrency(), IDLE_S, TimeUnit.SECONDS, new SynchronousQueue<>(), named("rest-upstream-"));
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1) // to offer another one would add headers
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(settings.timeout())
                .executor(ofClient)
                .build();
    }

    private static ThreadFactory named(String prefix) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, prefix + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /**
     * Asks.
     *
     * @param target path and query
     * @param headers those of {@link EndToEnd}
     * @return completed on the thread that is kept for this request, until what depends on it has run
     */
    CompletableFuture<Outcome> ask(String method, String target, Map<String, List<String>> headers) {
        HttpRequest request;
        try {
            request = request(method, target, headers);
        } catch (IllegalArgumentException e) {
            return CompletableFuture.completedFuture(
                    new Outcome.Failed("the request can't be passed on: " + e.getMessage()));
        }
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        try {
            carriers.execute(() -> {
                try {
                    outcome.complete(carry(request));
                } catch (RuntimeException | Error e) {
                    outcome.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            outcome.complete(new Outcome.Busy());
        }
        return outcome;
    }

    private HttpRequest request(String method, String target, Map<String, List<String>> headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(settings.base() + target))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .timeout(settings.timeout());
        headers.forEach((name, values) -> values.forEach(value -> request.header(name, value)));
        return request.build();
    }

    private Outcome carry(HttpRequest request) {
        // the client's own timeout ends with the head of the answer
        CompletableFuture<HttpResponse<byte[]>> sent =
                client.sendAsync(request, head -> new BoundedBody(settings.longestBodyBytes()));
        try {
            HttpResponse<byte[]> answer = sent.get(settings.timeout().toNanos(), TimeUnit.NANOSECONDS);
            worked();
            return new Outcome.Answered(answer.statusCode(), answer.headers().map(), answer.body());
        } catch (TimeoutException e) {
            var unused = sent.cancel(true);
            return late();
        } catch (ExecutionException e) {
            return e.getCause() instanceof HttpTimeoutException ? late() : failed(e.getCause());
        } catch (InterruptedException e) {
            var unused = sent.cancel(true);
            Thread.currentThread().interrupt();
            return new Outcome.Failed("this service is stopping");
        }
    }

    private Outcome late() {
        troubled("it has not answered within " + settings.timeout().toMillis() + " ms");
        return new Outcome.Late();
    }

    private Outcome failed(Throwable failure) {
        String message = failure.getMessage();
        String why = message != null && failure instanceof IOException ? message : failure.toString();
        troubled(why);
        return new Outcome.Failed(why);
    }

    private void worked() {
        if (trouble != null) {
            trouble = null;
            log.info("{} answers again", settings.base());
        }
    }

    private void troubled(String why) {
        if (trouble == null) {
            log.warn("{} does not answer as it should: {}", settings.base(), why);
        }
        trouble = why;
    }

    /** Always ready: a service that is away is told of with each answer, and must not take this one away as well. */
    Health health() {
        String now = trouble;
        return new Health(List.of(), now == null ? List.of() : List.of(settings.base() + ": " + now));
    }

    /** Within a second or so; requests under way are cut. */
    @Override
    public void close() {
        carriers.shutdownNow();
        try {
            if (!carriers.awaitTermination(STOP_MS, TimeUnit.MILLISECONDS)) {
                log.warn("requests to {} did not end within {} ms", settings.base(), STOP_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        ofClient.shutdownNow();
    }
}

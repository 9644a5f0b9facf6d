package dev.cutover.jobs;

import dev.cutover.jobs.PollFault.Kind;
import dev.cutover.schema.BoundedBody;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * Asks the polled service. Every request ends within the timeout, whatever the service does, and no more of an answer is kept
 * than may be. Any thread may ask; the answers come on threads of the HTTP client's.
 */
final class PollClient implements AutoCloseable {
    private static final int OK = 200;
    private static final int NOT_MODIFIED = 304;
    private static final String USER_AGENT = "cutover-rest-poll";

    /** RFC 9110, section 8.8.3: what has another form is not sent back. */
    private static final Pattern ETAG = Pattern.compile("(W/)?\"[\\x21\\x23-\\x7e]*\"");

    /** What came of a request. */
    sealed interface Answer {
        /** A whole answer; {@code etag} is null where the service gave none. */
        @SuppressWarnings("ArrayRecordComponent") // never compared
        record Body(byte[] bytes, String etag) implements Answer {}

        /** It is what it was when it had the tag that was sent along. */
        record NotModified() implements Answer {}

        record Failed(PollFault fault) implements Answer {}
    }

    /** Asks for one resource; {@code etag} is null for one that is not known yet. Never completes exceptionally. */
    interface Asking {
        CompletableFuture<Answer> get(URI uri, String etag);
    }

    private final Duration timeout;
    private final int mostBytes;
    private final HttpClient http;
    /** By the number of the request. */
    private final Map<Long, CompletableFuture<?>> underWay = new ConcurrentHashMap<>();

    private final AtomicLong lastNumber = new AtomicLong();

    PollClient(PollSettings settings) {
        this.timeout = settings.timeout();
        this.mostBytes = settings.bytes();
        this.http = HttpClient.newBuilder()
                // the upgrade to HTTP/2 that is offered by default is more than some old services bear
                .version(HttpClient.Version.HTTP_1_1)
                // or a redirect to a page that asks for a log-in would be an answer
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(timeout)
                .build();
    }

    /** As {@link Asking#get}. */
    CompletableFuture<Answer> get(URI uri, String etag) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri).header("Accept", "application/json").header("User-Agent", USER_AGENT);
        if (etag != null) {
            request.header("If-None-Match", etag);
        }
        AtomicBoolean begun = new AtomicBoolean();
        CompletableFuture<HttpResponse<byte[]>> sent = http.sendAsync(request.build(), head -> {
            begun.set(true);
            return new BoundedBody(mostBytes);
        });
        long number = lastNumber.incrementAndGet();
        underWay.put(number, sent);
        return sent.copy().orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS).handle((response, failure) -> {
            // ends the exchange where it is still under way
            sent.cancel(true);
            underWay.remove(number);
            return failure == null ? answer(response, etag) : failed(failure, begun.get());
        });
    }

    private static Answer answer(HttpResponse<byte[]> response, String etag) {
        if (response.statusCode() == OK) {
            return new Answer.Body(response.body(), tag(response.headers()));
        }
        if (response.statusCode() == NOT_MODIFIED && etag != null) {
            return new Answer.NotModified();
        }
        String location = response.headers()
                .firstValue("Location")
                .map(where -> " to " + where)
                .orElse("");
        return new Answer.Failed(
                new PollFault(Kind.STATUS, "the service answered " + response.statusCode() + location));
    }

    private static String tag(HttpHeaders headers) {
        return headers.firstValue("ETag")
                .filter(tag -> ETAG.matcher(tag).matches())
                .orElse(null);
    }

    private Answer failed(Throwable failure, boolean begun) {
        Throwable why =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (why instanceof BoundedBody.TooLongException) {
            return new Answer.Failed(new PollFault(Kind.TOO_BIG, why.getMessage()));
        }
        if (why instanceof TimeoutException) {
            String state = begun ? "its answer was not whole" : "there was no answer";
            return new Answer.Failed(new PollFault(Kind.TIMEOUT, state + " within " + timeout.toMillis() + " ms"));
        }
        if (begun) {
            return new Answer.Failed(new PollFault(Kind.CUT_SHORT, "its answer was cut short: " + why.getMessage()));
        }
        // of a refused connection the JDK gives no message
        String what = why.getMessage() != null
                ? why.getMessage()
                : why instanceof ConnectException ? "no connection" : why.toString();
        return new Answer.Failed(new PollFault(Kind.UNREACHABLE, "it can't be reached: " + what));
    }

    /** Gives up what is under way. */
    @Override
    public void close() {
        underWay.values().forEach(each -> each.cancel(true));
    }
}

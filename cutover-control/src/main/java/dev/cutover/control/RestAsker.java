package dev.cutover.control;

import dev.cutover.control.RestProbe.Answer;
import dev.cutover.control.RestProbe.Question;
import dev.cutover.schema.BoundedBody;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Brings the prober's questions to REST, without waiting for the answers. Any thread; answers come on the client's. */
final class RestAsker {
    /** From the question to the end of the body. */
    static final Duration TIMEOUT = Duration.ofSeconds(5);

    static final int MOST_BODY_BYTES = 8 << 20;

    private final Duration timeout;
    private final int mostBodyBytes;

    private final HttpClient http;
    private final String rest;
    private final LongSupplier nanoClock;
    private final Consumer<ProbeArrival> arrivals;

    RestAsker(HttpClient http, URI rest, LongSupplier nanoClock, Consumer<ProbeArrival> arrivals) {
        this(http, rest, nanoClock, arrivals, TIMEOUT, MOST_BODY_BYTES);
    }

    RestAsker(
            HttpClient http,
            URI rest,
            LongSupplier nanoClock,
            Consumer<ProbeArrival> arrivals,
            Duration timeout,
            int mostBodyBytes) {
        this.timeout = timeout;
        this.mostBodyBytes = mostBodyBytes;
        this.http = http;
        this.rest = rest.toString().replaceFirst("/+$", "");
        this.nanoClock = nanoClock;
        this.arrivals = arrivals;
    }

    void ask(Question question) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(rest + question.path()))
                .header("Cutover-Client", "prober")
                .build();
        CompletableFuture<HttpResponse<byte[]>> exchange =
                http.sendAsync(request, response -> new BoundedBody(mostBodyBytes));
        // a request's own time-out ends with the headers: a body that never ends needs this one
        var unused = exchange.copy()
                .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((response, failure) -> {
                    long atNs = nanoClock.getAsLong();
                    if (failure != null) {
                        exchange.cancel(true);
                    }
                    arrivals.accept(arrival(question, response, failure, atNs));
                });
    }

    private ProbeArrival arrival(Question question, HttpResponse<byte[]> response, Throwable failure, long atNs) {
        if (failure == null) {
            boolean upstream = response.headers().firstValue("Cutover-Position").isEmpty();
            return new ProbeArrival.Answered(
                    new Answer(question, response.statusCode(), upstream, utf8(response.body()), null, atNs));
        }
        return failed(question, failure, atNs);
    }

    private static String utf8(byte[] body) {
        return new String(body, StandardCharsets.UTF_8);
    }

    private ProbeArrival failed(Question question, Throwable failure, long atNs) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof BoundedBody.TooLongException && question.key() == null) {
            return new ProbeArrival.ListTooLarge(question);
        }
        String why = cause instanceof TimeoutException
                ? "no whole answer within " + timeout.toMillis() + " ms"
                : cause.getClass().getSimpleName() + (cause.getMessage() == null ? "" : ": " + cause.getMessage());
        return new ProbeArrival.Answered(new Answer(question, 0, false, null, why, atNs));
    }
}

package dev.cutover.rest;

import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.HttpServer;
import dev.cutover.schema.JsonPost;
import dev.cutover.schema.Origins;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.StartupException;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.http.HttpHeader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server. Its threads, {@code rest-http-N}, carry requests to what answers them; an answer that is not there at once is
 * written by the thread that has it.
 */
final class RestHttp implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RestHttp.class);
    private static final String ALLOW = "Allow";
    private static final int LONGEST_BODY_BYTES = 64 << 10;

    private final Map<String, Endpoint> endpointByPath;
    private final Map<String, Function<byte[], HttpAnswer>> posts;
    private final ServiceEndpoints service;
    private final Cors cors;
    private final RestMetrics metrics;
    private final Consumer<Served> recorder;
    private final InstantSource clock;
    private final boolean loopback;
    private final HttpServer server;

    private RestHttp(
            RestSettings settings,
            List<Endpoint> endpoints,
            Map<String, Function<byte[], HttpAnswer>> posts,
            ServiceEndpoints service,
            Consumer<Served> recorder,
            InstantSource clock,
            RestMetrics metrics) {
        this.endpointByPath = endpoints.stream().collect(Collectors.toMap(Endpoint::path, each -> each));
        this.posts = posts;
        this.service = service;
        this.cors = new Cors(settings.corsOrigins());
        this.metrics = metrics;
        this.recorder = recorder;
        this.clock = clock;
        this.loopback = Origins.isLoopbackOnly(new InetSocketAddress(settings.host(), settings.port()));
        this.server = HttpServer.start(
                "rest",
                settings.host(),
                settings.port(),
                RestSettings.PORT,
                () -> metrics.refused(Origins.FOREIGN_HOST),
                this::route);
    }

    /**
     * Binds and serves.
     *
     * @param posts as in {@link RestExtras}
     * @param recorder is told of each answer of a feature; it must not block
     * @param clock for the times of answers
     * @throws StartupException when the port is taken
     */
    static RestHttp start(
            RestSettings settings,
            List<Endpoint> endpoints,
            Map<String, Function<byte[], HttpAnswer>> posts,
            ServiceEndpoints service,
            Consumer<Served> recorder,
            InstantSource clock,
            RestMetrics metrics) {
        return new RestHttp(settings, endpoints, posts, service, recorder, clock, metrics);
    }

    private void route(JavalinConfig config) {
        config.router.ignoreTrailingSlashes = true;
        for (Endpoint endpoint : endpointByPath.values()) {
            config.routes.get(endpoint.path(), ctx -> answer(ctx, endpoint));
            config.routes.head(endpoint.path(), ctx -> answer(ctx, endpoint));
            config.routes.options(endpoint.path(), ctx -> preflight(ctx, endpoint));
        }
        for (String path : ServiceEndpoints.PATHS) {
            config.routes.get(path, ctx -> answerOfService(ctx, path));
            config.routes.head(path, ctx -> answerOfService(ctx, path));
        }
        posts.forEach((path, post) -> config.routes.post(path, ctx -> write(ctx, answer(ctx, post))));
        config.routes.exception(HttpResponseException.class, (e, ctx) -> write(ctx, refusal(ctx, e)));
        config.routes.exception(Exception.class, (e, ctx) -> write(ctx, fault(ctx, e)));
    }

    private Answer fault(Context ctx, Throwable e) {
        log.error("{} {} failed, which is a fault of Cutover", ctx.method(), ctx.path(), e);
        return problem(500, "Internal error", "the request failed; see the log of this service");
    }

    private void answer(Context ctx, Endpoint endpoint) {
        Request request = request(ctx);
        CompletableFuture<Answer> answer = endpoint.answer(request);
        if (answer.isDone()) {
            finish(ctx, endpoint, request, answer.join());
            return;
        }
        ctx.future(() ->
                answer.exceptionally(e -> fault(ctx, e)).thenAccept(found -> finish(ctx, endpoint, request, found)));
    }

    private void finish(Context ctx, Endpoint endpoint, Request request, Answer answer) {
        metrics.answered(
                endpoint.feature().name(), answer.status(), request.caller().kind());
        write(ctx, answer);
        Served.Content shown = request.isHead() ? Served.NOTHING : answer.shown();
        recorder.accept(new Served(
                endpoint.feature(), request.caller(), answer.status(), request.askedAt(), clock.instant(), shown));
    }

    private Request request(Context ctx) {
        Map<String, List<String>> headers = new LinkedHashMap<>();
        for (String name : Collections.list(ctx.req().getHeaderNames())) {
            headers.put(
                    name.toLowerCase(Locale.ROOT), Collections.list(ctx.req().getHeaders(name)));
        }
        Caller caller = Caller.of(
                ctx.header(Caller.HEADER), ctx.header("User-Agent"), ctx.req().getRemoteAddr());
        return new Request(ctx.req().getMethod(), ctx.queryString(), headers, caller, clock.instant());
    }

    /** Which pages may read what, where that is ours to say; else as the service behind says. */
    private void preflight(Context ctx, Endpoint endpoint) {
        if (endpoint.hasOwnCors()) {
            write(ctx, ownPreflight(ctx));
            return;
        }
        // where the service behind is not asked, or does not answer, what the page is to get is ours
        ctx.future(() -> endpoint.answer(request(ctx))
                .exceptionally(e -> fault(ctx, e))
                .thenAccept(found -> write(ctx, found.isOfServiceBehind() ? found : ownPreflight(ctx))));
    }

    private Answer ownPreflight(Context ctx) {
        return Answer.withoutBody(204, cors.preflightHeaders(ctx.header("Origin")));
    }

    private void answerOfService(Context ctx, String path) {
        write(ctx, new Answer(service.answer(path).orElseThrow()));
    }

    private Answer answer(Context ctx, Function<byte[], HttpAnswer> post) {
        Optional<JsonPost.Refusal> refusal = JsonPost.refusedOrigin(ctx.header("Origin"), ctx.header("Host"), loopback)
                .or(() -> JsonPost.refusedContent(
                        ctx.contentType(), ctx.req().getContentLengthLong(), LONGEST_BODY_BYTES));
        if (refusal.isPresent()) {
            metrics.refused(refusal.get().code());
            return new Answer(refusal.get().answer());
        }
        try {
            byte[] body = ctx.req().getInputStream().readNBytes(LONGEST_BODY_BYTES + 1);
            Optional<JsonPost.Refusal> tooLong =
                    JsonPost.refusedContent(ctx.contentType(), body.length, LONGEST_BODY_BYTES);
            return new Answer(tooLong.map(JsonPost.Refusal::answer).orElseGet(() -> post.apply(body)));
        } catch (IOException e) {
            throw new UncheckedIOException("the body did not come", e);
        }
    }

    /** What Javalin itself refuses. */
    private Answer refusal(Context ctx, HttpResponseException refused) {
        String path = withoutSlash(ctx.path());
        if (refused.getStatus() != 404) {
            return problem(refused.getStatus(), "Refused", String.valueOf(refused.getMessage()));
        }
        boolean ofFeature = endpointByPath.containsKey(path);
        if (ofFeature || posts.containsKey(path) || ServiceEndpoints.PATHS.contains(path)) {
            return Answer.problem(
                    HttpAnswer.problemBody(
                            405,
                            "Method not allowed",
                            path + " does not know " + ctx.req().getMethod()),
                    Map.of(ALLOW, ofFeature ? Cors.METHODS : posts.containsKey(path) ? "POST" : "GET, HEAD"));
        }
        String known = Stream.concat(
                        endpointByPath.keySet().stream().sorted().map(each -> each + "/"),
                        ServiceEndpoints.PATHS.stream())
                .collect(Collectors.joining(", "));
        return problem(404, "Not found", "there is no " + ctx.path() + "; there are " + known);
    }

    private static String withoutSlash(String path) {
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }

    private static Answer problem(int status, String title, String detail) {
        return new Answer(HttpAnswer.problem(status, title, detail));
    }

    private void write(Context ctx, Answer answer) {
        if (!answer.isOfServiceBehind() && endpointByPath.containsKey(withoutSlash(ctx.path()))) {
            cors.headers(ctx.header("Origin")).forEach(ctx::header);
        }
        answer.content().headers().forEach(ctx::header);
        answer.headers().forEach((name, values) -> {
            ctx.header(name, values.get(0));
            values.stream().skip(1).forEach(value -> ctx.res().addHeader(name, value));
        });
        ctx.status(answer.status());
        ctx.res()
                .setContentType(
                        answer.isOfServiceBehind() ? null : answer.content().contentType());
        if (answer.isOfServiceBehind() && answer.content().contentType() != null) {
            // as it came: the servlet would put it into a form of its own
            ServletContextRequest.getServletContextRequest(ctx.req())
                    .getServletContextResponse()
                    .getWrapped()
                    .getHeaders()
                    .put(HttpHeader.CONTENT_TYPE, answer.content().contentType());
        }
        ctx.result(answer.content().body());
    }

    InetSocketAddress address() {
        return server.address();
    }

    /** Within a second or so. */
    @Override
    public void close() {
        server.close();
    }
}

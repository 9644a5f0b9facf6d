package dev.cutover.rest;

import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.HttpServer;
import dev.cutover.schema.Origins;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.StartupException;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP server. Its threads, {@code rest-http-N}, carry requests to what answers them. */
final class RestHttp implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RestHttp.class);
    private static final String CLIENT = "Cutover-Client";
    private static final String ALLOW = "Allow";
    /** The callers that usage counts apart. */
    private static final Set<String> CLIENTS = Set.of("prober", "fallback");

    private final Map<String, FeatureEndpoint> endpointByPath;
    private final ServiceEndpoints service;
    private final Cors cors;
    private final RestMetrics metrics;
    private final HttpServer server;

    private RestHttp(
            RestSettings settings,
            List<FeatureEndpoint> endpoints,
            ServiceEndpoints service,
            Cors cors,
            RestMetrics metrics) {
        this.endpointByPath = endpoints.stream().collect(Collectors.toMap(FeatureEndpoint::path, each -> each));
        this.service = service;
        this.cors = cors;
        this.metrics = metrics;
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
     * @throws StartupException when the port is taken
     */
    static RestHttp start(
            RestSettings settings,
            List<FeatureEndpoint> endpoints,
            ServiceEndpoints service,
            Cors cors,
            RestMetrics metrics) {
        return new RestHttp(settings, endpoints, service, cors, metrics);
    }

    private void route(JavalinConfig config) {
        config.router.ignoreTrailingSlashes = true;
        for (FeatureEndpoint endpoint : endpointByPath.values()) {
            config.routes.get(endpoint.path(), ctx -> answer(ctx, endpoint));
            config.routes.head(endpoint.path(), ctx -> answer(ctx, endpoint));
            config.routes.options(
                    endpoint.path(),
                    ctx -> write(ctx, Answer.withoutBody(204, cors.preflightHeaders(ctx.header("Origin")))));
        }
        for (String path : ServiceEndpoints.PATHS) {
            config.routes.get(path, ctx -> answerOfService(ctx, path));
            config.routes.head(path, ctx -> answerOfService(ctx, path));
        }
        config.routes.exception(HttpResponseException.class, (e, ctx) -> write(ctx, refusal(ctx, e)));
        config.routes.exception(Exception.class, (e, ctx) -> {
            log.error("{} {} failed, which is a fault of Cutover", ctx.method(), ctx.path(), e);
            write(ctx, problem(500, "Internal error", "the request failed; see the log of this service"));
        });
    }

    private void answer(Context ctx, FeatureEndpoint endpoint) {
        Answer answer = answer(endpoint, ctx);
        String client = ctx.header(CLIENT);
        metrics.answered(
                endpoint.feature(), answer.status(), client != null && CLIENTS.contains(client) ? client : "other");
        write(ctx, answer);
    }

    private static Answer answer(FeatureEndpoint endpoint, Context ctx) {
        Map<String, List<String>> parameters;
        try {
            parameters = QueryString.parse(ctx.queryString());
        } catch (IllegalArgumentException e) {
            return problem(400, "Bad query", "the query can't be decoded: " + e.getMessage());
        }
        return endpoint.get(parameters, header(ctx, "If-None-Match"));
    }

    /** The header's lines as one; null where there is none. */
    private static String header(Context ctx, String name) {
        List<String> lines = Collections.list(ctx.req().getHeaders(name));
        return lines.isEmpty() ? null : String.join(",", lines);
    }

    private void answerOfService(Context ctx, String path) {
        write(ctx, new Answer(service.answer(path).orElseThrow()));
    }

    /** What Javalin itself refuses. */
    private Answer refusal(Context ctx, HttpResponseException refused) {
        String path = withoutSlash(ctx.path());
        if (refused.getStatus() != 404) {
            return problem(refused.getStatus(), "Refused", String.valueOf(refused.getMessage()));
        }
        boolean ofFeature = endpointByPath.containsKey(path);
        if (ofFeature || ServiceEndpoints.PATHS.contains(path)) {
            return Answer.problem(
                    HttpAnswer.problemBody(
                            405,
                            "Method not allowed",
                            path + " does not know " + ctx.req().getMethod()),
                    Map.of(ALLOW, ofFeature ? Cors.METHODS : "GET, HEAD"));
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
        Map<String, String> headers = new HashMap<>();
        if (endpointByPath.containsKey(withoutSlash(ctx.path()))) {
            headers.putAll(cors.headers(ctx.header("Origin")));
        }
        headers.putAll(answer.content().headers());
        headers.putAll(answer.headers());
        headers.forEach(ctx::header);
        ctx.status(answer.status());
        ctx.res().setContentType(answer.content().contentType());
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

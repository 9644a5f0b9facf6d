package dev.cutover.rest;

import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.StartupException;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.util.JavalinException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP server. Its threads, {@code rest-http-N}, carry requests to what answers them. */
final class RestHttp implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RestHttp.class);
    private static final int MOST_THREADS = 32;
    private static final int LEAST_THREADS = 4;
    private static final int BACKLOG = 1024;
    private static final long STOP_TIMEOUT_MS = 1_000;
    /** After which a connection that waits for its next request is closed when the service stops. */
    private static final long SHUTDOWN_IDLE_MS = 50;

    private static final String CLIENT = "Cutover-Client";
    private static final String ALLOW = "Allow";
    /** The callers that usage counts apart. */
    private static final Set<String> CLIENTS = Set.of("prober", "fallback");

    private final Map<String, FeatureEndpoint> endpointByPath;
    private final ServiceEndpoints service;
    private final Cors cors;
    private final RestMetrics metrics;
    private final InetSocketAddress address;
    private final Javalin app;

    private RestHttp(
            ServerSocketChannel channel,
            List<FeatureEndpoint> endpoints,
            ServiceEndpoints service,
            Cors cors,
            RestMetrics metrics)
            throws IOException {
        this.endpointByPath = endpoints.stream().collect(Collectors.toMap(FeatureEndpoint::path, each -> each));
        this.service = service;
        this.cors = cors;
        this.metrics = metrics;
        this.address = (InetSocketAddress) channel.getLocalAddress();
        this.app = Javalin.create(config -> configure(config, channel));
    }

    /**
     * Binds and serves.
     *
     * @param port 0 for any free one
     * @throws StartupException when the port is taken
     */
    static RestHttp start(
            String host,
            int port,
            List<FeatureEndpoint> endpoints,
            ServiceEndpoints service,
            Cors cors,
            RestMetrics metrics) {
        ServerSocketChannel channel = null;
        try {
            channel = ServerSocketChannel.open();
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(new InetSocketAddress(host, port), BACKLOG);
            RestHttp http = new RestHttp(channel, endpoints, service, cors, metrics);
            http.app.start();
            return http;
        } catch (IOException | UnresolvedAddressException e) {
            close(channel);
            throw new StartupException(
                    "REST can't listen on " + host + ":" + port + ": " + e.getMessage() + "; choose another port with "
                            + RestSettings.PORT.option(),
                    e);
        } catch (RuntimeException e) {
            close(channel);
            throw e;
        }
    }

    private static void close(ServerSocketChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            log.warn("the socket of a failed start did not close: {}", e.getMessage());
        }
    }

    private void configure(JavalinConfig config, ServerSocketChannel channel) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.http.compressionStrategy = CompressionStrategy.NONE;
        config.router.ignoreTrailingSlashes = true;
        QueuedThreadPool threads = new QueuedThreadPool(MOST_THREADS, LEAST_THREADS);
        threads.setName("rest-http");
        threads.setDaemon(true);
        config.jetty.threadPool = threads;
        config.jetty.addConnector((server, http) -> connector(server, http, channel));
        JettyProblems problems = new JettyProblems();
        config.jetty.modifyServer(server -> {
            server.setErrorHandler(problems);
            server.setStopTimeout(STOP_TIMEOUT_MS);
        });
        config.jetty.modifyServletContextHandler(handler -> handler.setErrorHandler(problems));
        route(config);
    }

    private static Connector connector(Server server, HttpConfiguration http, ServerSocketChannel channel) {
        http.setSendServerVersion(false);
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setShutdownIdleTimeout(SHUTDOWN_IDLE_MS);
        try {
            connector.open(channel);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return connector;
    }

    private void route(JavalinConfig config) {
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
        Answer answer;
        try {
            answer = endpoint.get(QueryString.parse(ctx.queryString()), header(ctx, "If-None-Match"));
        } catch (IllegalArgumentException e) {
            answer = problem(400, "Bad query", "the query can't be decoded: " + e.getMessage());
        }
        String client = ctx.header(CLIENT);
        metrics.answered(
                endpoint.feature(), answer.status(), client != null && CLIENTS.contains(client) ? client : "other");
        write(ctx, answer);
    }

    /** The header's lines as one; null where there is none. */
    private static String header(Context ctx, String name) {
        List<String> lines = Collections.list(ctx.req().getHeaders(name));
        return lines.isEmpty() ? null : String.join(",", lines);
    }

    private void answerOfService(Context ctx, String path) {
        HttpAnswer answer = service.answer(path).orElseThrow();
        write(ctx, answer.status() == 503 ? new Answer(answer, Map.of("Retry-After", "1")) : new Answer(answer));
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
        headers.putAll(answer.headers());
        headers.forEach(ctx::header);
        ctx.status(answer.status());
        ctx.res().setContentType(answer.content().contentType());
        ctx.result(answer.content().body());
    }

    InetSocketAddress address() {
        return address;
    }

    /** Within a second or so. */
    @Override
    public void close() {
        try {
            app.stop();
        } catch (JavalinException e) {
            log.warn("connections that had not ended within {} ms were cut: {}", STOP_TIMEOUT_MS, e.getMessage());
        }
    }
}

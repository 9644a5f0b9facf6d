package dev.cutover.control;

import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.HttpServer;
import dev.cutover.schema.JsonPost;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.StartupException;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpResponseException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings requests to the {@link ControlApi} and its answers back, on threads {@code control-http-N}, which may block.
 *
 * <p>What is no {@link JsonPost}, or comes from a foreign page, changes nothing.
 */
final class ControlHttp implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ControlHttp.class);
    private static final String FEATURE = "feature";
    private static final String FEATURE_PATH = "/cutover/features/{" + FEATURE + "}";

    private static final List<String> PATHS = List.of(
            "GET /cutover/control",
            "GET " + FEATURE_PATH,
            "POST " + FEATURE_PATH + "/stage",
            "POST " + FEATURE_PATH + "/rollback",
            "GET " + FEATURE_PATH + "/history");

    private final ControlApi api;
    private final ServiceEndpoints endpoints;
    private final boolean loopback;
    private final HttpServer server;

    private ControlHttp(ControlSettings settings, ControlApi api, ServiceEndpoints endpoints) {
        this.api = api;
        this.endpoints = endpoints;
        this.loopback = isLoopback(settings.host());
        this.server = HttpServer.start(
                "control", settings.host(), settings.port(), ControlSettings.PORT, api::foreignHost, config -> {
                    config.http.prefer405over404 = true;
                    routes(config.routes);
                });
    }

    /** @throws StartupException when the port is taken, or the address is not this machine's */
    static ControlHttp start(ControlSettings settings, ControlApi api, ServiceEndpoints endpoints) {
        return new ControlHttp(settings, api, endpoints);
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new StartupException("there is no address '" + host + "'; set another --host", e);
        }
    }

    private void routes(RoutesConfig routes) {
        routes.before(this::refuseForeignOrigin);
        ServiceEndpoints.PATHS.forEach(
                path -> get(routes, path, context -> endpoints.answer(path).orElseThrow()));
        get(routes, "/cutover/control", context -> api.control());
        get(routes, FEATURE_PATH, context -> api.feature(context.pathParam(FEATURE)));
        get(routes, FEATURE_PATH + "/history", context -> api.history(context.pathParam(FEATURE)));
        post(routes, FEATURE_PATH + "/stage", api::stage);
        post(routes, FEATURE_PATH + "/rollback", api::rollback);
        routes.exception(HttpResponseException.class, this::problem);
        routes.exception(Exception.class, (e, context) -> {
            log.error("{} {} failed, which is a fault of Cutover", context.method(), context.path(), e);
            send(context, HttpAnswer.problem(500, "Internal Error", "a fault of Cutover; the log says more"));
        });
    }

    private interface Get {
        HttpAnswer answer(Context context);
    }

    /** HEAD as well: Javalin would answer it with 200 by itself, whatever GET says. */
    private static void get(RoutesConfig routes, String path, Get get) {
        routes.get(path, context -> send(context, get.answer(context)));
        routes.head(path, context -> send(context, get.answer(context)));
    }

    private void post(RoutesConfig routes, String path, BiFunction<String, byte[], HttpAnswer> post) {
        routes.post(
                path,
                context -> send(context, refusedBeforeItsBody(context).orElseGet(() -> {
                    byte[] body = body(context);
                    return JsonPost.refusedContent(context.contentType(), body.length, ControlApi.LONGEST_BODY_BYTES)
                            .map(this::refused)
                            .orElseGet(() -> post.apply(context.pathParam(FEATURE), body));
                })));
    }

    private Optional<HttpAnswer> refusedBeforeItsBody(Context context) {
        return JsonPost.refusedContent(
                        context.contentType(), context.req().getContentLengthLong(), ControlApi.LONGEST_BODY_BYTES)
                .map(this::refused);
    }

    private HttpAnswer refused(JsonPost.Refusal refusal) {
        return api.refuse(refusal.code(), refusal.status(), refusal.title(), refusal.detail());
    }

    /** The body, or as much of it as shows that it is too large. */
    private static byte[] body(Context context) {
        try {
            return context.req().getInputStream().readNBytes(ControlApi.LONGEST_BODY_BYTES + 1);
        } catch (IOException e) {
            throw new UncheckedIOException("the body did not come", e);
        }
    }

    private void refuseForeignOrigin(Context context) {
        JsonPost.refusedOrigin(context.header("Origin"), context.header("Host"), loopback)
                .ifPresent(refusal -> {
                    send(
                            context,
                            api.refuseWithCode(refusal.code(), refusal.status(), refusal.title(), refusal.detail()));
                    context.skipRemainingHandlers();
                });
    }

    /** Javalin's own refusals: no such path, no such method. */
    private void problem(HttpResponseException e, Context context) {
        switch (e.getStatus()) {
            case 404 ->
                send(
                        context,
                        api.refuse(
                                "unknown_path",
                                404,
                                "Not Found",
                                "there are " + String.join(", ", PATHS) + ", and GET "
                                        + String.join(", ", ServiceEndpoints.PATHS)));
            case 405 -> {
                boolean post =
                        context.path().endsWith("/stage") || context.path().endsWith("/rollback");
                String allowed = post ? "POST" : "GET, HEAD";
                context.header("Allow", allowed);
                send(context, api.refuse("method", 405, "Method Not Allowed", "only " + allowed + " is answered here"));
            }
            default -> send(context, api.refuse("other", e.getStatus(), "Refused", String.valueOf(e.getMessage())));
        }
    }

    private static void send(Context context, HttpAnswer answer) {
        context.status(answer.status()).contentType(answer.contentType()).header("Cache-Control", "no-store");
        answer.headers().forEach(context::header);
        if (!context.method().equals(HandlerType.HEAD)) {
            context.result(answer.body());
        }
    }

    /** The address that clients connect to. */
    InetSocketAddress address() {
        return server.address();
    }

    /** Lets changes under way come to their end, then stops; a few seconds at most. */
    @Override
    public void close() {
        api.drain();
        server.close();
    }
}

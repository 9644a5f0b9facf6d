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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings requests to the {@link ControlApi} and the {@link EvidenceApi}, and their answers back, on threads {@code
 * control-http-N}, which may block.
 *
 * <p>What is no {@link JsonPost}, or comes from a foreign page, changes nothing.
 */
final class ControlHttp implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ControlHttp.class);
    private static final String FEATURE = "feature";
    private static final String FEATURE_PATH = "/cutover/features/{" + FEATURE + "}";

    private static final String USAGE_PATH = "/cutover/usage";
    private static final String REPORTS_PATH = "/cutover/parity-reports";

    private static final List<String> READ = List.of(
            "/cutover/control",
            FEATURE_PATH,
            FEATURE_PATH + "/history",
            FEATURE_PATH + "/sessions",
            FEATURE_PATH + "/verdicts",
            USAGE_PATH);
    private static final List<String> WRITTEN = List.of(
            FEATURE_PATH + "/stage",
            FEATURE_PATH + "/rollback",
            FEATURE_PATH + "/clear",
            FEATURE_PATH + "/sign-off",
            FEATURE_PATH + "/guard",
            REPORTS_PATH);

    private final ControlApi changes;
    private final EvidenceApi evidence;
    private final Answers answers;
    private final ServiceEndpoints endpoints;
    private final boolean loopback;
    private final HttpServer server;

    private ControlHttp(
            ControlSettings settings,
            ControlApi changes,
            EvidenceApi evidence,
            Answers answers,
            ServiceEndpoints endpoints) {
        this.changes = changes;
        this.evidence = evidence;
        this.answers = answers;
        this.endpoints = endpoints;
        this.loopback = isLoopback(settings.host());
        this.server = HttpServer.start(
                "control", settings.host(), settings.port(), ControlSettings.PORT, answers::foreignHost, config -> {
                    config.http.prefer405over404 = true;
                    routes(config.routes);
                });
    }

    /** @throws StartupException when the port is taken, or the address is not this machine's */
    static ControlHttp start(
            ControlSettings settings,
            ControlApi changes,
            EvidenceApi evidence,
            Answers answers,
            ServiceEndpoints endpoints) {
        return new ControlHttp(settings, changes, evidence, answers, endpoints);
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
        get(routes, "/cutover/control", context -> evidence.control());
        get(routes, FEATURE_PATH, context -> evidence.feature(feature(context), context.queryParam("to")));
        get(routes, FEATURE_PATH + "/history", context -> evidence.history(feature(context)));
        get(
                routes,
                FEATURE_PATH + "/sessions",
                context -> evidence.sessions(feature(context), context.queryParam("limit")));
        get(
                routes,
                FEATURE_PATH + "/verdicts",
                context -> evidence.verdicts(feature(context), context.queryParam("limit")));
        get(routes, USAGE_PATH, context -> evidence.usage(context.queryParam(FEATURE)));
        post(routes, FEATURE_PATH + "/stage", (context, body) -> changes.stage(feature(context), body));
        post(routes, FEATURE_PATH + "/rollback", (context, body) -> changes.rollback(feature(context), body));
        post(routes, FEATURE_PATH + "/clear", (context, body) -> changes.clear(feature(context), body));
        post(routes, FEATURE_PATH + "/sign-off", (context, body) -> changes.signOff(feature(context), body));
        post(routes, FEATURE_PATH + "/guard", (context, body) -> changes.guard(feature(context), body));
        reports(routes);
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

    private interface Post {
        HttpAnswer answer(Context context, byte[] body);
    }

    private void post(RoutesConfig routes, String path, Post post) {
        routes.post(
                path,
                context -> send(context, refusedBeforeItsBody(context).orElseGet(() -> {
                    byte[] body = body(context);
                    return JsonPost.refusedContent(context.contentType(), body.length, ControlApi.LONGEST_BODY_BYTES)
                            .map(this::refused)
                            .orElseGet(() -> post.answer(context, body));
                })));
    }

    /** Pages come from other ports than this one: the browser asks first whether they may report. They may do nothing else. */
    private void reports(RoutesConfig routes) {
        routes.before(REPORTS_PATH, ControlHttp::allowPage);
        routes.options(REPORTS_PATH, context -> context.header("Access-Control-Allow-Methods", "POST")
                .header("Access-Control-Allow-Headers", "Content-Type")
                .header("Access-Control-Max-Age", "600")
                .status(204));
        post(routes, REPORTS_PATH, (context, body) -> evidence.report(body));
    }

    /** That its origin is none of another site has been seen to. */
    private static void allowPage(Context context) {
        String origin = context.header("Origin");
        context.header("Vary", "Origin");
        if (origin != null) {
            context.header("Access-Control-Allow-Origin", origin);
        }
    }

    private static String feature(Context context) {
        return context.pathParam(FEATURE);
    }

    private Optional<HttpAnswer> refusedBeforeItsBody(Context context) {
        return JsonPost.refusedContent(
                        context.contentType(), context.req().getContentLengthLong(), ControlApi.LONGEST_BODY_BYTES)
                .map(this::refused);
    }

    private HttpAnswer refused(JsonPost.Refusal refusal) {
        return answers.refuse(refusal.code(), refusal.status(), refusal.title(), refusal.detail());
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
                            answers.refuseWithCode(
                                    refusal.code(), refusal.status(), refusal.title(), refusal.detail()));
                    context.skipRemainingHandlers();
                });
    }

    /** Javalin's own refusals: no such path, no such method. */
    private void problem(HttpResponseException e, Context context) {
        switch (e.getStatus()) {
            case 404 ->
                send(
                        context,
                        answers.refuse(
                                "unknown_path",
                                404,
                                "Not Found",
                                "there are GET " + String.join(", ", READ) + ", "
                                        + String.join(", ", ServiceEndpoints.PATHS) + ", and POST "
                                        + String.join(", ", WRITTEN)));
            case 405 -> {
                String word = context.path().substring(context.path().lastIndexOf('/'));
                boolean post = WRITTEN.stream().anyMatch(path -> path.endsWith(word));
                String allowed = post ? "POST" : "GET, HEAD";
                context.header("Allow", allowed);
                send(
                        context,
                        answers.refuse("method", 405, "Method Not Allowed", "only " + allowed + " is answered here"));
            }
            default -> send(context, answers.refuse("other", e.getStatus(), "Refused", String.valueOf(e.getMessage())));
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
        changes.drain();
        server.close();
    }
}

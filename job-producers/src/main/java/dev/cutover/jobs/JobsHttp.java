package dev.cutover.jobs;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.Health;
import dev.cutover.schema.StartupException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * Health, metrics and status of jobs that run by themselves. Answers on two threads of its own, so that one slow reader does not
 * hide the health from another; what it answers is asked of thread-safe parts.
 */
final class JobsHttp implements AutoCloseable {
    private static final int THREADS = 2;
    private static final String JSON = "application/json";
    private static final String LIVE = "{\"status\":\"live\"}";

    private record Answer(int status, String contentType, String body) {}

    private final HttpServer server;
    private final ExecutorService executor;

    private JobsHttp(HttpServer server) {
        this.server = server;
        this.executor = Executors.newFixedThreadPool(THREADS, task -> {
            Thread thread = new Thread(task, "jobs-http");
            thread.setDaemon(true);
            return thread;
        });
        server.setExecutor(executor);
    }

    /** @throws StartupException when the port is taken, or the address is not this machine's */
    static JobsHttp bind(String host, int port) {
        try {
            return new JobsHttp(HttpServer.create(new InetSocketAddress(host, port), 0));
        } catch (IOException e) {
            throw new StartupException(
                    "can't listen on " + host + ":" + port + " for the jobs' health and metrics: " + e.getMessage()
                            + "; set another --jobs-port or --host",
                    e);
        }
    }

    /** Begins to answer. */
    void serve(Supplier<Health> health, FeatureCatalog catalog, FlagReader flags, PrometheusMeterRegistry registry) {
        Map<String, Supplier<Answer>> routes = Map.of(
                "/health/live",
                () -> new Answer(200, JSON, LIVE),
                "/health/ready",
                () -> ready(health.get()),
                "/metrics",
                () -> metrics(registry),
                "/cutover/status",
                () -> new Answer(
                        200, JSON, text(CutoverStatus.of(catalog, flags).toJson())));
        server.createContext("/", exchange -> answer(exchange, routes));
        server.start();
    }

    private static Answer ready(Health health) {
        return new Answer(health.ready() ? 200 : 503, JSON, text(health.toJson()));
    }

    private static Answer metrics(PrometheusMeterRegistry registry) {
        return new Answer(200, "text/plain; version=0.0.4; charset=utf-8", registry.scrape());
    }

    private static void answer(HttpExchange exchange, Map<String, Supplier<Answer>> routes) throws IOException {
        try (exchange) {
            Supplier<Answer> route = routes.get(exchange.getRequestURI().getPath());
            Answer answer;
            if (route == null) {
                answer = new Answer(404, JSON, "{\"error\":\"not_found\"}");
            } else if (exchange.getRequestMethod().equals("GET")) {
                answer = route.get();
            } else {
                exchange.getResponseHeaders().set("Allow", "GET");
                answer = new Answer(405, JSON, "{\"error\":\"method_not_allowed\"}");
            }
            exchange.getResponseHeaders().set("Content-Type", answer.contentType());
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }

    String address() {
        InetSocketAddress bound = server.getAddress();
        return "http://" + bound.getHostString() + ":" + bound.getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
    }
}

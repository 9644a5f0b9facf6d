package dev.cutover.jobs;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.cutover.schema.HostAndPort;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Health, metrics and status of jobs that run by themselves. Answers on two threads of its own, so that one slow reader does not
 * hide the health from another; what it answers is asked of thread-safe parts.
 */
final class JobsHttp implements AutoCloseable {
    private static final int THREADS = 2;

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
                    "can't listen on " + HostAndPort.of(host, port) + " for the jobs' health and metrics: "
                            + e.getMessage() + "; set another --jobs-port or --host",
                    e);
        }
    }

    /** Begins to answer. */
    void serve(ServiceEndpoints endpoints) {
        server.createContext("/", exchange -> answer(exchange, endpoints));
        server.start();
    }

    private static void answer(HttpExchange exchange, ServiceEndpoints endpoints) throws IOException {
        try (exchange) {
            String method = exchange.getRequestMethod();
            boolean head = method.equals("HEAD");
            HttpAnswer answer;
            if (head || method.equals("GET")) {
                answer = endpoints
                        .answer(exchange.getRequestURI().getPath())
                        .orElseGet(() -> HttpAnswer.problem(
                                404, "Not Found", "there are " + String.join(", ", ServiceEndpoints.PATHS)));
            } else {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                answer = HttpAnswer.problem(405, "Method Not Allowed", "only GET and HEAD are answered here");
            }
            exchange.getResponseHeaders().set("Content-Type", answer.contentType());
            exchange.getResponseHeaders().set("Cache-Control", "no-store");
            answer.headers().forEach(exchange.getResponseHeaders()::set);
            exchange.sendResponseHeaders(answer.status(), head ? -1 : answer.body().length);
            if (!head) {
                exchange.getResponseBody().write(answer.body());
            }
        }
    }

    String address() {
        return "http://" + HostAndPort.of(server.getAddress());
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
    }
}

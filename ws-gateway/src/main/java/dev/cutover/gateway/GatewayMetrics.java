package dev.cutover.gateway;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.concurrent.atomic.AtomicLong;

/** What one gateway counts. Thread-safe. */
final class GatewayMetrics {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    final Counter eventsRead = counter("cutover.gateway.events.read", "events taken from Kafka and encoded");
    final Counter framesSent = counter("cutover.gateway.frames.sent", "frames written to subscribers");
    final Counter bytesSent = counter("cutover.gateway.bytes.sent", "bytes of the frames written to subscribers");
    final Counter conflated = counter(
            "cutover.gateway.conflated", "values of latest features that a newer one replaced before they were sent");
    final Counter deadLetters = counter("cutover.gateway.dead.letters", "records that no subscriber could read");
    final Counter deadLettersFailed =
            counter("cutover.gateway.dead.letters.failed", "dead letters that could not be written either");
    final Counter resumes =
            counter("cutover.gateway.resumes", "subscriptions that went on from a position, served from the backlog");
    final Counter positionsExpired = counter(
            "cutover.gateway.positions.expired",
            "positions beyond the backlog's reach, answered with a gap and a snapshot");
    final AtomicLong connections = new AtomicLong();

    GatewayMetrics() {
        Gauge.builder("cutover.gateway.connections", connections, AtomicLong::get)
                .description("WebSocket connections that are open")
                .register(registry);
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }

    /** A connection that this gateway closed. */
    void closed(String code) {
        Counter.builder("cutover.gateway.closed")
                .description("connections that this gateway closed, by reason")
                .tag("code", code)
                .register(registry)
                .increment();
    }

    /** A socket, a request or a message of a client that was turned away. */
    void refused(String code) {
        Counter.builder("cutover.gateway.refused")
                .description("sockets, requests and messages of clients that were refused, by the code of the answer")
                .tag("code", code)
                .register(registry)
                .increment();
    }

    /** All of it in Prometheus's text format. */
    String scrape() {
        return registry.scrape();
    }
}

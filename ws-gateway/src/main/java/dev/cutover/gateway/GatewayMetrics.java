package dev.cutover.gateway;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

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
    final Counter badMessages = counter("cutover.gateway.bad.messages", "messages from clients that were refused");
    final Counter resumesFromBacklog = resumes("backlog");
    final Counter resumesFromLog = resumes("log");
    final Counter logReads = counter("cutover.gateway.log.reads", "pieces read from Kafka for those who read the past");
    final Counter logUnreadable = counter(
            "cutover.gateway.log.unreadable",
            "records passed over on such a reading, since no subscriber can read them");
    final Counter positionsExpired = counter(
            "cutover.gateway.positions.expired",
            "positions that Kafka does not hold any more, answered with a gap and a snapshot");
    final Counter handshakesRefused =
            counter("cutover.gateway.handshakes.refused", "WebSocket handshakes that were refused");
    final AtomicLong connections = new AtomicLong();

    GatewayMetrics() {
        Gauge.builder("cutover.gateway.connections", connections, AtomicLong::get)
                .description("WebSocket connections that are open")
                .register(registry);
    }

    void showReplays(Supplier<Number> running) {
        Gauge.builder("cutover.gateway.replays", running)
                .description("replays that run")
                .register(registry);
    }

    private Counter resumes(String from) {
        return Counter.builder("cutover.gateway.resumes")
                .description("subscriptions that went on from a position, by what could serve it at first: the backlog,"
                        + " or the log in Kafka")
                .tag("from", from)
                .register(registry);
    }

    /** @param fromBacklog else Kafka has to be read for it */
    void resumed(boolean fromBacklog) {
        (fromBacklog ? resumesFromBacklog : resumesFromLog).increment();
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

    /** All of it in Prometheus's text format. */
    String scrape() {
        return registry.scrape();
    }
}

package dev.cutover.gateway;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/** What one gateway counts. Thread-safe. */
final class GatewayMetrics {
    private static final Set<String> FAILURES =
            Set.of(CloseReason.INTERNAL.code, CloseReason.SLOW_CONSUMER.code, CloseReason.UNRESPONSIVE.code);

    private static final Duration[] DELIVERY_BUCKETS = LongStream.of(
                    1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
            .mapToObj(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    final Counter eventsRead = counter("cutover.gateway.events.read", "events taken from Kafka and encoded");
    final Counter framesSent = counter("cutover.gateway.frames.sent", "frames written to subscribers");
    final Counter bytesSent = counter("cutover.gateway.bytes.sent", "bytes of the frames written to subscribers");
    final Counter conflated = counter(
            "cutover.gateway.conflated", "values of latest features that a newer one replaced before they were sent");
    final Counter deadLetters = counter("cutover.gateway.dead.letters", "records that no subscriber could read");
    final Counter deadLettersFailed =
            counter("cutover.gateway.dead.letters.failed", "dead letters that could not be written either");
    final Counter resumesFromBacklog = resumes("backlog");
    final Counter resumesFromLog = resumes("log");
    final Counter logReads = counter("cutover.gateway.log.reads", "pieces read from Kafka for those who read the past");
    final Counter logUnreadable = counter(
            "cutover.gateway.log.unreadable",
            "records passed over on such a reading, since no subscriber can read them");
    final Counter positionsExpired = counter(
            "cutover.gateway.positions.expired",
            "positions that Kafka does not hold any more, answered with a gap and a snapshot");
    final Counter upstreamLost =
            counter("cutover.gateway.upstream.lost", "times that Kafka stopped answering this gateway");
    final AtomicLong connections = new AtomicLong();
    private final Map<String, AtomicLong> subscriptions = new ConcurrentHashMap<>();
    private final AtomicInteger loops = new AtomicInteger();
    private final Timer delivery = Timer.builder("cutover.gateway.delivery")
            .description(
                    "from an event's timestamp in Kafka to the flush of the loop that wrote it to subscribers, once for"
                            + " each event and loop")
            .serviceLevelObjectives(DELIVERY_BUCKETS)
            .register(registry);

    GatewayMetrics() {
        Gauge.builder("cutover.gateway.connections", connections, AtomicLong::get)
                .description("connections of subscribers that are open, streams of server-sent events among them")
                .register(registry);
    }

    /** The subscriptions to a feature, for those who make them to count. */
    AtomicLong subscriptions(String feature) {
        return subscriptions.computeIfAbsent(feature, name -> {
            AtomicLong count = new AtomicLong();
            Gauge.builder("cutover.gateway.subscriptions", count, AtomicLong::get)
                    .description("subscriptions that are live or catch up, replays aside")
                    .tag("feature", name)
                    .register(registry);
            return count;
        });
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

    /** Connections that this gateway closed because something failed: not those that drained or broke the rules. */
    long failureCloses() {
        return (long) registry.find("cutover.gateway.closed").counters().stream()
                .filter(closed -> FAILURES.contains(closed.getId().getTag("code")))
                .mapToDouble(Counter::count)
                .sum();
    }

    /** A feature that was read anew, since its topic was made anew or its records were gone. */
    void renewed(String feature) {
        Counter.builder("cutover.gateway.renewals")
                .description("features that were read anew: their topic was made anew, or what was next was gone")
                .tag("feature", feature)
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

    /** @param records by partition; negative where it is not known */
    void lag(String feature, int partition, AtomicLongArray records) {
        Gauge.builder("cutover.gateway.lag", records, of -> of.get(partition) < 0 ? Double.NaN : of.get(partition))
                .description("records between what was read of a partition and Kafka's end")
                .tag("feature", feature)
                .tag("partition", Integer.toString(partition))
                .register(registry);
    }

    /** The bytes of one more loop's backlogs, for that loop to keep up to date. */
    AtomicLong backlogBytesOfALoop() {
        AtomicLong bytes = new AtomicLong();
        Gauge.builder("cutover.gateway.backlog", bytes, AtomicLong::get)
                .description("what the recent events take in memory; the loops share the same ones")
                .baseUnit("bytes")
                .tag("loop", Integer.toString(loops.getAndIncrement()))
                .register(registry);
        return bytes;
    }

    void upstream(TopicWatch watch) {
        Gauge.builder("cutover.gateway.upstream.up", watch, of -> of.isAway() ? 0 : 1)
                .description("1 while Kafka answers, else 0")
                .register(registry);
    }

    /** Wall time, against which the age of an event is taken. */
    long nowMs() {
        return registry.config().clock().wallTime();
    }

    void delivered(long tookMs) {
        delivery.record(tookMs, TimeUnit.MILLISECONDS);
    }

    MeterRegistry registry() {
        return registry;
    }

    /** All of it in Prometheus's text format. */
    String scrape() {
        return registry.scrape();
    }
}

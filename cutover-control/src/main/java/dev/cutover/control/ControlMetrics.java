package dev.cutover.control;

import dev.cutover.schema.Flag;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.function.BooleanSupplier;

/** What one control service counts. Thread-safe. */
final class ControlMetrics {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    final Counter conflicts =
            counter("cutover.control.conflicts", "changes that came too late: the flag had another version");
    final Counter writesFailed =
            counter("cutover.control.writes.failed", "changes of unknown end, because Kafka failed");
    final Counter unreadableAudit = counter(
            "cutover.control.audit.unreadable", "times that an audit record was skipped because it is not JSON");
    final Counter unreadableVerdicts =
            counter("cutover.control.verdicts.unreadable", "times that a record was skipped because it is no verdict");

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }

    MeterRegistry registry() {
        return registry;
    }

    /** Shows whether this instance is the active one. */
    void showActive(BooleanSupplier active) {
        Gauge.builder("cutover.control.active", active, each -> each.getAsBoolean() ? 1 : 0)
                .description("1 while this instance holds the lease, else 0")
                .register(registry);
    }

    /** A flag that this instance wrote. */
    void changed(Flag flag) {
        Counter.builder("cutover.control.changes")
                .description("changes of flags that this instance wrote")
                .tag("feature", flag.feature())
                .tag("stage", flag.stage().wireName())
                .register(registry)
                .increment();
    }

    /** @param kind one of a few words: it becomes a label */
    void refused(String kind) {
        Counter.builder("cutover.control.refusals")
                .description("requests that were refused, by kind; version conflicts are counted apart")
                .tag("kind", kind)
                .register(registry)
                .increment();
    }

    /** All of it in Prometheus's text format. */
    String scrape() {
        return registry.scrape();
    }
}

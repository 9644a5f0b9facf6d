package dev.cutover.jobs;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;

/** All that the jobs count, with unit and meaning. Any thread may count; the two gauges are set by the intraday job's. */
final class JobsMetrics {
    private final MeterRegistry registry;
    private volatile double sourceLagSeconds;
    private volatile double sourceTimeSeconds;
    private volatile int unacknowledgedBars;

    JobsMetrics(MeterRegistry registry) {
        this.registry = registry;
        Gauge.builder("cutover.jobs.source.lag", this, metrics -> metrics.sourceLagSeconds)
                .description("wall time by which the source stands behind its pace")
                .baseUnit("seconds")
                .register(registry);
        Gauge.builder("cutover.jobs.source.time", this, metrics -> metrics.sourceTimeSeconds)
                .description("the source's own time, since 1970")
                .baseUnit("seconds")
                .register(registry);
        Gauge.builder("cutover.jobs.bars.unacknowledged", this, metrics -> metrics.unacknowledgedBars)
                .description("closed bars that Kafka has not acknowledged yet")
                .register(registry);
    }

    /** An event of that type is acknowledged. */
    void published(String type) {
        registry.counter("cutover.jobs.events.published", "type", type).increment();
    }

    /** An event of that type did not get into Kafka. */
    void sendFailed(String type) {
        registry.counter("cutover.jobs.events.failed", "type", type).increment();
    }

    void ran(String job) {
        registry.counter("cutover.jobs.runs", "job", job).increment();
    }

    void failed(String job) {
        registry.counter("cutover.jobs.failures", "job", job).increment();
    }

    /** Slots that a job did not run in, since it was late or backed off. */
    void skipped(String job, long slots) {
        registry.counter("cutover.jobs.slots.skipped", "job", job).increment((double) slots);
    }

    /** A row of a source that is no bar, and was skipped. */
    void badRow() {
        registry.counter("cutover.jobs.source.rows.bad").increment();
    }

    void source(Instant time, Duration lag, int unacknowledged) {
        sourceTimeSeconds = time.getEpochSecond();
        sourceLagSeconds = lag.toMillis() / 1000.0;
        unacknowledgedBars = unacknowledged;
    }
}

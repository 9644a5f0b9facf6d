package dev.cutover.jobs;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/** All that the jobs count, with unit and meaning. Any thread may count; the gauges' values are set by the intraday job's. */
final class JobsMetrics {
    private final MeterRegistry registry;
    private final Clock clock;
    /** Null before the source's first step. */
    private volatile Instant sourceTime;
    /** The wall time that the source has been moved on for; null before its first step. */
    private volatile Instant reached;

    private volatile int unacknowledgedBars;

    /** @param clock the wall clock that the source is paced by */
    JobsMetrics(MeterRegistry registry, Clock clock) {
        this.registry = registry;
        this.clock = clock;
        Gauge.builder("cutover.jobs.source.lag", this, JobsMetrics::sourceLagSeconds)
                .description("wall time that the source has not been moved on for; up to a cadence is none")
                .baseUnit("seconds")
                .register(registry);
        Gauge.builder("cutover.jobs.source.time", this, JobsMetrics::sourceTimeSeconds)
                .description("the source's own time, since 1970")
                .baseUnit("seconds")
                .register(registry);
        Gauge.builder("cutover.jobs.bars.unacknowledged", this, metrics -> metrics.unacknowledgedBars)
                .description("closed bars that Kafka has not acknowledged yet")
                .register(registry);
    }

    private double sourceLagSeconds() {
        Instant last = reached;
        return last == null
                ? Double.NaN
                : Duration.between(last, clock.instant()).toMillis() / 1000.0;
    }

    private double sourceTimeSeconds() {
        Instant time = sourceTime;
        return time == null ? Double.NaN : (double) time.getEpochSecond();
    }

    void published(String type) {
        count("cutover.jobs.events.published", "events that Kafka has acknowledged", "type", type, 1);
    }

    void sendFailed(String type) {
        count("cutover.jobs.events.failed", "records that did not get into Kafka", "type", type, 1);
    }

    void ran(String job) {
        count("cutover.jobs.runs", "runs that did not fail", "job", job, 1);
    }

    void failed(String job) {
        count("cutover.jobs.failures", "runs that failed", "job", job, 1);
    }

    void skipped(String job, long slots) {
        count("cutover.jobs.slots.skipped", "slots missed by a job that was late or backed off", "job", job, slots);
    }

    void badRow() {
        count("cutover.jobs.source.rows.bad", "rows that are no bar, and were skipped", "source", "file", 1);
    }

    void polled(String feature) {
        count("cutover.jobs.polls", "answers of the polled service that could be read", "feature", feature, 1);
    }

    void pollFault(String feature, PollFault.Kind kind) {
        Counter.builder("cutover.jobs.poll.faults")
                .description("polls, and elements of what they brought, that nothing was emitted of")
                .tag("feature", feature)
                .tag("kind", kind.label())
                .register(registry)
                .increment();
    }

    /** After each step of the source, and each that was withheld. */
    void source(Instant time, Instant reachedWallTime, int unacknowledged) {
        sourceTime = time;
        reached = reachedWallTime;
        unacknowledgedBars = unacknowledged;
    }

    private void count(String name, String meaning, String tag, String value, long amount) {
        Counter.builder(name)
                .description(meaning)
                .tag(tag, value)
                .register(registry)
                .increment((double) amount);
    }
}

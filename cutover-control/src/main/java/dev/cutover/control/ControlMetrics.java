package dev.cutover.control;

import dev.cutover.schema.Flag;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

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

    final Counter guardFailed =
            counter("cutover.guard.failed", "looks of the guard at a feature that failed by a fault of Cutover");

    final Counter late = counter(
            "cutover.control.parity.late",
            "verdicts that came so long after their session's end that its tally was closed");

    private final Map<String, AtomicLong> pending = new ConcurrentHashMap<>();

    final Counter probeFrames = counter("cutover.control.probe.frames", "messages that the prober's gateways sent");
    final Counter probeRepeats =
            counter("cutover.control.probe.repeats", "events that a gateway sent the prober twice, or out of order");
    final Counter probeFaults = counter(
            "cutover.control.probe.faults",
            "times that probing began anew after a fault of its own, which the log has");
    final Counter evidenceFailed =
            counter("cutover.control.evidence.failed", "observations and tallies that could not be written to Kafka");
    final Timer stageTold = Timer.builder("cutover.control.probe.stage.told")
            .description("time from a change of a stage until a gateway told the prober")
            .register(registry);

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
                .strongReference(true) // or it is NaN once the lambda has been collected, here and below
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

    /** Shows how old the evidence is. */
    void showEvidenceAge(Supplier<OptionalLong> ageMs) {
        Gauge.builder("cutover.evidence.age", ageMs, each -> each.get().orElse(-1) / 1e3)
                .description("since the evidence was last known to be the newest; negative before that was ever so")
                .baseUnit("seconds")
                .strongReference(true)
                .register(registry);
    }

    /** A record of evidence was passed. */
    void evidenceUnreadable(String topic) {
        Counter.builder("cutover.evidence.unreadable")
                .description("times that a record of evidence was passed because it could not be read")
                .tag("topic", topic)
                .register(registry)
                .increment();
    }

    /** Shows what the guard of this instance makes of a feature. */
    void showGuard(String feature, BooleanSupplier abstains, BooleanSupplier breach) {
        Gauge.builder("cutover.guard.abstaining", abstains, each -> each.getAsBoolean() ? 1 : 0)
                .description("1 while the guard can't tell whether the live feature is good or bad, else 0")
                .tag("feature", feature)
                .strongReference(true)
                .register(registry);
        Gauge.builder("cutover.guard.breach", breach, each -> each.getAsBoolean() ? 1 : 0)
                .description("1 while the guard sees the live feature as bad, else 0")
                .tag("feature", feature)
                .strongReference(true)
                .register(registry);
    }

    /** @param why one of a few words, as are the breaches below */
    void guardAbstained(String feature, String why) {
        guard("cutover.guard.abstentions", "times that the guard began to abstain", feature, "why", why);
    }

    void guardWarned(String feature, String breach) {
        guard("cutover.guard.warnings", "breaches that the guard only warned of", feature, "breach", breach);
    }

    void guardRolledBack(String feature, String breach) {
        guard("cutover.guard.rollbacks", "breaches for which the guard rolled back", feature, "breach", breach);
    }

    private void guard(String name, String description, String feature, String label, String value) {
        Counter.builder(name)
                .description(description)
                .tag("feature", feature)
                .tag(label, value)
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

    /** A verdict; one that is given again after a failure counts again. */
    void judged(String feature, Outcome outcome) {
        Counter.builder("cutover.control.parity.verdicts")
                .description("comparisons of REST with the event log, by feature and outcome")
                .tag("feature", feature)
                .tag("outcome", outcome.wireName())
                .register(registry)
                .increment();
    }

    /** Something that REST served and that is not compared. */
    void passed(String feature, Judgement.Why why) {
        Counter.builder("cutover.control.parity.passed")
                .description("what REST served and was not compared, since what it would be compared with is not known")
                .tag("feature", feature)
                .tag("why", why.name().toLowerCase(Locale.ROOT))
                .register(registry)
                .increment();
    }

    /** A record that parity could not read or judge, and passed. */
    void unreadable(String topic) {
        Counter.builder("cutover.control.parity.unreadable")
                .description("records that parity went past because they could not be read or judged, by topic")
                .tag("topic", topic)
                .register(registry)
                .increment();
    }

    /** How much of what REST served of a feature waits to be compared; kept by those who have it waiting. */
    AtomicLong pending(String feature) {
        return pending.computeIfAbsent(feature, name -> {
            AtomicLong count = new AtomicLong();
            Gauge.builder("cutover.control.parity.pending", count, AtomicLong::get)
                    .description("answers of REST that wait to be compared")
                    .tag("feature", name)
                    .register(registry);
            return count;
        });
    }

    /** @param outcome {@code answered}, or {@code failed} */
    Counter probeRequests(String outcome) {
        return Counter.builder("cutover.control.probe.requests")
                .description("requests of the prober to REST; failed where the answer was not what it should be")
                .tag("outcome", outcome)
                .register(registry);
    }

    /** @param kind one of a few words: it becomes a label */
    Counter probeLost(String kind) {
        return Counter.builder("cutover.control.probe.lost")
                .description(
                        "connections to gateways that ended: drained by the gateway, overloaded where the prober was"
                                + " too slow, lost otherwise")
                .tag("kind", kind)
                .register(registry);
    }

    /** Shows how many gateways the prober is connected to, of all that it should be. */
    void showProbe(IntSupplier open, int gateways) {
        Gauge.builder("cutover.control.probe.connections", open, IntSupplier::getAsInt)
                .description("gateways that the prober is connected to; 0 while another instance is active")
                .strongReference(true)
                .register(registry);
        Gauge.builder("cutover.control.probe.gateways", () -> gateways)
                .description("gateways that the active instance's prober is to be connected to")
                .register(registry);
    }

    /** Shows how much fresher the WebSocket is than REST, for one feature. */
    void showFreshness(String feature, DoubleSupplier medianMs) {
        Gauge.builder("cutover.control.probe.freshness", medianMs, DoubleSupplier::getAsDouble)
                .description("by how much REST showed events later than the WebSocket, the median of the last minute;"
                        + " NaN where none was seen on both")
                .baseUnit("milliseconds")
                .tag("feature", feature)
                .strongReference(true)
                .register(registry);
    }

    /** All of it in Prometheus's text format. */
    String scrape() {
        return registry.scrape();
    }
}

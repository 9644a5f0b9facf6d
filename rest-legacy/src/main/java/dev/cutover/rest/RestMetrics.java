package dev.cutover.rest;

import dev.cutover.schema.FlagReader;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.function.Supplier;

/** What one REST service counts. Thread-safe. */
final class RestMetrics {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    final Counter deadLetters = Counter.builder("cutover.rest.dead.letters")
            .description("records that could not be read")
            .register(registry);
    final Counter deadLettersFailed = Counter.builder("cutover.rest.dead.letters.failed")
            .description("dead letters that could not be written either")
            .register(registry);

    /**
     * A request that was answered.
     *
     * @param client what the caller says that it is: of a few names, so that no caller can make up series
     */
    void answered(String feature, int status, String client) {
        Counter.builder("cutover.rest.requests")
                .description("requests answered, by feature, status and what the caller says that it is")
                .tag("feature", feature)
                .tag("status", Integer.toString(status))
                .tag("client", client)
                .register(registry)
                .increment();
    }

    /** A request that was turned away before anything looked at it. */
    void refused(String code) {
        Counter.builder("cutover.rest.refused")
                .description("requests that were refused before they were looked at, by the code of the answer")
                .tag("code", code)
                .register(registry)
                .increment();
    }

    /**
     * What became of bodies that were answered, as evidence.
     *
     * @param outcome recorded, repeated, sampled_out, dropped, lost, failed, or why it could not be compared: of a few words
     */
    void served(String feature, String outcome, int bodies) {
        Counter.builder("cutover.rest.served")
                .description(
                        "bodies that were answered, by what became of them as evidence; of dropped ones, the answers")
                .tag("feature", feature)
                .tag("outcome", outcome)
                .register(registry)
                .increment(bodies);
    }

    /**
     * A request that went, or would have gone, to the service behind.
     *
     * @param outcome of a few words
     */
    void upstream(String feature, String outcome) {
        Counter.builder("cutover.rest.upstream")
                .description("requests for the existing service behind, by what became of them")
                .tag("feature", feature)
                .tag("outcome", outcome)
                .register(registry)
                .increment();
    }

    /** A filling that began. */
    void filling(String feature) {
        Counter.builder("cutover.rest.fills")
                .description(
                        "times that a feature's views were filled from Kafka; more than one for each start is a rebuild")
                .tag("feature", feature)
                .register(registry)
                .increment();
    }

    /** Views that could not be relied on any more. */
    void lost(String feature) {
        Counter.builder("cutover.rest.lost")
                .description("times that a feature's views were given up, to be filled again")
                .tag("feature", feature)
                .register(registry)
                .increment();
    }

    /**
     * Shows a feature's state for as long as the service runs.
     *
     * @param serving 1 or 0
     */
    void showFeature(String feature, Supplier<Number> serving, Supplier<Number> keys) {
        Gauge.builder("cutover.rest.serving", serving)
                .description("1 while the feature's views are all there")
                .tag("feature", feature)
                .register(registry);
        Gauge.builder("cutover.rest.keys", keys)
                .description("keys whose views are there")
                .tag("feature", feature)
                .register(registry);
    }

    void showFlags(FlagReader flags) {
        flags.bindTo(registry);
    }

    /** All of it in Prometheus's text format. */
    String scrape() {
        return registry.scrape();
    }
}

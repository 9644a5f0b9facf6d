package dev.cutover.jobs;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Health;
import dev.cutover.schema.StartupException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The jobs that poll an existing REST service, one for each feature that has a REST endpoint in the catalog. Nothing is made up
 * beside it: a feature without one is left to its own producers.
 */
final class PollFeed implements Feed {
    private static final Logger log = LoggerFactory.getLogger(PollFeed.class);

    private final URI service;
    private final List<PollPlan> plans;
    private final PollSettings settings;
    private final PollClient client;
    private final Clock clock;
    private final JobsMetrics metrics;
    private final Set<String> types;
    private final List<PollJob> jobs = new ArrayList<>();

    /** @throws StartupException when a feature can't be polled */
    PollFeed(URI service, FeatureCatalog catalog, PollSettings settings, Clock clock, JobsMetrics metrics) {
        this.service = service;
        this.plans = PollPlan.of(catalog, service, settings);
        this.settings = settings;
        this.client = new PollClient(settings);
        this.clock = clock;
        this.metrics = metrics;
        this.types = PollPlan.types(plans);
        catalog.features().stream().filter(feature -> feature.rest().isEmpty()).forEach(PollFeed::sayLeftOut);
    }

    private static void sayLeftOut(Feature feature) {
        log.info("feature {} is not polled: the catalog names no REST endpoint of it", feature.name());
    }

    @Override
    public String kind() {
        return "rest-poll";
    }

    @Override
    public boolean emits(String type) {
        return types.contains(type);
    }

    @Override
    public void start(Starter starter, EventPublisher publisher, Instant start) {
        for (PollPlan plan : plans) {
            PollJob job = new PollJob(plan, settings.requests(), client::get, publisher, clock, metrics);
            jobs.add(job);
            starter.scheduler().start(job, start, plan.period());
            log.info(
                    "feature {} is polled every {} ms from {}{}",
                    plan.feature().name(),
                    plan.period().toMillis(),
                    plan.polls().get(0).uri(),
                    plan.polls().size() == 1 ? "" : " and for " + (plan.polls().size() - 1) + " more keys");
            plan.missingTypes()
                    .forEach(type -> log.warn(
                            "no {} comes of polling {}: its endpoint's answer has none; emit it yourself, or name keys"
                                    + " with --poll-keys where the answer by key has it",
                            type,
                            service));
        }
    }

    @Override
    public Health health() {
        return jobs.stream().map(PollJob::health).reduce(new Health(List.of()), Health::and);
    }

    @Override
    public void finish(Duration patience) {
        client.close();
    }

    @Override
    public void close() {
        client.close();
    }
}

package dev.cutover.jobs;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Health;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The jobs that a choice of {@code --source} brings with it, and what they hold. Started and closed by one thread. */
interface Feed extends AutoCloseable {

    /** Starts jobs at the cadence of their event types. */
    record Starter(FeatureCatalog catalog, JobScheduler scheduler) {
        private static final Logger log = LoggerFactory.getLogger(Starter.class);

        /** Starts the job if the catalog has its event type. */
        boolean start(String type, Job job, Instant first) {
            Optional<Feature.EventType> event = catalog.event(type);
            if (event.isEmpty()) {
                log.info("job {} is not started: the feature catalog has no event type {}", job.name(), type);
                return false;
            }
            scheduler.start(job, first, event.get().cadence());
            return true;
        }
    }

    /** What sort of source it is, as part of a URI. */
    String kind();

    /** Whether the events of that type come from the source, and from no job beside it. */
    boolean emits(String type);

    /** Called once. */
    void start(Starter starter, EventPublisher publisher, Instant start);

    /** Any thread may ask. */
    Health health();

    /** Ends what is under way, once the jobs' threads have ended. */
    void finish(Duration patience);

    /** Lets go of what it holds: the last call. */
    @Override
    void close();
}

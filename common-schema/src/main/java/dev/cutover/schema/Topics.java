package dev.cutover.schema;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.config.TopicConfig;

/** The topics of Cutover: their names, and how each is created. */
public final class Topics {
    /** Feature to its whole flag; compacted, one partition. */
    public static final String FLAGS = "config.features";

    /** Feature to every change ever made to its flag; kept for good, one partition. */
    public static final String FLAG_AUDIT = "config.features.audit";

    /** {@code topic-partition@offset} to a record that could not be read. */
    public static final String DEAD_LETTERS = "events.dead-letter";

    /** Source to how far it got; compacted. */
    public static final String JOBS_PROGRESS = "jobs.progress";

    /** The names that no feature's topic may have. */
    static final Set<String> OWN = Set.of(FLAGS, FLAG_AUDIT, DEAD_LETTERS, JOBS_PROGRESS);

    private static final Duration EVENT_RETENTION = Duration.ofDays(7);
    private static final String COMPACT = TopicConfig.CLEANUP_POLICY_COMPACT;
    private static final String DELETE = TopicConfig.CLEANUP_POLICY_DELETE;

    /**
     * A topic as it is to be.
     *
     * @param configs what it is created with
     * @param strict whether a topic that is there with other {@code configs} is refused: records that Cutover needs would be
     *     lost
     */
    public record Spec(String name, int partitions, Map<String, String> configs, boolean strict) {}

    private Topics() {}

    /** Every topic that the services of this catalog read or write. */
    public static List<Spec> specs(FeatureCatalog catalog) {
        List<Spec> specs = new ArrayList<>();
        for (Feature feature : catalog.features()) {
            specs.add(events(feature.topic(), feature.partitions()));
        }
        specs.add(events(catalog.heartbeat().topic(), 1));
        // short segments, so that compaction soon makes the letters of several readers one
        specs.add(new Spec(
                DEAD_LETTERS,
                1,
                Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG,
                        COMPACT + "," + DELETE,
                        TopicConfig.SEGMENT_MS_CONFIG,
                        Long.toString(Duration.ofMinutes(10).toMillis()),
                        TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG,
                        "0.01"),
                false));
        specs.add(new Spec(FLAGS, 1, cleanup(COMPACT), true));
        specs.add(new Spec(
                FLAG_AUDIT,
                1,
                Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, DELETE, TopicConfig.RETENTION_MS_CONFIG, "-1"),
                true));
        specs.add(new Spec(JOBS_PROGRESS, 1, cleanup(COMPACT), true));
        return specs;
    }

    private static Spec events(String name, int partitions) {
        return new Spec(
                name,
                partitions,
                Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG,
                        DELETE,
                        TopicConfig.RETENTION_MS_CONFIG,
                        Long.toString(EVENT_RETENTION.toMillis())),
                false);
    }

    private static Map<String, String> cleanup(String policy) {
        return Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, policy);
    }
}

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

    /** Feature, caller, day and instance to how often that caller asked REST; compacted. */
    public static final String REST_USAGE = "rest.usage";

    /** Feature and key to one comparison of REST with the event log, and its outcome. */
    public static final String PARITY_VERDICTS = "parity.verdicts";

    /** Feature, session and part to that part's tally; compacted, so that each session's is kept for good. */
    public static final String PARITY_SESSIONS = "parity.sessions";

    /** Feature and step to who signed off; compacted. */
    public static final String SIGN_OFFS = "evidence.signoffs";

    /** Feature to what the prober and the pages saw of it. */
    public static final String OBSERVATIONS = "evidence.observations";

    /** Instance to its CPU, memory and errors. */
    public static final String VITALS = "ops.vitals";

    /** The names that no feature's topic may have. */
    static final Set<String> OWN = Set.of(
            FLAGS,
            FLAG_AUDIT,
            DEAD_LETTERS,
            JOBS_PROGRESS,
            REST_USAGE,
            PARITY_VERDICTS,
            PARITY_SESSIONS,
            SIGN_OFFS,
            OBSERVATIONS,
            VITALS);

    private static final Duration A_WEEK = Duration.ofDays(7);
    private static final String COMPACT = TopicConfig.CLEANUP_POLICY_COMPACT;
    private static final String DELETE = TopicConfig.CLEANUP_POLICY_DELETE;

    /**
     * A topic as it is to be.
     *
     * @param configs what it is created with
     * @param strict whether a topic that is there and keeps its records in another way than {@code configs} say is refused:
     *     records that Cutover needs would be lost
     */
    public record Spec(String name, int partitions, Map<String, String> configs, boolean strict) {}

    private static final String SERVED = "rest.served.";

    private Topics() {}

    /** What REST answered of a feature, partitioned as its events. */
    public static String served(Feature feature) {
        return SERVED + feature.name().replace('_', '-');
    }

    /** Whether no feature's topic may have that name. */
    static boolean isOwn(String name) {
        return OWN.contains(name) || name.startsWith(SERVED);
    }

    /** Every topic that the services of this catalog read or write. */
    public static List<Spec> specs(FeatureCatalog catalog) {
        List<Spec> specs = new ArrayList<>();
        for (Feature feature : catalog.features()) {
            specs.add(aWeek(feature.topic(), feature.partitions()));
            feature.rest().ifPresent(rest -> specs.add(aWeek(served(feature), feature.partitions())));
        }
        specs.add(aWeek(catalog.heartbeat().topic(), 1));
        // so that the letters of several readers soon become one
        specs.add(new Spec(DEAD_LETTERS, 1, soonCompacted(COMPACT + "," + DELETE), false));
        specs.add(new Spec(FLAGS, 1, cleanup(COMPACT), true));
        specs.add(new Spec(
                FLAG_AUDIT,
                1,
                Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, DELETE, TopicConfig.RETENTION_MS_CONFIG, "-1"),
                true));
        for (String compacted : List.of(JOBS_PROGRESS, SIGN_OFFS)) {
            specs.add(new Spec(compacted, 1, cleanup(COMPACT), true));
        }
        // told anew every second, and read from days back at each start: by then it must be the newest alone
        for (String retold : List.of(REST_USAGE, PARITY_SESSIONS)) {
            specs.add(new Spec(retold, 1, soonCompacted(COMPACT), true));
        }
        for (String recent : List.of(PARITY_VERDICTS, OBSERVATIONS, VITALS)) {
            specs.add(aWeek(recent, 1));
        }
        return specs;
    }

    private static Spec aWeek(String name, int partitions) {
        return new Spec(
                name,
                partitions,
                Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG,
                        DELETE,
                        TopicConfig.RETENTION_MS_CONFIG,
                        Long.toString(A_WEEK.toMillis())),
                false);
    }

    /** In short segments, since the newest one is never compacted. */
    private static Map<String, String> soonCompacted(String policy) {
        return Map.of(
                TopicConfig.CLEANUP_POLICY_CONFIG,
                policy,
                TopicConfig.SEGMENT_MS_CONFIG,
                Long.toString(Duration.ofMinutes(10).toMillis()),
                TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG,
                "0.01");
    }

    private static Map<String, String> cleanup(String policy) {
        return Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, policy);
    }
}

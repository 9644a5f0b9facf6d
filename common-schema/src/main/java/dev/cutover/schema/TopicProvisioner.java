package dev.cutover.schema;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates the topics that are missing and checks those that are there. Safe to run from several services at once. Confined
 * to the caller's thread, which it blocks for at most the given time.
 */
public final class TopicProvisioner {
    private static final Logger log = LoggerFactory.getLogger(TopicProvisioner.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(15);
    private static final Duration VISIBILITY_POLL = Duration.ofMillis(50);
    /** The settings that decide which records stay; others say how soon those go that are not needed. */
    private static final Set<String> KEEPING =
            Set.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.RETENTION_MS_CONFIG);

    private final Admin admin;
    private final String cluster;
    private final long deadlineNs;
    private final Duration timeout;

    private TopicProvisioner(Admin admin, String cluster, Duration timeout) {
        this.admin = admin;
        this.cluster = cluster;
        this.timeout = timeout;
        this.deadlineNs = System.nanoTime() + timeout.toNanos();
    }

    /** Every topic of the catalog, and Cutover's own, as {@link #ensure(KafkaConnection, List, Duration)} within 15 s. */
    public static Map<String, String> ensure(KafkaConnection kafka, FeatureCatalog catalog) {
        return ensure(kafka, Topics.specs(catalog), TIMEOUT);
    }

    /**
     * Creates what is missing and checks what is there.
     *
     * @param timeout for everything together
     * @return the id of each topic, by name: a topic that is made anew gets another
     * @throws StartupException when the cluster can't be reached in time, or a topic is not as it must be
     */
    public static Map<String, String> ensure(KafkaConnection kafka, List<Topics.Spec> specs, Duration timeout) {
        Admin admin = kafka.admin("cutover-provision");
        try {
            return new TopicProvisioner(admin, kafka.bootstrap(), timeout).ensure(specs);
        } finally {
            admin.close(Duration.ZERO); // not close(), which would wait a minute for a cluster that does not answer
        }
    }

    private Map<String, String> ensure(List<Topics.Spec> specs) {
        Set<String> present = await("list the topics", admin.listTopics().names());
        List<NewTopic> missing = specs.stream()
                .filter(spec -> !present.contains(spec.name()))
                .map(spec -> new NewTopic(spec.name(), Optional.of(spec.partitions()), Optional.empty())
                        .configs(spec.configs()))
                .toList();
        // before anything is created: a start that is refused leaves nothing behind
        verifyConfigs(specs.stream()
                .filter(spec -> spec.strict() && present.contains(spec.name()))
                .toList());
        create(missing);
        Map<String, Topics.Spec> byName =
                specs.stream().collect(Collectors.toMap(Topics.Spec::name, Function.identity()));
        Map<String, TopicDescription> descriptions = describe(byName.keySet());
        byName.values()
                .forEach(spec -> verifyPartitions(
                        spec, descriptions.get(spec.name()).partitions().size()));
        awaitLeaders(specs);
        return descriptions.values().stream().collect(Collectors.toMap(TopicDescription::name, topic -> topic.topicId()
                .toString()));
    }

    private void create(List<NewTopic> missing) {
        Map<String, KafkaFuture<Void>> results = admin.createTopics(missing).values();
        results.forEach((name, result) -> {
            try {
                result.get(remainingMs(), TimeUnit.MILLISECONDS);
                log.info("created topic {}", name);
            } catch (ExecutionException e) {
                // another service was faster: verified below like any other
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw failure("create topic " + name, e.getCause());
                }
            } catch (TimeoutException e) {
                throw failure("create topic " + name, e);
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
        });
    }

    /** A topic that was just created is not known to every broker at once: asks until all are, or the time is up. */
    private Map<String, TopicDescription> describe(Set<String> names) {
        Map<String, TopicDescription> found = new HashMap<>();
        while (true) {
            List<String> wanted =
                    names.stream().filter(name -> !found.containsKey(name)).toList();
            if (wanted.isEmpty()) {
                return found;
            }
            if (remainingMs() == 0) {
                throw new StartupException("topics without a leader at " + cluster + " after " + timeout.toSeconds()
                        + " s: " + wanted + "; check the brokers' health");
            }
            for (var entry : admin.describeTopics(wanted).topicNameValues().entrySet()) {
                try {
                    TopicDescription description = entry.getValue().get(remainingMs(), TimeUnit.MILLISECONDS);
                    if (description.partitions().stream().allMatch(partition -> partition.leader() != null)) {
                        found.put(entry.getKey(), description);
                    }
                } catch (ExecutionException e) {
                    if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                        throw failure("describe topic " + entry.getKey(), e.getCause());
                    }
                } catch (TimeoutException e) {
                    throw failure("describe topic " + entry.getKey(), e);
                } catch (InterruptedException e) {
                    throw interrupted(e);
                }
            }
            LockSupport.parkNanos(VISIBILITY_POLL.toNanos());
        }
    }

    /**
     * A broker may be known as a partition's leader before it knows of it itself. A producer that sends several batches then has
     * the first refused and a later one accepted, and never gets the first into its place again. So each leader is asked, which
     * the client repeats until it answers.
     */
    private void awaitLeaders(List<Topics.Spec> specs) {
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        for (Topics.Spec spec : specs) {
            for (int i = 0; i < spec.partitions(); i++) {
                ends.put(new TopicPartition(spec.name(), i), OffsetSpec.latest());
            }
        }
        var unused = await("reach the topics' leaders", admin.listOffsets(ends).all());
    }

    private static void verifyPartitions(Topics.Spec spec, int actual) {
        if (actual != spec.partitions()) {
            throw new StartupException("topic " + spec.name() + " has " + actual + " partitions, but must have "
                    + spec.partitions()
                    + ": more or fewer would move keys; recreate the topic, or for a feature's topic"
                    + " set its partitions in the feature catalog");
        }
    }

    private void verifyConfigs(List<Topics.Spec> specs) {
        List<ConfigResource> resources = specs.stream()
                .map(spec -> new ConfigResource(ConfigResource.Type.TOPIC, spec.name()))
                .toList();
        Map<ConfigResource, Config> configs = await(
                "read the topics' settings", admin.describeConfigs(resources).all());
        List<String> problems = new ArrayList<>();
        for (Topics.Spec spec : specs) {
            Config actual = configs.get(new ConfigResource(ConfigResource.Type.TOPIC, spec.name()));
            spec.configs().forEach((name, wanted) -> {
                String value = actual.get(name).value();
                if (KEEPING.contains(name) && !wanted.equals(value)) {
                    problems.add("topic " + spec.name() + " has " + name + "=" + value + ", but must have " + wanted
                            + ", or records that Cutover needs are lost: set it with kafka-configs");
                }
            });
        }
        if (!problems.isEmpty()) {
            throw new StartupException(String.join("; ", problems));
        }
    }

    private <T> T await(String what, KafkaFuture<T> future) {
        try {
            return future.get(remainingMs(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw failure(what, e.getCause());
        } catch (TimeoutException e) {
            throw failure(what, e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private long remainingMs() {
        return Math.max(0, TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime()));
    }

    private StartupException failure(String what, Throwable cause) {
        boolean late =
                cause instanceof TimeoutException || cause instanceof org.apache.kafka.common.errors.TimeoutException;
        String why = late
                ? "no answer within " + timeout.toSeconds() + " s; is it running, and is --bootstrap right?"
                : cause.getMessage();
        return new StartupException("can't " + what + " at Kafka " + cluster + ": " + why, cause);
    }

    private static StartupException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new StartupException("interrupted while the topics were set up", e);
    }
}

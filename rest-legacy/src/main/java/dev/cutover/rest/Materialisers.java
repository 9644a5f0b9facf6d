package dev.cutover.rest;

import dev.cutover.schema.DeadLetters;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.Health;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.Stage;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that each feature has the materialiser that it needs. Its thread, {@code rest-supervisor}, alone starts, replaces
 * and stops them; it looks once a second, and at once when a flag has changed or a materialiser was lost.
 *
 * <p>{@link #one}, {@link #all}, {@link #health} and {@link #wake} are safe on any thread.
 */
final class Materialisers implements Snapshots, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Materialisers.class);
    private static final long LOOK_EVERY_MS = 1_000;
    private static final long ANSWER_TIMEOUT_MS = 5_000;
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration CONSUMER_CLOSE_TIMEOUT = Duration.ofSeconds(1);
    private static final long THREAD_STOP_MS = 2_000;
    private static final long TIDY_TIMEOUT_MS = 1_000;
    private static final long LONGEST_PAUSE_S = 60;
    /** A lookup that Kafka does not answer is begun anew, rather than waited for a minute. */
    private static final Map<String, String> IMPATIENT =
            Map.of(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, "10000");

    /** One feature, and what serves it now. Written by the supervisor's thread alone. */
    private static final class Slot {
        final Feature feature;
        /** Null while there is none. */
        volatile Materialiser current;
        /** How many in a row have not served, the one under way included. */
        final AtomicInteger unserved = new AtomicInteger();
        /** Not before then is the next one started; the supervisor's thread alone. */
        long nextFillNs = System.nanoTime();
        /** Why there is none although there should be; null where nothing is known to be wrong. */
        volatile String trouble;

        Slot(Feature feature) {
            this.feature = feature;
        }

        Optional<Materialiser> serving() {
            Materialiser now = current;
            return now != null && now.phase() == Phase.SERVING ? Optional.of(now) : Optional.empty();
        }
    }

    private final Map<String, Slot> slots = new LinkedHashMap<>();
    private final KafkaConnection kafka;
    private final Admin admin;
    private final FlagReader flags;
    private final DeadLetters deadLetters;
    private final Duration retireAfter;
    private final InstantSource clock;
    private final RestMetrics metrics;
    private final Semaphore wake = new Semaphore(0);
    private final Thread thread = new Thread(this::run, "rest-supervisor");
    private volatile boolean closing;
    /** Whether Kafka answered last time; the supervisor's thread alone. */
    private boolean away;

    /** @param clock by which a promoted feature's materialiser retires */
    Materialisers(
            FeatureCatalog catalog,
            KafkaConnection kafka,
            Admin admin,
            FlagReader flags,
            DeadLetters deadLetters,
            Duration retireAfter,
            InstantSource clock,
            RestMetrics metrics) {
        this.kafka = kafka;
        this.admin = admin;
        this.flags = flags;
        this.deadLetters = deadLetters;
        this.retireAfter = retireAfter;
        this.clock = clock;
        this.metrics = metrics;
        for (Feature feature : catalog.features()) {
            if (feature.rest().isPresent()) {
                Slot slot = new Slot(feature);
                slots.put(feature.name(), slot);
                metrics.showFeature(feature.name(), () -> slot.serving().isPresent() ? 1 : 0, () -> slot.serving()
                        .map(Materialiser::keys)
                        .orElse(0L));
            }
        }
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Has the supervisor look again, soon. */
    void wake() {
        wake.release();
    }

    @Override
    public Optional<Snapshot> one(String feature, String key) {
        return slots.get(feature).serving().flatMap(materialiser -> materialiser.one(key));
    }

    @Override
    public Optional<Snapshot> all(String feature) {
        return slots.get(feature).serving().flatMap(Materialiser::all);
    }

    /** Not ready while a feature that REST must answer for can't be. A promoted one need not be. */
    Health health() {
        List<String> reasons = new ArrayList<>();
        for (Slot slot : slots.values()) {
            if (slot.serving().isEmpty() && flags.flag(slot.feature.name()).stage() != Stage.PROMOTED) {
                String trouble = slot.trouble;
                reasons.add(slot.feature.name() + ": its views are being filled from Kafka"
                        + (trouble == null ? "" : ", which failed so far: " + trouble));
            }
        }
        return new Health(reasons);
    }

    private void run() {
        try {
            while (!closing) {
                lookAfterAll();
                var unused = wake.tryAcquire(LOOK_EVERY_MS, TimeUnit.MILLISECONDS);
                wake.drainPermits();
            }
        } catch (InterruptedException | InterruptException e) {
            log.debug("the supervisor was told to stop");
        } catch (Throwable e) {
            log.error(
                    "the supervisor has stopped, which is a fault of Cutover; what serves goes on, until it is lost",
                    e);
            throw e;
        }
    }

    private void lookAfterAll() throws InterruptedException {
        if (flags.ageMs().isEmpty()) {
            return; // no stage is known: nothing is started in vain, and nothing stopped
        }
        Map<String, TopicDescription> topics = describeTopics();
        for (Slot slot : slots.values()) {
            try {
                lookAfter(slot, topics.get(slot.feature.topic()));
                slot.trouble = troubleOf(slot, topics.get(slot.feature.topic()));
            } catch (InterruptException e) {
                throw e;
            } catch (KafkaException | ExecutionException | TimeoutException e) {
                slot.trouble = e.toString();
                log.warn("can't fill the views of {}, and try on: {}", slot.feature.name(), e.toString());
            } catch (RuntimeException e) {
                slot.trouble = e.toString();
                log.error("looking after {} failed; trying on", slot.feature.name(), e);
            }
        }
    }

    private String troubleOf(Slot slot, TopicDescription topic) {
        if (topic == null) {
            return "Kafka does not tell of its topic " + slot.feature.topic();
        }
        return hasItsPartitions(slot.feature, topic)
                ? null
                : "its topic " + topic.name() + " has " + topic.partitions().size()
                        + " partitions, but the catalog says " + slot.feature.partitions() + "; recreate the topic";
    }

    private static boolean hasItsPartitions(Feature feature, TopicDescription topic) {
        return topic.partitions().size() == feature.partitions();
    }

    /** @param topic null where Kafka does not answer, or has none */
    private void lookAfter(Slot slot, TopicDescription topic)
            throws InterruptedException, ExecutionException, TimeoutException {
        Flag flag = flags.flag(slot.feature.name());
        Materialiser now = slot.current;
        String currentEpoch = topic != null && hasItsPartitions(slot.feature, topic)
                ? topic.topicId().toString()
                : null;
        Upkeep upkeep = Upkeep.of(
                Upkeep.isNeeded(flag, clock.instant(), retireAfter),
                now == null ? null : now.phase(),
                now == null ? null : now.epoch(),
                currentEpoch);
        if (upkeep == Upkeep.STOP || upkeep == Upkeep.REPLACE) {
            stop(List.of(slot));
        }
        if (upkeep == Upkeep.REPLACE && slot.unserved.get() > 0) {
            // what is lost before it serves would be started anew as fast as it fails
            long pauseS = Math.min(LONGEST_PAUSE_S, 1L << Math.min(slot.unserved.get() - 1, 10));
            slot.nextFillNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(pauseS);
        }
        if ((upkeep == Upkeep.START || upkeep == Upkeep.REPLACE) && System.nanoTime() - slot.nextFillNs >= 0) {
            fill(slot, currentEpoch);
        }
    }

    private void fill(Slot slot, String epoch) throws InterruptedException, ExecutionException, TimeoutException {
        Feature feature = slot.feature;
        FillRange range;
        KafkaConsumer<byte[], byte[]> consumer =
                kafka.withQuickFetch().with(IMPATIENT).consumer("cutover-rest-fill-" + feature.name());
        try {
            range = FillRange.find(feature, consumer, admin);
        } finally {
            boolean interrupted = Thread.interrupted(); // or closing would be cut short
            consumer.close(CloseOptions.timeout(CONSUMER_CLOSE_TIMEOUT));
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        String applicationId = "cutover-rest-" + feature.name() + "-" + UUID.randomUUID();
        Map<TopicPartition, OffsetAndMetadata> starts = range.startsIn(feature.topic()).entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, start -> new OffsetAndMetadata(start.getValue())));
        answer(admin.alterConsumerGroupOffsets(applicationId, starts).all());
        slot.current = new Materialiser(
                feature,
                epoch,
                applicationId,
                range,
                kafka,
                deadLetters,
                (phase, reason) -> onPhase(slot, phase, reason));
        slot.unserved.incrementAndGet();
        slot.current.start();
        metrics.filling(feature.name());
    }

    private void onPhase(Slot slot, Phase phase, String reason) {
        String feature = slot.feature.name();
        if (phase == Phase.INVALID) {
            log.warn("{} is not served until its views are filled again: {}", feature, reason);
            metrics.lost(feature);
            wake();
            return;
        }
        if (phase == Phase.SERVING) {
            slot.unserved.set(0);
        }
        log.info("{}: {}", feature, reason);
    }

    /** The topics of the features, by name; without those that are not there, and empty when Kafka does not answer. */
    private Map<String, TopicDescription> describeTopics() throws InterruptedException {
        List<String> names =
                slots.values().stream().map(slot -> slot.feature.topic()).toList();
        Map<String, TopicDescription> found = new LinkedHashMap<>();
        DescribeTopicsOptions soon = new DescribeTopicsOptions().timeoutMs((int) ANSWER_TIMEOUT_MS);
        for (var topic : admin.describeTopics(names, soon).topicNameValues().entrySet()) {
            try {
                found.put(topic.getKey(), answer(topic.getValue()));
                away = false;
            } catch (ExecutionException e) {
                log.debug("topic {} can't be described", topic.getKey(), e);
            } catch (TimeoutException e) {
                if (!away) {
                    away = true;
                    log.warn("Kafka does not answer; what is filled is served from memory");
                }
                return Map.of();
            }
        }
        return found;
    }

    private static <T> T answer(KafkaFuture<T> future)
            throws InterruptedException, ExecutionException, TimeoutException {
        return future.get(ANSWER_TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }

    /** All at once, since each may take the whole timeout while Kafka is away. */
    private void stop(List<Slot> toStop) {
        List<Materialiser> stopping = new ArrayList<>();
        for (Slot slot : toStop) {
            if (slot.current != null) {
                stopping.add(slot.current);
                slot.current = null;
            }
        }
        stopping.forEach(Materialiser::beginClose);
        long deadlineNs = System.nanoTime() + STOP_TIMEOUT.toNanos();
        List<String> groups = new ArrayList<>();
        for (Materialiser each : stopping) {
            long leftNs = Math.max(0, deadlineNs - System.nanoTime());
            switch (each.awaitClosed(Duration.ofNanos(leftNs))) {
                case LEFT -> groups.add(each.applicationId());
                case FAILED -> {
                    bestEffort(admin.removeMembersFromConsumerGroup(
                                    each.applicationId(), new RemoveMembersFromConsumerGroupOptions())
                            .all());
                    groups.add(each.applicationId());
                }
                case LATE ->
                    log.warn(
                            "{} has not stopped within {} ms; its threads end later",
                            each.applicationId(),
                            STOP_TIMEOUT.toMillis());
            }
        }
        if (!groups.isEmpty()) {
            bestEffort(admin.deleteConsumerGroups(groups).all());
        }
    }

    /** For groups, which are never used again: those that stay are deleted by Kafka when their offsets expire. */
    private static void bestEffort(KafkaFuture<Void> answer) {
        try {
            var unused = answer.get(TIDY_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            log.debug("a consumer group stays until it expires", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Within five seconds or so. */
    @Override
    public void close() {
        closing = true;
        thread.interrupt();
        try {
            thread.join(THREAD_STOP_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            log.warn("the supervisor did not stop within {} ms", THREAD_STOP_MS);
        }
        stop(List.copyOf(slots.values()));
    }
}

package dev.cutover.control;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.TailStart;
import dev.cutover.schema.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides where parity begins to read. A partition that its group has read before goes on there. Any other begins where the
 * events are known whole from ({@link TailStart}), and at the end of what was served; what REST made of older events is not judged,
 * since their state is not known at each offset.
 *
 * <p>Confined to the thread that calls it, which it blocks.
 */
final class ParityStart {
    private static final Logger log = LoggerFactory.getLogger(ParityStart.class);
    private static final long ANSWER_TIMEOUT_MS = 10_000;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);
    /** A lookup that Kafka does not answer is begun anew, rather than waited for a minute. */
    private static final Map<String, String> IMPATIENT =
            Map.of(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, Long.toString(ANSWER_TIMEOUT_MS));

    private final FeatureCatalog catalog;
    private final Consumer<byte[], byte[]> consumer;
    private final Admin admin;
    private final String group;

    private ParityStart(FeatureCatalog catalog, Consumer<byte[], byte[]> consumer, Admin admin, String group) {
        this.catalog = catalog;
        this.consumer = consumer;
        this.admin = admin;
        this.group = group;
    }

    /**
     * Where a partition of events is begun.
     *
     * @param from where the group reads on
     * @param end the log's end of now
     * @param isAnew whether the group had not read it before, or not what is left of it
     * @param topicId of the topic
     */
    record Begin(long from, long end, boolean isAnew, String topicId) {}

    /** All of them, by partition of the events' topics. */
    record Begins(Map<TopicPartition, Begin> byPartition) {
        Begins {
            byPartition = Map.copyOf(byPartition);
        }

        Begin of(Feature feature, int partition) {
            Begin begin = byPartition.get(new TopicPartition(feature.topic(), partition));
            if (begin == null) {
                throw new IllegalStateException(feature.topic() + " has a partition " + partition + ", but must have "
                        + feature.partitions() + "; recreate the topic");
            }
            return begin;
        }
    }

    /**
     * Sees to it that the group has an offset for each partition.
     *
     * @throws InterruptedException when the service stops meanwhile
     * @throws org.apache.kafka.common.KafkaException when Kafka fails
     */
    static Begins find(FeatureCatalog catalog, KafkaConnection kafka, String group)
            throws InterruptedException, ExecutionException, TimeoutException {
        Admin admin = kafka.admin(group + "-start");
        KafkaConsumer<byte[], byte[]> consumer =
                kafka.withQuickFetch().with(IMPATIENT).consumer(group + "-start");
        try {
            return new ParityStart(catalog, consumer, admin, group).find();
        } finally {
            boolean interrupted = Thread.interrupted(); // or closing would be cut short
            consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
            admin.close(CLOSE_TIMEOUT);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Begins find() throws InterruptedException, ExecutionException, TimeoutException {
        Map<TopicPartition, OffsetAndMetadata> committed =
                answer(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
        List<Feature> features = catalog.features().stream()
                .filter(feature -> feature.rest().isPresent())
                .toList();
        Map<String, TopicDescription> topics = answer(
                admin.describeTopics(features.stream().map(Feature::topic).toList())
                        .allTopicNames());
        Map<TopicPartition, Begin> begins = new HashMap<>();
        Map<TopicPartition, OffsetAndMetadata> fresh = new HashMap<>();
        for (Feature feature : features) {
            List<TopicPartition> events = partitions(feature.topic(), feature.partitions());
            List<TopicPartition> served = partitions(Topics.served(feature), feature.partitions());
            List<TopicPartition> both = new ArrayList<>(events);
            both.addAll(served);
            consumer.assign(both); // before it is asked for their ends, or it warns
            Map<TopicPartition, Long> firsts = consumer.beginningOffsets(both);
            Map<TopicPartition, Long> ends = consumer.endOffsets(both);
            for (TopicPartition partition : events) {
                long end = ends.get(partition);
                long known = known(committed, partition);
                boolean isAnew = known < firsts.get(partition);
                long from = isAnew ? begin(feature, partition, firsts.get(partition), end) : known;
                String topicId = topics.get(feature.topic()).topicId().toString();
                begins.put(partition, new Begin(from, end, isAnew, topicId));
                if (isAnew) {
                    fresh.put(partition, new OffsetAndMetadata(from));
                }
            }
            for (TopicPartition partition : served) {
                if (known(committed, partition) < firsts.get(partition)) {
                    fresh.put(partition, new OffsetAndMetadata(ends.get(partition)));
                }
            }
        }
        commit(fresh);
        return new Begins(begins);
    }

    private long begin(Feature feature, TopicPartition partition, long first, long end) throws InterruptedException {
        return new TailStart(consumer, admin).find(feature, partition, first, end);
    }

    /** The group's offset; -1 where it has none. */
    private static long known(Map<TopicPartition, OffsetAndMetadata> committed, TopicPartition partition) {
        OffsetAndMetadata offset = committed.get(partition);
        return offset == null ? -1 : offset.offset();
    }

    private static List<TopicPartition> partitions(String topic, int partitions) {
        List<TopicPartition> all = new ArrayList<>();
        for (int i = 0; i < partitions; i++) {
            all.add(new TopicPartition(topic, i));
        }
        return all;
    }

    private void commit(Map<TopicPartition, OffsetAndMetadata> fresh)
            throws InterruptedException, ExecutionException, TimeoutException {
        if (fresh.isEmpty()) {
            return;
        }
        try {
            answer(admin.alterConsumerGroupOffsets(group, fresh).all());
            log.info("{} begins with {} partitions that it had not read before", group, fresh.size());
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof UnknownMemberIdException)) {
                throw e;
            }
            // another instance is at it: its group is not to be changed any more, and it had begun the same way
            log.info("{} has members already; they have begun", group);
        }
    }

    private static <T> T answer(KafkaFuture<T> future)
            throws InterruptedException, ExecutionException, TimeoutException {
        return future.get(ANSWER_TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }
}

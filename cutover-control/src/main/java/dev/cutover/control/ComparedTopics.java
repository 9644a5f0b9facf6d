package dev.cutover.control;

import dev.cutover.schema.Feature;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.StartupException;
import dev.cutover.schema.Topics;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * The topics that a comparison reads: a feature's events, and what REST served of it. Its clients are confined to the thread that
 * opened it.
 */
final class ComparedTopics implements AutoCloseable {
    private static final int ANSWER_TIMEOUT_MS = 10_000;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);
    private static final String CLIENT = "cutover-compare";

    private final KafkaConnection kafka;
    private final Feature feature;
    private final Admin admin;
    private final Deque<Consumer<byte[], byte[]>> consumers = new ArrayDeque<>();
    private final TopicDescription events;

    private ComparedTopics(KafkaConnection kafka, Feature feature, Admin admin, TopicDescription events) {
        this.kafka = kafka;
        this.feature = feature;
        this.admin = admin;
        this.events = events;
    }

    /**
     * Asks Kafka for them.
     *
     * @param servedToo whether what REST served is read as well
     * @throws StartupException when Kafka does not answer, or has no such topics; the message says how to go on
     * @throws InterruptedException when the thread is to stop meanwhile
     */
    static ComparedTopics open(KafkaConnection connection, Feature feature, boolean servedToo)
            throws InterruptedException {
        KafkaConnection kafka = connection.withQuickFetch();
        Admin admin = kafka.admin(CLIENT);
        try {
            TopicDescription events = describe(kafka, admin, feature.topic());
            if (servedToo) {
                TopicDescription served = describe(kafka, admin, Topics.served(feature));
                if (served.partitions().size() != events.partitions().size()) {
                    throw new StartupException(served.name() + " has "
                            + served.partitions().size() + " partitions and "
                            + events.name() + " has " + events.partitions().size()
                            + ": recreate the former with as many as the latter");
                }
            }
            return new ComparedTopics(kafka, feature, admin, events);
        } catch (StartupException | InterruptedException e) {
            admin.close(CLOSE_TIMEOUT);
            throw e;
        }
    }

    private static TopicDescription describe(KafkaConnection kafka, Admin admin, String topic)
            throws InterruptedException {
        try {
            return admin.describeTopics(List.of(topic), new DescribeTopicsOptions().timeoutMs(ANSWER_TIMEOUT_MS))
                    .topicNameValues()
                    .get(topic)
                    .get(ANSWER_TIMEOUT_MS + 1_000L, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                throw new StartupException(
                        "Kafka at " + kafka.bootstrap() + " has no topic " + topic
                                + ": the services that are to be compared make it at their start; is it their Kafka?",
                        e);
            }
            throw unanswered(kafka, e.getCause());
        } catch (java.util.concurrent.TimeoutException e) {
            throw unanswered(kafka, e);
        }
    }

    private static StartupException unanswered(KafkaConnection kafka, Throwable cause) {
        String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return new StartupException(
                "no Kafka answers at " + kafka.bootstrap() + " (" + why
                        + "); start one with ./cutover up, or say where it is with --host and --kafka-port, or --bootstrap",
                cause);
    }

    Feature feature() {
        return feature;
    }

    int partitions() {
        return events.partitions().size();
    }

    /** The id of the events' topic. */
    String epoch() {
        return events.topicId().toString();
    }

    TopicPartition events(int partition) {
        return new TopicPartition(feature.topic(), partition);
    }

    TopicPartition served(int partition) {
        return new TopicPartition(Topics.served(feature), partition);
    }

    List<TopicPartition> allEvents() {
        return IntStream.range(0, partitions()).mapToObj(this::events).toList();
    }

    List<TopicPartition> allServed() {
        return IntStream.range(0, partitions()).mapToObj(this::served).toList();
    }

    Admin admin() {
        return admin;
    }

    /** A new consumer, which is closed with this. */
    Consumer<byte[], byte[]> consumer() {
        Consumer<byte[], byte[]> consumer = kafka.exactConsumer(CLIENT);
        consumers.push(consumer);
        return consumer;
    }

    @Override
    public void close() {
        // a pending interruption would have each client throw in place of closing
        boolean interrupted = Thread.interrupted();
        consumers.forEach(consumer -> consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT)));
        admin.close(CLOSE_TIMEOUT);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.cutover.gateway;

import dev.cutover.gateway.Upstream.Look;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Health;
import java.time.Clock;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at Kafka twice a second: whether it answers, and whether the topics are still the ones that the tail reads, which a
 * consumer does not show. {@link Upstream} decides what it means.
 *
 * <p>Its thread, {@code gateway-topics}, alone looks and tells the listener; {@link #health} is safe on any thread.
 */
final class TopicWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(TopicWatch.class);
    private static final long PERIOD_MS = 500;
    /** Of one look; two that fail are as many seconds as a gateway may take to say that Kafka is away. */
    private static final int LOOK_TIMEOUT_MS = 1_500;

    private static final long CLOSE_MS = 2_000;

    private final Admin admin;
    private final Clock clock;
    private final Consumer<Upstream.Change> listener;
    private final Thread thread = new Thread(this::run, "gateway-topics");
    private volatile Upstream upstream;
    private volatile boolean closing;

    /**
     * At rest until {@link #start}.
     *
     * @param topicIds of the topics, by name, as they are read
     * @param listener told of every change, in order; must not block
     */
    TopicWatch(
            FeatureCatalog catalog,
            Map<String, String> topicIds,
            Admin admin,
            Clock clock,
            Consumer<Upstream.Change> listener) {
        this.admin = admin;
        this.clock = clock;
        this.listener = listener;
        Map<String, Integer> partitions = new HashMap<>();
        catalog.features().forEach(feature -> partitions.put(feature.topic(), feature.partitions()));
        partitions.put(catalog.heartbeat().topic(), 1);
        this.upstream = Upstream.initial(partitions, topicIds, clock.millis());
    }

    void start() {
        thread.setDaemon(true);
        thread.start();
    }

    Health health() {
        Upstream known = upstream;
        return new Health(known.reasons(), known.degraded());
    }

    boolean isAway() {
        return upstream.isAway();
    }

    private void run() {
        try {
            while (!closing) {
                long begunNs = System.nanoTime();
                Upstream.Step step =
                        upstream.after(look(admin, upstream.topics().keySet(), LOOK_TIMEOUT_MS), clock.millis());
                upstream = step.next();
                step.changes().forEach(this::tell);
                long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNs);
                TimeUnit.MILLISECONDS.sleep(Math.max(0, PERIOD_MS - tookMs));
            }
        } catch (InterruptedException e) {
            log.debug("the watch over the topics was told to stop");
        }
    }

    private void tell(Upstream.Change change) {
        if (change instanceof Upstream.Change.Away away) {
            log.warn("Kafka does not answer since {}: {}", Upstream.instant(away.sinceMs()), away.why());
        } else if (change instanceof Upstream.Change.Back) {
            log.info("Kafka answers again");
        } else if (change instanceof Upstream.Change.Deleted deleted) {
            log.warn("topic {} has been deleted", deleted.topic());
        } else if (change instanceof Upstream.Change.Renewed renewed) {
            log.warn("topic {} was made anew, with the id {}", renewed.topic(), renewed.id());
        } else if (change instanceof Upstream.Change.Repartitioned to) {
            log.warn("topic {} has {} partitions now, and had {}", to.topic(), to.to(), to.from());
        }
        try {
            listener.accept(change);
        } catch (RuntimeException e) {
            log.error("what is to follow from {} failed, which is a fault of Cutover", change, e);
        }
    }

    /** Asks Kafka for topics, and waits for so long at most. */
    static Look look(Admin admin, Collection<String> topics, int timeoutMs) throws InterruptedException {
        Map<String, Upstream.Seen> seen = new HashMap<>();
        try {
            Map<String, KafkaFuture<TopicDescription>> answers = admin.describeTopics(
                            topics, new DescribeTopicsOptions().timeoutMs(timeoutMs))
                    .topicNameValues();
            for (Map.Entry<String, KafkaFuture<TopicDescription>> each : answers.entrySet()) {
                try {
                    TopicDescription topic = each.getValue().get(2L * timeoutMs, TimeUnit.MILLISECONDS);
                    seen.put(
                            each.getKey(),
                            new Upstream.Seen(
                                    topic.topicId().toString(),
                                    topic.partitions().size()));
                } catch (ExecutionException e) {
                    if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
                        return new Look.Failure(String.valueOf(e.getCause().getMessage()));
                    }
                }
            }
        } catch (TimeoutException e) {
            return new Look.Failure("no answer within " + 2L * timeoutMs + " ms");
        } catch (KafkaException e) {
            return new Look.Failure(String.valueOf(e.getMessage()));
        }
        return new Look.Answer(seen);
    }

    /**
     * The id of a feature's topic as it is now.
     *
     * @throws KafkaException when Kafka does not answer, there is no such topic, or it has other partitions than the catalog says
     */
    static String epoch(Admin admin, Feature feature) throws InterruptedException {
        Look look = look(admin, List.of(feature.topic()), LOOK_TIMEOUT_MS);
        if (look instanceof Look.Failure failure) {
            throw new KafkaException(failure.why());
        }
        Upstream.Seen seen = ((Look.Answer) look).topics().get(feature.topic());
        if (seen == null) {
            throw new UnknownTopicOrPartitionException("there is no topic " + feature.topic());
        }
        if (seen.partitions() != feature.partitions()) {
            throw new KafkaException("topic " + feature.topic() + " has " + seen.partitions() + " partitions and not "
                    + feature.partitions());
        }
        return seen.id();
    }

    @Override
    public void close() {
        closing = true;
        thread.interrupt();
        try {
            thread.join(CLOSE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.cutover.schema;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * How to reach the cluster. Makes clients with the guarantees that all of Cutover relies on: producers are idempotent and wait
 * for all replicas, consumers see committed records alone and belong to no group, but for one that is to hold a lease.
 *
 * @param bootstrap {@code host:port}, several divided by commas
 * @param overrides Kafka's own settings (TLS, SASL, …), which win over ours
 */
public record KafkaConnection(String bootstrap, Map<String, String> overrides) {
    private static final Duration TRANSACTION_STEP_TIMEOUT = Duration.ofSeconds(15);
    private static final Map<String, String> READER_GUARANTEES = Map.of(
            ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed", ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    private static final Map<String, String> QUICK_FETCH = Map.of(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "20");
    private static final Map<String, String> WRITER_GUARANTEES =
            Map.of(ProducerConfig.ACKS_CONFIG, "all", ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");

    /** @throws StartupException when an override would take a guarantee away */
    public KafkaConnection {
        overrides = Map.copyOf(overrides);
        refuse(READER_GUARANTEES, overrides);
        refuse(WRITER_GUARANTEES, overrides);
    }

    private static void refuse(Map<String, String> guarantees, Map<String, String> overrides) {
        guarantees.forEach((name, value) -> {
            String given = overrides.getOrDefault(name, value);
            if (!given.equals(value)) {
                throw new StartupException("kafka." + name + " can't be '" + given + "': Cutover's guarantees rest on '"
                        + value + "'; leave it out");
            }
        });
    }

    /** The same cluster with more settings of Kafka's; those that the operator gave still win. */
    public KafkaConnection with(Map<String, String> settings) {
        Map<String, String> merged = new HashMap<>(settings);
        merged.putAll(overrides);
        return new KafkaConnection(bootstrap, merged);
    }

    /**
     * The same cluster, for consumers that also ask how far a log goes. A broker answers one request of a connection at a time,
     * so asking for the log's end waits for the fetch before it: with Kafka's default, half a second.
     */
    public KafkaConnection withQuickFetch() {
        return with(QUICK_FETCH);
    }

    public Admin admin(String clientId) {
        return make(() -> Admin.create(config(clientId)));
    }

    /** A consumer without a group, for {@code assign()}; it neither commits nor resets unasked. */
    public KafkaConsumer<byte[], byte[]> consumer(String clientId) {
        return consumer(readerConfig(clientId));
    }

    /**
     * As {@link #consumer(String)}, for a reader to whom a jump would be a loss: where its position is not in the log it fails,
     * and no override has it go elsewhere instead.
     */
    public KafkaConsumer<byte[], byte[]> exactConsumer(String clientId) {
        Map<String, Object> config = readerConfig(clientId);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        return consumer(config);
    }

    /**
     * A consumer that is a member of a group, for {@code subscribe()}: who has a partition keeps it while others come and go.
     *
     * @param session how long Kafka keeps a member's partitions that it does not hear of; a guarantee, which no override changes
     */
    public KafkaConsumer<byte[], byte[]> groupConsumer(String clientId, String groupId, Duration session) {
        Map<String, Object> config = readerConfig(clientId);
        config.put(ConsumerConfig.GROUP_ID_CONFIG, groupId);
        // a static member does not leave when it is closed
        config.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
        // the other protocol's session is the broker's setting
        config.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic");
        config.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, (int) session.toMillis());
        config.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, (int) session.toMillis() / 10);
        config.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
        return consumer(config);
    }

    private Map<String, Object> readerConfig(String clientId) {
        Map<String, Object> config = config(clientId);
        config.putAll(READER_GUARANTEES);
        config.putIfAbsent(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        config.putIfAbsent(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return config;
    }

    private KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> config) {
        return make(() -> new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
    }

    public KafkaProducer<byte[], byte[]> producer(String clientId) {
        return producer(clientId, Map.of());
    }

    /** A producer of which one at a time can write with this id: a newer one fences the older. */
    public KafkaProducer<byte[], byte[]> transactionalProducer(String clientId, String transactionalId) {
        // Kafka's default would keep an operator waiting for a minute at each step while it is away
        return with(Map.of(
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        Long.toString(TRANSACTION_STEP_TIMEOUT.toMillis()),
                        // the first request waits for so long while its connection is made: Kafka's default is 100 ms
                        ProducerConfig.RETRY_BACKOFF_MS_CONFIG,
                        "10"))
                .producer(clientId, Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId));
    }

    private KafkaProducer<byte[], byte[]> producer(String clientId, Map<String, Object> extra) {
        Map<String, Object> config = config(clientId);
        config.putAll(WRITER_GUARANTEES);
        config.putAll(extra);
        return make(() -> new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer()));
    }

    private Map<String, Object> config(String clientId) {
        Map<String, Object> config = new HashMap<>(overrides);
        config.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        config.put(CommonClientConfigs.CLIENT_ID_CONFIG, clientId);
        return config;
    }

    private interface Maker<T> {
        T make();
    }

    /** Kafka's constructors wrap what is wrong with a setting; the operator needs the innermost reason. */
    private <T> T make(Maker<T> maker) {
        try {
            return maker.make();
        } catch (KafkaException e) {
            Throwable reason = e;
            while (reason.getCause() != null) {
                reason = reason.getCause();
            }
            throw new StartupException(
                    "can't make a Kafka client for " + bootstrap + ": " + reason.getMessage()
                            + "; check --bootstrap and the kafka.* settings",
                    e);
        }
    }
}

package dev.cutover.schema;

import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;

/** How Kafka Streams is set up here: bytes in, bytes out, one thread, committed records alone. */
public final class StreamsSettings {
    /** Its constant is deprecated, as it will be always on. */
    private static final String GLOBAL_HANDLER = "processing.exception.handler.global.enabled";

    private static final String GROUP_PROTOCOL = "classic";

    private StreamsSettings() {}

    /**
     * The settings of one run, to which its owner adds what is its own.
     *
     * @param applicationId also the name of the consumer group, and the beginning of its internal topics' names
     */
    public static Properties of(KafkaConnection kafka, String applicationId, Path stateDirectory) {
        Properties settings = new Properties();
        kafka.overrides().forEach((name, value) -> {
            settings.setProperty(name, value);
            // so that also those reach the clients that Streams doesn't know
            settings.setProperty(StreamsConfig.consumerPrefix(name), value);
            settings.setProperty(StreamsConfig.producerPrefix(name), value);
            settings.setProperty(StreamsConfig.adminClientPrefix(name), value);
        });
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrap());
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId);
        settings.put(StreamsConfig.CLIENT_ID_CONFIG, applicationId);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, stateDirectory.toString());
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
        settings.put(StreamsConfig.LOG_SUMMARY_INTERVAL_MS_CONFIG, -1);
        settings.put(StreamsConfig.ENABLE_METRICS_PUSH_CONFIG, false);
        // without effect here, where no store is global; but without it every start warns, here and in the assignor
        settings.put(GLOBAL_HANDLER, true);
        mainConsumer(settings, GLOBAL_HANDLER, "true");
        settings.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, GROUP_PROTOCOL);
        mainConsumer(settings, ConsumerConfig.GROUP_PROTOCOL_CONFIG, GROUP_PROTOCOL);
        mainConsumer(settings, ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        mainConsumer(settings, ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        return settings;
    }

    private static void mainConsumer(Properties settings, String name, String value) {
        settings.setProperty(StreamsConfig.mainConsumerPrefix(name), value);
    }
}

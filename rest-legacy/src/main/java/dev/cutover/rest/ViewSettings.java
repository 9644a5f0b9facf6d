package dev.cutover.rest;

import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.StreamsSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.streams.StreamsConfig;

/** How Kafka Streams is set up for one filling of one feature. */
final class ViewSettings {
    private static final long NEVER_MS = Duration.ofDays(3650).toMillis();

    private ViewSettings() {}

    /** @param applicationId also the name of the consumer group; never used before */
    static Properties of(KafkaConnection kafka, String applicationId, Path stateDirectory) {
        Properties settings = StreamsSettings.of(kafka, applicationId, stateDirectory);
        // an application id is never used again, so nobody will read what was committed; and a commit that fails, while
        // Kafka is away for long, would end the stream thread and with it a store that could still be served
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, NEVER_MS);
        settings.put(StreamsConfig.TASK_TIMEOUT_MS_CONFIG, NEVER_MS);
        return settings;
    }
}

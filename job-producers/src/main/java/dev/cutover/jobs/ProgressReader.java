package dev.cutover.jobs;

import dev.cutover.schema.StartupException;
import dev.cutover.schema.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads {@code jobs.progress} to its end, for one key. Confined to the caller's thread. */
final class ProgressReader {
    private static final Logger log = LoggerFactory.getLogger(ProgressReader.class);
    private static final TopicPartition PROGRESS = new TopicPartition(Topics.JOBS_PROGRESS, 0);
    private static final Duration POLL = Duration.ofMillis(100);

    private ProgressReader() {}

    /**
     * @param consumer for this read alone; the caller closes it
     * @return the newest progress under that key; {@link Progress#NONE} where there is none, or none that can be read
     * @throws StartupException when Kafka does not answer within the timeout
     */
    static Progress read(Consumer<byte[], byte[]> consumer, String key, Duration timeout) {
        long deadlineNs = System.nanoTime() + timeout.toNanos();
        try {
            consumer.assign(List.of(PROGRESS));
            consumer.seekToBeginning(List.of(PROGRESS));
            long end = consumer.endOffsets(List.of(PROGRESS), timeout).get(PROGRESS);
            Progress newest = Progress.NONE;
            while (consumer.position(PROGRESS, timeout) < end) {
                if (System.nanoTime() - deadlineNs >= 0) {
                    throw failure("it was not read to its end within " + timeout.toSeconds() + " s", null);
                }
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    if (record.key() != null && new String(record.key(), StandardCharsets.UTF_8).equals(key)) {
                        newest = progress(record);
                    }
                }
            }
            return newest;
        } catch (KafkaException e) {
            throw failure(e.getMessage(), e);
        }
    }

    private static Progress progress(ConsumerRecord<byte[], byte[]> record) {
        if (record.value() == null) {
            return Progress.NONE;
        }
        try {
            return Progress.fromJson(record.value());
        } catch (IllegalArgumentException e) {
            log.warn("starting anew, since the record {}@{} {}", PROGRESS, record.offset(), e.getMessage());
            return Progress.NONE;
        }
    }

    private static StartupException failure(String why, Throwable cause) {
        return new StartupException(
                "can't read the topic " + Topics.JOBS_PROGRESS + ": " + why
                        + "; is Kafka running, and is --bootstrap right?",
                cause);
    }
}

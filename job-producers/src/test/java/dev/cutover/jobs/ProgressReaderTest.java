package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.StartupException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

final class ProgressReaderTest {
    private static final TopicPartition PROGRESS = new TopicPartition("jobs.progress", 0);
    private static final String KEY = "IntradayJob|simulated";
    private static final Duration TIMEOUT = Duration.ofMillis(300);

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");

    @Test
    void theNewestProgressUnderTheKeyCounts() {
        Progress older = new Progress(Map.of("SPY", Instant.parse("2026-01-05T15:30:00Z")));
        Progress newer = new Progress(Map.of("SPY", Instant.parse("2026-01-05T15:31:00Z")));
        holds(record(0, KEY, older.toJson()), record(1, KEY, newer.toJson()), record(2, "other", older.toJson()));

        assertThat(ProgressReader.read(consumer, KEY, TIMEOUT)).isEqualTo(newer);
    }

    @Test
    void anEmptyTopicIsNoProgress() {
        holds();

        assertThat(ProgressReader.read(consumer, KEY, TIMEOUT)).isEqualTo(Progress.NONE);
    }

    @Test
    void whatCannotBeReadIsNoProgress() {
        Progress older = new Progress(Map.of("SPY", Instant.parse("2026-01-05T15:30:00Z")));
        holds(
                record(0, KEY, older.toJson()),
                record(1, KEY, "{\"final_minutes\":{\"SPY\":null}}".getBytes(StandardCharsets.UTF_8)));
        assertThat(ProgressReader.read(consumer, KEY, TIMEOUT)).isEqualTo(Progress.NONE);
        assertThatThrownBy(() -> Progress.fromJson("null".getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aTombstoneIsNoProgress() {
        Progress older = new Progress(Map.of("SPY", Instant.parse("2026-01-05T15:30:00Z")));
        holds(record(0, KEY, older.toJson()), record(1, KEY, null));

        assertThat(ProgressReader.read(consumer, KEY, TIMEOUT)).isEqualTo(Progress.NONE);
    }

    @Test
    void anEndThatIsNotReachedInTimeIsRefused() {
        holds();
        consumer.updateEndOffsets(Map.of(PROGRESS, 5L));

        assertThatThrownBy(() -> ProgressReader.read(consumer, KEY, Duration.ofMillis(50)))
                .isInstanceOf(StartupException.class)
                .hasMessageStartingWith("can't read the topic jobs.progress: it was not read to its end within");
    }

    @Test
    void aKafkaThatDoesNotAnswerIsRefused() {
        holds();
        consumer.setOffsetsException(new KafkaException("no broker answers"));

        assertThatThrownBy(() -> ProgressReader.read(consumer, KEY, TIMEOUT))
                .isInstanceOf(StartupException.class)
                .hasMessage("can't read the topic jobs.progress: no broker answers; is Kafka running, and is"
                        + " --bootstrap right?");
    }

    @SafeVarargs
    private void holds(ConsumerRecord<byte[], byte[]>... records) {
        consumer.updateBeginningOffsets(Map.of(PROGRESS, 0L));
        consumer.updateEndOffsets(Map.of(PROGRESS, (long) records.length));
        consumer.schedulePollTask(() -> {
            for (ConsumerRecord<byte[], byte[]> record : records) {
                consumer.addRecord(record);
            }
        });
    }

    private static ConsumerRecord<byte[], byte[]> record(long offset, String key, byte[] value) {
        return new ConsumerRecord<>(
                PROGRESS.topic(), PROGRESS.partition(), offset, key.getBytes(StandardCharsets.UTF_8), value);
    }
}

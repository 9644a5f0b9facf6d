package dev.cutover.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

/** Over Kafka's own mock of a consumer; each look at the clock is a tenth of a second later. */
final class VerdictLogTest {
    private final Counter unreadable = Counter.builder("unreadable").register(new SimpleMeterRegistry());
    private final List<ConsumerRecord<byte[], byte[]>> topic = new ArrayList<>();
    private final Log consumer = new Log();
    private long begin;
    private long nowNs;

    private final VerdictLog log = new VerdictLog(() -> consumer, () -> nowNs += 100_000_000, unreadable);

    /** Brings a few records at each poll, from where it was told to read. */
    private final class Log extends MockConsumer<byte[], byte[]> {
        private final List<Long> seeks = new ArrayList<>();
        private boolean silent;

        Log() {
            super("earliest");
        }

        @Override
        public synchronized void seek(TopicPartition partition, long offset) {
            seeks.add(offset);
            super.seek(partition, offset);
        }

        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            long position = position(VerdictLog.PARTITION);
            if (!silent) {
                topic.stream()
                        .filter(record -> record.offset() >= position)
                        .limit(700)
                        .forEach(this::addRecord);
            }
            return super.poll(timeout);
        }
    }

    private void add(String key, String value) {
        topic.add(new ConsumerRecord<>(
                VerdictLog.PARTITION.topic(),
                0,
                begin + topic.size(),
                key == null ? null : key.getBytes(UTF_8),
                value == null ? null : value.getBytes(UTF_8)));
    }

    private void verdict(String feature, int id) {
        add(feature + "|123", "{\"id\":\"" + id + "\"}");
    }

    private List<String> newest(String feature, int limit) {
        consumer.updateBeginningOffsets(Map.of(VerdictLog.PARTITION, begin));
        consumer.updateEndOffsets(Map.of(VerdictLog.PARTITION, begin + topic.size()));
        return log.newest(feature, limit).stream()
                .map(each -> new String(each, UTF_8))
                .toList();
    }

    @Test
    void anEmptyTopicHasNoVerdict() {
        assertThat(newest("positions", 5)).isEmpty();
        assertThat(consumer.closed()).isTrue();
    }

    @Test
    void theNewestOfTheFeatureComeFirstAndNoMoreThanAreWanted() {
        for (int i = 1; i <= 4; i++) {
            verdict("positions", i);
            verdict("positions_of_others", i);
        }

        assertThat(newest("positions", 3)).containsExactly("{\"id\":\"4\"}", "{\"id\":\"3\"}", "{\"id\":\"2\"}");
    }

    @Test
    void whatWasWrittenTwiceIsGivenOnce() {
        verdict("positions", 1);
        verdict("positions", 2);
        verdict("positions", 1);

        assertThat(newest("positions", 5)).containsExactly("{\"id\":\"1\"}", "{\"id\":\"2\"}");
    }

    @Test
    void itReadsBackwardsPieceByPieceAndNoFurtherThanItMust() {
        begin = 17;
        for (int i = 0; i < 3 * VerdictLog.PIECE; i++) {
            verdict(i % VerdictLog.PIECE == 1 ? "positions" : "intraday", i);
        }

        assertThat(newest("positions", 2))
                .containsExactly(
                        "{\"id\":\"" + (2 * VerdictLog.PIECE + 1) + "\"}",
                        "{\"id\":\"" + (VerdictLog.PIECE + 1) + "\"}");
        assertThat(consumer.seeks).containsExactly(17L + 2 * VerdictLog.PIECE, 17L + VerdictLog.PIECE);
    }

    @Test
    void aRecordThatIsNoVerdictIsSkippedAndCounted() {
        verdict("positions", 1);
        add("positions|123", "no json");
        add("positions|123", "{}");
        add("positions|123", null);
        add(null, "{\"id\":\"5\"}");

        assertThat(newest("positions", 5)).containsExactly("{\"id\":\"1\"}");
        assertThat(unreadable.count()).isEqualTo(3);
    }

    @Test
    void whatCantBeReadIsNoAnswer() {
        verdict("positions", 1);
        consumer.silent = true;

        assertThatThrownBy(() -> newest("positions", 5))
                .isInstanceOf(TimeoutException.class)
                .hasMessageContaining("offset 0 of 1");
        assertThat(consumer.closed()).isTrue();
    }
}

package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class LogCursorTest {
    private static final TopicPartition PARTITION = new TopicPartition("events.positions", 0);

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none");
    private long nowNs;

    @AfterEach
    void close() {
        consumer.close();
    }

    private LogCursor cursor(long from, long to) {
        LogCursor cursor = new LogCursor(
                consumer,
                PARTITION,
                from,
                to,
                () -> nowNs += Duration.ofSeconds(1).toNanos());
        consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
        return cursor;
    }

    private void record(long offset) {
        consumer.addRecord(new ConsumerRecord<>(PARTITION.topic(), 0, offset, new byte[0], new byte[0]));
    }

    @Test
    void readsItsStretchAndNoMore() throws Exception {
        LogCursor cursor = cursor(5, 8);
        for (long offset = 5; offset < 12; offset++) {
            record(offset);
        }
        assertThat(cursor.peek().offset()).isEqualTo(5);
        assertThat(cursor.next().offset()).isEqualTo(5);
        assertThat(cursor.next().offset()).isEqualTo(6);
        assertThat(cursor.next().offset()).isEqualTo(7);
        assertThat(cursor.next()).isNull();
        assertThat(cursor.peek()).isNull();
    }

    @Test
    void anEmptyStretchIsAtItsEnd() throws Exception {
        assertThat(cursor(5, 5).next()).isNull();
    }

    @Test
    void aLogThatEndsTooEarlyIsAFailureAndNoWaitForEver() {
        LogCursor cursor = cursor(5, 8);
        assertThatThrownBy(cursor::next)
                .isInstanceOf(TimeoutException.class)
                .hasMessage("events.positions-0 could be read to offset 5 of 8 only");
    }

    @Test
    void anInterruptionEndsTheReading() {
        LogCursor cursor = cursor(5, 8);
        Thread.currentThread().interrupt();
        assertThatThrownBy(cursor::next).isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
    }
}

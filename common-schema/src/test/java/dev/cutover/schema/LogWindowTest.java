package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class LogWindowTest {
    private static final TopicPartition ONE = new TopicPartition("events.bars", 0);
    private static final TopicPartition TWO = new TopicPartition("events.bars", 1);

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
    private final AtomicLong nowNs = new AtomicLong();
    private final LogWindow window = new LogWindow(consumer, nowNs::get);
    private final List<String> read = new ArrayList<>();

    @AfterEach
    void forgetTheInterrupt() {
        var unused = Thread.interrupted();
    }

    private void read(Map<TopicPartition, Long> froms, Map<TopicPartition, Long> tos) throws InterruptedException {
        window.read(froms, tos, record -> read.add(record.partition() + ":" + record.offset()));
    }

    /** The next poll takes so long, and brings these records. */
    private void nextPoll(Duration lasts, TopicPartition partition, long... offsets) {
        consumer.schedulePollTask(() -> {
            nowNs.addAndGet(lasts.toNanos());
            for (long offset : offsets) {
                consumer.addRecord(
                        new ConsumerRecord<>(partition.topic(), partition.partition(), offset, null, new byte[0]));
            }
        });
    }

    @Test
    void everyRecordFromTheBeginningToBeforeTheEndIsHandedOver() throws Exception {
        nextPoll(Duration.ZERO, ONE, 4, 5, 6, 7, 8);
        nextPoll(Duration.ZERO, TWO, 0, 1, 2);

        read(Map.of(ONE, 5L, TWO, 0L), Map.of(ONE, 8L, TWO, 2L));

        assertThat(read).containsExactly("0:5", "0:6", "0:7", "1:0", "1:1");
    }

    @Test
    void aWindowThatHoldsNothingIsNotPolledFor() throws Exception {
        consumer.schedulePollTask(() -> read.add("a poll"));

        read(Map.of(ONE, 5L), Map.of(ONE, 5L, TWO, 9L));

        assertThat(read).isEmpty();
    }

    @Test
    void howeverLongItTakesItGoesOnWhileAnyPartitionComesNearer() throws Exception {
        for (long offset = 0; offset < 10; offset++) {
            nextPoll(Duration.ofSeconds(29), TWO, offset);
        }
        nextPoll(Duration.ofSeconds(29), ONE, 0);

        read(Map.of(ONE, 0L, TWO, 0L), Map.of(ONE, 1L, TWO, 10L));

        assertThat(read).hasSize(11);
    }

    @Test
    void afterHalfAMinuteWithoutProgressItSaysHowFarItCame() {
        nextPoll(Duration.ofSeconds(10), ONE, 0, 1);
        nextPoll(Duration.ofSeconds(10), TWO, 0);
        nextPoll(Duration.ofSeconds(31), TWO);

        assertThatThrownBy(() -> read(Map.of(ONE, 0L, TWO, 0L), Map.of(ONE, 2L, TWO, 9L)))
                .isInstanceOf(TimeoutException.class)
                .hasMessage("events.bars-1 could be read to offset 1 of 9 only");
        assertThat(read).containsExactly("0:0", "0:1", "1:0");
    }

    @Test
    void anInterruptEndsIt() {
        nextPoll(Duration.ZERO, ONE, 0);
        consumer.schedulePollTask(() -> Thread.currentThread().interrupt());

        assertThatThrownBy(() -> read(Map.of(ONE, 0L), Map.of(ONE, 9L))).isInstanceOf(InterruptedException.class);
    }
}

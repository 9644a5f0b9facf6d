package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

/** How far back a series is looked for; where three cadences back lie is for a real broker to tell. */
class TailStartTest {
    private static final TopicPartition PARTITION = new TopicPartition("events.bars", 0);
    private static final int RECORDS_PER_MINUTE = 1_500;
    private static final Feature BARS = new Feature(
            "bars",
            PARTITION.topic(),
            1,
            Feature.Delivery.EVERY,
            List.of(new Feature.EventType(
                    "bar",
                    "symbol",
                    Duration.ofSeconds(1),
                    new Feature.View.Series("minute", 3),
                    new ActiveHours.Always(),
                    List.of("symbol"))),
            Optional.empty(),
            ParityRules.EXACT);

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static ConsumerRecord<byte[], byte[]> record(
            String topic, int partition, long offset, String type, byte[] key, byte[] value) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(topic, partition, offset, key, value);
        record.headers().add(EventHeaders.TYPE, utf8(type));
        return record;
    }

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
    private final TailStart start = new TailStart(consumer, null);

    /** The next window that is read holds bars of that key, a new minute every so many records. */
    private void nextWindow(String key, long from, long to) {
        consumer.schedulePollTask(() -> {
            for (long offset = from; offset < to; offset++) {
                consumer.addRecord(record(
                        PARTITION.topic(),
                        0,
                        offset,
                        "bar",
                        utf8(key),
                        utf8("{\"minute\":" + offset / RECORDS_PER_MINUTE + "}")));
            }
        });
    }

    @Test
    void emptyPartitionIsReadFromItsEnd() throws Exception {
        assertThat(start.find(BARS, PARTITION, 7, 7)).isEqualTo(7);
    }

    @Test
    void whatKafkaDoesNotTellInTimeIsAnErrorThatNamesThePartition() {
        // nothing listens on port 1
        try (Admin nobody = new KafkaConnection("127.0.0.1:1", Map.of()).admin("tail-start-test")) {
            TailStart impatient = new TailStart(consumer, nobody, Duration.ofMillis(200));

            assertThatThrownBy(() -> impatient.find(BARS, PARTITION, 0, 9))
                    .isInstanceOf(TimeoutException.class)
                    .hasMessage("Kafka did not tell the last timestamp of events.bars-0 within 200 ms");
        }
    }

    @Test
    void windowThatHoldsEverySeriesIsEnough() throws Exception {
        nextWindow("SPY", 5_000, 10_000);
        assertThat(start.depthBack(BARS, PARTITION, 0, 5_000, 10_000)).isEqualTo(5_000);
    }

    @Test
    void windowsDoubleUntilEverySeriesHasItsDepth() throws Exception {
        nextWindow("SPY", 9_900, 10_000);
        nextWindow("SPY", 7_900, 9_900);
        nextWindow("SPY", 5_800, 7_900);
        assertThat(start.depthBack(BARS, PARTITION, 0, 9_900, 10_000)).isEqualTo(5_800);
    }

    @Test
    void searchEndsWhereTheLogBegins() throws Exception {
        nextWindow("SPY", 9_900, 10_000);
        nextWindow("SPY", 9_000, 9_900);
        assertThat(start.depthBack(BARS, PARTITION, 9_000, 9_900, 10_000)).isEqualTo(9_000);
    }

    @Test
    void keyThatIsNotEmittedAnyMoreIsNotSearchedFor() throws Exception {
        nextWindow("SPY", 5_000, 10_000);
        nextWindow("GONE", 0, 5_000);
        assertThat(start.depthBack(BARS, PARTITION, 0, 5_000, 10_000)).isEqualTo(5_000);
    }

    @Test
    void recordsThatCannotBeReadAreNoEntries() throws Exception {
        consumer.schedulePollTask(() -> {
            consumer.addRecord(record(PARTITION.topic(), 0, 9, "bar", null, utf8("{}")));
            consumer.addRecord(record(PARTITION.topic(), 0, 10, "bar", utf8("SPY"), null));
            consumer.addRecord(record(PARTITION.topic(), 0, 11, "other", utf8("SPY"), utf8("{\"minute\":1}")));
        });
        assertThat(start.depthBack(BARS, PARTITION, 0, 9, 12)).isEqualTo(9);
    }
}

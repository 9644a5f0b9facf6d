package dev.cutover.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

/** Over Kafka's own mock of a consumer; each look at the clock is a tenth of a second later. */
final class AuditLogTest {
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
    private final Counter unreadable = Counter.builder("unreadable").register(new SimpleMeterRegistry());
    private long offset;
    private long writtenEnd;
    private long nowNs;

    private final AuditLog log = new AuditLog(() -> consumer, () -> writtenEnd, () -> nowNs += 100_000_000, unreadable);

    /** @param committed how many of the records can be read from the beginning */
    private void records(int committed, List<ConsumerRecord<byte[], byte[]>> records) {
        consumer.updateBeginningOffsets(Map.of(AuditLog.PARTITION, 0L));
        consumer.updateEndOffsets(Map.of(AuditLog.PARTITION, (long) committed));
        consumer.schedulePollTask(() -> records.subList(0, committed).forEach(consumer::addRecord));
        writtenEnd = records.size();
    }

    private ConsumerRecord<byte[], byte[]> record(String feature, String value) {
        return new ConsumerRecord<>(
                AuditLog.PARTITION.topic(),
                0,
                offset++,
                feature == null ? null : feature.getBytes(UTF_8),
                value == null ? null : value.getBytes(UTF_8));
    }

    private List<String> read() {
        return log.of("positions").stream().map(each -> new String(each, UTF_8)).toList();
    }

    @Test
    void anEmptyLogIsAnEmptyHistory() {
        records(0, List.of());

        assertThat(read()).isEmpty();
        assertThat(consumer.closed()).isTrue();
    }

    @Test
    void onlyTheFeaturesOwnRecordsAreKeptAsTheyStandAndOldestFirst() {
        records(
                4,
                List.of(
                        record("positions", "{\"version\": 1}"),
                        record("intraday", "{\"version\": 1}"),
                        record("positions", "{\"version\": 2}"),
                        record(null, "{\"version\": 3}")));

        assertThat(read()).containsExactly("{\"version\": 1}", "{\"version\": 2}");
    }

    @Test
    void aRecordThatIsNotJsonIsSkippedAndCounted() {
        records(
                4,
                List.of(
                        record("positions", "{\"version\": 1}"),
                        record("positions", "no json"),
                        record("positions", null),
                        record("positions", "3")));

        assertThat(read()).containsExactly("{\"version\": 1}");
        assertThat(unreadable.count()).isEqualTo(3);
    }

    @Test
    void aChangeWhoseMarkerComesAMomentLaterIsWaitedFor() {
        List<ConsumerRecord<byte[], byte[]>> both =
                List.of(record("positions", "{\"version\": 1}"), record("positions", "{\"version\": 2}"));
        records(1, both);
        for (int i = 0; i < 5; i++) {
            consumer.scheduleNopPollTask();
        }
        consumer.schedulePollTask(() -> consumer.addRecord(both.get(1)));

        assertThat(read()).hasSize(2);
    }

    @Test
    void aTransactionThatStaysOpenIsNotWaitedForLongerThanTwoSeconds() {
        records(1, List.of(record("positions", "{\"version\": 1}"), record("positions", "{\"version\": 2}")));

        assertThat(read()).hasSize(1);
        assertThat(nowNs).isLessThan(AuditLog.PATIENCE.toNanos() + 2_000_000_000L);
    }

    @Test
    void aLogThatCantBeReadToItsEndIsNoHistory() {
        List<ConsumerRecord<byte[], byte[]>> records =
                List.of(record("positions", "{\"version\": 1}"), record("positions", "{\"version\": 2}"));
        records(1, records);
        consumer.updateEndOffsets(Map.of(AuditLog.PARTITION, 2L));

        assertThatThrownBy(this::read).isInstanceOf(TimeoutException.class).hasMessageContaining("offset 1 of 2");
        assertThat(consumer.closed()).isTrue();
    }
}

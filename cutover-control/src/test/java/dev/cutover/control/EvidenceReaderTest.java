package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Json;
import dev.cutover.schema.MarketCalendar;
import dev.cutover.schema.Stage;
import dev.cutover.schema.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Over Kafka's own mock of a consumer; steps by hand. */
final class EvidenceReaderTest {
    private static final Instant NOW = Instant.parse("2026-01-05T15:30:00Z");
    private static final List<String> TOPICS = List.of(
            Topics.PARITY_VERDICTS,
            Topics.PARITY_SESSIONS,
            Topics.OBSERVATIONS,
            Topics.SIGN_OFFS,
            Topics.REST_USAGE,
            Topics.VITALS);
    private static final TopicPartition SIGN_OFFS = new TopicPartition(Topics.SIGN_OFFS, 0);
    private static final TopicPartition VERDICTS = new TopicPartition(Topics.PARITY_VERDICTS, 0);

    private final AtomicLong nanos = new AtomicLong(-TimeUnit.DAYS.toNanos(1));
    private final ControlMetrics metrics = new ControlMetrics();
    private final EvidenceBook book = new EvidenceBook(
            FeatureCatalog.shipped(),
            Thresholds.standard(),
            SessionClock.of("30s", MarketCalendar.shipped()),
            Flag::initial,
            (type, at) -> true,
            () -> NOW,
            nanos::get);
    private final Log log = new Log();
    private final EvidenceReader reader =
            new EvidenceReader(log, book, FeatureCatalog.shipped(), () -> NOW, nanos::get, metrics);

    /** A log that finds offsets by time, which the mock does not, and that can be away. */
    private static final class Log extends MockConsumer<byte[], byte[]> {
        private final Map<TopicPartition, Long> ends = new HashMap<>();
        /** Where records of the time asked for begin; those that are left out have none so new. */
        private final Map<TopicPartition, Long> offsetsForTimes = new HashMap<>();
        /** The times that were asked for. */
        private Map<TopicPartition, Long> askedTimes = Map.of();

        private KafkaException failure;

        Log() {
            super("earliest");
            for (String topic : TOPICS) {
                TopicPartition partition = new TopicPartition(topic, 0);
                ends.put(partition, 0L);
                offsetsForTimes.put(partition, 0L);
                updateBeginningOffsets(Map.of(partition, 0L));
            }
            updateEndOffsets(ends);
        }

        @Override
        public synchronized Map<TopicPartition, Long> beginningOffsets(
                Collection<TopicPartition> partitions, Duration timeout) {
            failIfToldTo();
            return super.beginningOffsets(partitions, timeout);
        }

        @Override
        public synchronized Map<TopicPartition, Long> endOffsets(
                Collection<TopicPartition> partitions, Duration timeout) {
            failIfToldTo();
            return super.endOffsets(partitions, timeout);
        }

        @Override
        public synchronized Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
                Map<TopicPartition, Long> times, Duration timeout) {
            failIfToldTo();
            askedTimes = Map.copyOf(times);
            Map<TopicPartition, OffsetAndTimestamp> found = new HashMap<>();
            times.forEach((partition, time) -> {
                Long offset = offsetsForTimes.get(partition);
                found.put(partition, offset == null ? null : new OffsetAndTimestamp(offset, time));
            });
            return found;
        }

        private void failIfToldTo() {
            if (failure != null) {
                throw failure;
            }
        }

        synchronized void endsAt(TopicPartition partition, long end) {
            ends.put(partition, end);
            updateEndOffsets(Map.of(partition, end));
        }

        synchronized void append(TopicPartition partition, byte[] value) {
            long offset = ends.get(partition);
            addRecord(new ConsumerRecord<>(partition.topic(), 0, offset, null, value));
            endsAt(partition, offset + 1);
        }
    }

    private void append(SignOff signOff) throws Exception {
        log.append(SIGN_OFFS, Json.MAPPER.writeValueAsBytes(signOff));
    }

    private static SignOff signOff(String by) {
        return new SignOff("positions", Stage.LIVE, by, null, NOW);
    }

    private String signedOffBy() {
        SignOff signOff = book.of("positions", NOW).signOffs().get(Stage.LIVE);
        return signOff == null ? null : signOff.by();
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @AfterEach
    void close() {
        reader.close();
    }

    @Test
    void emptyTopicsAreReadToTheirEndAtOnce() {
        assertThat(book.ageMs()).isEmpty();
        assertThat(metrics.scrape()).contains("cutover_evidence_age_seconds -0.001\n");

        assertThat(reader.step()).isTrue();

        assertThat(book.ageMs()).hasValue(0);
        assertThat(metrics.scrape()).contains("cutover_evidence_age_seconds 0.0\n");
    }

    @Test
    void theBookIsTheNewestOnceTheEndIsReachedAndNotBefore() throws Exception {
        log.endsAt(SIGN_OFFS, 2);
        reader.step();
        assertThat(book.ageMs()).as("two records are to come").isEmpty();
        log.addRecord(
                new ConsumerRecord<>(Topics.SIGN_OFFS, 0, 0, null, Json.MAPPER.writeValueAsBytes(signOff("alice"))));
        reader.step();
        assertThat(signedOffBy()).isEqualTo("alice");
        assertThat(book.ageMs()).as("one is to come").isEmpty();
        log.addRecord(
                new ConsumerRecord<>(Topics.SIGN_OFFS, 0, 1, null, Json.MAPPER.writeValueAsBytes(signOff("bob"))));
        pass(Duration.ofMillis(300));
        reader.step();

        assertThat(signedOffBy()).isEqualTo("bob");
        assertThat(book.ageMs()).as("since the end was asked for").hasValue(300);
    }

    @Test
    void itFollowsWhatIsWrittenAfter() throws Exception {
        reader.step();
        append(signOff("alice"));
        reader.step();
        assertThat(signedOffBy()).isEqualTo("alice");
        pass(Duration.ofMillis(500));

        reader.step();

        assertThat(book.ageMs()).hasValue(0);
    }

    @Test
    void whileKafkaIsAwayTheBookStaysAndGrowsOld() throws Exception {
        reader.step();
        append(signOff("alice"));
        reader.step();
        log.failure = new TimeoutException("away");
        pass(Duration.ofSeconds(7));

        assertThat(reader.step()).isFalse();
        assertThat(signedOffBy()).isEqualTo("alice");
        assertThat(book.ageMs()).hasValue(7_000);

        log.failure = null;
        assertThat(reader.step()).isTrue();
        assertThat(book.ageMs()).hasValue(0);
    }

    @Test
    void aStartWithoutKafkaGoesOnOnceItIsThere() throws Exception {
        log.failure = new TimeoutException("away");
        assertThat(reader.step()).isFalse();
        log.failure = null;

        reader.step();
        append(signOff("alice"));
        reader.step();

        assertThat(signedOffBy()).isEqualTo("alice");
    }

    @Test
    void recordsThatCannotBeReadAreCountedAndPassed() throws Exception {
        reader.step();
        log.append(SIGN_OFFS, "no json".getBytes(StandardCharsets.UTF_8));
        log.append(SIGN_OFFS, null);
        log.append(SIGN_OFFS, "{\"feature\":\"positions\"}".getBytes(StandardCharsets.UTF_8));
        append(signOff("alice"));
        reader.step();

        assertThat(signedOffBy()).isEqualTo("alice");
        assertThat(metrics.scrape()).contains("cutover_evidence_unreadable_total{topic=\"evidence.signoffs\"} 3.0");
    }

    @Test
    void aStartReadsAsFarBackAsTheBookCanUse() {
        log.endsAt(VERDICTS, 1_000);
        log.offsetsForTimes.put(VERDICTS, 700L);
        log.offsetsForTimes.remove(SIGN_OFFS);
        log.endsAt(SIGN_OFFS, 50);

        reader.step();

        assertThat(log.position(VERDICTS)).isEqualTo(700);
        assertThat(log.position(SIGN_OFFS)).as("nothing is so new").isEqualTo(50);
        assertThat(log.askedTimes.get(VERDICTS))
                .isEqualTo(NOW.minus(Duration.ofHours(1)).toEpochMilli());
        assertThat(log.askedTimes.get(new TopicPartition(Topics.VITALS, 0)))
                .isEqualTo(NOW.minus(Duration.ofDays(7)).toEpochMilli());
    }

    @Test
    void howManyRecordsAStartReadsIsBoundedWhateverTheirTime() {
        log.endsAt(VERDICTS, 5_000_000);

        reader.step();

        assertThat(log.position(VERDICTS)).isEqualTo(5_000_000 - 20_000);
    }

    @Test
    void aStartBeginsNoEarlierThanTheLog() {
        log.updateBeginningOffsets(Map.of(VERDICTS, 900L));
        log.endsAt(VERDICTS, 1_000);
        log.offsetsForTimes.put(VERDICTS, 700L);

        reader.step();

        assertThat(log.position(VERDICTS)).isEqualTo(900);
    }

    @Test
    void onceStartedItReadsByItselfUntilItIsClosed() throws Exception {
        append(signOff("alice"), reader);
        reader.start();
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(book.ageMs()).isPresent());

        reader.close();

        assertThat(log.closed()).isTrue();
    }

    /** The mock takes records of what is assigned alone, so it is written once the reader has opened. */
    private void append(SignOff signOff, EvidenceReader opened) throws Exception {
        opened.step();
        append(signOff);
    }
}

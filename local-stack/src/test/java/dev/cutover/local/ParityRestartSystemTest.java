package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.Outcome;
import dev.cutover.control.ParityStreams;
import dev.cutover.control.SessionClock;
import dev.cutover.control.SessionTally;
import dev.cutover.control.Verdict;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.MarketCalendar;
import dev.cutover.schema.Reference;
import dev.cutover.schema.ServedRecord;
import dev.cutover.schema.ServedRecord.Kind;
import dev.cutover.schema.TopicProvisioner;
import dev.cutover.schema.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Parity on a real broker: what it counts is exact however often it stops, and however much comes again. */
final class ParityRestartSystemTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final SessionClock HOURS = SessionClock.of("1h", MarketCalendar.shipped());
    private static final String GROUP = "test-" + ParityStreams.APPLICATION;

    private final SystemUnderTest system = SystemUnderTest.start();
    private final EventFeed feed = system.feed();
    private final Feature positions = system.catalog().feature("positions").orElseThrow();
    private String epoch = topicId(positions.topic());
    private final KafkaProducer<byte[], byte[]> producer =
            system.open(system.kafka().producer("test-rest"));
    private ParityStreams parity;

    /** What was served, to be served again. */
    private final List<ServedRecord> served = new ArrayList<>();

    @AfterEach
    void stop() {
        if (parity != null) {
            parity.close();
        }
        system.close();
    }

    private String topicId(String topic) {
        try (Admin admin = system.kafka().admin("test")) {
            return admin.describeTopics(List.of(topic))
                    .allTopicNames()
                    .get()
                    .get(topic)
                    .topicId()
                    .toString();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    private void start() {
        parity = ParityStreams.start(system.kafka(), system.catalog(), HOURS, "test-");
        await().atMost(LONG).until(parity::isRunning);
    }

    private RecordMetadata event(int account, int value) {
        return feed.sendNow("positions", "acc-" + account, "{\"value\":" + value + "}");
    }

    private void serve(RecordMetadata event, int account, int value) throws Exception {
        String body = "{\"value\":" + value + "}";
        Instant now = Instant.now();
        ServedRecord record = new ServedRecord(
                Kind.ENTRY,
                positions.name(),
                "acc-" + account,
                epoch,
                event.partition(),
                event.offset(),
                "account_id=acc-" + account,
                "other",
                Reference.MATERIALISED,
                now,
                now,
                Integer.toHexString(body.hashCode()),
                Json.read(Json.MAPPER, JsonNode.class, body.getBytes(StandardCharsets.UTF_8)),
                null);
        served.add(record);
        send(record);
    }

    private void send(ServedRecord record) {
        var unused = producer.send(new ProducerRecord<>(
                Topics.served(positions),
                record.partition(),
                System.currentTimeMillis(),
                record.recordKey(),
                record.toJson()));
    }

    /** The newest of each part, added up. */
    private Map<Outcome, Long> tallies() {
        Map<String, SessionTally> newest = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : system.read(Topics.PARITY_SESSIONS)) {
            newest.put(new String(record.key(), StandardCharsets.UTF_8), tally(record.value()));
        }
        Map<Outcome, Long> sum = new HashMap<>();
        newest.values().forEach(tally -> {
            sum.merge(Outcome.MATCH, tally.matches(), Long::sum);
            sum.merge(Outcome.MISMATCH, tally.mismatches(), Long::sum);
            sum.merge(Outcome.LAGGING, tally.lagging(), Long::sum);
            sum.merge(Outcome.MISSING_WS, tally.missingWs(), Long::sum);
            sum.merge(Outcome.MISSING_REST, tally.missingRest(), Long::sum);
        });
        return sum;
    }

    private static SessionTally tally(byte[] json) {
        try {
            return SessionTally.fromJson(json);
        } catch (JsonFault e) {
            throw new AssertionError(e);
        }
    }

    private Set<String> verdictIds() throws JsonFault {
        Set<String> ids = new HashSet<>();
        for (ConsumerRecord<byte[], byte[]> record : system.read(Topics.PARITY_VERDICTS)) {
            ids.add(Verdict.fromJson(record.value()).id());
        }
        return ids;
    }

    private void assertCounts(long matches, long mismatches) {
        await().atMost(LONG).untilAsserted(() -> assertThat(tallies())
                .containsEntry(Outcome.MATCH, matches)
                .containsEntry(Outcome.MISMATCH, mismatches)
                .containsEntry(Outcome.MISSING_WS, 0L)
                .containsEntry(Outcome.MISSING_REST, 0L));
    }

    /** As after a crash before the last commit: all that was read since the beginning is read again. */
    private void forgetCommits() throws Exception {
        try (Admin admin = system.kafka().admin("test")) {
            await().atMost(LONG).ignoreExceptions().until(() -> {
                Map<TopicPartition, OffsetAndMetadata> back = new HashMap<>();
                admin.listConsumerGroupOffsets(GROUP)
                        .partitionsToOffsetAndMetadata()
                        .get()
                        .keySet()
                        .forEach(partition -> back.put(partition, new OffsetAndMetadata(0)));
                assertThat(back).isNotEmpty();
                admin.alterConsumerGroupOffsets(GROUP, back).all().get();
                return true;
            });
        }
    }

    @Test
    void closedInTheMiddleAndStartedAgainItCountsEachComparisonOnce() throws Exception {
        for (int account = 0; account < 10; account++) {
            event(account, -1); // before it begins
        }
        start();
        long startNs = System.nanoTime();
        for (int round = 0; round < 30; round++) {
            for (int account = 0; account < 10; account++) {
                RecordMetadata event = event(account, round);
                serve(event, account, account == 3 && round % 10 == 0 ? 99 : round);
            }
            if (round == 14) {
                parity.close(); // with half of it on its way
                start();
            }
        }
        served.forEach(this::send);
        assertCounts(297, 3);
        parity.close();
        forgetCommits();
        start();
        RecordMetadata last = event(0, 100);
        serve(last, 0, 100);
        assertCounts(298, 3);
        assertThat(verdictIds()).hasSize(301);
        System.out.println("301 comparisons over two restarts in " + (System.nanoTime() - startNs) / 1_000_000 + " ms");
    }

    @Test
    void aStreamThreadThatDiesIsReplacedAndItsHealthSaysSo() throws Exception {
        start();
        RecordMetadata event = event(1, 1);
        serve(event, 1, 1);
        assertCounts(1, 0);
        Thread.getAllStackTraces().keySet().stream()
                .filter(thread ->
                        thread.getName().startsWith(GROUP) && thread.getName().contains("StreamThread"))
                .forEach(Thread::interrupt);
        await().atMost(LONG).until(() -> !parity.health().degraded().isEmpty());
        assertThat(parity.health().ready())
                .as("flags can be moved all the same")
                .isTrue();
        await().atMost(LONG).until(() -> parity.health().degraded().isEmpty() && parity.isRunning());
        serve(event(1, 2), 1, 2);
        assertCounts(2, 0);
    }

    @Test
    void aTopicThatIsMadeAnewIsJudgedAgain() throws Exception {
        start();
        RecordMetadata old = event(1, 1);
        serve(old, 1, 1);
        assertCounts(1, 0);
        try (Admin admin = system.kafka().admin("test")) {
            admin.deleteTopics(List.of(positions.topic())).all().get();
            await().until(() -> !admin.listTopics().names().get().contains(positions.topic()));
        }
        TopicProvisioner.ensure(system.kafka(), system.catalog());
        String oldEpoch = epoch;
        epoch = topicId(positions.topic());
        assertThat(epoch).isNotEqualTo(oldEpoch);
        EventFeed newFeed = system.feed();
        await().atMost(LONG).pollInterval(Duration.ofSeconds(1)).untilAsserted(() -> {
            RecordMetadata event = newFeed.sendNow("positions", "acc-1", "{\"value\":2}");
            serve(event, 1, 2);
            assertThat(tallies().get(Outcome.MATCH)).isGreaterThan(1);
        });
        assertThat(tallies().get(Outcome.MISMATCH)).isZero();
        assertThat(tallies().get(Outcome.MISSING_WS)).isZero();
    }

    @Test
    void itClosesWithinItsTimeWhileTheBrokerIsAway() {
        start();
        system.close();
        long startNs = System.nanoTime();
        parity.close();
        long tookMs = (System.nanoTime() - startNs) / 1_000_000;
        System.out.println("closed without a broker in " + tookMs + " ms");
        assertThat(tookMs).isLessThan(6_000);
    }
}

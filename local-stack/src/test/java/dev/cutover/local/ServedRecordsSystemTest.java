package dev.cutover.local;

import static dev.cutover.local.RestSystemRig.BALANCE;
import static dev.cutover.local.RestSystemRig.balance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.rest.RestLegacy;
import dev.cutover.schema.Json;
import dev.cutover.schema.Reference;
import dev.cutover.schema.ServedRecord;
import dev.cutover.schema.ServedRecord.Kind;
import dev.cutover.schema.Stage;
import dev.cutover.schema.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What REST has written down of its answers, over a real broker. */
final class ServedRecordsSystemTest {
    private static final String SERVED = "rest.served.account-balance";

    private final RestSystemRig rig = new RestSystemRig();

    @AfterEach
    void stop() {
        rig.close();
    }

    private TestHttp.Answer ask(RestLegacy rest, String path, String client) {
        return TestHttp.get(rest.address(), path, "Cutover-Client", client);
    }

    private List<ServedRecord> flat() throws Exception {
        return rig.served("account_balance").values().stream()
                .flatMap(List::stream)
                .toList();
    }

    @Test
    void eachKeysBodyIsInThePartitionOfItsEventsWithTheOffsetOfItsNewestOne() throws Exception {
        Map<String, RecordMetadata> newest = new HashMap<>();
        for (int serial = 0; serial < 3; serial++) {
            for (int account = 0; account < 12; account++) {
                String key = Integer.toString(account);
                newest.put(key, rig.feed.sendNow("account_balance", key, balance(key, serial)));
            }
        }
        RestLegacy rest = rig.readyRest();
        String epoch = rig.topicId("events.account-balance");
        for (int i = 0; i < 3; i++) {
            assertThat(ask(rest, BALANCE, "prober").status()).isEqualTo(200);
            assertThat(ask(rest, BALANCE + "?account_id=7", "dashboard").status())
                    .isEqualTo(200);
        }
        await().untilAsserted(() -> assertThat(flat()).hasSize(12 + 3 + 1));

        Set<String> listed = new HashSet<>();
        for (Map.Entry<TopicPartition, List<ServedRecord>> each :
                rig.served("account_balance").entrySet()) {
            int partition = each.getKey().partition();
            for (ServedRecord record : each.getValue()) {
                assertThat(record.epoch()).isEqualTo(epoch);
                assertThat(record.partition()).isEqualTo(partition);
                assertThat(record.reference()).isEqualTo(Reference.MATERIALISED);
                assertThat(record.servedAt()).isAfterOrEqualTo(record.askedAt());
                if (record.kind() == Kind.LIST) {
                    listed.addAll(record.keys());
                    assertThat(record.keys())
                            .allSatisfy(key ->
                                    assertThat(newest.get(key).partition()).isEqualTo(partition));
                    assertThat(record.offset())
                            .isEqualTo(newest.values().stream()
                                    .filter(sent -> sent.partition() == partition)
                                    .mapToLong(RecordMetadata::offset)
                                    .max()
                                    .orElse(-1));
                } else {
                    assertThat(partition).isEqualTo(newest.get(record.key()).partition());
                    assertThat(record.offset())
                            .isEqualTo(newest.get(record.key()).offset());
                    assertThat(record.body()).isEqualTo(Json.MAPPER.readTree(balance(record.key(), 2)));
                }
            }
        }
        assertThat(listed).hasSize(12);
        assertThat(flat())
                .filteredOn(record -> "7".equals(record.key()))
                .extracting(ServedRecord::query, ServedRecord::caller)
                .containsExactlyInAnyOrder(tuple("", "prober"), tuple("account_id=7", "other"));
    }

    @Test
    void aKeyThatIsNotKnownIsAbsentAsOfAnOffsetOfThePartitionThatItWouldBeIn() throws Exception {
        RestLegacy rest = rig.restWithAccounts(12);
        assertThat(ask(rest, BALANCE + "?account_id=99", "prober").status()).isEqualTo(404);
        await().untilAsserted(() -> assertThat(flat()).hasSize(1));
        Map.Entry<TopicPartition, List<ServedRecord>> only =
                rig.served("account_balance").entrySet().iterator().next();
        ServedRecord absent = only.getValue().get(0);
        assertThat(absent.kind()).isEqualTo(Kind.ABSENT);
        assertThat(absent.key()).isEqualTo("99");
        RecordMetadata where = rig.feed.sendNow("account_balance", "99", balance("99", 1));
        assertThat(only.getKey()).isEqualTo(new TopicPartition(SERVED, where.partition()));
        assertThat(absent.offset())
                .as("all that was in the partition before the key came")
                .isEqualTo(where.offset() - 1);
    }

    @Test
    void usageTellsEachCallerOfEachStartAndWhoStillAsksForWhatWasPromoted() throws Exception {
        rig.feed.sendNow("positions", "1", "{\"account_id\":1}");
        RestLegacy first = rig.readyRest();
        rig.move(Stage.LIVE);
        for (int i = 0; i < 3; i++) {
            ask(first, RestSystemRig.POSITIONS, "reports");
        }
        ask(first, RestSystemRig.POSITIONS, "fallback");
        first.close();
        RestLegacy second = rig.readyRest();
        rig.move(Stage.PROMOTED);
        await().until(() -> ask(second, RestSystemRig.POSITIONS, "reports").status() == 410);
        await().untilAsserted(() -> {
            Map<String, JsonNode> rows = usage();
            assertThat(rows.values())
                    .extracting(
                            row -> row.get("feature").asText(),
                            row -> row.get("caller").asText(),
                            row -> row.get("kind").asText())
                    .containsExactlyInAnyOrder(
                            tuple("positions", "reports", "other"),
                            tuple("positions", "reports", "other"),
                            tuple("positions", "fallback", "fallback"));
            assertThat(rows.values())
                    .filteredOn(row -> row.get("caller").asText().equals("reports"))
                    .extracting(row -> row.get("answers").asInt())
                    .contains(3)
                    .allMatch(answers -> answers >= 1);
        });
    }

    /** The last row of each key, as compaction leaves it. */
    private Map<String, JsonNode> usage() throws IOException {
        Map<String, JsonNode> rows = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> each : rig.system.read(Topics.REST_USAGE)) {
            JsonNode row = Json.MAPPER.readTree(each.value());
            String key = new String(each.key(), StandardCharsets.UTF_8);
            assertThat(key)
                    .isEqualTo("%s|%s|%s|%s"
                            .formatted(
                                    row.get("feature").asText(),
                                    row.get("caller").asText(),
                                    row.get("day").asText(),
                                    row.get("instance").asText()));
            rows.put(key, row);
        }
        return rows;
    }

    @Test
    void whileKafkaIsAwayAnswersComeAsFastAndTheirEvidenceIsDropped() throws Exception {
        RestLegacy rest = rig.restWithAccounts(12);
        assertThat(ask(rest, BALANCE, "prober").status()).isEqualTo(200);
        await().untilAsserted(() -> assertThat(flat()).hasSize(12 + 3));
        rig.broker.close();
        Instant begin = Instant.now();
        int answers = 0;
        while (Instant.now().isBefore(begin.plusSeconds(3))) {
            Instant asked = Instant.now();
            // a key that nobody knows has nothing to be a repetition of
            int status =
                    ask(rest, BALANCE + "?account_id=x" + answers++, "prober").status();
            assertThat(status).isEqualTo(404);
            assertThat(Duration.between(asked, Instant.now())).isLessThan(Duration.ofSeconds(1));
        }
        System.out.println(answers + " answers in 3 s without Kafka");
        assertThat(answers).isGreaterThan(300);
    }
}

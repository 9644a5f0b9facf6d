package dev.cutover.local;

import static dev.cutover.local.RestSystemRig.BALANCE;
import static dev.cutover.local.RestSystemRig.POSITIONS;
import static dev.cutover.local.RestSystemRig.balance;
import static dev.cutover.local.RestSystemRig.position;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.rest.RestLegacy;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.Json;
import dev.cutover.schema.Topics;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What REST serves, over a real broker and real sockets: all that the log holds, and what follows. */
final class RestSystemTest {
    private static final String BARS = "/api/intraday/bars/";
    private static final String MARKETS = "/api/global-market/status/";

    private final RestSystemRig rig = new RestSystemRig();

    @AfterEach
    void stop() {
        rig.close();
    }

    private static String bar(String symbol, int minute, long serial) {
        return "{\"symbol\":\"%s\",\"timestamp_minute\":\"2026-01-05T%02d:%02d:00Z\",\"serial\":%d}"
                .formatted(symbol, 10 + minute / 60, minute % 60, serial);
    }

    @Test
    void itFillsFromKeptDataWhoseProducersHaveStoppedAndEveryEndpointAgreesWithTheEvents() throws Exception {
        for (int i = 0; i < 60; i++) {
            rig.feed.enqueue("account_balance", Integer.toString(1 + i % 12), balance(Integer.toString(1 + i % 12), i));
            rig.feed.enqueue("positions", Integer.toString(1 + i % 3), "{\"serial\" : " + i + "}");
            rig.feed.enqueue(
                    "market_status",
                    Integer.toString(1 + i % 4),
                    "{\"market_id\":" + (1 + i % 4) + ",\"n\":" + i + "}");
        }
        for (int i = 0; i < 1000; i++) {
            rig.feed.enqueue("intraday_bar", "SPY", bar("SPY", i % 500, i));
        }
        rig.feed.enqueue("vwap_update", "SPY", "{\"vwap\":1}");
        rig.feed.flush();

        long startNs = System.nanoTime();
        RestLegacy rest = rig.readyRest();
        System.out.println("ready after " + (System.nanoTime() - startNs) / 1_000_000 + " ms");

        assertThat(rig.body(rest, BALANCE + "?account_id=7")).isEqualTo(balance("7", 54));
        assertThat(rig.body(rest, POSITIONS + "?account_id=3")).isEqualTo("{\"serial\" : 59}");
        assertThat(rig.body(rest, MARKETS))
                .isEqualTo(
                        "{\"markets\":[{\"market_id\":1,\"n\":56},{\"market_id\":2,\"n\":57},{\"market_id\":3,\"n\":58},"
                                + "{\"market_id\":4,\"n\":59}]}");
        JsonNode accounts = Json.MAPPER.readTree(rig.body(rest, BALANCE)).get("accounts");
        assertThat(accounts)
                .extracting(each -> each.get("account_id").asInt())
                .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
        JsonNode bars = Json.MAPPER.readTree(rig.body(rest, BARS + "?symbol=SPY"));
        assertThat(bars.get("bars")).hasSize(390);
        assertThat(bars.get("bars").get(0).get("serial").asInt()).isEqualTo(610);
        assertThat(bars.get("bars").get(389).get("serial").asInt()).isEqualTo(999);
        assertThat(bars.get("vwap").toString()).isEqualTo("{\"vwap\":1}");
    }

    @Test
    void itFollowsNewEventsAndItsPositionIsWhereTheyEnd() throws Exception {
        RestLegacy rest = rig.readyRest();
        assertThat(rig.get(rest, BALANCE + "?account_id=1").statusCode()).isEqualTo(404);
        for (int i = 0; i < 200; i++) {
            int serial = i;
            RecordMetadata sent = rig.feed.sendNow("account_balance", "1", balance("1", i));
            await().pollInterval(Duration.ofMillis(2))
                    .until(() -> rig.get(rest, BALANCE + "?account_id=1").body().equals(balance("1", serial)));
            // the position is told a moment after the body, never before it
            await().pollInterval(Duration.ofMillis(2))
                    .untilAsserted(() -> assertThat(position(rig.get(rest, BALANCE + "?account_id=1")))
                            .startsWith(rig.topicId("events.account-balance") + ";")
                            .contains(sent.partition() + ":" + sent.offset()));
        }
    }

    @Test
    void aRestartServesTheSameBodiesWithTheSameTags() throws Exception {
        for (int i = 0; i < 40; i++) {
            rig.feed.enqueue("account_balance", Integer.toString(i % 10), balance(Integer.toString(i % 10), i));
        }
        rig.feed.flush();
        RestLegacy first = rig.readyRest();
        HttpResponse<String> before = rig.get(first, BALANCE);
        first.close();
        assertThat(rig.groups("account_balance"))
                .as("its consumer groups are gone")
                .isEmpty();
        HttpResponse<String> after = rig.get(rig.readyRest(), BALANCE);
        assertThat(after.body()).isEqualTo(before.body());
        assertThat(after.headers().firstValue("ETag"))
                .isEqualTo(before.headers().firstValue("ETag"));
        assertThat(position(after)).isEqualTo(position(before));
    }

    @Test
    void markersOfTransactionsAndAbortedEventsAtTheEndDoNotHoldUpTheFilling() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = rig.system.kafka().transactionalProducer("tx", "test-tx")) {
            producer.initTransactions();
            producer.beginTransaction();
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            sent.add(producer.send(event("events.positions", 0, "positions", "1", "{\"committed\":true}")));
            producer.commitTransaction();
            producer.beginTransaction();
            for (int i = 0; i < 500; i++) {
                sent.add(producer.send(event("events.positions", 0, "positions", "1", "{\"committed\":false}")));
                // nothing but what was aborted
                sent.add(producer.send(event("events.positions", 1, "positions", "2", "{\"committed\":false}")));
            }
            producer.flush();
            producer.abortTransaction();
            assertThat(sent).allMatch(Future::isDone);
        }
        RestLegacy rest = rig.readyRest();
        assertThat(rig.body(rest, POSITIONS)).isEqualTo("{\"accounts\":[{\"committed\":true}]}");
        assertThat(rig.get(rest, POSITIONS + "?account_id=2").statusCode()).isEqualTo(404);
        assertThat(position(rig.get(rest, POSITIONS))).endsWith(";0:0,1:-1,2:-1");
    }

    @Test
    void aRecordThatNobodyCanReadBecomesADeadLetterAndStallsNothing() throws Exception {
        RestLegacy rest = rig.readyRest();
        rig.feed.sendRaw("events.positions", 1, "positions", EventFeed.utf8("1"), EventFeed.utf8("{\"a\":"));
        rig.feed.sendRaw("events.positions", 1, "positions", null, EventFeed.utf8("{}"));
        rig.feed.sendRaw("events.positions", 1, "positions", EventFeed.utf8("1"), null);
        rig.feed.sendRaw("events.positions", 1, "positions", EventFeed.utf8("1"), EventFeed.utf8("{\"a\":1}"));
        await().untilAsserted(() ->
                assertThat(rig.body(rest, POSITIONS + "?account_id=1")).isEqualTo("{\"a\":1}"));
        await().untilAsserted(
                        () -> assertThat(rig.system.read(Topics.DEAD_LETTERS)).hasSize(3));
        assertThat(rig.body(rest, "/metrics")).contains("cutover_rest_dead_letters_total 3.0");
    }

    private static ProducerRecord<byte[], byte[]> event(
            String topic, int partition, String type, String key, String data) {
        return new ProducerRecord<>(
                topic,
                partition,
                System.currentTimeMillis(),
                EventFeed.utf8(key),
                EventFeed.utf8(data),
                EventHeaders.of(type, key, "/test", Instant.now()));
    }
}

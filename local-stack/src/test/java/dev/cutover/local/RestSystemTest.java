package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.rest.RestLegacy;
import dev.cutover.rest.RestSettings;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.FlagWriter;
import dev.cutover.schema.Json;
import dev.cutover.schema.Stage;
import dev.cutover.schema.TopicProvisioner;
import dev.cutover.schema.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** REST services over a real broker and real sockets. */
final class RestSystemTest {
    private static final Duration READY = Duration.ofSeconds(30);
    private static final Duration RETIRE_AFTER = Duration.ofDays(7);
    private static final String BALANCE = "/api/account/balance/";
    private static final String POSITIONS = "/api/positions/";
    private static final String BARS = "/api/intraday/bars/";
    private static final String MARKETS = "/api/global-market/status/";

    private final HttpClient http = HttpClient.newHttpClient();
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
    private final InstantSource clock = now::get;

    private TestBroker broker;
    private SystemUnderTest system;
    private EventFeed feed;

    @BeforeEach
    void start() {
        broker = TestBroker.start();
        system = SystemUnderTest.on(broker);
        feed = system.feed();
    }

    @AfterEach
    void stop() {
        system.close();
    }

    private RestLegacy rest() {
        return system.open(RestLegacy.start(
                new RestSettings("127.0.0.1", 0, "ws://gateway.test/ws/", RETIRE_AFTER, Set.of()),
                system.catalog(),
                system.kafka(),
                clock));
    }

    private RestLegacy readyRest() {
        RestLegacy rest = rest();
        awaitReady(rest);
        return rest;
    }

    private static void awaitReady(RestLegacy rest) {
        await().atMost(READY)
                .pollInterval(Duration.ofMillis(10))
                .untilAsserted(() -> assertThat(rest.health().reasons()).isEmpty());
    }

    private HttpResponse<String> get(RestLegacy rest, String path) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + rest.address().getPort() + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private String body(RestLegacy rest, String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = get(rest, path);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    private static String balance(String account, long serial) {
        return "{\"account_id\":%s,\"balance\":1.50,\"serial\":%d}".formatted(account, serial);
    }

    private static String bar(String symbol, int minute, long serial) {
        return "{\"symbol\":\"%s\",\"timestamp_minute\":\"2026-01-05T%02d:%02d:00Z\",\"serial\":%d}"
                .formatted(symbol, 10 + minute / 60, minute % 60, serial);
    }

    private static String position(HttpResponse<String> answer) {
        return answer.headers().firstValue("Cutover-Position").orElseThrow();
    }

    @Test
    void itFillsFromKeptDataWhoseProducersHaveStoppedAndEveryEndpointAgreesWithTheEvents() throws Exception {
        for (int i = 0; i < 60; i++) {
            feed.enqueue("account_balance", Integer.toString(1 + i % 12), balance(Integer.toString(1 + i % 12), i));
            feed.enqueue("positions", Integer.toString(1 + i % 3), "{\"serial\" : " + i + "}");
            feed.enqueue(
                    "market_status",
                    Integer.toString(1 + i % 4),
                    "{\"market_id\":" + (1 + i % 4) + ",\"n\":" + i + "}");
        }
        for (int i = 0; i < 1000; i++) {
            feed.enqueue("intraday_bar", "SPY", bar("SPY", i % 500, i));
        }
        feed.enqueue("vwap_update", "SPY", "{\"vwap\":1}");
        feed.flush();

        long startNs = System.nanoTime();
        RestLegacy rest = readyRest();
        System.out.println("ready after " + (System.nanoTime() - startNs) / 1_000_000 + " ms");

        assertThat(body(rest, BALANCE + "?account_id=7")).isEqualTo(balance("7", 54));
        assertThat(body(rest, POSITIONS + "?account_id=3")).isEqualTo("{\"serial\" : 59}");
        assertThat(body(rest, MARKETS))
                .isEqualTo(
                        "{\"markets\":[{\"market_id\":1,\"n\":56},{\"market_id\":2,\"n\":57},{\"market_id\":3,\"n\":58},"
                                + "{\"market_id\":4,\"n\":59}]}");
        JsonNode accounts = Json.MAPPER.readTree(body(rest, BALANCE)).get("accounts");
        assertThat(accounts)
                .extracting(each -> each.get("account_id").asInt())
                .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
        JsonNode bars = Json.MAPPER.readTree(body(rest, BARS + "?symbol=SPY"));
        assertThat(bars.get("bars")).hasSize(390);
        assertThat(bars.get("bars").get(0).get("serial").asInt()).isEqualTo(610);
        assertThat(bars.get("bars").get(389).get("serial").asInt()).isEqualTo(999);
        assertThat(bars.get("vwap").toString()).isEqualTo("{\"vwap\":1}");
    }

    @Test
    void itFollowsNewEventsAndItsPositionIsWhereTheyEnd() throws Exception {
        RestLegacy rest = readyRest();
        assertThat(get(rest, BALANCE + "?account_id=1").statusCode()).isEqualTo(404);
        for (int i = 0; i < 200; i++) {
            int serial = i;
            RecordMetadata sent = feed.sendNow("account_balance", "1", balance("1", i));
            await().pollInterval(Duration.ofMillis(2))
                    .until(() -> get(rest, BALANCE + "?account_id=1").body().equals(balance("1", serial)));
            // the position is told a moment after the body, never before it
            await().pollInterval(Duration.ofMillis(2))
                    .untilAsserted(() -> assertThat(position(get(rest, BALANCE + "?account_id=1")))
                            .startsWith(topicId("events.account-balance") + ";")
                            .contains(sent.partition() + ":" + sent.offset()));
        }
    }

    @Test
    void aRestartServesTheSameBodiesWithTheSameTags() throws Exception {
        for (int i = 0; i < 40; i++) {
            feed.enqueue("account_balance", Integer.toString(i % 10), balance(Integer.toString(i % 10), i));
        }
        feed.flush();
        RestLegacy first = readyRest();
        HttpResponse<String> before = get(first, BALANCE);
        first.close();
        assertThat(groups("account_balance")).as("its consumer groups are gone").isEmpty();
        HttpResponse<String> after = get(readyRest(), BALANCE);
        assertThat(after.body()).isEqualTo(before.body());
        assertThat(after.headers().firstValue("ETag"))
                .isEqualTo(before.headers().firstValue("ETag"));
        assertThat(position(after)).isEqualTo(position(before));
    }

    @Test
    void markersOfTransactionsAndAbortedEventsAtTheEndDoNotHoldUpTheFilling() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = system.kafka().transactionalProducer("tx", "test-tx")) {
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
        RestLegacy rest = readyRest();
        assertThat(body(rest, POSITIONS)).isEqualTo("{\"accounts\":[{\"committed\":true}]}");
        assertThat(get(rest, POSITIONS + "?account_id=2").statusCode()).isEqualTo(404);
        assertThat(position(get(rest, POSITIONS))).endsWith(";0:0,1:-1,2:-1");
    }

    @Test
    void aTopicThatIsMadeAnewIsANewEpochWithoutTheOldViews() throws Exception {
        feed.sendNow("positions", "old", "{\"old\":true}");
        RestLegacy rest = readyRest();
        String oldEpoch = topicId("events.positions");
        assertThat(position(get(rest, POSITIONS))).startsWith(oldEpoch + ";");
        try (Admin admin = system.kafka().admin("test")) {
            admin.deleteTopics(List.of("events.positions")).all().get();
            await().until(() -> !admin.listTopics().names().get().contains("events.positions"));
        }
        TopicProvisioner.ensure(system.kafka(), system.catalog());
        String newEpoch = topicId("events.positions");
        assertThat(newEpoch).isNotEqualTo(oldEpoch);
        try (EventFeed newFeed = new EventFeed(system.kafka(), system.catalog())) {
            newFeed.sendNow("positions", "new", "{\"new\":true}");
        }
        await().atMost(READY).untilAsserted(() -> {
            HttpResponse<String> answer = get(rest, POSITIONS);
            assertThat(answer.body()).isEqualTo("{\"accounts\":[{\"new\":true}]}");
            assertThat(position(answer)).startsWith(newEpoch + ";");
        });
    }

    @Test
    void aMemberThatIsThrownOutOfItsGroupAnswers503AndThenTheWholeStateAgain() throws Exception {
        RestLegacy rest = restWithAccounts(50);
        String whole = body(rest, BALANCE);
        String group = groups("account_balance").get(0);
        try (Admin admin = system.kafka().admin("test")) {
            admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions())
                    .all()
                    .get();
        }
        assertThat503AndThenTheWholeAgain(rest, whole, group);
    }

    @Test
    void aStreamThreadThatDiesAnswers503AndThenTheWholeStateAgain() throws Exception {
        RestLegacy rest = restWithAccounts(50);
        String whole = body(rest, BALANCE);
        String group = groups("account_balance").get(0);
        Thread stream = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(group + "-StreamThread-1"))
                .findFirst()
                .orElseThrow();
        stream.interrupt();
        assertThat503AndThenTheWholeAgain(rest, whole, group);
    }

    private RestLegacy restWithAccounts(int accounts) {
        for (int i = 0; i < accounts; i++) {
            feed.enqueue("account_balance", Integer.toString(i), balance(Integer.toString(i), i));
        }
        feed.flush();
        return readyRest();
    }

    private void assertThat503AndThenTheWholeAgain(RestLegacy rest, String whole, String group) {
        List<Integer> statuses = new ArrayList<>();
        await().atMost(READY).pollInterval(Duration.ofMillis(1)).until(() -> {
            HttpResponse<String> answer = get(rest, BALANCE);
            statuses.add(answer.statusCode());
            if (answer.statusCode() == 200) {
                assertThat(answer.body()).as("never a part of it").isEqualTo(whole);
                return statuses.contains(503);
            }
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
            assertThat(answer.headers().firstValue("Retry-After")).isPresent();
            return false;
        });
        awaitReady(rest);
        assertThat(groups("account_balance")).hasSize(1).doesNotContain(group);
    }

    @Test
    void aPromotedFeatureIsGoneAndARollbackWithinItsTimeServesAtOnce() throws Exception {
        feed.sendNow("positions", "1", "{\"a\":1}");
        RestLegacy rest = readyRest();
        move(Stage.LIVE);
        await().untilAsserted(() -> assertThat(get(rest, POSITIONS).headers().firstValue("Deprecation"))
                .isPresent());
        move(Stage.PROMOTED);
        await().untilAsserted(
                        () -> assertThat(get(rest, POSITIONS).statusCode()).isEqualTo(410));
        String group = groups("positions").get(0);
        now.set(Instant.now().plus(RETIRE_AFTER).minusSeconds(60));
        feed.sendNow("positions", "1", "{\"a\":2}");
        move(Stage.SHADOW);
        List<Integer> statuses = new ArrayList<>();
        await().pollInterval(Duration.ofMillis(1)).until(() -> {
            statuses.add(get(rest, POSITIONS).statusCode());
            return statuses.contains(200);
        });
        assertThat(statuses).doesNotContain(503);
        assertThat(body(rest, POSITIONS)).isEqualTo("{\"accounts\":[{\"a\":2}]}");
        assertThat(groups("positions")).containsExactly(group);
    }

    @Test
    void aRollbackAfterTheViewsHaveRetiredFillsThemAndServes() throws Exception {
        feed.sendNow("positions", "1", "{\"a\":1}");
        RestLegacy rest = readyRest();
        move(Stage.LIVE);
        move(Stage.PROMOTED);
        now.set(Instant.now().plus(RETIRE_AFTER));
        await().atMost(READY)
                .untilAsserted(() -> assertThat(groups("positions")).isEmpty());
        assertThat(rest.health().reasons()).isEmpty();
        RestLegacy startedLater = readyRest();
        assertThat(get(startedLater, POSITIONS).statusCode()).isEqualTo(410);
        assertThat(groups("positions")).as("nobody fills what has retired").isEmpty();
        move(Stage.SHADOW);
        await().atMost(READY)
                .untilAsserted(() -> assertThat(body(rest, POSITIONS)).isEqualTo("{\"accounts\":[{\"a\":1}]}"));
    }

    @Test
    void whileTheBrokerIsAwayItServesFromMemoryAndItsHealthIsDegraded() throws Exception {
        RestLegacy rest = restWithAccounts(20);
        String whole = body(rest, BALANCE);
        broker.close();
        await().atMost(READY).untilAsserted(() -> {
            assertThat(body(rest, BALANCE)).isEqualTo(whole);
            assertThat(rest.health().degraded()).isNotEmpty();
        });
        assertThat(rest.health().ready()).isTrue();
        long startNs = System.nanoTime();
        rest.close();
        long closedMs = (System.nanoTime() - startNs) / 1_000_000;
        System.out.println("closed without a broker in " + closedMs + " ms");
        assertThat(closedMs).isLessThan(20_000);
    }

    @Test
    void aRecordThatNobodyCanReadBecomesADeadLetterAndStallsNothing() throws Exception {
        RestLegacy rest = readyRest();
        feed.sendRaw("events.positions", 1, "positions", EventFeed.utf8("1"), EventFeed.utf8("{\"a\":"));
        feed.sendRaw("events.positions", 1, "positions", null, EventFeed.utf8("{}"));
        feed.sendRaw("events.positions", 1, "positions", EventFeed.utf8("1"), null);
        feed.sendRaw("events.positions", 1, "positions", EventFeed.utf8("1"), EventFeed.utf8("{\"a\":1}"));
        await().untilAsserted(() ->
                assertThat(body(rest, POSITIONS + "?account_id=1")).isEqualTo("{\"a\":1}"));
        await().untilAsserted(() -> assertThat(system.read(Topics.DEAD_LETTERS)).hasSize(3));
        assertThat(body(rest, "/metrics")).contains("cutover_rest_dead_letters_total 3.0");
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

    private void move(Stage stage) {
        try (FlagReader reader = new FlagReader(system.kafka(), "test-flag-reader")) {
            reader.caughtUp().join();
            FlagWriter writer = new FlagWriter(
                    () -> system.kafka().transactionalProducer("test-flag-writer", FlagWriter.TRANSACTIONAL_ID),
                    reader,
                    Clock.systemUTC(), // Kafka refuses records of another time
                    Duration.ofSeconds(20));
            var unused =
                    writer.write("positions", OptionalLong.empty(), flag -> flag.at(stage, "test", "it is tested"));
        }
    }

    private String topicId(String topic) throws Exception {
        try (Admin admin = system.kafka().admin("test")) {
            return admin.describeTopics(List.of(topic))
                    .allTopicNames()
                    .get()
                    .get(topic)
                    .topicId()
                    .toString();
        }
    }

    /** The consumer groups of a feature's materialisers. */
    private List<String> groups(String feature) {
        try (Admin admin = system.kafka().admin("test")) {
            return admin.listGroups(ListGroupsOptions.forConsumerGroups()).all().get().stream()
                    .map(GroupListing::groupId)
                    .filter(group -> group.startsWith("cutover-rest-" + feature + "-"))
                    .toList();
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}

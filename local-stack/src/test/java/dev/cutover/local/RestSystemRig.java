package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cutover.rest.RestLegacy;
import dev.cutover.rest.RestSettings;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.FlagWriter;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.ServedRecord;
import dev.cutover.schema.Settings;
import dev.cutover.schema.Stage;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** REST services over a real broker and real sockets. */
final class RestSystemRig implements AutoCloseable {
    static final Duration READY = Duration.ofSeconds(30);
    static final Duration RETIRE_AFTER = Duration.ofDays(7);
    static final String BALANCE = "/api/account/balance/";
    static final String POSITIONS = "/api/positions/";

    private final HttpClient http = HttpClient.newHttpClient();
    /** By which promoted features retire. */
    final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());

    private final InstantSource clock = now::get;

    final TestBroker broker = TestBroker.start();
    final SystemUnderTest system = SystemUnderTest.on(broker);
    final EventFeed feed = system.feed();

    @Override
    public void close() {
        system.close();
    }

    private RestLegacy rest(Map<String, String> given) {
        Map<String, String> options = new HashMap<>(Map.of("rest-port", "0", "ws-url", "ws://gateway.test/ws/"));
        options.putAll(given);
        return system.open(RestLegacy.start(
                RestSettings.from(Settings.resolve(RestSettings.all(), options, Map.of())),
                system.catalog(),
                system.kafka(),
                clock));
    }

    RestLegacy readyRest() {
        return readyRest(Map.of());
    }

    /** @param given settings, beside the usual ones */
    RestLegacy readyRest(Map<String, String> given) {
        RestLegacy rest = rest(given);
        awaitReady(rest);
        return rest;
    }

    static void awaitReady(RestLegacy rest) {
        await().atMost(READY)
                .pollInterval(Duration.ofMillis(10))
                .untilAsserted(() -> assertThat(rest.health().reasons()).isEmpty());
    }

    HttpResponse<String> get(RestLegacy rest, String path) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + rest.address().getPort() + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** What was recorded of a feature so far, by the records' places. */
    Map<TopicPartition, List<ServedRecord>> served(String feature) throws JsonFault {
        Map<TopicPartition, List<ServedRecord>> records = new HashMap<>();
        String topic = Topics.served(system.catalog().feature(feature).orElseThrow());
        for (ConsumerRecord<byte[], byte[]> each : system.read(topic)) {
            ServedRecord record = ServedRecord.fromJson(each.value());
            assertThat(each.key()).isEqualTo(record.recordKey());
            records.computeIfAbsent(new TopicPartition(topic, each.partition()), unused -> new ArrayList<>())
                    .add(record);
        }
        return records;
    }

    String body(RestLegacy rest, String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = get(rest, path);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    static String balance(String account, long serial) {
        return "{\"account_id\":%s,\"balance\":1.50,\"serial\":%d}".formatted(account, serial);
    }

    static String position(HttpResponse<String> answer) {
        return answer.headers().firstValue("Cutover-Position").orElseThrow();
    }

    RestLegacy restWithAccounts(int accounts) {
        for (int i = 0; i < accounts; i++) {
            feed.enqueue("account_balance", Integer.toString(i), balance(Integer.toString(i), i));
        }
        feed.flush();
        return readyRest();
    }

    void move(Stage stage) {
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

    String topicId(String topic) throws Exception {
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
    List<String> groups(String feature) {
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

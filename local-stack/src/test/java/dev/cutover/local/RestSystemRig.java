package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cutover.rest.RestLegacy;
import dev.cutover.rest.RestSettings;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.FlagWriter;
import dev.cutover.schema.Stage;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;

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

    private RestLegacy rest() {
        return system.open(RestLegacy.start(
                new RestSettings(
                        "127.0.0.1", 0, "ws://gateway.test/ws/", RETIRE_AFTER, Set.of(), 200, Optional.empty()),
                system.catalog(),
                system.kafka(),
                clock));
    }

    RestLegacy readyRest() {
        RestLegacy rest = rest();
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

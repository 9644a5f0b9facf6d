package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.gateway.Gateway;
import dev.cutover.local.TestClient.Heard;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A gateway that is told to stop while clients are on it. */
final class DrainSystemTest {
    private SystemUnderTest system;

    @BeforeEach
    void start() {
        system = SystemUnderTest.start();
    }

    @AfterEach
    void stop() {
        system.close();
    }

    private static Duration since(long beganNs) {
        return Duration.ofNanos(System.nanoTime() - beganNs);
    }

    @Test
    void threeHundredSessionsAreServedUntilTheyAreToldOneAfterTheOtherWithinTheWindow() throws Exception {
        int sessions = 300;
        Gateway gateway = system.gateway(Map.of("drain", "2s"));
        EventFeed feed = system.feed();
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < sessions; i++) {
            TestClient client = system.client(gateway);
            client.say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"positions\",\"from\":\"now\"}");
            clients.add(client);
        }
        for (TestClient client : clients) {
            client.next("subscribed");
        }

        long beganNs = System.nanoTime();
        CompletableFuture<Void> closed = CompletableFuture.runAsync(gateway::close);
        await().atMost(Duration.ofSeconds(1)).pollInterval(Duration.ofMillis(5)).untilAsserted(() -> assertThat(
                        TestHttp.get(gateway.address(), "/health/ready").status())
                .isEqualTo(503));
        feed.sendNow("positions", "1", "{\"account_id\":1}");
        try (RawClient late = new RawClient(gateway.address(), null)) {
            String answer = late.send(RawClient.handshake("localhost")).answer();
            assertThat(answer).startsWith("HTTP/1.1 503 ").contains("\"code\":\"draining\"", "retry-after: 1\r\n");
        }
        closed.get();
        Duration took = since(beganNs);

        assertThat(took).isBetween(Duration.ofMillis(1_000), Duration.ofMillis(4_500));
        List<Long> toldAtMs = new ArrayList<>();
        int heardTheEvent = 0;
        for (TestClient client : clients) {
            List<Heard> heard = client.until(frame -> frame.type().equals("(closed)"), "(closed)");
            Heard last = heard.get(heard.size() - 1);
            toldAtMs.add((last.atNs() - beganNs) / 1_000_000);
            assertThat(last.json().path("status").asInt()).isEqualTo(1001);
            JsonNode reason = last.json().path("reason");
            assertThat(reason.path("code").asText()).isEqualTo("draining");
            assertThat(reason.path("reconnect").asBoolean()).isTrue();
            heardTheEvent += heard.stream().anyMatch(frame -> frame.type().equals("positions")) ? 1 : 0;
        }
        assertThat(heardTheEvent).as("who was not told yet goes on receiving").isGreaterThan(sessions / 4);
        // 300 at 200 a second
        assertThat(toldAtMs.stream().filter(each -> each < 750).count())
                .as("%s", toldAtMs)
                .isBetween(75L, 225L);
        assertThat(toldAtMs).allMatch(each -> each < 3_000);
    }

    @Test
    void aFewSessionsAreToldAtOnceAndTheGatewayDoesNotWaitForTheWindowToPass() throws Exception {
        Gateway gateway = system.gateway(Map.of("drain", "30s"));
        TestClient one = system.client(gateway);
        TestClient other = system.client(gateway);
        long beganNs = System.nanoTime();
        gateway.close();
        assertThat(since(beganNs)).isLessThan(Duration.ofSeconds(10));
        assertThat(one.next("(closed)").json().path("status").asInt()).isEqualTo(1001);
        assertThat(other.next("(closed)").json().path("status").asInt()).isEqualTo(1001);
    }

    @Test
    void aSessionThatDoesNotAnswerIsCutAtTheDeadline() throws Exception {
        Gateway gateway = system.gateway(Map.of("drain", "1s"));
        try (RawClient mute = new RawClient(gateway.address(), null)) {
            assertThat(mute.send(RawClient.handshake("localhost")).answer()).startsWith("HTTP/1.1 101 ");
            await().until(() -> gateway.connections() == 1);
            long beganNs = System.nanoTime();
            gateway.close();
            assertThat(since(beganNs)).isBetween(Duration.ofMillis(950), Duration.ofMillis(3_500));
            assertThat(mute.endsWithin(TestClient.PATIENCE)).isTrue();
        }
    }

    @Test
    void withoutAWindowAllAreToldAndCutAtOnce() throws Exception {
        Gateway gateway = system.gateway(Map.of("drain", "0s"));
        TestClient client = system.client(gateway);
        long beganNs = System.nanoTime();
        gateway.close();
        assertThat(since(beganNs)).isLessThan(Duration.ofSeconds(3));
        assertThat(client.next("(closed)").text()).contains("1001", "draining");
    }
}

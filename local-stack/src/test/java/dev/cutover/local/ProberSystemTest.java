package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.cutover.control.Control;
import dev.cutover.control.ControlSettings;
import dev.cutover.control.Targets;
import dev.cutover.gateway.Gateway;
import dev.cutover.rest.RestLegacy;
import dev.cutover.schema.Feature;
import dev.cutover.schema.HostAndPort;
import dev.cutover.schema.Settings;
import dev.cutover.schema.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The prober of a control service, on real gateways, REST and a real broker. */
final class ProberSystemTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    private final SystemUnderTest system = SystemUnderTest.start();
    private final EventFeed feed = system.feed();
    private long sent;

    @AfterEach
    void stop() {
        system.close();
    }

    private void send(int bars) {
        for (int i = 0; i < bars; i++) {
            String symbol = sent % 2 == 0 ? "SPY" : "QQQ";
            feed.enqueue(
                    "intraday_bar",
                    symbol,
                    ("{\"symbol\":\"%s\",\"country\":\"USA\",\"timestamp_minute\":\"2026-01-05T15:30:00Z\",\"open\":1,"
                                    + "\"high\":1,\"low\":1,\"close\":%d,\"volume\":1,\"final\":false}")
                            .formatted(symbol, sent));
            sent++;
        }
        feed.flush();
    }

    private Control control(RestLegacy rest, Gateway... gateways) {
        ControlSettings settings = ControlSettings.from(Settings.resolve(
                        ControlSettings.all(),
                        Map.of("control-port", "0", "control-name", "control-1", "session", "1h"),
                        Map.of()))
                .probing(new Targets(
                        URI.create("http://" + HostAndPort.of(rest.address())),
                        List.of(gateways).stream()
                                .map(gateway -> URI.create("ws://" + HostAndPort.of(gateway.address()) + "/ws/"))
                                .toList()));
        return system.control(settings, Map.of());
    }

    private Stream<JsonNode> intraday(String topic) {
        return system.read(topic).stream()
                .map(record -> read(record.value()))
                .filter(value -> value.path("feature").asText().equals("intraday"));
    }

    private static JsonNode read(byte[] json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitSeen(Predicate<JsonNode> wanted) {
        await().atMost(PATIENCE).until(() -> intraday(Topics.OBSERVATIONS).anyMatch(wanted));
    }

    private static long bars(JsonNode observation) {
        return observation.path("types").path("intraday_bar").path("frames").asLong();
    }

    private long sum(ToLongFunction<JsonNode> count) {
        return intraday(Topics.OBSERVATIONS).mapToLong(count).sum();
    }

    private void assertNothingLost() {
        for (String count : List.of("gaps", "drops", "failures")) {
            assertThat(sum(each -> each.path(count).asLong())).as(count).isZero();
        }
        assertThat(intraday(Topics.OBSERVATIONS))
                .allSatisfy(each -> assertThat(each.path("missing_fields")).isEmpty());
    }

    @Test
    void aGatewayThatIsRestartedIsSeenAsDownAndNothingAsLost() {
        Gateway first = system.gateway();
        int port = first.address().getPort();
        Gateway second = system.gateway();
        send(2);
        var unused = control(system.rest(), first, second);
        awaitSeen(each -> each.path("connections_up").asInt() == 2);
        send(100);
        await().atMost(PATIENCE).until(() -> sum(ProberSystemTest::bars) == 100);

        first.close();
        awaitSeen(each -> each.path("connections_up").asInt() == 1
                && each.path("connections_down").asInt() == 1);
        send(50);
        await().atMost(PATIENCE).until(() -> sum(ProberSystemTest::bars) == 150);
        system.gateway(Map.of("gateway-port", Integer.toString(port)));

        awaitLast(each -> each.path("connections_up").asInt() == 2
                && each.path("connections_down").asInt() == 0);
        send(10);
        await().atMost(PATIENCE).until(() -> sum(ProberSystemTest::bars) == 160);
        assertNothingLost();
    }

    private void awaitLast(Predicate<JsonNode> wanted) {
        await().atMost(PATIENCE).until(() -> intraday(Topics.OBSERVATIONS)
                .reduce((earlier, later) -> later)
                .filter(wanted)
                .isPresent());
    }

    @Test
    void theOnlyGatewayIsRestartedAndWhatCameMeanwhileIsCaughtUp() {
        Gateway gateway = system.gateway();
        int port = gateway.address().getPort();
        send(2);
        var unused = control(system.rest(), gateway);
        awaitSeen(each -> each.path("connections_up").asInt() == 1);
        send(20);
        await().atMost(PATIENCE).until(() -> sum(ProberSystemTest::bars) == 20);

        gateway.close();
        awaitLast(each -> each.path("connections_up").asInt() == 0);
        send(30);
        system.gateway(Map.of("gateway-port", Integer.toString(port)));

        await().atMost(PATIENCE).until(() -> sum(ProberSystemTest::bars) == 50);
        assertNothingLost();
    }

    @Test
    void restIsAskedAsTheProberAndItsFreshnessIsMeasured() {
        Gateway gateway = system.gateway();
        send(2);
        Feature intraday = system.catalog().feature("intraday").orElseThrow();
        var unused = control(system.rest(), gateway);
        awaitSeen(each -> each.path("connections_up").asInt() == 1);

        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(700)).until(() -> {
            send(2);
            return sum(each -> each.path("freshness").path("samples").asLong()) > 3;
        });

        assertThat(sum(each -> each.path("rest_errors").asLong())).isZero();
        assertThat(intraday(Topics.OBSERVATIONS)
                        .filter(each -> each.path("freshness").path("samples").asInt() > 0))
                .allSatisfy(each -> assertThat(
                                each.path("freshness").path("worst_ms").asLong())
                        .isBetween(-1_000L, 5_000L));
        await().atMost(PATIENCE).until(() -> system.read(Topics.served(intraday)).stream()
                .map(record -> read(record.value()))
                .anyMatch(each -> each.path("caller").asText().equals("prober")));
        assertThat(intraday(Topics.PARITY_SESSIONS)
                        .filter(each -> each.path("part").asText().startsWith("prober")))
                .hasSize(1)
                .allSatisfy(each -> assertThat(each.path("session").asText()).startsWith("1h@"));
    }
}

package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.JsonFault;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ObservationTest {
    private static final Instant NOW = Instant.parse("2026-01-05T15:30:00.250Z");

    @Test
    void whatIsWrittenIsReadAsItWas() throws JsonFault {
        Observation observation = new Observation(
                "positions",
                Observation.Source.PROBER,
                "control-8070",
                NOW.minusSeconds(1),
                NOW,
                1,
                1,
                Map.of("positions", new Observation.TypeSeen(3, 12, 1, NOW)),
                1,
                2,
                3,
                4,
                0,
                new Observation.Freshness(2, -5L, 870L),
                List.of("positions: total"),
                null);

        byte[] json = observation.toJson();

        assertThat(Observation.fromJson(json)).isEqualTo(observation);
        assertThat(new String(json, StandardCharsets.UTF_8))
                .startsWith("{\"feature\":\"positions\",\"source\":\"prober\",\"instance\":\"control-8070\","
                        + "\"from\":\"2026-01-05T15:29:59.250Z\",\"until\":\"2026-01-05T15:30:00.250Z\"")
                .contains("\"types\":{\"positions\":{\"frames\":3,\"keys\":12,\"late\":1,"
                        + "\"last_at\":\"2026-01-05T15:30:00.250Z\"}}")
                .contains("\"freshness\":{\"samples\":2,\"median_ms\":-5,\"worst_ms\":870}")
                .endsWith("\"missing_fields\":[\"positions: total\"],\"heartbeat_at\":null}");
    }

    @Test
    void whatIsNoObservationIsRefused() {
        assertThatThrownBy(() -> Observation.fromJson("{\"feature\":\"positions\"}".getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(JsonFault.class);
    }
}

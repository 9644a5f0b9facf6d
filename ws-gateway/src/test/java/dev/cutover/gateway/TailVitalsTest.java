package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** When a feature counts as lagging, and when as silent. Its slowest cadence is 10 s. */
class TailVitalsTest {
    private static final Feature POSITIONS =
            FeatureCatalog.shipped().feature("positions").orElseThrow();

    private long nowMs = 1_767_000_000_000L;
    private final Clock clock = new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochMilli(nowMs);
        }
    };
    private final GatewayMetrics metrics = new GatewayMetrics();
    private final TailVitals vitals = new TailVitals(List.of(POSITIONS), clock, metrics);

    private void after(long ms, long lag) {
        nowMs += ms;
        vitals.lag(0, 1, lag);
        vitals.publish();
    }

    @Test
    void featureWithoutAnyEventIsNotSilent() {
        vitals.warm();
        after(60_000, 0);
        assertThat(vitals.condition()).isEqualTo(TailVitals.Condition.WELL);
        assertThat(vitals.degraded()).isEmpty();
    }

    @Test
    void featureIsSilentAfterThreeCadencesAndNoLongerWithItsNextEvent() {
        vitals.warm();
        vitals.event(0, nowMs);
        after(30_000, 0);
        assertThat(vitals.condition().silent()).isEmpty();
        after(1, 0);
        assertThat(vitals.condition().silent()).containsExactly("positions");
        assertThat(vitals.degraded()).containsExactly("feature positions is silent: its newest event is 30 s old");
        vitals.event(0, nowMs);
        vitals.event(0, nowMs - 40_000); // an older one, of another partition
        after(1, 0);
        assertThat(vitals.degraded()).isEmpty();
    }

    @Test
    void lagIsNamedOnlyWhenItHasLastedForFiveSecondsWithoutAPause() {
        vitals.warm();
        after(0, 100);
        after(4_000, 100);
        after(500, 0);
        after(500, 700);
        after(5_000, 700);
        assertThat(vitals.degraded()).isEmpty();
        after(1, 1_200);
        assertThat(vitals.condition().lag()).isEqualTo(Map.of("positions", 1_200L));
        assertThat(vitals.degraded())
                .containsExactly(
                        "feature positions lies 1200 records behind Kafka's end, and has not reached it for 5 s");
        after(1, 0);
        assertThat(vitals.condition()).isEqualTo(TailVitals.Condition.WELL);
    }

    @Test
    void beforeTheWarmUpIsOverNothingIsSaidOfIt() {
        vitals.event(0, nowMs - 3_600_000);
        after(0, 100_000);
        after(20_000, 50_000);
        assertThat(vitals.degraded()).isEmpty();
        assertThat(metrics.scrape())
                .contains("cutover_gateway_lag{feature=\"positions\",partition=\"1\"} 50000.0")
                .contains("cutover_gateway_lag{feature=\"positions\",partition=\"0\"} NaN");
    }

    @Test
    void whatWasKnownOfALogMeansNothingForTheNextOne() {
        vitals.warm();
        vitals.event(0, nowMs - 3_600_000);
        after(0, 100);
        after(6_000, 100);
        assertThat(vitals.degraded()).hasSize(2);
        vitals.renewed(0);
        vitals.publish();
        assertThat(vitals.degraded()).isEmpty();
    }
}

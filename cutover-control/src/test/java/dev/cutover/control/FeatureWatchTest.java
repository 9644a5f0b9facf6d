package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.FeatureWatch.Arrived;
import dev.cutover.control.FeatureWatch.Connections;
import dev.cutover.control.Observation.TypeSeen;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** With time moved by hand. */
final class FeatureWatchTest {
    private static final Instant BEGIN = Instant.parse("2026-01-05T15:30:00Z");
    private static final Connections UP = new Connections(1, 0);
    private static final Connections DOWN = new Connections(0, 1);

    private final Feature positions =
            FeatureCatalog.shipped().feature("positions").orElseThrow();
    private boolean active = true;
    private final FeatureWatch watch = new FeatureWatch(
            positions, new FreshnessWatch(event -> 0, Duration.ofSeconds(10)), (hours, instant) -> active);
    private long nowNs = Long.MAX_VALUE - 5; // nano clocks overflow
    private Duration passed = Duration.ZERO;
    private long offset;

    private void pass(double seconds) {
        Duration time = Duration.ofMillis(Math.round(seconds * 1000));
        nowNs += time.toNanos();
        passed = passed.plus(time);
    }

    private void event(String key) {
        event(key, "{\"account_id\":1,\"positions\":[],\"timestamp\":\"2026-01-05T15:30:00Z\"}");
    }

    private void event(String key, String data) {
        JsonNode json = GatewayFrame.read(data).json();
        watch.arrived(new Arrived("positions", key, "e1", 0, offset++, json, true), nowNs);
    }

    private Observation observe(Connections connections) {
        Instant now = BEGIN.plus(passed);
        return watch.observe("control-test", now.minusSeconds(1), now, nowNs, connections, null);
    }

    private TypeSeen seen() {
        return observe(UP).types().get("positions");
    }

    @Test
    void countsAreOfOneObservationAndTheRestStands() {
        event("1");
        event("2");
        watch.gap();
        watch.dropped();
        watch.failed();
        watch.restError();
        pass(0.25);

        Observation first = observe(UP);
        assertThat(first.types().get("positions")).isEqualTo(new TypeSeen(2, 2, 0, BEGIN));
        assertThat(first.gaps() + first.drops() + first.failures() + first.restErrors())
                .isEqualTo(4);

        pass(1);
        Observation second = observe(UP);
        assertThat(second.types().get("positions")).isEqualTo(new TypeSeen(0, 2, 0, BEGIN));
        assertThat(second.gaps() + second.drops() + second.failures() + second.restErrors())
                .isZero();
    }

    @Test
    void aKeyIsLateOnceItsNextEventIsMoreThanACadenceOverdue() {
        event("1");
        event("2");
        assertThat(seen().late()).isZero();
        pass(12);
        event("2");
        pass(8);
        assertThat(seen().late()).as("due, but one cadence at most").isZero();
        pass(0.001);
        assertThat(seen().late()).isEqualTo(1);
        event("1");
        assertThat(seen().late()).isZero();
    }

    @Test
    void aKeyThatOnlyTheSnapshotKnowsIsLateAsWell() {
        watch.known("positions", "1", nowNs);
        assertThat(seen()).isEqualTo(new TypeSeen(0, 1, 0, null));
        pass(21);
        assertThat(seen().late()).isEqualTo(1);
    }

    @Test
    void nobodyIsLateWhileNoGatewayCouldBeHeardNorRightAfter() {
        event("1");
        observe(UP);
        pass(30);
        assertThat(observe(DOWN).types().get("positions").late()).isZero();
        pass(1);
        assertThat(seen().late()).isZero();
        pass(20.5);
        assertThat(seen().late()).isEqualTo(1);
    }

    @Test
    void nobodyIsLateOutsideOfTheActiveHoursNorRightAfterTheyBegin() {
        event("1");
        active = false;
        assertThat(seen().late()).isZero();
        pass(3600);
        assertThat(seen().late()).isZero();
        active = true;
        pass(1);
        assertThat(seen().late()).isZero();
        pass(20.5);
        assertThat(seen().late()).isEqualTo(1);
    }

    @Test
    void aKeyThatStopsWhileOthersGoOnIsForgottenInTheEnd() {
        event("1");
        observe(UP);
        for (int i = 0; i < 60; i++) {
            pass(10);
            event("2");
            observe(UP);
        }
        assertThat(seen()).matches(type -> type.keys() == 2 && type.late() == 1);
        pass(10);
        event("2");
        assertThat(seen()).matches(type -> type.keys() == 1 && type.late() == 0);
        assertThat(watch.keys()).containsExactly("2");
    }

    @Test
    void whenAllKeysStopNoneIsForgotten() {
        event("1");
        observe(UP);
        pass(7200);
        assertThat(seen()).matches(type -> type.keys() == 1 && type.late() == 1);
    }

    @Test
    void aFieldThatIsNotThereIsNamedOnceInAnObservation() {
        event("1", "{\"account_id\":1,\"timestamp\":null}");
        event("2", "{\"account_id\":2,\"timestamp\":null}");

        assertThat(observe(UP).missingFields()).containsExactly("positions: positions", "positions: timestamp");
        assertThat(observe(UP).missingFields()).isEmpty();
    }

    @Test
    void eventsOfAnotherEpochBeginToBeCountedAnew() {
        event("1");
        watch.arrived(
                new Arrived(
                        "positions", "1", "e2", 0, 0, GatewayFrame.read("{}").json(), true),
                nowNs);

        assertThat(seen().frames()).isEqualTo(2);
    }
}

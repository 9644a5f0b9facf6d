package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.FeatureCatalog;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Positions have a cadence of 10 s, bars of 1 s. */
final class PollStateTest {
    private static final Instant START = Instant.parse("2026-01-05T15:30:00Z");
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final EventType POSITIONS =
            FeatureCatalog.shipped().event("positions").orElseThrow();
    private static final EventType BAR =
            FeatureCatalog.shipped().event("intraday_bar").orElseThrow();

    private final PollState state = new PollState();

    @Test
    void whatIsNewIsDueAtOnceAndUnchangedAtEachCadence() {
        state.shows(List.of(position("1", "a"), position("2", "a")), null);
        assertThat(emitted(0)).containsExactly("1 a", "2 a");
        for (int second = 1; second < 10; second++) {
            assertThat(emitted(second)).as("second %d", second).isEmpty();
        }
        assertThat(emitted(10)).containsExactly("1 a", "2 a");
        assertThat(emitted(19)).isEmpty();
        assertThat(emitted(20)).containsExactly("1 a", "2 a");
    }

    @Test
    void aChangeIsDueAtOnceAndItsCadenceCountsFromThere() {
        state.shows(List.of(position("1", "a"), position("2", "a")), null);
        emitted(0);
        state.shows(List.of(position("1", "b"), position("2", "a")), null);

        assertThat(emitted(4)).containsExactly("1 b");
        assertThat(emitted(10)).containsExactly("2 a");
        assertThat(emitted(14)).containsExactly("1 b");
    }

    @Test
    void whereTheCadenceIsNoMultipleOfThePeriodItIsKeptFromBelow() {
        state.shows(List.of(position("1", "a")), null);
        Duration period = Duration.ofSeconds(3);

        assertThat(emitted(0, period)).hasSize(1);
        assertThat(emitted(3, period)).isEmpty();
        assertThat(emitted(6, period)).isEmpty();
        assertThat(emitted(9, period)).as("at 12 it would be late").hasSize(1);
    }

    @Test
    void whatAPollShowsNoMoreFallsSilent() {
        state.shows(List.of(position("1", "a"), position("2", "a")), null);
        emitted(0);
        state.shows(List.of(position("2", "a")), null);
        assertThat(emitted(10)).containsExactly("2 a");

        state.shows(List.of(position("1", "a"), position("2", "a")), null);
        assertThat(emitted(11)).containsExactly("1 a");
    }

    @Test
    void ofASeriesNewAndChangedEntriesAreDueAndTheNewestAloneAtItsCadence() {
        state.shows(List.of(bar("29", "a", false), bar("30", "a", true)), null);
        assertThat(emitted(0)).containsExactly("29 a", "30 a");
        assertThat(emitted(1)).containsExactly("30 a");

        state.shows(List.of(bar("29", "a", false), bar("30", "b", false), bar("31", "a", true)), null);
        assertThat(emitted(2)).containsExactly("30 b", "31 a");
        assertThat(emitted(3)).containsExactly("31 a");

        state.shows(List.of(bar("29", "late correction", false), bar("30", "b", false), bar("31", "a", true)), null);
        assertThat(emitted(4)).containsExactly("29 late correction", "31 a");
    }

    @Test
    void whatKafkaDidNotTakeIsDueAgain() {
        state.shows(List.of(bar("29", "a", false), bar("30", "a", true)), null);
        CompletableFuture<Void> lost = new CompletableFuture<>();
        state.due(START, SECOND).forEach(event -> state.sent(event, START, lost));
        assertThat(state.due(START.plusMillis(1), Duration.ZERO))
                .as("an answer is owed")
                .isEmpty();

        lost.completeExceptionally(new IllegalStateException("no broker"));

        assertThat(emitted(0)).containsExactly("29 a", "30 a");
    }

    @Test
    void anEventThatCouldNotBeHandedOverStaysDue() {
        state.shows(List.of(position("1", "a"), position("2", "a")), null);
        state.sent(state.due(START, SECOND).get(0), START, CompletableFuture.completedFuture(null));

        assertThat(emitted(0)).containsExactly("2 a");
    }

    @Test
    void aClockThatIsSetBackHoldsNothingUp() {
        state.shows(List.of(position("1", "a")), null);
        emitted(3_600);

        assertThat(emitted(0)).containsExactly("1 a");
        assertThat(emitted(1)).isEmpty();
        assertThat(emitted(10)).containsExactly("1 a");
    }

    private List<String> emitted(long second) {
        return emitted(second, SECOND);
    }

    /** Emits what is due in that slot. */
    private List<String> emitted(long second, Duration period) {
        Instant slot = START.plusSeconds(second);
        List<PolledEvent> due = state.due(slot, period);
        due.forEach(event -> state.sent(event, slot, CompletableFuture.completedFuture(null)));
        return due.stream()
                .map(event -> (event.by() == null ? event.key() : event.by()) + " "
                        + new String(event.data(), StandardCharsets.UTF_8))
                .toList();
    }

    private static PolledEvent position(String key, String data) {
        return new PolledEvent(POSITIONS, key, null, data.getBytes(StandardCharsets.UTF_8), true);
    }

    private static PolledEvent bar(String by, String data, boolean newest) {
        return new PolledEvent(BAR, "SPY", by, data.getBytes(StandardCharsets.UTF_8), newest);
    }
}

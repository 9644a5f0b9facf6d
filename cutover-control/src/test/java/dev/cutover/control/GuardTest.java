package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.GuardState.Doing;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.FlagWriter.Outcome;
import dev.cutover.schema.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Looks by hand, with time moved by hand, over a flag in memory which behaves as the flag log does. */
final class GuardTest {
    private final GivenGuarded given = new GivenGuarded();
    private final ControlMetrics metrics = new ControlMetrics();
    private final List<ObjectNode> evidence = new ArrayList<>();
    private volatile Flag flag = given.flag;
    private volatile boolean active = true;
    private Instant now = GivenGuarded.NOW;
    /** Thrown by the next writes where it is set. */
    private RuntimeException failure;
    /** What happens to the flag right before the next write. */
    private Runnable meanwhile = () -> {};

    private final Guard guard = new Guard(
            FeatureCatalog.shipped(),
            (looked, at, surroundings) -> {
                given.flag = looked;
                given.now = at;
                return given.made();
            },
            name -> name.equals("positions") ? flag : Flag.initial(name),
            () -> OptionalLong.of(100),
            this::write,
            () -> active,
            () -> now,
            metrics);

    private Outcome write(
            String feature, OptionalLong expectedVersion, UnaryOperator<Flag> change, ObjectNode because) {
        if (failure != null) {
            throw failure;
        }
        meanwhile.run();
        if (expectedVersion.orElseThrow() != flag.version()) {
            return new Outcome.Conflict(flag, expectedVersion.getAsLong());
        }
        Flag next = change.apply(flag);
        flag = new Flag(
                feature,
                next.stage(),
                flag.version() + 1,
                next.rollout(),
                next.sunset(),
                next.guard(),
                next.hold(),
                next.forced(),
                "c",
                next.changedBy(),
                now,
                next.reason(),
                now);
        evidence.add(because);
        return new Outcome.Written(flag);
    }

    private void look() {
        now = now.plusSeconds(1);
        guard.evaluate();
    }

    private void assertMetric(String line) {
        assertThat(metrics.scrape()).contains(line + "\n");
    }

    @AfterEach
    void close() {
        guard.close();
    }

    @Test
    void aBreachInTwoLooksInARowRollsBackHoldsAndKeepsItsEvidence() {
        given.comparisons(10, 8);

        look();
        assertThat(flag.stage()).as("after one look").isEqualTo(Stage.LIVE);
        assertThat(guard.state("positions").state()).isEqualTo(Doing.BREACH);
        look();

        assertThat(flag.stage()).isEqualTo(Stage.SHADOW);
        assertThat(flag.hold()).isTrue();
        assertThat(flag.forced()).isFalse();
        assertThat(flag.changedBy()).isEqualTo("guard");
        assertThat(flag.version()).isEqualTo(5);
        assertThat(flag.reason()).startsWith("8 of 10 comparisons with REST failed");
        assertThat(evidence).singleElement().satisfies(because -> {
            assertThat(because.path("failed").intValue()).isEqualTo(8);
            assertThat(because.path("verdicts")
                            .get(0)
                            .path("differences")
                            .get(0)
                            .path("rest")
                            .intValue())
                    .isEqualTo(101);
        });
        assertMetric("cutover_guard_rollbacks_total{breach=\"mismatch\",feature=\"positions\"} 1.0");
        assertMetric("cutover_control_changes_total{feature=\"positions\",stage=\"shadow\"} 1.0");
    }

    @Test
    void afterARollbackThereIsNothingMoreToDo() {
        given.comparisons(10, 8);
        look();
        look();

        look();
        look();

        assertThat(evidence).hasSize(1);
        assertThat(guard.state("positions").state()).isEqualTo(Doing.IDLE);
        assertMetric("cutover_guard_breach{feature=\"positions\"} 0.0");
    }

    @Test
    void oneBadLookBetweenGoodOnesRollsNothingBack() {
        for (int i = 0; i < 5; i++) {
            given.comparisons(10, 8);
            look();
            given.comparisons(10, 0);
            look();
        }

        assertThat(flag.stage()).isEqualTo(Stage.LIVE);
        assertThat(guard.state("positions").state()).isEqualTo(Doing.WATCHING);
    }

    @Test
    void anAbstentionBetweenTwoBadLooksBreaksTheRow() {
        given.comparisons(10, 8);
        look();
        given.connectionsUp = 0;
        look();
        given.connectionsUp = 1;
        look();

        assertThat(flag.stage()).isEqualTo(Stage.LIVE);
        look();
        assertThat(flag.stage()).isEqualTo(Stage.SHADOW);
    }

    @Test
    void breachesOfDifferentKindsInARowAreARow() {
        given.gaps = 1;
        look();
        given.gaps = 0;
        given.comparisons(10, 8);
        look();

        assertThat(flag.stage()).isEqualTo(Stage.SHADOW);
        assertThat(flag.reason()).doesNotContain("losses");
    }

    @Test
    void anOperatorsChangeBetweenTwoLooksBeginsTheRowAnew() {
        given.comparisons(10, 8);
        look();
        flag = version(9);
        look();
        assertThat(flag.version()).as("one look at version 9").isEqualTo(9);

        look();
        assertThat(flag.version()).isEqualTo(10);
    }

    @Test
    void anOperatorsChangeRightBeforeTheWriteIsNotOverwritten() {
        given.comparisons(10, 8);
        Flag rolledBack = flag.at(Stage.SHADOW, "alice", "I saw it first");
        meanwhile = () -> flag = new Flag(
                "positions",
                Stage.SHADOW,
                5,
                100,
                null,
                Flag.Guard.ON,
                false,
                false,
                "c-5",
                "alice",
                now,
                rolledBack.reason(),
                now);
        look();
        look();

        assertThat(flag.changedBy()).isEqualTo("alice");
        assertThat(flag.hold()).isFalse();
        assertThat(evidence).isEmpty();
        look();
        assertThat(guard.state("positions").state()).isEqualTo(Doing.IDLE);
    }

    private static Flag version(long version) {
        Flag live = GivenGuarded.flag(Stage.LIVE, Flag.Guard.ON);
        return new Flag(
                "positions",
                Stage.LIVE,
                version,
                100,
                null,
                Flag.Guard.ON,
                false,
                false,
                "c",
                "alice",
                live.changedAt(),
                "again",
                live.since());
    }

    @Test
    void anInstanceThatIsNotTheActiveOneRollsNothingBack() {
        active = false;
        given.comparisons(10, 8);
        for (int i = 0; i < 5; i++) {
            look();
        }

        assertThat(flag.stage()).isEqualTo(Stage.LIVE);
        assertThat(guard.state("positions").state()).isEqualTo(Doing.STANDBY);
    }

    @Test
    void aLeaseThatIsLostRightBeforeTheWriteEndsTheWrite() {
        given.comparisons(10, 8);
        look();
        meanwhile = () -> active = false;
        look();

        assertThat(flag.stage()).isEqualTo(Stage.LIVE);
        assertThat(evidence).isEmpty();
    }

    @Test
    void whoBecomesActiveAgainBeginsARowAnew() {
        given.comparisons(10, 8);
        look();
        active = false;
        look();
        active = true;
        look();
        assertThat(flag.stage()).isEqualTo(Stage.LIVE);

        look();
        assertThat(flag.stage()).isEqualTo(Stage.SHADOW);
    }

    @Test
    void aGuardThatOnlyWarnsWritesNothingAndSaysItOnceAMinute() {
        flag = GivenGuarded.flag(Stage.LIVE, Flag.Guard.WARN);
        given.comparisons(10, 8);

        for (int i = 0; i < 61; i++) {
            look();
        }
        assertMetric("cutover_guard_warnings_total{breach=\"mismatch\",feature=\"positions\"} 1.0");
        look();

        assertThat(flag.stage()).isEqualTo(Stage.LIVE);
        assertThat(guard.state("positions")).satisfies(state -> {
            assertThat(state.state()).isEqualTo(Doing.BREACH);
            assertThat(state.reason()).contains("8 of 10");
        });
        assertMetric("cutover_guard_warnings_total{breach=\"mismatch\",feature=\"positions\"} 2.0");
    }

    @Test
    void aGuardThatIsOffDoesNothing() {
        flag = GivenGuarded.flag(Stage.LIVE, Flag.Guard.OFF);
        given.comparisons(10, 8);
        look();
        look();
        look();

        assertThat(flag.stage()).isEqualTo(Stage.LIVE);
        assertThat(guard.state("positions").state()).isEqualTo(Doing.IDLE);
        assertThat(metrics.scrape()).doesNotContain("cutover_guard_warnings");
    }

    @Test
    void anAbstentionIsShownWithItsReasonAndCountedOnceForEachChange() {
        given.connectionsUp = 0;
        look();
        Instant began = now;
        look();
        look();
        assertThat(guard.state("positions")).satisfies(state -> {
            assertThat(state.state()).isEqualTo(Doing.ABSTAINING);
            assertThat(state.reason()).isEqualTo("the prober is connected to no gateway");
            assertThat(state.since()).isEqualTo(began);
        });
        assertMetric("cutover_guard_abstaining{feature=\"positions\"} 1.0");
        assertMetric("cutover_guard_abstentions_total{feature=\"positions\",why=\"connections\"} 1.0");

        given.connectionsUp = 1;
        given.heartbeatAt = null;
        look();
        assertMetric("cutover_guard_abstentions_total{feature=\"positions\",why=\"heartbeat\"} 1.0");
        given.heartbeatAt = now;
        look();
        assertThat(guard.state("positions").state()).isEqualTo(Doing.WATCHING);
        assertMetric("cutover_guard_abstaining{feature=\"positions\"} 0.0");
    }

    @Test
    void aWriteThatFailsIsTriedAgainAtTheNextLook() {
        given.comparisons(10, 8);
        failure = ControlRig.writeFailure("no answer");
        look();
        look();
        look();
        assertThat(flag.stage()).isEqualTo(Stage.LIVE);
        assertMetric("cutover_control_writes_failed_total 2.0");

        failure = null;
        look();
        assertThat(flag.stage()).isEqualTo(Stage.SHADOW);
    }

    @Test
    void aFaultAtOneFeatureDoesNotEndTheGuard() {
        failure = new IllegalStateException("a fault");
        given.comparisons(10, 8);
        look();
        look();
        assertMetric("cutover_guard_failed_total 1.0");
        failure = null;
        look();

        assertThat(flag.stage()).isEqualTo(Stage.SHADOW);
    }

    @Test
    void onceStartedItLooksByItself() {
        given.comparisons(10, 8);
        guard.start();

        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(flag.stage()).isEqualTo(Stage.SHADOW));
        assertThat(flag.hold()).isTrue();
    }
}

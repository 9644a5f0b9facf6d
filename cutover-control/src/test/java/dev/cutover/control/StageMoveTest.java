package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.control.StageMove.Decision;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Stage;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class StageMoveTest {
    private static final Instant AT = Instant.parse("2026-01-05T15:30:00Z");

    private static final List<ChecklistLine> GATE = List.of(
            ChecklistLine.ok("messages", "messages appear", "12 in 30 s"),
            ChecklistLine.waiting("parity", "values match REST", "none yet", "two clean sessions"),
            ChecklistLine.fail("reference", "what REST is made of", "materialised", "")
                    .informing());

    private static Flag at(Stage stage) {
        return new Flag(
                "positions", stage, 3, 100, null, Flag.Guard.ON, false, false, "c-3", "alice", AT, "two sessions", AT);
    }

    @ParameterizedTest
    @CsvSource({
        // from, to, force, outcome
        "SHADOW,   SHADOW,   false, ALREADY_THERE",
        "SHADOW,   LIVE,     false, GATE",
        "SHADOW,   PROMOTED, false, NO_SUCH_STEP",
        "LIVE,     SHADOW,   false, moved",
        "LIVE,     LIVE,     false, ALREADY_THERE",
        "LIVE,     PROMOTED, false, GATE",
        "PROMOTED, SHADOW,   false, moved",
        "PROMOTED, LIVE,     false, NO_SUCH_STEP",
        "PROMOTED, PROMOTED, false, ALREADY_THERE",
        "SHADOW,   SHADOW,   true,  ALREADY_THERE",
        "SHADOW,   LIVE,     true,  forced",
        "SHADOW,   PROMOTED, true,  NO_SUCH_STEP",
        "LIVE,     SHADOW,   true,  moved",
        "LIVE,     LIVE,     true,  ALREADY_THERE",
        "LIVE,     PROMOTED, true,  forced",
        "PROMOTED, SHADOW,   true,  moved",
        "PROMOTED, LIVE,     true,  NO_SUCH_STEP",
        "PROMOTED, PROMOTED, true,  ALREADY_THERE",
    })
    void everyStepIsTakenForcedOrRefusedAsTheTableSays(Stage from, Stage to, boolean force, String outcome) {
        Decision decision = new StageMove(to, force, null, "bob", "because").from(at(from), GATE);

        if (decision instanceof Decision.Refusal refusal) {
            assertThat(refusal.kind()).hasToString(outcome);
            return;
        }
        Flag next = ((Decision.Move) decision).next();
        assertThat(next.stage()).isEqualTo(to);
        assertThat(next.changedBy()).isEqualTo("bob");
        assertThat(next.reason()).isEqualTo("because");
        assertThat(next.forced() ? "forced" : "moved").isEqualTo(outcome);
    }

    @Test
    void whoIsThereAlreadyIsToldWhoChangedItWhenAndWhy() {
        Decision decision = new StageMove(Stage.LIVE, true, null, "bob", "because").from(at(Stage.LIVE), GATE);

        assertThat(((Decision.Refusal) decision).detail())
                .contains("live already", "alice", "version 3", "2026-01-05T15:30:00Z", "two sessions");
    }

    @Test
    void aFeatureThatWasNeverChangedHasNobodyToNameForIt() {
        Decision decision = StageMove.rollback("bob", "because").from(Flag.initial("positions"), GATE);

        assertThat(((Decision.Refusal) decision).detail())
                .isEqualTo("positions is shadow already: it was never changed (version 0)");
    }

    @Test
    void theGateSaysWhichLinesAreInTheWay() {
        Decision.Refusal refusal = refusal(new StageMove(Stage.LIVE, false, null, "bob", "because"), at(Stage.SHADOW));

        assertThat(refusal.kind()).isEqualTo(StageMove.Kind.GATE);
        assertThat(refusal.detail()).contains("stays shadow", "lacks parity", "force");
        assertThat(refusal.checklist()).containsExactly(GATE.get(1));
    }

    @Test
    void aGateThatHoldsNeedsNoForceAndIsNotMarkedAsForced() {
        for (boolean force : List.of(false, true)) {
            Decision decision = new StageMove(Stage.LIVE, force, null, "bob", "because")
                    .from(at(Stage.SHADOW), List.of(GATE.get(0), GATE.get(2)));

            assertThat(((Decision.Move) decision).next().forced()).isFalse();
        }
    }

    @Test
    void withoutAnyLineNothingSpeaksForTheStep() {
        Decision decision = new StageMove(Stage.LIVE, false, null, "bob", "because").from(at(Stage.SHADOW), List.of());

        assertThat(((Decision.Refusal) decision).kind()).isEqualTo(StageMove.Kind.GATE);
    }

    @Test
    void whatTheGuardHoldsGoesUpNeitherByEvidenceNorByForceButMayBeRolledBack() {
        for (boolean force : List.of(false, true)) {
            Flag held = at(Stage.SHADOW).withHold(true, "guard", "silent for 31 s");
            Decision decision =
                    new StageMove(Stage.LIVE, force, null, "bob", "because").from(held, List.of(GATE.get(0)));

            assertThat(((Decision.Refusal) decision).kind()).isEqualTo(StageMove.Kind.HELD);
            assertThat(((Decision.Refusal) decision).detail()).contains("guard", "silent for 31 s", "clears the hold");
        }
        Flag heldLive = at(Stage.LIVE).withHold(true, "guard", "silent for 31 s");
        assertThat(next(StageMove.rollback("bob", "because"), heldLive).stage()).isEqualTo(Stage.SHADOW);
    }

    @Test
    void aHoldIsLiftedOnceAndTheStageStaysAsItIs() {
        Flag held = at(Stage.SHADOW).withHold(true, "guard", "silent for 31 s");

        Flag cleared = ((Decision.Move) new ClearHold("bob", "found it").from(held)).next();

        assertThat(cleared.hold()).isFalse();
        assertThat(cleared.stage()).isEqualTo(Stage.SHADOW);
        assertThat(cleared.changedBy()).isEqualTo("bob");
        assertThat(cleared.reason()).isEqualTo("found it");
        assertThat(new ClearHold("bob", "found it").from(cleared)).isInstanceOf(Decision.Refusal.class);
    }

    @Test
    void theGuardIsSetToAnythingButWhatItIs() {
        Flag live = at(Stage.LIVE);

        Flag warned = ((Decision.Move) new SetGuard(Flag.Guard.WARN, "bob", "noisy").from(live)).next();

        assertThat(warned.guard()).isEqualTo(Flag.Guard.WARN);
        assertThat(warned.stage()).isEqualTo(Stage.LIVE);
        assertThat(new SetGuard(Flag.Guard.WARN, "bob", "noisy").from(warned)).isInstanceOf(Decision.Refusal.class);
    }

    @Test
    void aLastChangeThatLeftTheStageAsItWasIsNotSaidToHaveMadeIt() {
        Flag later = new Flag(
                "positions",
                Stage.LIVE,
                4,
                100,
                null,
                Flag.Guard.WARN,
                false,
                false,
                "c-4",
                "bob",
                AT.plusSeconds(60),
                "noisy",
                AT);

        assertThat(StageMove.lastChange(later)).contains("bob changed it last, as live (version 4)", "noisy");
    }

    private static Decision.Refusal refusal(StageMove move, Flag current) {
        return (Decision.Refusal) move.from(current, GATE);
    }

    @Test
    void theSunsetIsSetOnTheWayUpKeptByTheNextStepAndClearedByARollback() {
        Instant sunset = Instant.parse("2026-12-01T00:00:00Z");
        Flag live = next(new StageMove(Stage.LIVE, true, sunset, "bob", "because"), at(Stage.SHADOW));
        Flag promoted = next(new StageMove(Stage.PROMOTED, true, null, "bob", "because"), live);

        assertThat(live.sunset()).isEqualTo(sunset);
        assertThat(promoted.sunset()).isEqualTo(sunset);
        assertThat(next(StageMove.rollback("bob", "because"), promoted).sunset())
                .isNull();
    }

    @Test
    void aRollbackOfAForcedStageIsNotForcedItself() {
        Flag rolledBack =
                next(StageMove.rollback("bob", "because"), at(Stage.PROMOTED).pastTheGate());

        assertThat(rolledBack.forced()).isFalse();
    }

    private static Flag next(StageMove move, Flag current) {
        return ((Decision.Move) move.from(current, GATE)).next();
    }
}

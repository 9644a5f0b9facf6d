package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.control.StageMove.Decision;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Stage;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class StageMoveTest {
    private static final Instant AT = Instant.parse("2026-01-05T15:30:00Z");

    private static final java.util.List<ChecklistLine> GATE =
            java.util.List.of(ChecklistLine.fail("parity", "t", "m", "n"));

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

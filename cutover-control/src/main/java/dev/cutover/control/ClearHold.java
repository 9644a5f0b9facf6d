package dev.cutover.control;

import dev.cutover.control.StageMove.Decision;
import dev.cutover.control.StageMove.Kind;
import dev.cutover.schema.Flag;
import java.util.List;

/**
 * That an operator has looked at what the guard rolled back, and lifts its hold. Decides purely.
 *
 * @param by who lifts it
 * @param reason why it may go on
 */
record ClearHold(String by, String reason) {

    Decision from(Flag current) {
        return current.hold()
                ? new Decision.Move(current.withHold(false, by, reason))
                : new Decision.Refusal(
                        Kind.ALREADY_THERE,
                        "nothing holds " + current.feature() + ": " + StageMove.lastChange(current),
                        List.of());
    }
}

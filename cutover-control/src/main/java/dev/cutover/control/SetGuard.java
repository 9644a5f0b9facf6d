package dev.cutover.control;

import dev.cutover.control.StageMove.Decision;
import dev.cutover.control.StageMove.Kind;
import dev.cutover.schema.Flag;
import java.util.List;

/**
 * What the guard shall do about a feature that goes bad. Decides purely.
 *
 * @param by who wants it
 * @param reason why
 */
record SetGuard(Flag.Guard guard, String by, String reason) {

    Decision from(Flag current) {
        return current.guard() == guard
                ? new Decision.Refusal(
                        Kind.ALREADY_THERE,
                        "the guard of " + current.feature() + " is " + guard.wireName() + " already: "
                                + StageMove.lastChange(current),
                        List.of())
                : new Decision.Move(current.withGuard(guard, by, reason));
    }
}

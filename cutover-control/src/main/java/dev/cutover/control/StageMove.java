package dev.cutover.control;

import dev.cutover.schema.Flag;
import dev.cutover.schema.Stage;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What an operator wants of a feature. Decides purely: a flag, a wish and the gate's checklist give the next flag or a
 * refusal.
 *
 * @param to the wanted stage
 * @param force whether to go past the gate; it overrides neither the order of the stages nor a version conflict, and no hold
 * @param sunset when the REST endpoint is to go; null leaves the date as it is
 * @param by who wants it
 * @param reason why
 */
record StageMove(Stage to, boolean force, Instant sunset, String by, String reason) {

    /** What is decided. */
    sealed interface Decision {
        /** The flag to write; the writer numbers and stamps it. */
        record Move(Flag next) implements Decision {}

        /**
         * Nothing is to be written.
         *
         * @param detail what is in the way, and how to go on
         * @param checklist the lines of the gate that fail; empty where it is not the gate that refuses
         */
        record Refusal(Kind kind, String detail, List<ChecklistLine> checklist) implements Decision {}
    }

    /** Why a move is refused. */
    enum Kind {
        /** The feature has the wanted stage. */
        ALREADY_THERE("already_there", 409, "Already There"),
        /** The stages have no such step. */
        NO_SUCH_STEP("no_such_step", 422, "No Such Step"),
        /** The guard has rolled the feature back, and nobody has cleared it since; force does not help. */
        HELD("held", 422, "Held By The Guard"),
        /** The checklist is not complete, and the move was not forced. */
        GATE("gate", 422, "The Gate Refuses");

        /** Its name in metrics. */
        final String label;

        final int status;
        final String title;

        Kind(String label, int status, String title) {
            this.label = label;
            this.status = status;
            this.title = title;
        }
    }

    /** The move back to shadow. */
    static StageMove rollback(String by, String reason) {
        return new StageMove(Stage.SHADOW, false, null, by, reason);
    }

    /**
     * Decides.
     *
     * @param gate the checklist of the step, as things stand now; not looked at on the way back to shadow
     */
    Decision from(Flag current, List<ChecklistLine> gate) {
        if (current.stage() == to) {
            return refuse(
                    Kind.ALREADY_THERE,
                    current.feature() + " is " + to.wireName() + " already: " + lastChange(current),
                    List.of());
        }
        if (!current.stage().canMoveTo(to)) {
            return refuse(
                    Kind.NO_SUCH_STEP,
                    current.feature() + " is " + current.stage().wireName() + " and can't go to " + to.wireName()
                            + " at once: move it one stage up at a time, live first",
                    List.of());
        }
        if (to == Stage.SHADOW) {
            return new Decision.Move(current.at(to, by, reason));
        }
        if (current.hold()) {
            return refuse(
                    Kind.HELD,
                    current.feature() + " is held, and force does not override that: " + lastChange(current)
                            + "; it takes that somebody finds the fault and clears the hold",
                    Checklist.inTheWay(gate));
        }
        boolean passes = Checklist.passes(gate);
        if (!passes && !force) {
            List<ChecklistLine> inTheWay = Checklist.inTheWay(gate);
            return refuse(
                    Kind.GATE,
                    current.feature() + " stays " + current.stage().wireName() + ": the gate to " + to.wireName()
                            + " lacks "
                            + inTheWay.stream().map(ChecklistLine::line).collect(Collectors.joining(", "))
                            + "; force goes past it, which the audit records",
                    inTheWay);
        }
        Flag next = current.at(to, by, reason);
        if (!passes) {
            next = next.pastTheGate();
        }
        return new Decision.Move(sunset == null ? next : next.withSunset(sunset));
    }

    private static Decision refuse(Kind kind, String detail, List<ChecklistLine> inTheWay) {
        return new Decision.Refusal(kind, detail, inTheWay);
    }

    /** Who changed a flag last, to what, when and why; a change may have left the stage as it was. */
    static String lastChange(Flag flag) {
        if (flag.version() == 0) {
            return "it was never changed (version 0)";
        }
        String what = flag.changedAt().equals(flag.since())
                ? flag.changedBy() + " changed it to " + flag.stage().wireName()
                : flag.changedBy() + " changed it last, as " + flag.stage().wireName();
        return what + " (version " + flag.version() + ") at " + flag.changedAt() + ", reason: " + flag.reason();
    }
}

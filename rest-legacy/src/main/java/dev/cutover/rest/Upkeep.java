package dev.cutover.rest;

import dev.cutover.schema.Flag;
import java.time.Duration;
import java.time.Instant;

/** Decides what is to be done about a feature's materialiser. Pure. */
enum Upkeep {
    KEEP,
    /** There is none, and there must be one. */
    START,
    /** There is one, and none is needed any more. */
    STOP,
    /** Its views are not, or not any more, those of the topic. */
    REPLACE;

    /**
     * Whether the views are needed: while REST answers with them, and after a promotion for as long as a rollback is to be
     * served at once.
     */
    static boolean isNeeded(Flag flag, Instant now, Duration retireAfter) {
        return switch (flag.stage()) {
            case SHADOW, LIVE -> true;
            case PROMOTED -> flag.since() == null || now.isBefore(flag.since().plus(retireAfter));
        };
    }

    /**
     * The next step.
     *
     * @param phase of the materialiser; null where there is none
     * @param epoch the topic's id that it was started with
     * @param currentEpoch the topic's id of now; null while the topic is not there, of which nothing can be filled
     */
    static Upkeep of(boolean needed, Phase phase, String epoch, String currentEpoch) {
        if (!needed) {
            return phase == null ? KEEP : STOP;
        }
        if (currentEpoch == null) {
            return KEEP;
        }
        if (phase == null) {
            return START;
        }
        return phase.isLost() || !currentEpoch.equals(epoch) ? REPLACE : KEEP;
    }
}

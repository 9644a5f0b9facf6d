package dev.cutover.control;

import dev.cutover.schema.Reference;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;

/**
 * All that is known of one session of a feature: the sum of the tallies of its parts.
 *
 * @param watched whether the prober listened to the gateways in it, without which gaps and drops were not looked for
 * @param closed whether parity has told the tally of each of its partitions since the session's end: otherwise it may have stopped in
 *     the middle of it
 * @param worstLateMs of the bodies that lagged, how late the latest was; 0 where none did
 * @param references what the bodies were made of
 */
record SessionSum(
        String session,
        Instant from,
        Instant until,
        boolean watched,
        boolean closed,
        long matches,
        long lagging,
        long mismatches,
        long missingRest,
        long missingWs,
        long gaps,
        long drops,
        long worstLateMs,
        Set<Reference> references) {

    /** How long after a session's end its last verdicts may come, once they are due. */
    private static final Duration SETTLES = Duration.ofSeconds(3);

    SessionSum {
        references = Set.copyOf(references);
    }

    long comparisons() {
        return matches + lagging + mismatches + missingRest + missingWs;
    }

    /** Whether it says anything, once it has ended: without a comparison, or judged in part and so far clean, it does not. */
    boolean counts() {
        return comparisons() > 0 && (closed || isDirty());
    }

    /** Something was found that must not be; a session of which nothing is known is not dirty either. */
    boolean isDirty() {
        return mismatches + missingRest + missingWs + gaps > 0;
    }

    /**
     * When its last verdicts have come.
     *
     * @param lag by how much REST may be late: what an existing service answered is judged only so much later
     */
    Instant settledAt(Duration lag) {
        return until.plus(SETTLES).plus(references.contains(Reference.UPSTREAM) ? lag : Duration.ZERO);
    }
}

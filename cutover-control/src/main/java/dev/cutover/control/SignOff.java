package dev.cutover.control;

import dev.cutover.schema.Stage;
import java.time.Instant;

/**
 * That a team agrees to a step; the newest for each feature and stage stands.
 *
 * @param to the stage that it agrees to go to
 * @param by who signed
 * @param note what they had to say; null for nothing
 * @param at when; one that lies before the flip agrees to nothing that came of it
 */
record SignOff(String feature, Stage to, String by, String note, Instant at) {

    SignOff {
        if (feature == null || to == null || by == null || at == null) {
            throw new IllegalArgumentException("a sign-off must have feature, to, by and at, but has '" + feature
                    + "', " + to + ", '" + by + "' and " + at);
        }
    }

    /** The key of its record: a newer sign-off of the same step takes its place. */
    String recordKey() {
        return feature + "|" + to.wireName();
    }
}

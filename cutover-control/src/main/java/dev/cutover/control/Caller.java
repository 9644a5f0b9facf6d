package dev.cutover.control;

import dev.cutover.schema.UsageRecord;
import java.time.Instant;

/**
 * Who polls REST for a feature, on one day: the sum over all REST services.
 *
 * @param caller how it calls itself
 * @param kind {@code prober}, {@code fallback} or {@code other}
 * @param day of UTC
 */
record Caller(String caller, String kind, String day, long answers, Instant firstAt, Instant lastAt) {

    /** Whether it keeps the endpoint from being removed: nobody knows that it will go away. */
    boolean holdsBack() {
        return kind.equals(UsageRecord.OTHER);
    }
}

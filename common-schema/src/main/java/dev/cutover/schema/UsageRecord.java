package dev.cutover.schema;

import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * One record of {@link Topics#REST_USAGE}: how often one caller has asked one REST service for one feature on one day, so far.
 *
 * @param caller how it calls itself
 * @param kind {@code prober}, {@code fallback} or {@code other}: who holds an endpoint back are the others
 * @param day of UTC, for example {@code 2026-01-05}
 * @param instance the REST service, anew at each of its starts: the numbers of all instances add up
 * @param answers how many the caller got
 * @param recorded of these, the bodies that were recorded for comparison
 * @param repeated the bodies that had been recorded already
 * @param sampledOut the bodies that were over the rate
 */
public record UsageRecord(
        String feature,
        String caller,
        String kind,
        String day,
        String instance,
        long answers,
        long recorded,
        long repeated,
        long sampledOut,
        Instant firstAt,
        Instant lastAt) {
    /** A caller that must not be counted on to go away: nobody knows what it is. */
    public static final String OTHER = "other";
    /** Cutover's own. */
    public static final String PROBER = "prober";
    /** A page that reads the WebSocket, and falls back to REST while it can't. */
    public static final String FALLBACK = "fallback";

    /** The key of the Kafka record. */
    public byte[] recordKey() {
        return String.join("|", feature, caller, day, instance).getBytes(StandardCharsets.UTF_8);
    }
}

package dev.cutover.control;

import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Flag;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * All that the guard looks at, of one feature at one instant. Immutable.
 *
 * @param evidenceAgeMs since the evidence was last known to be the newest; empty before it was read
 * @param heartbeatAt when the newest heartbeat came; null where none did
 * @param arrivals when the newest event of each type of every feature came; without types that never did
 * @param verdicts on what was served since the flip, judged within {@link #CADENCES} of the feature's slowest; newest first
 */
record GuardInput(
        Feature feature,
        Flag flag,
        Instant now,
        Thresholds thresholds,
        Surroundings surroundings,
        OptionalLong evidenceAgeMs,
        Seen seen,
        Instant heartbeatAt,
        Map<String, Instant> arrivals,
        List<Verdict> verdicts) {

    /** Over so many of a feature's slowest cadence its comparisons, gaps and failures are counted. */
    static final int CADENCES = 3;

    GuardInput {
        arrivals = Map.copyOf(arrivals);
        verdicts = List.copyOf(verdicts);
    }

    /**
     * What is the same for all features.
     *
     * @param flagsAgeMs since the flags were last known to be the newest; empty before they were read
     * @param activeSince when this instance became the active one
     */
    record Surroundings(OptionalLong flagsAgeMs, Duration heartbeatCadence, Instant activeSince) {}

    /**
     * What the prober saw of the feature.
     *
     * @param until when it last looked; null where it never did
     * @param connectionsUp gateways that it was subscribed on then
     * @param gaps within {@link #CADENCES} of the slowest cadence, since the flip
     * @param failures of delivery, likewise
     */
    record Seen(Instant until, int connectionsUp, long gaps, long failures, List<TypeState> types) {
        /** Where nobody has looked. */
        static final Seen NOTHING = new Seen(null, 0, 0, 0, List.of());

        Seen {
            types = List.copyOf(types);
        }
    }

    /**
     * Of one event type.
     *
     * @param activeNow whether the prober looked within its active hours last
     * @param watchedSince since when it has, without a break and with a connection; null where it did not
     * @param lastAt when the newest event came, ever; null where none did
     */
    record TypeState(EventType type, boolean activeNow, Instant watchedSince, Instant lastAt) {}
}

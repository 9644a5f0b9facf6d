package dev.cutover.control;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What the prober saw of a feature on the gateways within the last cadences, since the flip where it is live.
 *
 * @param until when it last looked; null where it never did
 * @param connectionsUp gateways that it was subscribed on then
 * @param connectionsDown gateways that it was not connected to then, and should have been
 * @param types by event type, all of the catalog's
 * @param missingFields fields that events ought to have and had not, each as {@code type: field}
 * @param heartbeatAt when the newest heartbeat came; null where none did
 * @param freshness by how much REST was later than the WebSocket
 */
record Watch(
        Instant until,
        int connectionsUp,
        int connectionsDown,
        Map<String, TypeWatch> types,
        List<String> missingFields,
        Instant heartbeatAt,
        Observation.Freshness freshness) {

    /** Of a feature that nobody has looked at. */
    static final Watch NONE = new Watch(null, 0, 0, Map.of(), List.of(), null, Observation.Freshness.NONE);

    Watch {
        types = Map.copyOf(types);
        missingFields = List.copyOf(missingFields);
    }

    /**
     * Of one event type, within its active hours alone.
     *
     * @param activeNow whether these are its active hours
     * @param watchedMs for how long the prober looked, in all
     * @param stretches in how many pieces
     * @param expected how many events the known keys should have had in that time
     * @param frames how many there were
     * @param keys known keys
     * @param late keys that were more than one cadence overdue when the prober last looked
     * @param lastAt when the newest event came, ever; null where none did
     */
    record TypeWatch(
            boolean activeNow,
            long watchedMs,
            int stretches,
            double expected,
            long frames,
            int keys,
            int late,
            Instant lastAt) {

        /** Of a type that nobody has looked at. */
        static TypeWatch none(boolean activeNow) {
            return new TypeWatch(activeNow, 0, 0, 0, 0, 0, 0, null);
        }
    }
}

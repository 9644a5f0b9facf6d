package dev.cutover.control;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a reader of both paths saw of one feature within a short time: a value of {@code evidence.observations}, whose key is
 * the feature. Counts are of that time alone, so that they can be added up; the rest is as it stood at {@code until}.
 *
 * @param source who saw it
 * @param instance the control service that probed, or the page's client id
 * @param from exclusive
 * @param until inclusive; after {@code from}
 * @param connectionsUp gateways that it is connected to and subscribed on
 * @param connectionsDown gateways that it should be connected to and is not
 * @param types by event type; those of the catalog from the prober, those that came from a page
 * @param gaps events that were lost on the way: breaks of the chain of {@code pos} and {@code prev} on a feature with delivery
 *     {@code every}, and subscriptions that did not go on from where they had stopped
 * @param drops connections that were lost, other than by the gateway that drains (1001) or by their own side
 * @param failures closes by the gateway that blame somebody (1008, 1011, 1013, …), and its messages that a subscription failed
 * @param restErrors requests to REST that were not answered as they should have been
 * @param mismatches values that a page found to differ between both paths; 0 from the prober, whose answers parity judges
 * @param missingFields fields that events ought to have and had not, each as {@code type: field}; capped
 * @param heartbeatAt when the newest heartbeat came; null before the first one, and from pages
 */
record Observation(
        String feature,
        Source source,
        String instance,
        Instant from,
        Instant until,
        int connectionsUp,
        int connectionsDown,
        Map<String, TypeSeen> types,
        long gaps,
        long drops,
        long failures,
        long restErrors,
        long mismatches,
        Freshness freshness,
        List<String> missingFields,
        Instant heartbeatAt) {

    /** Who watches. */
    enum Source {
        /** Cutover's own. */
        PROBER,
        /** A dashboard in a browser. */
        PAGE;

        @JsonValue
        String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }

        @JsonCreator
        static Source fromWireName(String name) {
            for (Source source : values()) {
                if (source.wireName().equals(name)) {
                    return source;
                }
            }
            throw new IllegalArgumentException("source must be prober or page, but is '" + name + "'");
        }
    }

    /**
     * Of one event type.
     *
     * @param frames live events within the time, each counted once however many gateways brought it
     * @param keys different keys that are known
     * @param late keys whose next event is more than one cadence overdue
     * @param lastAt when the newest frame came, on any gateway; null before the first one
     */
    record TypeSeen(long frames, int keys, int late, Instant lastAt) {}

    /**
     * By how much REST showed events later than the WebSocket brought them.
     *
     * @param samples events that were recognised on both
     * @param medianMs null without samples; negative where REST was first
     * @param worstMs null without samples
     */
    record Freshness(long samples, Long medianMs, Long worstMs) {
        static final Freshness NONE = new Freshness(0, null, null);
    }

    /** How many missing fields one observation names. */
    static final int MISSING_FIELDS = 20;

    Observation {
        types = Collections.unmodifiableMap(new TreeMap<>(types));
        missingFields = List.copyOf(missingFields);
    }

    /** One JSON object. */
    byte[] toJson() {
        try {
            return Json.MAPPER.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an observation that can't be written: " + this, e);
        }
    }

    /** @throws JsonFault when the bytes are no observation */
    static Observation fromJson(byte[] json) throws JsonFault {
        return Json.read(Json.MAPPER, Observation.class, json);
    }
}

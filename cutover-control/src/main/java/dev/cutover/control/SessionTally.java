package dev.cutover.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.Reference;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * What one part of Cutover counted of one feature in one session; the session's tally is the sum of its parts. Each record
 * replaces the one before it.
 *
 * @param session by {@link SessionClock}
 * @param part {@code p0} for a partition's comparisons, {@code prober-…} for what one start of a prober saw
 * @param matches comparisons, each counted once however often it was made, as are all of them
 * @param gaps breaks of the WebSocket's chain; the prober's alone
 * @param drops connections lost; the prober's alone
 * @param worstLateMs of those that lagged; 0 where none did
 * @param reference what REST's answers were made of; null where there was none
 */
public record SessionTally(
        String feature,
        String session,
        String part,
        Instant from,
        Instant until,
        long matches,
        long lagging,
        long mismatches,
        long missingRest,
        long missingWs,
        long gaps,
        long drops,
        long worstLateMs,
        Reference reference,
        Instant updatedAt) {

    /** The key of the Kafka record. */
    byte[] recordKey() {
        return (feature + "|" + session + "|" + part).getBytes(StandardCharsets.UTF_8);
    }

    /** One JSON object. */
    public byte[] toJson() {
        try {
            return Json.MAPPER.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tally that can't be written: " + session, e);
        }
    }

    /**
     * Reads a record's value.
     *
     * @throws JsonFault when the bytes are no tally
     */
    public static SessionTally fromJson(byte[] json) throws JsonFault {
        return Json.read(Json.MAPPER, SessionTally.class, json);
    }
}

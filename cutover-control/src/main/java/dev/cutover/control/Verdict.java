package dev.cutover.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.Reference;
import dev.cutover.schema.ServedRecord;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

/**
 * One comparison of what REST served of a key with the event log. What was served once and judged twice, since everything
 * here may happen again after a failure, gives the same id.
 *
 * @param id feature, key, position (for an upstream, when it was served), query and hash of the body
 * @param position {@code partition:offset}; null for an upstream
 * @param lateMs how long something newer had stood in the log; null unless {@link Outcome#LAGGING}
 * @param differences a sample of what differs; of a mismatch the first {@link #SAMPLE}
 * @param differenceCount how many there are
 * @param noise pointers of what differed and was not counted, since the upstream answers it differently each time
 */
public record Verdict(
        String id,
        String feature,
        String key,
        Outcome outcome,
        Reference reference,
        String position,
        String query,
        String caller,
        Instant servedAt,
        Instant judgedAt,
        Long lateMs,
        List<Difference> differences,
        int differenceCount,
        List<String> noise) {
    static final int SAMPLE = 20;

    public Verdict {
        differences = List.copyOf(differences);
        noise = List.copyOf(noise);
    }

    /**
     * A verdict on one key of what was served.
     *
     * @param key that of the record; for a list, the one that it does not name
     * @param found for a mismatch, what differs and what was noise
     */
    static Verdict of(
            ServedRecord served, String key, Outcome outcome, Long lateMs, Comparison.Result found, Instant judgedAt) {
        String position = served.reference() == Reference.UPSTREAM ? null : served.partition() + ":" + served.offset();
        String id = String.join(
                "|",
                served.feature(),
                key,
                position == null ? Long.toString(served.servedAt().toEpochMilli()) : position,
                served.query(),
                served.bodyHash() == null ? "" : served.bodyHash());
        return new Verdict(
                id,
                served.feature(),
                key,
                outcome,
                served.reference(),
                position,
                served.query(),
                served.caller(),
                served.servedAt(),
                judgedAt,
                lateMs,
                found.differences().stream()
                        .limit(SAMPLE)
                        .map(Difference::sample)
                        .toList(),
                found.differences().size(),
                found.noise().stream().limit(SAMPLE).toList());
    }

    /** The key of the Kafka record. */
    byte[] recordKey() {
        return (feature + "|" + key).getBytes(StandardCharsets.UTF_8);
    }

    /** One JSON object. */
    public byte[] toJson() {
        try {
            return Json.MAPPER.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a verdict that can't be written: " + id, e);
        }
    }

    /**
     * Reads a record's value.
     *
     * @throws JsonFault when the bytes are no verdict
     */
    public static Verdict fromJson(byte[] json) throws JsonFault {
        return Json.read(Json.MAPPER, Verdict.class, json);
    }
}

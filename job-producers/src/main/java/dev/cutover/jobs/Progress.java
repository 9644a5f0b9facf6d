package dev.cutover.jobs;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/**
 * How far a source's bars have come: all up to these are in Kafka, acknowledged. Immutable.
 *
 * @param finalMinutes symbol to the start of the last minute that was emitted as final
 */
record Progress(@JsonProperty("final_minutes") Map<String, Instant> finalMinutes) {
    static final Progress NONE = new Progress(Map.of());

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .addModule(new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    Progress {
        finalMinutes = Map.copyOf(finalMinutes);
    }

    /** Whether the symbol's bar of that minute has been emitted as final. */
    boolean covers(String symbol, Instant minute) {
        Instant last = finalMinutes.get(symbol);
        return last != null && !minute.isAfter(last);
    }

    byte[] toJson() {
        try {
            // sorted, so that equal progress gives equal bytes
            return MAPPER.writeValueAsBytes(Map.of("final_minutes", new TreeMap<>(finalMinutes)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("progress that can't be written: " + this, e);
        }
    }

    /** @throws IllegalArgumentException when the bytes are no progress */
    static Progress fromJson(byte[] json) {
        try {
            Progress progress = MAPPER.readValue(json, Progress.class);
            if (progress != null) {
                return progress;
            }
            throw new IllegalArgumentException("is no progress: it is null");
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("is no progress: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package dev.cutover.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.List;
import java.util.Map;

/**
 * The answer of {@code GET /health/ready}: 200 when there is no reason against it, else 503.
 *
 * @param reasons why not, each for a person to read; empty when ready
 */
public record Health(List<String> reasons) {

    public Health {
        reasons = List.copyOf(reasons);
    }

    public boolean ready() {
        return reasons.isEmpty();
    }

    public byte[] toJson() {
        try {
            return Json.MAPPER.writeValueAsBytes(
                    ready() ? Map.of("status", "ready") : Map.of("status", "not_ready", "reasons", reasons));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("health that can't be written: " + this, e);
        }
    }
}

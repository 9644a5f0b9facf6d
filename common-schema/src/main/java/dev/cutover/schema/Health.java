package dev.cutover.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.List;

/**
 * The answer of {@code GET /health/ready}: 200 when there is no reason against it, else 503.
 *
 * @param reasons why not, each for a person to read; empty when ready
 */
public record Health(List<String> reasons) {

    private record Ready(String status) {}

    private record NotReady(String status, List<String> reasons) {}

    public Health {
        reasons = List.copyOf(reasons);
    }

    public boolean ready() {
        return reasons.isEmpty();
    }

    public byte[] toJson() {
        try {
            return Json.MAPPER.writeValueAsBytes(ready() ? new Ready("ready") : new NotReady("not_ready", reasons));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("health that can't be written: " + this, e);
        }
    }
}

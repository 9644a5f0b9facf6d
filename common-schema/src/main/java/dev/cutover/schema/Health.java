package dev.cutover.schema;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.List;
import java.util.stream.Stream;

/**
 * The answer of {@code GET /health/ready}: 200 when there is no reason against it, else 503.
 *
 * @param reasons why it is not ready, each for a person to read; empty when ready
 * @param degraded what does not work as it should although the service goes on; empty when all is well
 */
public record Health(List<String> reasons, List<String> degraded) {

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    private record Form(String status, List<String> reasons, List<String> degraded) {}

    public Health {
        reasons = List.copyOf(reasons);
        degraded = List.copyOf(degraded);
    }

    /** Of a service that is ready or not, and nothing else. */
    public Health(List<String> reasons) {
        this(reasons, List.of());
    }

    public boolean ready() {
        return reasons.isEmpty();
    }

    /** What both say: ready if both are. */
    public Health and(Health other) {
        return new Health(join(reasons, other.reasons), join(degraded, other.degraded));
    }

    private static List<String> join(List<String> some, List<String> more) {
        return Stream.concat(some.stream(), more.stream()).toList();
    }

    public byte[] toJson() {
        try {
            return Json.MAPPER.writeValueAsBytes(new Form(ready() ? "ready" : "not_ready", reasons, degraded));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("health that can't be written: " + this, e);
        }
    }
}

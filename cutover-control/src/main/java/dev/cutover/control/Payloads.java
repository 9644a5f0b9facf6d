package dev.cutover.control;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.cutover.schema.Json;
import java.io.IOException;
import java.util.IdentityHashMap;

/**
 * Reads events' data, each once for as long as this lives, which is one judgement: bodies of neighbouring offsets share most of
 * it. Confined to one thread.
 */
final class Payloads {
    /** A member that is there twice no reader refuses; the last one counts, as in a browser. */
    private static final JsonMapper MAPPER = Json.MAPPER
            .rebuild()
            .disable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final IdentityHashMap<byte[], JsonNode> read = new IdentityHashMap<>();
    private boolean complete = true;

    /** What the bytes say; a missing node for what well-formed JSON can hold and no program a value of, such as 1e99999999999. */
    JsonNode read(byte[] data) {
        return read.computeIfAbsent(data, this::parse);
    }

    private JsonNode parse(byte[] data) {
        try {
            return MAPPER.readTree(data);
        } catch (IOException | ArithmeticException | NumberFormatException e) {
            complete = false;
            return MissingNode.getInstance();
        }
    }

    /** Whether all that was asked for could be read. */
    boolean isComplete() {
        return complete;
    }
}

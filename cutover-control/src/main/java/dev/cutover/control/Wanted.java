package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.schema.Json;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code tail} and {@code replay} subscribe to. */
final class Wanted {
    @Parameters(
            paramLabel = "FEATURE",
            description = "the feature, for example positions",
            completionCandidates = FeatureNames.class)
    private String feature;

    @Option(names = "--key", paramLabel = "KEY", split = ",", description = "only this key; may be given again")
    private List<String> keys;

    /** The message that asks for it. */
    ObjectNode subscribe(Start from) {
        ObjectNode message = Json.MAPPER.createObjectNode();
        message.put("type", "subscribe").put("id", 1).put("feature", feature);
        message.set("from", from.wire());
        if (keys != null) {
            keys.forEach(message.withArray("keys")::add);
        }
        return message;
    }

    @Override
    public String toString() {
        return feature + (keys == null ? "" : " for " + String.join(", ", keys));
    }
}

package dev.cutover.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.rest.RestExtras;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The drifts that are on, one a feature at most. They last as long as the stack: it starts without any. Thread-safe; asked on the
 * REST server's threads.
 */
final class Drifts {
    private static final Logger log = LoggerFactory.getLogger(Drifts.class);
    /** Where the REST service of a stack takes them: {@code {"drift":"positions=current_price:0.01"}}. */
    static final String PATH = "/local/drift";

    static final String DRIFT = "drift";
    private static final String OFF = "off";
    private static final String FEATURE_OFF = "=" + OFF;

    private final FeatureCatalog catalog;
    private final Map<String, Drift> byFeature = new ConcurrentHashMap<>();

    Drifts(FeatureCatalog catalog) {
        this.catalog = catalog;
    }

    RestExtras extras() {
        return new RestExtras(feature -> Optional.ofNullable(byFeature.get(feature)), Map.of(PATH, this::post));
    }

    private HttpAnswer post(byte[] body) {
        try {
            JsonNode document = Json.read(Json.MAPPER, JsonNode.class, body);
            if (document.has(DRIFT)) {
                set(document.path(DRIFT).asText());
            }
            return HttpAnswer.json(200, state().toString().getBytes(StandardCharsets.UTF_8));
        } catch (JsonFault e) {
            return HttpAnswer.problem(400, "Bad Request", "the body " + e.getMessage());
        } catch (IllegalArgumentException e) {
            return HttpAnswer.problem(400, "Bad Request", e.getMessage());
        }
    }

    /**
     * Turns drifts on or off.
     *
     * @param text {@code FEATURE=FIELD:AMOUNT}, {@code FEATURE=off}, or {@code off} for all
     * @throws IllegalArgumentException when it has another form, or there is no such feature
     */
    void set(String text) {
        if (text.equals(OFF)) {
            byFeature.clear();
        } else if (text.endsWith(FEATURE_OFF)) {
            byFeature.remove(known(text.substring(0, text.length() - FEATURE_OFF.length())));
        } else {
            Drift drift = Drift.parse(text);
            byFeature.put(known(drift.feature()), drift);
        }
        log.warn("REST drifts on purpose: {}", byFeature.isEmpty() ? "no more" : byFeature.values());
    }

    private String known(String feature) {
        if (catalog.feature(feature).filter(each -> each.rest().isPresent()).isEmpty()) {
            throw new IllegalArgumentException("there is no feature '" + feature + "' that REST serves; known are "
                    + catalog.features().stream()
                            .filter(each -> each.rest().isPresent())
                            .map(Feature::name)
                            .collect(Collectors.joining(", ")));
        }
        return feature;
    }

    private ObjectNode state() {
        ObjectNode state = Json.MAPPER.createObjectNode();
        ObjectNode on = state.putObject("drifts");
        byFeature.forEach((feature, drift) -> on.put(feature, drift.tag()));
        return state;
    }
}

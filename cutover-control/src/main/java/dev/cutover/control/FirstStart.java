package dev.cutover.control;

import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.FlagWriter.FlagWriteException;
import dev.cutover.schema.FlagWriter.Outcome;
import dev.cutover.schema.Stage;
import dev.cutover.schema.StartupException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The flags that a start takes over from the environment, as the system before this one had them: {@code
 * WS_FEATURE_POSITIONS=true}. They count only for a feature whose flag was never written. Confined to the start's thread.
 */
final class FirstStart {
    private static final Logger log = LoggerFactory.getLogger(FirstStart.class);
    private static final String PREFIX = "WS_FEATURE_";
    private static final String BY = "environment";

    private final List<String> features;

    private FirstStart(List<String> features) {
        this.features = features;
    }

    /**
     * Checks the variables; nothing is written yet.
     *
     * @throws StartupException when one is neither true nor false nor empty
     */
    static FirstStart of(Map<String, String> environment, FeatureCatalog catalog) {
        Map<String, String> variables = new TreeMap<>(environment);
        variables.keySet().removeIf(name -> !name.startsWith(PREFIX));
        List<String> features = new ArrayList<>();
        catalog.features().forEach(feature -> {
            String value = variables.remove(variable(feature.name()));
            if (value == null || value.isEmpty() || value.equals("false")) {
                return;
            }
            if (!value.equals("true")) {
                throw new StartupException(variable(feature.name()) + " must be true or false, but is '" + value + "'");
            }
            features.add(feature.name());
        });
        variables.keySet().forEach(name -> log.warn("{} names no feature of the catalog, and is ignored", name));
        return new FirstStart(features);
    }

    private static String variable(String feature) {
        return PREFIX + feature.toUpperCase(Locale.ROOT);
    }

    /** The features that are to be live, in the catalog's order. */
    List<String> features() {
        return features;
    }

    /**
     * Writes the flags that were never written; blocks.
     *
     * @param flags as read to the log's end
     * @throws StartupException when Kafka fails
     */
    void write(Function<String, Flag> flags, ControlApi.Writer writer) {
        for (String feature : features) {
            if (flags.apply(feature).version() > 0) {
                log.info("{} is left as it is: {} counts at the first start alone", feature, variable(feature));
                continue;
            }
            String reason = variable(feature) + "=true at the first start";
            try {
                Outcome outcome = writer.write(feature, OptionalLong.of(0), flag -> flag.at(Stage.LIVE, BY, reason)
                        .pastTheGate());
                log.info("{}: {}", reason, outcome);
            } catch (FlagWriteException e) {
                throw new StartupException("can't take over " + variable(feature) + ": " + e.getMessage(), e);
            }
        }
    }
}

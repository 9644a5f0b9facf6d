package dev.cutover.control;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Stage;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;

/** What this instance knows of the evidence. */
final class EvidenceBook {
    private final FeatureCatalog catalog;
    private final Thresholds thresholds;
    private final Function<String, Flag> flags;
    private final InstantSource clock;

    /**
     * A book in which nothing has been written yet.
     *
     * @param flags a feature's flag as last read
     */
    EvidenceBook(FeatureCatalog catalog, Thresholds thresholds, Function<String, Flag> flags, InstantSource clock) {
        this.catalog = catalog;
        this.thresholds = thresholds;
        this.flags = flags;
        this.clock = clock;
    }

    /**
     * All that is known of a feature.
     *
     * @throws java.util.NoSuchElementException when the catalog has no such feature
     */
    Evidence of(String name, Instant now) {
        Feature feature = catalog.feature(name).orElseThrow();
        return new Evidence(
                feature,
                flags.apply(name),
                now,
                thresholds,
                OptionalLong.empty(),
                List.of(),
                Watch.NONE,
                List.of(),
                Map.of(),
                Map.of());
    }

    /** The lines of the gate to a stage, as things stand now. */
    List<ChecklistLine> checklist(String feature, Stage to) {
        return Checklist.of(of(feature, clock.instant()), to);
    }
}

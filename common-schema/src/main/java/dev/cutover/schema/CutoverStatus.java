package dev.cutover.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * The answer of {@code GET /cutover/status}, the same at every service.
 *
 * @param flagsAgeMs milliseconds since the flags were last known to be the log's newest; null before that was ever so
 */
public record CutoverStatus(Mode mode, List<FeatureStatus> features, Long flagsAgeMs) {
    /** Ten times as long as a reader leaves Kafka alone between two confirmations. */
    private static final long STALE_MS = 5_000;

    /** How far the whole dashboard has come. */
    public enum Mode {
        /** No feature is live or promoted. */
        SHADOW,
        PARTIAL,
        /** Every feature is live or promoted. */
        FULL
    }

    public record FeatureStatus(
            String feature,
            Stage stage,
            long version,
            int rollout,
            String changedBy,
            Instant changedAt,
            String reason) {}

    public CutoverStatus {
        features = List.copyOf(features);
    }

    /** The status as this service's reader knows it. */
    public static CutoverStatus of(FeatureCatalog catalog, FlagReader flags) {
        return of(catalog, flags::flag, flags.ageMs());
    }

    /**
     * The status of the catalog's features, in its order.
     *
     * @param flags the flag of a feature, by its name
     * @param flagsAgeMs empty while the flags were never known to be the log's newest
     */
    public static CutoverStatus of(FeatureCatalog catalog, Function<String, Flag> flags, OptionalLong flagsAgeMs) {
        List<FeatureStatus> features = catalog.features().stream()
                .map(feature -> flags.apply(feature.name()))
                .map(flag -> new FeatureStatus(
                        flag.feature(),
                        flag.stage(),
                        flag.version(),
                        flag.rollout(),
                        flag.changedBy(),
                        flag.changedAt(),
                        flag.reason()))
                .toList();
        return new CutoverStatus(mode(features), features, flagsAgeMs.isPresent() ? flagsAgeMs.getAsLong() : null);
    }

    private static Mode mode(List<FeatureStatus> features) {
        long shadow = features.stream()
                .filter(feature -> feature.stage() == Stage.SHADOW)
                .count();
        if (shadow == features.size()) {
            return Mode.SHADOW;
        }
        return shadow == 0 ? Mode.FULL : Mode.PARTIAL;
    }

    public byte[] toJson() {
        try {
            return Json.MAPPER.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a status that can't be written: " + this, e);
        }
    }

    /** Whether flags of that age may not be the newest any more. */
    static boolean isStale(long ageMs) {
        return ageMs >= STALE_MS;
    }

    /** Whether the flags may not be the newest. Named so that the answer over HTTP does not hold it. */
    public boolean stale() {
        return flagsAgeMs == null || isStale(flagsAgeMs);
    }

    /** The line that a status begins with, for example {@code ⚡ PARTIAL CUTOVER (1/4)}. */
    public String headline() {
        long moved = features.stream()
                .filter(feature -> feature.stage() != Stage.SHADOW)
                .count();
        String share = " (" + moved + "/" + features.size() + ")";
        return switch (mode) {
            case SHADOW -> "⚪ SHADOW MODE";
            case PARTIAL -> "⚡ PARTIAL CUTOVER" + share;
            case FULL -> "✅ FULL CUTOVER" + share;
        };
    }
}

package dev.cutover.control;

import dev.cutover.control.Observation.Freshness;
import dev.cutover.control.Observation.TypeSeen;
import dev.cutover.control.RequestBody.BadBodyException;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.FeatureCatalog;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * Reads what a page says that it saw of one feature on both paths, and makes an {@link Observation} of it. A page is believed
 * nothing but what it can know: it has a name, a time that has passed, and counts. Immutable; any thread.
 */
final class PageReports {
    /** A page's clock may be off by so much. */
    static final Duration CLOCK_SKEW = Duration.ofMinutes(5);
    /** So much time one report may be about. */
    static final Duration LONGEST = Duration.ofHours(1);
    /** Beyond this a count is nonsense. */
    static final long MOST = 1_000_000_000;

    static final int LONGEST_CLIENT = 100;

    private static final List<String> FIELDS =
            List.of("feature", "client", "from", "until", "frames", "gaps", "drops", "mismatches", "freshness");
    private static final List<String> FRESHNESS_FIELDS = List.of("samples", "median_ms", "worst_ms");
    /** Longer differences than a day are none that a page can have measured. */
    private static final long MOST_MS = Duration.ofDays(1).toMillis();

    private final FeatureCatalog catalog;

    PageReports(FeatureCatalog catalog) {
        this.catalog = catalog;
    }

    /**
     * The observation that a report holds.
     *
     * @throws BadBodyException when it is not what it must be
     */
    Observation read(byte[] json, Instant now) {
        RequestBody body = RequestBody.of(json, FIELDS);
        Feature feature = feature(body.text("feature", RequestBody.LONGEST_NAME));
        String client = body.text("client", LONGEST_CLIENT);
        Instant from = instant(body, "from");
        Instant until = instant(body, "until");
        if (!from.isBefore(until) || Duration.between(from, until).compareTo(LONGEST) > 0) {
            throw new BadBodyException("from must be before until, by " + LONGEST.toMinutes() + " minutes at most");
        }
        if (until.isAfter(now.plus(CLOCK_SKEW))) {
            throw new BadBodyException("until must not lie in the future");
        }
        return new Observation(
                feature.name(),
                Observation.Source.PAGE,
                client,
                from,
                until,
                0,
                0,
                frames(body, feature),
                count(body, "gaps"),
                count(body, "drops"),
                0,
                0,
                count(body, "mismatches"),
                freshness(body),
                List.of(),
                null);
    }

    private Feature feature(String name) {
        return catalog.feature(name)
                .orElseThrow(() -> new BadBodyException("feature must be one of "
                        + catalog.features().stream().map(Feature::name).collect(Collectors.joining(", "))
                        + ", but is '" + name + "'"));
    }

    private static Instant instant(RequestBody body, String field) {
        Instant instant = body.instant(field);
        if (instant == null) {
            throw new BadBodyException(field + " must be there");
        }
        return instant;
    }

    private static Map<String, TypeSeen> frames(RequestBody body, Feature feature) {
        List<String> types = feature.events().stream().map(EventType::type).toList();
        Map<String, TypeSeen> seen = new LinkedHashMap<>();
        body.object("frames", types)
                .ifPresent(frames -> types.forEach(type -> frames.wholeNumber(type, 0, MOST)
                        .ifPresent(count -> seen.put(type, new TypeSeen(count, 0, 0, null)))));
        return seen;
    }

    private static long count(RequestBody body, String field) {
        return body.wholeNumber(field, 0, MOST).orElse(0);
    }

    private static Freshness freshness(RequestBody body) {
        return body.object("freshness", FRESHNESS_FIELDS)
                .map(PageReports::measured)
                .orElse(Freshness.NONE);
    }

    private static Freshness measured(RequestBody freshness) {
        long samples = count(freshness, "samples");
        OptionalLong median = freshness.wholeNumber("median_ms", -MOST_MS, MOST_MS);
        OptionalLong worst = freshness.wholeNumber("worst_ms", -MOST_MS, MOST_MS);
        if (samples > 0 != median.isPresent() || samples > 0 != worst.isPresent()) {
            throw new BadBodyException(
                    "freshness must have median_ms and worst_ms where it has samples, and only then");
        }
        if (samples == 0) {
            return Freshness.NONE;
        }
        if (median.getAsLong() > worst.getAsLong()) {
            throw new BadBodyException("freshness.median_ms must not be more than worst_ms");
        }
        return new Freshness(samples, median.getAsLong(), worst.getAsLong());
    }
}

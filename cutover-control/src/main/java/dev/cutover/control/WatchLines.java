package dev.cutover.control;

import dev.cutover.control.Watch.TypeWatch;
import dev.cutover.schema.Feature.EventType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The lines of a checklist that tell what comes from the gateways. Pure. */
final class WatchLines {
    /** A prober looks every second; it may be handed over. */
    private static final Duration LOOKS_WITHIN = Duration.ofSeconds(15);
    /** In so many cadences an event must have come, and over so many is a frequency judged at least. */
    private static final int CADENCES = 3;

    private static final String PROBER_AT_WORK = "the prober of the active control service, connected to a gateway";

    private final Evidence evidence;
    private final Watch watch;

    WatchLines(Evidence evidence) {
        this.evidence = evidence;
        this.watch = evidence.watch();
    }

    /** Why nothing can be told of now; null where it can. */
    private String unwatched() {
        if (watch.until() == null) {
            return "nobody has looked yet";
        }
        Duration ago = Duration.between(watch.until(), evidence.now());
        if (ago.compareTo(LOOKS_WITHIN) > 0) {
            return "the prober last looked " + ago.toSeconds() + " s ago";
        }
        return watch.connectionsUp() == 0 ? "the prober is connected to no gateway" : null;
    }

    private TypeWatch of(EventType type) {
        return watch.types().getOrDefault(type.type(), TypeWatch.none(false));
    }

    ChecklistLine messages() {
        String line = "messages";
        String text = "messages appear";
        String unwatched = unwatched();
        if (unwatched != null) {
            return ChecklistLine.waiting(line, text, unwatched, PROBER_AT_WORK);
        }
        List<String> measured = new ArrayList<>();
        List<String> silent = new ArrayList<>();
        List<String> awaited = new ArrayList<>();
        for (EventType type : evidence.feature().events()) {
            TypeWatch seen = of(type);
            measured.add(type.type() + ": " + seen.frames() + " in " + seconds(seen.watchedMs()) + lastOf(seen));
            if (isSilent(type, seen)) {
                silent.add(type.type());
            } else if (seen.frames() == 0) {
                awaited.add(type.type() + (seen.activeNow() ? "" : " within its active hours"));
            }
        }
        String figures = String.join("; ", measured) + freshness();
        if (!silent.isEmpty()) {
            return ChecklistLine.fail(
                    line, text, figures, String.join(" and ", silent) + " within " + CADENCES + " cadences");
        }
        return awaited.isEmpty()
                ? ChecklistLine.ok(line, text, figures)
                : ChecklistLine.waiting(line, text, figures, "the first " + String.join(" and ", awaited));
    }

    private String lastOf(TypeWatch seen) {
        if (seen.lastAt() == null) {
            return "";
        }
        Duration ago = Duration.between(seen.lastAt(), watch.until());
        return ", the last " + (ago.isNegative() ? 0 : ago.toSeconds()) + " s ago";
    }

    private String freshness() {
        Observation.Freshness freshness = watch.freshness();
        return freshness.medianMs() == null
                ? ""
                : "; who polls REST at the cadence sees them " + freshness.medianMs() + " ms later at the median, "
                        + freshness.worstMs() + " ms at most";
    }

    private boolean isSilent(EventType type, TypeWatch seen) {
        long patienceMs = type.cadence().toMillis() * CADENCES;
        if (seen.watchedMs() < patienceMs) {
            return false;
        }
        Instant lastAt = seen.lastAt();
        boolean longAgo =
                lastAt == null || Duration.between(lastAt, watch.until()).toMillis() > patienceMs;
        return seen.frames() == 0 || (seen.activeNow() && longAgo);
    }

    /** Jobs may emit more often than at their cadence, on a change for one; less often is what the line is about. */
    ChecklistLine frequency() {
        String line = "frequency";
        String text = "their frequency matches the cadence";
        String unwatched = unwatched();
        if (unwatched != null) {
            return ChecklistLine.waiting(line, text, unwatched, PROBER_AT_WORK);
        }
        List<String> measured = new ArrayList<>();
        List<String> seldom = new ArrayList<>();
        List<String> awaited = new ArrayList<>();
        for (EventType type : evidence.feature().events()) {
            TypeWatch seen = of(type);
            measured.add(type.type() + ": " + seen.frames() + " events of " + seen.keys()
                    + (seen.keys() == 1 ? " key" : " keys") + " in " + seconds(seen.watchedMs()) + ", expected "
                    + Math.round(seen.expected())
                    + (seen.late() > 0 ? ", " + seen.late() + " overdue" : ""));
            long needMs = type.cadence().toMillis() * CADENCES;
            if ((seen.late() > 0 && seen.activeNow()) || (seen.watchedMs() >= needMs && seen.frames() < fewest(seen))) {
                seldom.add(type.type() + " every " + seconds(type.cadence().toMillis()));
            } else if (seen.watchedMs() < needMs || seen.keys() == 0) {
                awaited.add(type.type() + " for " + seconds(needMs) + (seen.activeNow() ? "" : " of its active hours"));
            }
        }
        String figures = String.join("; ", measured);
        if (!seldom.isEmpty()) {
            return ChecklistLine.fail(
                    line, text, figures, String.join(" and ", seldom) + " of each key, one event off at most");
        }
        return awaited.isEmpty()
                ? ChecklistLine.ok(line, text, figures)
                : ChecklistLine.waiting(line, text, figures, "to watch " + String.join(" and ", awaited));
    }

    /**
     * The fewest events that keep to the cadence. The time watched begins and ends anywhere between two events, and an event may be
     * a little late: of the whole cadences that fit in, each key may lack one event for each stretch.
     */
    private static double fewest(TypeWatch seen) {
        double ofEachKey = seen.keys() == 0 ? 0 : Math.floor(seen.expected() / seen.keys());
        return seen.keys() * (ofEachKey - seen.stretches());
    }

    ChecklistLine fields() {
        String line = "fields";
        String text = "every required field is there";
        if (!watch.missingFields().isEmpty()) {
            return ChecklistLine.fail(
                    line,
                    text,
                    "missing: " + String.join(", ", watch.missingFields()),
                    "a job that sends them, or a catalog that does not require them");
        }
        List<String> unseen = evidence.feature().events().stream()
                .filter(type -> of(type).frames() == 0)
                .map(EventType::type)
                .toList();
        return unseen.isEmpty()
                ? ChecklistLine.ok(line, text, "none is missing")
                : ChecklistLine.waiting(line, text, "", "the first " + String.join(" and ", unseen));
    }

    private static String seconds(long ms) {
        return ms % 1000 == 0 ? ms / 1000 + " s" : String.format(Locale.ROOT, "%.1f s", ms / 1e3);
    }
}

package dev.cutover.control;

import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Reference;
import dev.cutover.schema.Stage;
import dev.cutover.schema.UsageRecord;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.function.ToLongFunction;

/** What the book holds of one feature. Guarded by the book's monitor. */
final class FeaturePages {
    static final int MOST_VERDICTS = 1_000;
    static final int MOST_SESSIONS = 200;
    static final int DAYS_OF_USAGE = 8;

    /** How the parts of what probers saw begin: each start of one has its own. */
    private static final String PROBER = "prober";

    private record SessionKey(Instant from, String session) {}

    private record CallerKey(String day, String caller) {}

    /** By id, so that what is written twice counts once; in the order in which they came. */
    private final Map<String, Verdict> verdicts = new LinkedHashMap<>();

    private final NavigableMap<SessionKey, Map<String, SessionTally>> sessions =
            new TreeMap<>(Comparator.comparing(SessionKey::from).thenComparing(SessionKey::session));
    private final NavigableMap<CallerKey, Map<String, UsageRecord>> usage =
            new TreeMap<>(Comparator.comparing(CallerKey::day).thenComparing(CallerKey::caller));
    final Map<Stage, SignOff> signOffs = new EnumMap<>(Stage.class);
    final WatchLog watch;

    FeaturePages(Feature feature, BiPredicate<EventType, Instant> active) {
        watch = new WatchLog(feature, active);
    }

    void add(Verdict verdict) {
        verdicts.put(verdict.id(), verdict);
        if (verdicts.size() > MOST_VERDICTS) {
            Iterator<Verdict> oldest = verdicts.values().iterator();
            oldest.next();
            oldest.remove();
        }
    }

    void add(SessionTally tally) {
        sessions.computeIfAbsent(new SessionKey(tally.from(), tally.session()), key -> new HashMap<>())
                .put(tally.part(), tally);
        while (sessions.size() > MOST_SESSIONS) {
            sessions.pollFirstEntry();
        }
    }

    void add(SignOff signOff) {
        signOffs.put(signOff.to(), signOff);
    }

    /** @throws IllegalArgumentException when its day is no date */
    void add(UsageRecord record) {
        String day;
        try {
            day = LocalDate.parse(record.day()).toString();
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException("day must be a date, but is '" + record.day() + "'", e);
        }
        usage.computeIfAbsent(new CallerKey(day, record.caller()), key -> new HashMap<>())
                .put(record.instance(), record);
        LocalDate newest = LocalDate.parse(usage.lastKey().day());
        usage.headMap(new CallerKey(newest.minusDays(DAYS_OF_USAGE - 1L).toString(), ""))
                .clear();
    }

    /** Newest first. */
    List<SessionSum> sessions() {
        List<SessionSum> sums = new ArrayList<>();
        sessions.descendingMap().forEach((key, parts) -> sums.add(sum(key, parts.values())));
        return sums;
    }

    private static SessionSum sum(SessionKey key, Collection<SessionTally> parts) {
        Set<Reference> references = EnumSet.noneOf(Reference.class);
        parts.forEach(part -> {
            // of a partition without comparisons it says nothing
            if (part.reference() != null && part.matches() + part.lagging() + part.mismatches() > 0) {
                references.add(part.reference());
            }
        });
        return new SessionSum(
                key.session(),
                key.from(),
                parts.iterator().next().until(),
                parts.stream().anyMatch(part -> part.part().startsWith(PROBER)),
                parts.stream().filter(part -> !part.part().startsWith(PROBER)).noneMatch(part -> part.updatedAt()
                        .isBefore(part.until())),
                total(parts, SessionTally::matches),
                total(parts, SessionTally::lagging),
                total(parts, SessionTally::mismatches),
                total(parts, SessionTally::missingRest),
                total(parts, SessionTally::missingWs),
                total(parts, SessionTally::gaps),
                total(parts, SessionTally::drops),
                parts.stream().mapToLong(SessionTally::worstLateMs).max().orElse(0),
                references);
    }

    private static long total(Collection<SessionTally> parts, ToLongFunction<SessionTally> count) {
        return parts.stream().mapToLong(count).sum();
    }

    /** Who asked last first. */
    List<Caller> callers() {
        List<Caller> callers = new ArrayList<>();
        usage.forEach((key, instances) -> callers.add(new Caller(
                key.caller(),
                instances.values().iterator().next().kind(),
                key.day(),
                instances.values().stream().mapToLong(UsageRecord::answers).sum(),
                instances.values().stream()
                        .map(UsageRecord::firstAt)
                        .min(Instant::compareTo)
                        .orElseThrow(),
                instances.values().stream()
                        .map(UsageRecord::lastAt)
                        .max(Instant::compareTo)
                        .orElseThrow())));
        callers.sort(Comparator.comparing(Caller::lastAt).reversed());
        return callers;
    }

    /**
     * The verdicts on what was served since one instant and judged since another, newest first.
     *
     * @param served null for whenever
     */
    List<Verdict> verdicts(Instant served, Instant judged) {
        List<Verdict> found = new ArrayList<>();
        for (Verdict verdict : verdicts.values()) {
            if (!verdict.judgedAt().isBefore(judged)
                    && (served == null || !verdict.servedAt().isBefore(served))) {
                found.add(verdict);
            }
        }
        Collections.reverse(found);
        return found;
    }
}

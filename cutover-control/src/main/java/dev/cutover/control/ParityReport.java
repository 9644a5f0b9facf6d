package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.Judgement.Why;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Json;
import dev.cutover.schema.Reference;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Adds up the verdicts of one comparison on demand. Pure, and of bounded size: keys and samples beyond what there is room for are
 * only counted, and it says so. Confined to one thread.
 */
final class ParityReport {
    static final int MOST_KEYS = 10_000;
    /** So many verdicts are remembered, so that what comes twice, from two REST services, counts once. */
    private static final int MOST_REMEMBERED = 50_000;

    private static final String OTHER_KEYS = "(other keys)";

    private final Feature feature;
    private final Set<String> only;
    private final Tally all = new Tally();
    private final Map<String, Tally> keys = new TreeMap<>();
    private final FieldTally fields = new FieldTally();
    private final Map<Reference, Long> references = new EnumMap<>(Reference.class);
    private final Map<String, Long> noise = new TreeMap<>();
    private final Map<Why, Long> passed = new EnumMap<>(Why.class);
    private final Set<String> counted = new LinkedHashSet<>();
    private long undecided;
    private long unreadableServed;
    private long unreadableEvents;
    private long unseenDifferences;

    private static final class Tally {
        final Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
        /** Null while nothing lagged. */
        Long worstLateMs;

        void add(Verdict verdict) {
            outcomes.merge(verdict.outcome(), 1L, Long::sum);
            if (verdict.lateMs() != null) {
                worstLateMs = worstLateMs == null ? verdict.lateMs() : Math.max(worstLateMs, verdict.lateMs());
            }
        }

        long of(Outcome outcome) {
            return outcomes.getOrDefault(outcome, 0L);
        }

        long compared() {
            return outcomes.values().stream().mapToLong(Long::longValue).sum();
        }

        long faults() {
            return compared() - of(Outcome.MATCH) - of(Outcome.LAGGING);
        }
    }

    /** @param only the keys that count; empty for all */
    ParityReport(Feature feature, Set<String> only) {
        this.feature = feature;
        this.only = Set.copyOf(only);
    }

    /** Counts a verdict, unless it was counted already. */
    void add(Verdict verdict) {
        if (!isWanted(verdict.key()) || !counted.add(verdict.id())) {
            return;
        }
        if (counted.size() > MOST_REMEMBERED) {
            counted.remove(counted.iterator().next());
        }
        all.add(verdict);
        boolean room = keys.size() < MOST_KEYS || keys.containsKey(verdict.key());
        keys.computeIfAbsent(room ? verdict.key() : OTHER_KEYS, key -> new Tally())
                .add(verdict);
        references.merge(verdict.reference(), 1L, Long::sum);
        verdict.noise().stream()
                .map(FieldTally::nameOf)
                .filter(name -> noise.size() < FieldTally.MOST_FIELDS || noise.containsKey(name))
                .forEach(name -> noise.merge(name, 1L, Long::sum));
        verdict.differences().forEach(difference -> fields.add(difference, verdict.key(), where(verdict)));
        unseenDifferences += verdict.differenceCount() - verdict.differences().size();
    }

    private static String where(Verdict verdict) {
        return (verdict.position() == null ? "" : verdict.position() + ", ") + "served "
                + verdict.servedAt().truncatedTo(ChronoUnit.MILLIS)
                + (verdict.query().isEmpty() ? "" : ", ?" + verdict.query());
    }

    /** Whether what is said of this key counts. */
    boolean isWanted(String key) {
        return only.isEmpty() || key == null || only.contains(key);
    }

    /** Something was not judged. */
    void passed(Why why) {
        passed.merge(why, 1L, Long::sum);
    }

    /** Something would have been judged later than the comparison goes. */
    void undecided(int number) {
        undecided += number;
    }

    void unreadableServed() {
        unreadableServed++;
    }

    void unreadableEvent() {
        unreadableEvents++;
    }

    /** How many comparisons there were. */
    long compared() {
        return all.compared();
    }

    /** How many of them found a fault. */
    long faults() {
        return all.faults();
    }

    /** Whether there was something to compare, and nothing is wrong with it. */
    boolean isGood() {
        return compared() > 0 && faults() == 0;
    }

    /** Of all that was not judged, how much and why; a line each. */
    List<String> notJudged() {
        List<String> lines = new ArrayList<>();
        say(lines, passed.get(Why.EARLY), "made of events before those that were read");
        say(lines, passed.get(Why.FORGOTTEN), "made of events that are not kept any more");
        say(lines, passed.get(Why.OTHER_TOPIC), "made of another topic than " + feature.topic() + " is now");
        say(lines, passed.get(Why.CROWDED), "too many at a time");
        say(lines, undecided, "too recent to be judged yet");
        say(lines, unreadableServed, "unreadable in the record of what REST served");
        say(lines, unreadableEvents, "events that nobody can read, and that were left out");
        return lines;
    }

    private static void say(List<String> lines, Long number, String what) {
        if (number != null && number > 0) {
            lines.add(number + " not judged: " + what);
        }
    }

    private List<String> remarks() {
        List<String> remarks = new ArrayList<>(notJudged());
        noise.forEach((name, times) -> remarks.add("noise, not counted: " + name
                + " differs from one answer of the upstream to the next (" + times + ")"));
        remarks.addAll(capped());
        return remarks;
    }

    private List<String> capped() {
        List<String> capped = new ArrayList<>(fields.capped());
        if (unseenDifferences > 0) {
            capped.add(unseenDifferences + " differences beyond the first " + Verdict.SAMPLE
                    + " of a body are not told by field");
        }
        if (keys.containsKey(OTHER_KEYS)) {
            capped.add("keys beyond the first " + MOST_KEYS + " are counted together as " + OTHER_KEYS);
        }
        return capped;
    }

    /** The document that docs/quick-start.md describes. */
    ObjectNode toJson(Span span) {
        ObjectNode document = Json.MAPPER.createObjectNode();
        document.put("feature", feature.name()).put("kind", "parity").put("mode", span.live() ? "live" : "recorded");
        document.put("from", span.from() == null ? null : span.from().toString())
                .put("until", span.until().toString());
        document.put("interrupted", span.interrupted()).put("equal", isGood());
        counts(document, all);
        ObjectNode bySource = document.putObject("references");
        references.forEach((reference, number) -> bySource.put(reference.wireName(), number));
        ObjectNode answers = document.putObject("answers");
        span.answers().forEach(answers::put);
        ObjectNode left = document.putObject("not_judged");
        passed.forEach((why, number) -> left.put(why.name().toLowerCase(Locale.ROOT), number));
        left.put("undecided", undecided).put("unreadable", unreadableServed);
        document.put("unreadable_events", unreadableEvents);
        ArrayNode byKey = document.putArray("keys");
        keys.forEach((key, tally) -> counts(byKey.addObject().put("key", key), tally));
        FieldTally.write(fields.fields(), document.putArray("fields"), "rest", "log");
        ObjectNode noisy = document.putObject("noise");
        noise.forEach(noisy::put);
        capped().forEach(document.putArray("capped")::add);
        return document;
    }

    private static void counts(ObjectNode to, Tally tally) {
        to.put("compared", tally.compared());
        for (Outcome outcome : Outcome.values()) {
            to.put(outcome.wireName(), tally.of(outcome));
        }
        to.put("worst_late_ms", tally.worstLateMs);
    }

    Findings findings(Span span) {
        List<String> facts = new ArrayList<>();
        facts.add((span.live() ? "live, " : "as recorded, ") + (span.from() == null ? Start.EARLIEST : span.from())
                + " to " + span.until() + (span.interrupted() ? ", where it was interrupted" : ""));
        references.forEach((reference, number) -> facts.add(
                reference == Reference.MATERIALISED
                        ? number + " against REST's own snapshots of the events (materialised)"
                        : number + " against an existing service behind REST (upstream)"));
        if (!span.answers().isEmpty()) {
            facts.add("REST answered "
                    + span.answers().entrySet().stream()
                            .map(each -> each.getKey() + " ×" + each.getValue())
                            .collect(Collectors.joining(", ")));
        }
        List<List<String>> rows = keys.entrySet().stream()
                .sorted(Comparator.comparingLong(each -> -each.getValue().faults()))
                .map(each -> row(each.getKey(), each.getValue()))
                .toList();
        return new Findings(
                feature.name() + ": REST and the event log",
                isGood(),
                headline(),
                facts,
                List.of(
                        "key",
                        "compared",
                        "match",
                        "lagging",
                        "worst late",
                        "mismatch",
                        "missing on REST",
                        "not in log"),
                rows,
                "REST",
                "event log",
                fields.fields(),
                remarks());
    }

    private static List<String> row(String key, Tally tally) {
        return List.of(
                key,
                Long.toString(tally.compared()),
                Long.toString(tally.of(Outcome.MATCH)),
                Long.toString(tally.of(Outcome.LAGGING)),
                tally.worstLateMs == null ? "-" : tally.worstLateMs + " ms",
                Long.toString(tally.of(Outcome.MISMATCH)),
                Long.toString(tally.of(Outcome.MISSING_REST)),
                Long.toString(tally.of(Outcome.MISSING_WS)));
    }

    private String headline() {
        if (compared() == 0) {
            return "nothing could be compared";
        }
        return compared() + " compared: " + all.of(Outcome.MATCH) + " match, " + all.of(Outcome.LAGGING) + " lagging"
                + (all.worstLateMs == null ? "" : " (" + all.worstLateMs + " ms at worst)") + ", "
                + all.of(Outcome.MISMATCH) + " mismatch, "
                + (all.of(Outcome.MISSING_REST) + all.of(Outcome.MISSING_WS)) + " missing";
    }
}

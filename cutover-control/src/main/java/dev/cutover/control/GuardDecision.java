package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.GuardInput.TypeState;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Json;
import dev.cutover.schema.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** What the guard makes of one look at one feature. Decides purely. */
sealed interface GuardDecision {

    /** There is nothing to guard: the feature is not live, or its guard is off. */
    record Idle() implements GuardDecision {}

    /**
     * Nothing is wrong.
     *
     * @param blindTo what it can't see meanwhile, for a person to read; empty where it sees all
     */
    record Fine(String blindTo) implements GuardDecision {}

    /**
     * Whatever it looks like, it can't be told from here.
     *
     * @param detail for a person to read
     */
    record Abstain(Blind why, String detail) implements GuardDecision {}

    /**
     * The feature is bad.
     *
     * @param breaches at least one
     * @param reason for a person to read
     * @param evidence the figures, and samples of what differs
     */
    record Breach(List<Kind> breaches, String reason, ObjectNode evidence) implements GuardDecision {}

    /** Why the guard abstains. */
    enum Blind {
        /** The evidence may not be the newest. */
        EVIDENCE,
        /** The flags may not be the newest. */
        FLAGS,
        /** The prober does not look. */
        PROBER,
        /** The prober is connected to no gateway. */
        CONNECTIONS,
        /** Heartbeats do not come: it is not this feature that is down. */
        HEARTBEAT,
        /** Nothing comes at all. */
        PRODUCERS;

        /** Its name in metrics. */
        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What is bad. */
    enum Kind {
        MISMATCH,
        SILENCE,
        GAPS,
        FAILURES;

        /** Its name in metrics and in the audit. */
        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static GuardDecision of(GuardInput input) {
        if (input.flag().stage() != Stage.LIVE || input.flag().guard() == Flag.Guard.OFF) {
            return new Idle();
        }
        return new Look(input).decide();
    }

    /** One look. */
    final class Look {
        /** Evidence and flags are read on every fraction of a second, and the prober tells every second. */
        static final Duration FRESH = Duration.ofSeconds(5);
        /** Of heartbeats. */
        static final double HEARTBEATS = 2.5;
        /** After a flip, and after this instance became the active one, silence says nothing yet. */
        static final Duration GRACE = Duration.ofSeconds(30);

        private static final int SAMPLES = 5;
        private static final int DIFFERENCES = 3;
        private static final int LONGEST_VALUE = 80;

        private final GuardInput input;
        private final List<Kind> breaches = new ArrayList<>();
        private final List<String> reasons = new ArrayList<>();

        private Look(GuardInput input) {
            this.input = input;
        }

        GuardDecision decide() {
            Abstain blind = blind();
            if (blind != null) {
                return blind;
            }
            lookAtVerdicts();
            count(Kind.GAPS, input.seen().gaps(), "losses on the way to the client");
            count(Kind.FAILURES, input.seen().failures(), "failures of delivery");
            String unsure = lookForSilence();
            if (!breaches.isEmpty()) {
                return new Breach(List.copyOf(breaches), String.join("; ", reasons), evidence());
            }
            return unsure == null ? new Fine(blindToValues()) : new Abstain(Blind.PRODUCERS, unsure);
        }

        /** Null where it can see. */
        private Abstain blind() {
            String stale = stale(input.evidenceAgeMs());
            if (stale != null) {
                return new Abstain(Blind.EVIDENCE, "the evidence " + stale);
            }
            stale = stale(input.surroundings().flagsAgeMs());
            if (stale != null) {
                return new Abstain(Blind.FLAGS, "the flags " + stale);
            }
            Instant until = input.seen().until();
            if (until == null || isLongerAgo(until, FRESH)) {
                return new Abstain(
                        Blind.PROBER,
                        until == null ? "the prober has not looked yet" : "the prober last looked at " + until);
            }
            if (input.seen().connectionsUp() == 0) {
                return new Abstain(Blind.CONNECTIONS, "the prober is connected to no gateway");
            }
            Instant beat = input.heartbeatAt();
            long patienceMs = (long) (input.surroundings().heartbeatCadence().toMillis() * HEARTBEATS);
            if (beat == null || isLongerAgo(beat, Duration.ofMillis(patienceMs))) {
                return new Abstain(
                        Blind.HEARTBEAT,
                        beat == null ? "no heartbeat has come yet" : "the newest heartbeat came at " + beat);
            }
            return null;
        }

        private static String stale(OptionalLong ageMs) {
            if (ageMs.isEmpty()) {
                return "has not been read yet";
            }
            return ageMs.getAsLong() > FRESH.toMillis()
                    ? "may not be the newest: Kafka has not answered for " + ageMs.getAsLong() / 1000 + " s"
                    : null;
        }

        private boolean isLongerAgo(Instant at, Duration patience) {
            return Duration.between(at, input.now()).compareTo(patience) > 0;
        }

        private void lookAtVerdicts() {
            long failed = failed();
            int all = input.verdicts().size();
            double percent = input.thresholds().guardMismatchPercent();
            if (all >= input.thresholds().guardComparisons() && failed * 100.0 > percent * all) {
                breaches.add(Kind.MISMATCH);
                reasons.add(failed + " of " + all + " comparisons with REST failed within " + window().toSeconds()
                        + " s, which is over "
                        + String.format(Locale.ROOT, "%.4g", percent).replaceAll("\\.?0+$", "")
                        + " %" + example());
            }
        }

        /** Without comparisons the guard still sees silence, gaps and failures. */
        private String blindToValues() {
            int all = input.verdicts().size();
            boolean compared = input.feature().rest().isPresent()
                    && isLongerAgo(input.flag().since(), window())
                    && isLongerAgo(input.surroundings().activeSince(), window());
            return compared && all < input.thresholds().guardComparisons()
                    ? "only " + all + " comparisons with REST within " + window().toSeconds()
                            + " s: whether the values are right is not known"
                    : "";
        }

        private Duration window() {
            return input.feature().slowestCadence().multipliedBy(GuardInput.CADENCES);
        }

        private long failed() {
            return failing().count();
        }

        private Stream<Verdict> failing() {
            return input.verdicts().stream().filter(verdict -> verdict.outcome().isFault());
        }

        private String example() {
            return failing()
                    .findFirst()
                    .map(verdict -> "; for example key " + verdict.key() + ": "
                            + verdict.differences().stream()
                                    .findFirst()
                                    .map(Look::inWords)
                                    .orElse(verdict.outcome().wireName().replace('_', ' ')))
                    .orElse("");
        }

        private static String inWords(Difference difference) {
            return difference.pointer() + " is " + clipped(Objects.toString(difference.rest(), "not there"))
                    + " on REST, " + clipped(Objects.toString(difference.log(), "not there")) + " in the log";
        }

        private static String clipped(String text) {
            return text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE) + "…";
        }

        private void count(Kind kind, long count, String what) {
            if (count > 0) {
                breaches.add(kind);
                reasons.add(count + " " + what + " within " + window().toSeconds() + " s");
            }
        }

        /** @return why it can't be told whether a silence is this feature's; null where there is no such doubt */
        private String lookForSilence() {
            if (!isLongerAgo(input.flag().since(), GRACE)
                    || !isLongerAgo(input.surroundings().activeSince(), GRACE)) {
                return null;
            }
            String unsure = null;
            for (TypeState state : input.seen().types()) {
                Duration silence = silence(state);
                Duration patience =
                        state.type().cadence().multipliedBy(input.thresholds().guardSilence());
                if (silence.compareTo(patience) <= 0) {
                    continue;
                }
                String what = state.type().type() + " has not come for " + silence.toSeconds() + " s, which is over "
                        + input.thresholds().guardSilence() + " times its cadence";
                if (somethingElseCame(state, input.seen().until().minus(silence))) {
                    breaches.add(Kind.SILENCE);
                    reasons.add(what);
                } else {
                    unsure = what + ", but nothing else has come meanwhile: the producers seem to be down";
                }
            }
            return unsure;
        }

        /**
         * As the prober knew when it last looked, not as of now: what it has not told yet is no silence. Counted within the active
         * hours, since the flip.
         */
        private Duration silence(TypeState state) {
            if (!state.activeNow() || state.watchedSince() == null) {
                return Duration.ZERO;
            }
            Instant since = Stream.of(state.watchedSince(), input.flag().since(), state.lastAt())
                    .filter(Objects::nonNull)
                    .max(Instant::compareTo)
                    .orElseThrow();
            return Duration.between(since, input.seen().until());
        }

        /**
         * Whether something else came within the last cadence of the patience, or after it. Otherwise it may be the jobs that are
         * down, or restarted, as a whole: that is not this feature's fault, and on REST there would be nothing newer to read.
         */
        private boolean somethingElseCame(TypeState silent, Instant since) {
            Instant meanwhile = since.plus(silent.type()
                    .cadence()
                    .multipliedBy(Math.max(1, input.thresholds().guardSilence() - 1)));
            return Stream.concat(
                            Stream.of(input.heartbeatAt()),
                            input.arrivals().entrySet().stream()
                                    .filter(each ->
                                            !each.getKey().equals(silent.type().type()))
                                    .map(Map.Entry::getValue))
                    .anyMatch(at -> at.isAfter(meanwhile));
        }

        private ObjectNode evidence() {
            ObjectNode evidence = Json.MAPPER.createObjectNode();
            ArrayNode kinds = evidence.putArray("breaches");
            breaches.forEach(kind -> kinds.add(kind.label()));
            evidence.put("at", input.now().toString())
                    .put("observed_until", input.seen().until().toString())
                    .put("window_ms", window().toMillis())
                    .put("comparisons", input.verdicts().size())
                    .put("failed", failed())
                    .put("gaps", input.seen().gaps())
                    .put("failures", input.seen().failures());
            ArrayNode types = evidence.putArray("types");
            for (TypeState state : input.seen().types()) {
                types.addObject()
                        .put("type", state.type().type())
                        .put("cadence_ms", state.type().cadence().toMillis())
                        .put("silent_ms", silence(state).toMillis())
                        .put(
                                "last_at",
                                state.lastAt() == null ? null : state.lastAt().toString());
            }
            ArrayNode samples = evidence.putArray("verdicts");
            failing().limit(SAMPLES).forEach(verdict -> {
                ObjectNode sample = samples.addObject()
                        .put("id", verdict.id())
                        .put("key", verdict.key())
                        .put("outcome", verdict.outcome().wireName())
                        .put("position", verdict.position())
                        .put("query", verdict.query())
                        .put("served_at", verdict.servedAt().toString())
                        .put("difference_count", verdict.differenceCount());
                sample.set(
                        "differences",
                        Json.MAPPER.valueToTree(verdict.differences().stream()
                                .limit(DIFFERENCES)
                                .toList()));
            });
            return evidence;
        }
    }
}

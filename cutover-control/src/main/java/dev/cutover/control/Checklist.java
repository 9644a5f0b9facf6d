package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.ChecklistLine.State;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Json;
import dev.cutover.schema.ParityRules;
import dev.cutover.schema.Reference;
import dev.cutover.schema.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What must hold before a feature goes a stage up, line by line. A pure function of the evidence: the gate, the HTTP API and the
 * CLI show one and the same.
 */
final class Checklist {
    /** Evidence that is older proves nothing of now. */
    static final long STALE_MS = 10_000;
    /** The line of the guard's hold. */
    static final String HOLD = "hold";

    /** These lines are of the catalog and the flag, and need no evidence. */
    private static final Set<String> WITHOUT_EVIDENCE = Set.of("rules", HOLD);

    private static final int NAMED_CALLERS = 5;

    private static final int RECENT_LENGTHS = 20;
    private static final Duration LEAST_RECENT = Duration.ofMinutes(10);

    private final Evidence evidence;
    private final Stage to;
    private final int wanted;
    /** Of the sessions that may count, which have ended and say something, the newest ones; newest first. */
    private final List<SessionSum> ended;
    /** The sessions that may count, but have not come to their end. */
    private final List<SessionSum> running;

    private Checklist(Evidence evidence, Stage to) {
        this.evidence = evidence;
        this.to = to;
        this.wanted = evidence.thresholds().cleanSessions();
        List<SessionSum> counting = evidence.sessions().stream()
                .filter(session -> to != Stage.PROMOTED || beganSinceFlip(session))
                .toList();
        this.ended = counting.stream()
                .filter(session -> evidence.hasEnded(session) && session.counts())
                .limit(wanted)
                .toList();
        this.running =
                counting.stream().filter(session -> !evidence.hasEnded(session)).toList();
    }

    private boolean beganSinceFlip(SessionSum session) {
        Instant flip = evidence.flip();
        return flip != null && !session.from().isBefore(flip);
    }

    /**
     * The lines of the gate to a stage.
     *
     * @param to live or promoted; shadow has no gate, and no lines
     */
    static List<ChecklistLine> of(Evidence evidence, Stage to) {
        if (to == Stage.SHADOW) {
            return List.of();
        }
        Checklist checklist = new Checklist(evidence, to);
        WatchLines watch = new WatchLines(evidence);
        List<ChecklistLine> lines = new ArrayList<>(List.of(
                watch.messages(),
                watch.frequency(),
                watch.fields(),
                checklist.loss("drops", "no connection drops in these sessions", SessionSum::drops),
                checklist.loss("gaps", "no losses and no gaps", SessionSum::gaps),
                checklist.parity(),
                checklist.reference(),
                checklist.rules(),
                checklist.hold()));
        if (to == Stage.PROMOTED) {
            VitalsLines vitals = new VitalsLines(evidence);
            lines.add(vitals.errors());
            lines.add(vitals.load());
            lines.add(checklist.callers());
            lines.add(checklist.signOff());
        }
        return lines.stream().map(checklist::unlessStale).toList();
    }

    /** The stage that a feature's checklist is for; empty where there is none above. */
    static Optional<Stage> next(Stage stage) {
        return switch (stage) {
            case SHADOW -> Optional.of(Stage.LIVE);
            case LIVE -> Optional.of(Stage.PROMOTED);
            case PROMOTED -> Optional.empty();
        };
    }

    /** Whether a promotion may go through. Without any line there is nothing that speaks for it. */
    static boolean passes(List<ChecklistLine> lines) {
        return !lines.isEmpty() && inTheWay(lines).isEmpty();
    }

    /** The lines for which a promotion is refused. */
    static List<ChecklistLine> inTheWay(List<ChecklistLine> lines) {
        return lines.stream().filter(ChecklistLine::isInTheWay).toList();
    }

    /** @param to null where there is no stage above */
    static ObjectNode toJson(Flag flag, Stage to, List<ChecklistLine> lines) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("feature", flag.feature());
        json.put("stage", flag.stage().wireName());
        json.put("to", to == null ? null : to.wireName());
        json.put("passes", passes(lines));
        json.set("lines", Json.MAPPER.valueToTree(lines));
        return json;
    }

    /** What was true a while ago is not taken for true. */
    private ChecklistLine unlessStale(ChecklistLine line) {
        boolean fresh = evidence.ageMs().isPresent() && evidence.ageMs().getAsLong() <= STALE_MS;
        if (fresh || line.state() != State.OK || WITHOUT_EVIDENCE.contains(line.line())) {
            return line;
        }
        String needed = evidence.ageMs().isPresent()
                ? "the evidence was last known to be the newest "
                        + evidence.ageMs().getAsLong() / 1000 + " s ago: Kafka does not answer"
                : "the evidence is still being read from Kafka";
        return new ChecklistLine(line.line(), State.WAIT, line.text(), line.measured(), needed, line.blocks());
    }

    private ChecklistLine parity() {
        String line = "parity";
        String text = "values match REST over " + sessions(wanted) + since();
        String measured = Stream.concat(running.stream().filter(SessionSum::isDirty), ended.stream())
                .map(this::inWords)
                .collect(Collectors.joining("; "));
        if (Stream.concat(running.stream(), ended.stream()).anyMatch(SessionSum::isDirty)) {
            return ChecklistLine.fail(
                    line,
                    text,
                    measured,
                    sessions(wanted) + " in a row without a difference: ./cutover compare "
                            + evidence.feature().name() + " shows what differs");
        }
        if (ended.size() < wanted) {
            return ChecklistLine.waiting(line, text, measured.isEmpty() ? "none yet" : measured, missing());
        }
        SessionSum newest = ended.get(0);
        if (newest.until().plus(recent(newest)).isBefore(evidence.now())) {
            return ChecklistLine.waiting(
                    line,
                    text,
                    measured,
                    "a newer session: the last one with comparisons ended at " + ChecklistLine.time(newest.until())
                            + "; do REST and parity run?");
        }
        return ChecklistLine.ok(line, text, measured);
    }

    /** For how long after its end a session speaks of today: a trading day's over a long weekend, a short window's a while. */
    private static Duration recent(SessionSum session) {
        Duration lengths = Duration.between(session.from(), session.until()).multipliedBy(RECENT_LENGTHS);
        return lengths.compareTo(LEAST_RECENT) > 0 ? lengths : LEAST_RECENT;
    }

    /** What the sessions lack in number. */
    private String missing() {
        int more = wanted - ended.size();
        String next = running.stream()
                .map(evidence::settledAt)
                .min(Instant::compareTo)
                .map(at -> "; one ends at " + ChecklistLine.time(at))
                .orElse("");
        return more + " more clean " + (more == 1 ? "session" : "sessions") + since() + next;
    }

    private String since() {
        if (to != Stage.PROMOTED) {
            return "";
        }
        return evidence.flip() == null
                ? " since it was made live"
                : " since the flip at " + ChecklistLine.time(evidence.flip());
    }

    private static String sessions(int count) {
        return count == 1 ? "1 clean session" : count + " clean sessions";
    }

    private String inWords(SessionSum session) {
        StringBuilder words = new StringBuilder(session.session())
                .append(evidence.hasEnded(session) ? ": " : " (still on): ")
                .append(session.matches())
                .append(" matched");
        append(words, session.lagging(), "lagged, by " + session.worstLateMs() + " ms at most");
        append(words, session.mismatches(), "differed");
        append(words, session.missingRest(), "missing on REST");
        append(words, session.missingWs(), "missing on the WebSocket");
        append(words, session.gaps(), "lost on the way");
        return words.toString();
    }

    private static void append(StringBuilder words, long count, String what) {
        if (count > 0) {
            words.append(", ").append(count).append(' ').append(what);
        }
    }

    /** Drops or gaps of the sessions that count. */
    private ChecklistLine loss(String line, String text, ToLongFunction<SessionSum> count) {
        String found = Stream.concat(running.stream(), ended.stream())
                .filter(session -> count.applyAsLong(session) > 0)
                .map(session -> count.applyAsLong(session) + " in " + session.session())
                .collect(Collectors.joining(", "));
        if (!found.isEmpty()) {
            return ChecklistLine.fail(line, text, found, sessions(wanted) + " in a row without one");
        }
        if (ended.size() < wanted) {
            return ChecklistLine.waiting(line, text, "none in " + ended.size() + " of " + wanted, missing());
        }
        Optional<SessionSum> unwatched =
                ended.stream().filter(session -> !session.watched()).findFirst();
        if (unwatched.isPresent()) {
            return ChecklistLine.waiting(
                    line,
                    text,
                    "nobody listened to the gateways in " + unwatched.get().session(),
                    sessions(wanted) + " with the prober at work");
        }
        return ChecklistLine.ok(line, text, "none in " + ended.size() + (ended.size() == 1 ? " session" : " sessions"));
    }

    /** Says how much the parity proves; it never blocks. */
    private ChecklistLine reference() {
        String line = "reference";
        String text = "what REST's answers were made of";
        Set<Reference> references = new TreeSet<>();
        ended.forEach(session -> references.addAll(session.references()));
        if (references.isEmpty()) {
            return ChecklistLine.waiting(line, text, "", "a session with comparisons")
                    .informing();
        }
        String measured = references.stream()
                .map(reference -> switch (reference) {
                    case MATERIALISED ->
                        "materialised (REST's own view of the same log: parity is that of two ways of serving)";
                    case UPSTREAM -> "upstream (an existing service: parity is that with what was there before)";
                })
                .collect(Collectors.joining(", "));
        return ChecklistLine.ok(line, text, measured).informing();
    }

    private ChecklistLine rules() {
        String line = "rules";
        String text = "every exception from the comparison has an owner and a date ahead";
        List<ParityRules.Rule> rules = evidence.feature().parity().rules();
        String debts = rules.stream()
                .map(rule -> rule.debt(evidence.now()))
                .filter(Objects::nonNull)
                .collect(Collectors.joining("; "));
        if (!debts.isEmpty()) {
            return ChecklistLine.fail(
                    line, text, debts, "an owner and a date ahead in the feature catalog, or no such rule");
        }
        return ChecklistLine.ok(
                line,
                text,
                rules.isEmpty()
                        ? "there is none"
                        : rules.stream()
                                .map(rule -> rule.field() + " (" + rule.owner() + ", until " + rule.until() + ")")
                                .collect(Collectors.joining(", ")));
    }

    private ChecklistLine hold() {
        String line = HOLD;
        String text = "the guard does not hold it";
        Flag flag = evidence.flag();
        return flag.hold()
                ? ChecklistLine.fail(
                        line,
                        text,
                        "held: " + StageMove.lastChange(flag),
                        "find the cause, then ./cutover clear " + flag.feature() + " --reason R")
                : ChecklistLine.ok(line, text, "not held");
    }

    private ChecklistLine callers() {
        String line = "callers";
        String text = "nobody polls REST but the prober and pages that fall back";
        Instant flip = evidence.flip();
        if (flip == null) {
            return ChecklistLine.waiting(line, text, "", "to be live first");
        }
        Instant from = ended.isEmpty() ? flip : ended.get(ended.size() - 1).from();
        List<Caller> since = evidence.callers().stream()
                .filter(caller -> !caller.lastAt().isBefore(from))
                .toList();
        List<Caller> others = since.stream().filter(Caller::holdsBack).toList();
        if (!others.isEmpty()) {
            String names = others.stream()
                    .limit(NAMED_CALLERS)
                    .map(caller -> caller.caller() + " (last at " + ChecklistLine.time(caller.lastAt()) + ")")
                    .collect(Collectors.joining(", "));
            String more = others.size() > NAMED_CALLERS ? " and " + (others.size() - NAMED_CALLERS) + " more" : "";
            return ChecklistLine.fail(
                    line, text, names + more, "they read the WebSocket, for " + sessions(wanted) + " without them");
        }
        if (ended.size() < wanted) {
            return ChecklistLine.waiting(line, text, "none since " + ChecklistLine.time(from), missing());
        }
        if (since.isEmpty()) {
            return ChecklistLine.waiting(
                    line,
                    text,
                    "REST has told of no caller at all since " + ChecklistLine.time(from) + ", not even of the prober",
                    "a REST service that counts its callers, and the prober at work");
        }
        return ChecklistLine.ok(line, text, "none since " + ChecklistLine.time(from));
    }

    private ChecklistLine signOff() {
        String line = "sign-off";
        String text = "the team has signed off";
        String needed = "./cutover sign-off " + evidence.feature().name() + " --to " + to.wireName() + " --by NAME";
        SignOff given = evidence.signOffs().get(to);
        if (given == null) {
            return ChecklistLine.waiting(line, text, "not yet", needed);
        }
        String measured = "by " + given.by() + " at " + ChecklistLine.time(given.at());
        return evidence.flip() == null || given.at().isBefore(evidence.flip())
                ? ChecklistLine.waiting(line, text, measured + ", which was before the flip", needed)
                : ChecklistLine.ok(line, text, measured);
    }
}

package dev.cutover.jobs;

import dev.cutover.schema.Health;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is wrong with the polls of one feature: counted by kind, logged now and then, and told to health. Owned by the feature's
 * job; {@link #health} may be asked by any thread.
 */
final class PollFaults {
    private static final Logger log = LoggerFactory.getLogger(PollFaults.class);
    private static final Duration LOG_PAUSE = Duration.ofSeconds(30);

    /** How a poll went last. */
    private sealed interface State {
        record Good() implements State {}

        /** Some of its answer can't be used. */
        record Partly(String what) implements State {}

        /** Nothing of it can be used. */
        record Failed(String what) implements State {}
    }

    private final PollPlan plan;
    private final Clock clock;
    private final JobsMetrics metrics;
    /** Of the polls that have been answered, or not, by now. */
    private final Map<Poll, State> states = new ConcurrentHashMap<>();
    /** When a fault was logged last; null before the first. */
    private Instant loggedAt;
    /** Whether one was logged since all was well: only then is it worth a line that it is again. */
    private boolean told;

    private long sinceLogged;
    private long sinceWell;

    PollFaults(PollPlan plan, Clock clock, JobsMetrics metrics) {
        this.plan = plan;
        this.clock = clock;
        this.metrics = metrics;
    }

    /** Nothing of the poll can be used. */
    void failed(Poll poll, PollFault fault) {
        metrics.pollFault(plan.feature().name(), fault.kind());
        states.put(poll, new State.Failed(poll + ": " + fault.getMessage()));
        report(poll, fault, 1);
    }

    /**
     * The poll was answered.
     *
     * @param faults the elements that can't be used
     * @param usable whether anything else can be
     */
    void answered(Poll poll, Collection<PollFault> faults, boolean usable) {
        metrics.polled(plan.feature().name());
        if (faults.isEmpty()) {
            states.put(poll, new State.Good());
            reportWell();
            return;
        }
        faults.forEach(fault -> metrics.pollFault(plan.feature().name(), fault.kind()));
        PollFault first = faults.iterator().next();
        String what =
                poll + ": " + first.getMessage() + (faults.size() == 1 ? "" : ", and " + (faults.size() - 1) + " more");
        states.put(poll, usable ? new State.Partly(what) : new State.Failed(what));
        report(poll, first, faults.size());
    }

    private void report(Poll poll, PollFault fault, int count) {
        sinceWell += count;
        sinceLogged += count;
        Instant now = clock.instant();
        boolean pausing = loggedAt != null && !now.isBefore(loggedAt) && now.isBefore(loggedAt.plus(LOG_PAUSE));
        if (pausing) {
            return;
        }
        log.warn(
                "feature {}: {}: {}; nothing is emitted of it{}; {}",
                plan.feature().name(),
                poll,
                fault.getMessage(),
                sinceLogged == 1 ? "" : "; " + sinceLogged + " faults since the last such line",
                fault.kind().next());
        loggedAt = now;
        told = true;
        sinceLogged = 0;
    }

    private void reportWell() {
        if (told && states.values().stream().allMatch(state -> state instanceof State.Good)) {
            log.info(
                    "feature {} is polled well again, after {} faults",
                    plan.feature().name(),
                    sinceWell);
            told = false;
            sinceWell = 0;
        }
    }

    /** Not ready while nothing of the feature can be read, degraded while some of it can't. */
    Health health() {
        String feature = "feature " + plan.feature().name();
        Map<Poll, State> now = new LinkedHashMap<>(states);
        if (now.isEmpty()) {
            return new Health(List.of(feature + " has not been polled yet"));
        }
        List<String> wrong = plan.polls().stream()
                .map(now::get)
                .map(PollFaults::words)
                .filter(what -> what != null)
                .toList();
        if (wrong.isEmpty()) {
            return new Health(List.of());
        }
        boolean failed = now.values().stream().allMatch(state -> state instanceof State.Failed);
        String what = feature
                + (failed ? " can't be read from the polled service: " : " is polled in part: ")
                + wrong.get(0)
                + (wrong.size() == 1
                        ? ""
                        : "; so it is with " + wrong.size() + " of its "
                                + plan.polls().size() + " polls");
        return failed ? new Health(List.of(what)) : new Health(List.of(), List.of(what));
    }

    private static String words(State state) {
        if (state instanceof State.Failed failed) {
            return failed.what();
        }
        return state instanceof State.Partly partly ? partly.what() : null;
    }
}

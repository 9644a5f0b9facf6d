package dev.cutover.jobs;

import dev.cutover.jobs.Job.Slot;
import java.time.Duration;
import java.time.Instant;

/**
 * Decides when a job runs next. Slots lie a cadence apart, counted from the start; a job that was late runs in the newest slot
 * and skips those that it missed. A job that failed waits 1 s, then 2, 4 and so on, 10 s at most, until it succeeds. Immutable:
 * each result gives the next plan; it neither waits nor asks the time.
 *
 * <p>A wall clock that is set back holds no job up for more than a cadence: the slots of the time gone back to are run again.
 *
 * @param tried the slot that was tried last; null before the first
 * @param done whether that slot needs no other try
 * @param failures in a row
 * @param notBefore no try before this; null where there is nothing to wait for
 */
record JobPlan(Instant start, Duration cadence, Slot tried, boolean done, int failures, Instant notBefore) {
    static final Duration MAX_BACKOFF = Duration.ofSeconds(10);
    private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);
    private static final Duration NOT_YET_PAUSE = Duration.ofSeconds(1);

    /** What is to be done now. */
    sealed interface Decision {
        /** Decide again after that time. */
        record Wait(Duration time) implements Decision {}

        /**
         * Run in this slot.
         *
         * @param skipped how many slots before it were missed
         */
        record Run(Slot slot, long skipped) implements Decision {}
    }

    static JobPlan starting(Instant start, Duration cadence) {
        return new JobPlan(start, cadence, null, false, 0, null);
    }

    Decision decide(Instant now) {
        Duration pause = notBefore == null ? Duration.ZERO : Duration.between(now, notBefore);
        // a longer pause than was ever asked for is no pause: the clock was set back
        if (pause.compareTo(Duration.ZERO) > 0 && pause.compareTo(MAX_BACKOFF) <= 0) {
            return new Decision.Wait(pause);
        }
        if (tried == null && now.isBefore(start)) {
            return new Decision.Wait(Duration.between(now, start));
        }
        Slot current = slot(Math.floorDiv(Duration.between(start, now).toNanos(), cadence.toNanos()));
        if (done && current.number() == tried.number()) {
            return new Decision.Wait(
                    Duration.between(now, slot(current.number() + 1).at()));
        }
        long before = tried == null ? -1 : tried.number();
        return new Decision.Run(current, Math.max(0, current.number() - before - 1));
    }

    JobPlan succeeded(Slot slot) {
        return new JobPlan(start, cadence, slot, true, 0, null);
    }

    JobPlan notYet(Slot slot, Instant now) {
        return new JobPlan(start, cadence, slot, false, 0, now.plus(NOT_YET_PAUSE));
    }

    JobPlan failed(Slot slot, Instant now) {
        int inARow = failures + 1;
        return new JobPlan(start, cadence, slot, false, inARow, now.plus(backoff(inARow)));
    }

    private static Duration backoff(int failures) {
        int doublings = Math.min(failures - 1, 16);
        Duration doubled = FIRST_BACKOFF.multipliedBy(1L << doublings);
        return doubled.compareTo(MAX_BACKOFF) < 0 ? doubled : MAX_BACKOFF;
    }

    private Slot slot(long number) {
        return new Slot(number, start.plus(cadence.multipliedBy(number)));
    }
}

package dev.cutover.gateway;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * When the sessions of a gateway that stops are told to go: not all at once, for they all connect to another gateway then. Pure.
 *
 * @param window of the drain
 * @param loops that share the sessions, each with a schedule of its own
 */
record DrainSchedule(Duration window, int loops) {
    private static final int SESSIONS_PER_S = 200;
    /** Of the window; the rest is for the last ones to leave. */
    private static final double SHARE = 0.8;

    /**
     * One delay for each session of one loop, ascending: 200 a second over all loops where that fits into the window, else evenly
     * over most of it; each somewhere in a time slot of its own.
     */
    long[] delaysNs(int sessions, RandomGenerator random) {
        double unhurriedNs = (double) sessions * loops / SESSIONS_PER_S * TimeUnit.SECONDS.toNanos(1);
        double slotNs = Math.min(unhurriedNs, SHARE * window.toNanos()) / Math.max(1, sessions);
        long[] delays = new long[sessions];
        for (int i = 0; i < sessions; i++) {
            delays[i] = (long) ((i + random.nextDouble()) * slotNs);
        }
        return delays;
    }
}

package dev.cutover.jobs;

import java.time.Instant;

/** Work that is done once in each of its slots. Confined to the one thread that the {@link JobScheduler} gives it. */
interface Job {

    /**
     * When a job was due.
     *
     * @param number counts from 0, also over slots that were skipped
     * @param at its instant on the wall clock; jobs of one start and cadence have the same
     */
    record Slot(long number, Instant at) {}

    /** How a run went, when it did not fail. */
    enum Outcome {
        DONE,
        /** There was nothing to work on yet: the slot is tried again soon. */
        NOT_YET
    }

    /** For threads, logs and metrics, for example {@code account-balance}. */
    String name();

    /** Whatever it throws is logged and counted, and the slot is tried again after a pause. */
    Outcome run(Slot slot) throws Exception;
}

package dev.cutover.jobs;

import dev.cutover.schema.Event;
import java.time.Duration;

/**
 * Emits a sign of life at each whole cadence after the start, with the ticks of one second that have passed since: 30, 60 and so
 * on. Ticks that were missed are counted, so a gap in the counts shows them. Owned by its thread in the scheduler.
 */
final class HeartbeatJob implements Job {
    private final long ticksPerBeat;
    private final EventPublisher publisher;
    private long lastCount;

    /** @param cadence whole seconds */
    HeartbeatJob(Duration cadence, EventPublisher publisher) {
        this.ticksPerBeat = cadence.toSeconds();
        this.publisher = publisher;
    }

    @Override
    public String name() {
        return "heartbeat";
    }

    @Override
    public Outcome run(Slot slot) {
        if (slot.number() == 0) {
            return Outcome.DONE;
        }
        // a wall clock that was set back repeats slots, never counts
        long count = Math.max(slot.number() * ticksPerBeat, lastCount + ticksPerBeat);
        publisher.publish(new Event.Heartbeat(slot.at(), count));
        lastCount = count;
        return Outcome.DONE;
    }
}

package dev.cutover.jobs;

/** Emits every account's positions, valued as its balance is in the same slot. */
record PositionsJob(Valuations valuations, EventPublisher publisher) implements Job {

    @Override
    public String name() {
        return "positions";
    }

    @Override
    public Outcome run(Slot slot) {
        valuations.at(slot.at()).positions().forEach(publisher::publish);
        return Outcome.DONE;
    }
}

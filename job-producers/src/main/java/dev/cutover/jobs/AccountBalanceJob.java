package dev.cutover.jobs;

/** Emits every account's balance, valued as its positions are in the same slot. */
record AccountBalanceJob(Valuations valuations, EventPublisher publisher) implements Job {

    @Override
    public String name() {
        return "account-balance";
    }

    @Override
    public Outcome run(Slot slot) {
        valuations.at(slot.at()).balances().forEach(publisher::publish);
        return Outcome.DONE;
    }
}

package dev.cutover.schema;

/** When the jobs of an event type are bound to emit; outside of it silence is nothing to complain of. */
public sealed interface ActiveHours {
    /** At any time. */
    record Always() implements ActiveHours {}

    /**
     * While a market is not closed: from its pre-open to its last close, but for its breaks.
     *
     * @param name the market's, as {@link MarketCalendar.Market#country} has it
     */
    record Market(String name) implements ActiveHours {}
}

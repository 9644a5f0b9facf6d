package dev.cutover.jobs;

import dev.cutover.schema.Event;
import dev.cutover.schema.MarketCalendar;
import dev.cutover.schema.MarketClock;

/** Emits where every market of the calendar stands, by the wall clock. */
record MarketStatusJob(MarketCalendar calendar, EventPublisher publisher) implements Job {

    @Override
    public String name() {
        return "market-status";
    }

    @Override
    public Outcome run(Slot slot) {
        for (MarketCalendar.Market market : calendar.markets()) {
            MarketClock.Reading reading = MarketClock.read(market, slot.at());
            publisher.publish(new Event.MarketStatus(
                    market.id(), market.country(), reading.status(), reading.secondsToNextEvent(), slot.at()));
        }
        return Outcome.DONE;
    }
}

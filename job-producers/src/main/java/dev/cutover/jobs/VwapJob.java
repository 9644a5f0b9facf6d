package dev.cutover.jobs;

import dev.cutover.schema.Event;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.Supplier;

/** Emits each symbol's average price of its day so far, at the source's time; as soon as there is a price. */
record VwapJob(String country, Supplier<MarketState> market, EventPublisher publisher) implements Job {

    @Override
    public String name() {
        return "vwap";
    }

    @Override
    public Outcome run(Slot slot) {
        MarketState state = market.get();
        Instant at = state.sourceTime().truncatedTo(ChronoUnit.SECONDS);
        state.quotes()
                .forEach((symbol, quote) ->
                        publisher.publish(new Event.VwapUpdate(country, symbol, quote.vwap(), quote.dayVolume(), at)));
        return state.quotes().isEmpty() ? Outcome.NOT_YET : Outcome.DONE;
    }
}

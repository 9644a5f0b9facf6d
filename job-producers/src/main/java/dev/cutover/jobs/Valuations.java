package dev.cutover.jobs;

import dev.cutover.jobs.Portfolio.Valuation;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * One valuation for each slot, whichever job asks first: balances and positions with one timestamp agree exactly, although two
 * threads emit them. Any thread may ask.
 */
final class Valuations {
    /** A job that is late by more slots than these may get other prices than its sibling had. */
    private static final int REMEMBERED = 8;

    private final Portfolio portfolio;
    private final Supplier<MarketState> market;
    /** Newest first; replaced as a whole, so that of two threads that value one slot the slower takes the faster's. */
    private final AtomicReference<List<Valuation>> remembered = new AtomicReference<>(List.of());

    Valuations(Portfolio portfolio, Supplier<MarketState> market) {
        this.portfolio = portfolio;
        this.market = market;
    }

    Valuation at(Instant slot) {
        while (true) {
            List<Valuation> known = remembered.get();
            Optional<Valuation> there =
                    known.stream().filter(each -> each.at().equals(slot)).findFirst();
            if (there.isPresent()) {
                return there.get();
            }
            Valuation made = portfolio.value(market.get(), slot);
            List<Valuation> next = Stream.concat(Stream.of(made), known.stream())
                    .limit(REMEMBERED)
                    .toList();
            if (remembered.compareAndSet(known, next)) {
                return made;
            }
        }
    }
}

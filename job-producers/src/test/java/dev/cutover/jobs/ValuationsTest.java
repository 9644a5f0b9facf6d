package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.jobs.MarketState.Quote;
import dev.cutover.jobs.Portfolio.Valuation;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class ValuationsTest {
    private static final Instant SLOT = Instant.parse("2026-01-05T15:30:10Z");

    private final AtomicInteger price = new AtomicInteger(450);
    private final Valuations valuations = new Valuations(new Portfolio(42, 3), this::movingMarket);

    @Test
    void bothJobsGetOneValuationOfASlotAlthoughPricesMove() {
        Valuation first = valuations.at(SLOT);

        assertThat(valuations.at(SLOT)).isSameAs(first);
        assertThat(valuations.at(SLOT.plusSeconds(10))).isNotEqualTo(first);
    }

    @Test
    void aJobThatIsLateStillGetsItsSlotsValuation() {
        Valuation early = valuations.at(SLOT);
        for (int later = 1; later < 8; later++) {
            valuations.at(SLOT.plusSeconds(10L * later));
        }

        assertThat(valuations.at(SLOT)).isSameAs(early);
    }

    @Test
    void threadsThatRaceForASlotGetTheSame() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (int slot = 0; slot < 500; slot++) {
                Instant at = SLOT.plusSeconds(slot);
                Callable<Valuation> ask = () -> valuations.at(at);
                List<Future<Valuation>> answers = threads.invokeAll(List.of(ask, ask, ask, ask));
                Valuation first = answers.get(0).get();
                for (Future<Valuation> answer : answers) {
                    assertThat(answer.get()).isSameAs(first);
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Another price each time it is asked. */
    private MarketState movingMarket() {
        String now = price.getAndIncrement() + ".00";
        return new MarketState(
                SLOT,
                Map.of(
                        "SPY",
                        Quote.first(new BigDecimal("450.00"), Given.bar("SPY", "2026-01-05T15:30:00Z", now, false))));
    }
}

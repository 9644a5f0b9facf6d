package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.cutover.jobs.MarketState.Quote;
import dev.cutover.jobs.Portfolio.Valuation;
import dev.cutover.schema.Event;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class PortfolioTest {
    private static final Instant AT = Instant.parse("2026-01-05T15:30:10Z");
    private static final MarketState MARKET =
            market(Map.of("SPY", "452.75", "MSFT", "55.5299", "BTC-USD", "63636.78", "TINY", "0.00001234"));

    @Test
    void portfolioValueIsCashPlusPositionsToTheLastDigit() {
        for (long seed = 0; seed < 50; seed++) {
            Valuation valuation = new Portfolio(seed, 20).value(MARKET, AT);
            for (int i = 0; i < 20; i++) {
                Event.AccountBalance balance = valuation.balances().get(i);
                BigDecimal sum = balance.cash();
                for (Event.Position position : valuation.positions().get(i).positions()) {
                    sum = sum.add(position.quantity().multiply(position.currentPrice()));
                }
                assertThat(balance.portfolioValue()).isEqualByComparingTo(sum);
                assertThat(balance.buyingPower())
                        .isEqualByComparingTo(balance.cash().multiply(BigDecimal.valueOf(2)));
            }
        }
    }

    @Test
    void profitIsQuantityTimesTheDifferenceOfPrices() {
        assertThat(new Portfolio(42, 3).value(MARKET, AT).positions())
                .flatExtracting(Event.Positions::positions)
                .hasSizeGreaterThan(4)
                .allSatisfy(position -> assertThat(position.pnl())
                        .isEqualByComparingTo(position.quantity()
                                .multiply(position.currentPrice().subtract(position.entryPrice()))));
    }

    @Test
    void moneyHasAtLeastTwoDecimals() {
        Valuation valuation = new Portfolio(42, 3).value(market(Map.of("SPY", "450.00")), AT);

        assertThat(valuation.balances()).allSatisfy(balance -> {
            assertThat(balance.cash().scale()).isEqualTo(2);
            assertThat(balance.buyingPower().scale()).isEqualTo(2);
            assertThat(balance.portfolioValue().scale()).isEqualTo(2);
        });
    }

    @Test
    void accountsCountUpFrom123() {
        Valuation valuation = new Portfolio(42, 3).value(MARKET, AT);

        assertThat(valuation.balances())
                .extracting(Event.AccountBalance::accountId, Event.AccountBalance::accountNumber)
                .containsExactly(tuple(123L, "ACC12345"), tuple(124L, "ACC12346"), tuple(125L, "ACC12347"));
        assertThat(valuation.positions()).extracting(Event.Positions::accountId).containsExactly(123L, 124L, 125L);
        assertThat(valuation.positions())
                .allMatch(positions -> positions.timestamp().equals(AT));
    }

    @Test
    void positionsStayTheSameWhenPricesMove() {
        Portfolio portfolio = new Portfolio(42, 3);
        Quote before = MARKET.quotes().get("SPY");
        MarketState moved = new MarketState(
                AT, Map.of("SPY", before.after(Given.bar("SPY", "2026-01-05T15:31:00Z", "460.00", false))));

        Event.Position then = spy(portfolio.value(MARKET, AT));
        Event.Position now = spy(portfolio.value(moved, AT));

        assertThat(now.quantity()).isEqualTo(then.quantity());
        assertThat(now.entryPrice()).isEqualTo(then.entryPrice());
        assertThat(now.currentPrice()).hasToString("460.00");
    }

    @Test
    void withoutAnyPriceAnAccountIsItsCash() {
        Valuation valuation = new Portfolio(42, 3).value(MarketState.EMPTY, AT);

        assertThat(valuation.balances()).hasSize(3).allSatisfy(balance -> assertThat(balance.portfolioValue())
                .isEqualByComparingTo(balance.cash()));
        assertThat(valuation.positions()).hasSize(3).allMatch(each -> each.positions()
                .isEmpty());
    }

    @Test
    void theFirstAccountHoldsOfEverySymbol() {
        for (long seed = 0; seed < 50; seed++) {
            assertThat(new Portfolio(seed, 1)
                            .value(MARKET, AT)
                            .positions()
                            .get(0)
                            .positions())
                    .extracting(Event.Position::symbol)
                    .containsExactly("BTC-USD", "MSFT", "SPY", "TINY");
        }
    }

    private static Event.Position spy(Valuation valuation) {
        return valuation.positions().get(0).positions().stream()
                .filter(position -> position.symbol().equals("SPY"))
                .findFirst()
                .orElseThrow();
    }

    private static MarketState market(Map<String, String> prices) {
        Map<String, Quote> quotes = new HashMap<>();
        prices.forEach((symbol, price) -> quotes.put(
                symbol, Quote.first(new BigDecimal(price), Given.bar(symbol, "2026-01-05T15:30:00Z", price, false))));
        return new MarketState(AT, quotes);
    }
}

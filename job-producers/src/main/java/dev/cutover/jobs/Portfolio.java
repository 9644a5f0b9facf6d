package dev.cutover.jobs;

import dev.cutover.jobs.MarketState.Quote;
import dev.cutover.schema.Event;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Accounts with fixed positions, grown from a seed, in whatever symbols the source has. Pure and immutable: the same seed and
 * market state give the same values.
 *
 * <p>Money has two decimals, and more where the product of quantity and price needs them: nothing is rounded, so that sums
 * agree to the last digit.
 *
 * @param accounts how many; 0 or more
 */
record Portfolio(long seed, int accounts) {
    private static final long FIRST_ID = 123;
    private static final long FIRST_NUMBER = 12_345;
    private static final int MONEY_SCALE = 2;
    private static final BigDecimal TWO = BigDecimal.valueOf(2);

    /** One in this many positions is left out, so that accounts differ. */
    private static final double LEFT_OUT = 0.25;

    /** All accounts at one instant; balances and positions hang together. */
    record Valuation(Instant at, List<Event.AccountBalance> balances, List<Event.Positions> positions) {
        Valuation {
            balances = List.copyOf(balances);
            positions = List.copyOf(positions);
        }
    }

    private record Holding(BigDecimal quantity, BigDecimal entryPrice) {}

    /** Values every account at the market's last prices; a symbol without a price is left out. */
    Valuation value(MarketState market, Instant at) {
        Map<String, Quote> quotes = new TreeMap<>(market.quotes());
        List<Event.AccountBalance> balances = new ArrayList<>();
        List<Event.Positions> positions = new ArrayList<>();
        for (int account = 0; account < accounts; account++) {
            List<Event.Position> held = positions(account, quotes);
            BigDecimal cash = cash(account);
            BigDecimal value = held.stream()
                    .map(position -> position.quantity().multiply(position.currentPrice()))
                    .reduce(cash, BigDecimal::add);
            long id = FIRST_ID + account;
            balances.add(new Event.AccountBalance(
                    id, "ACC" + (FIRST_NUMBER + account), cash, cash.multiply(TWO), money(value), at));
            positions.add(new Event.Positions(id, held, at));
        }
        return new Valuation(at, balances, positions);
    }

    private List<Event.Position> positions(int account, Map<String, Quote> quotes) {
        List<Event.Position> positions = new ArrayList<>();
        quotes.forEach((symbol, quote) -> holding(account, symbol, quote.reference())
                .ifPresent(holding -> positions.add(new Event.Position(
                        symbol,
                        holding.quantity(),
                        holding.entryPrice(),
                        quote.lastPrice(),
                        money(holding.quantity().multiply(quote.lastPrice().subtract(holding.entryPrice())))))));
        return positions;
    }

    private BigDecimal cash(int account) {
        double dollars = Math.floor(of(account).between(20_000, 100_000, 0));
        return BigDecimal.valueOf((long) dollars).setScale(MONEY_SCALE);
    }

    /** What the account holds of a symbol; the first one holds of every symbol, so that a single one shows a position. */
    private Optional<Holding> holding(int account, String symbol, BigDecimal reference) {
        Seeded numbers = of(account).at(symbol);
        if (reference.signum() <= 0 || (account > 0 && numbers.unit(0) < LEFT_OUT)) {
            return Optional.empty();
        }
        BigDecimal worth = BigDecimal.valueOf(numbers.between(5_000, 50_000, 1));
        // two digits are as precise as people trade: 340 shares, or 0.52 of a coin
        BigDecimal quantity = worth.divide(reference, new MathContext(2, RoundingMode.HALF_UP));
        BigDecimal entry = reference
                .multiply(BigDecimal.valueOf(numbers.between(0.95, 1.05, 2)))
                .setScale(Math.max(MONEY_SCALE, reference.scale()), RoundingMode.HALF_UP);
        return Optional.of(new Holding(plain(quantity), entry));
    }

    private Seeded of(int account) {
        return Seeded.of(seed).at("account").at(account);
    }

    private static BigDecimal money(BigDecimal exact) {
        BigDecimal shortest = exact.stripTrailingZeros();
        return shortest.scale() < MONEY_SCALE ? shortest.setScale(MONEY_SCALE) : shortest;
    }

    /** 3.4E+2 as 340. */
    private static BigDecimal plain(BigDecimal number) {
        BigDecimal shortest = number.stripTrailingZeros();
        return shortest.scale() < 0 ? shortest.setScale(0) : shortest;
    }
}

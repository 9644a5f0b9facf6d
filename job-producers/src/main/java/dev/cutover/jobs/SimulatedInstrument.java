package dev.cutover.jobs;

import dev.cutover.schema.Event.IntradayBar;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * One symbol of the simulation. Its price is known at every second: a base price times the exponential of several smooth noises,
 * slow and large to fast and small, so that it wanders and never runs away. A bar sums up the seconds of its minute. Pure and
 * immutable.
 *
 * @param volumeScale decimals of its volumes; 0 where it trades in whole numbers
 * @param unitsPerSecond mean volume of a second, in the smallest unit of that scale
 */
record SimulatedInstrument(
        String symbol, BigDecimal basePrice, int volumeScale, double unitsPerSecond, Seeded prices, Seeded volumes) {
    private static final int SECONDS_PER_MINUTE = 60;
    private static final int PRICE_SCALE = 2;
    private static final int COIN_SCALE = 4;

    /** Where a well-known symbol's price is expected to lie; any other's comes from its name. */
    private static final Map<String, String> KNOWN_PRICES =
            Map.of("SPY", "450.00", "QQQ", "380.00", "AAPL", "190.00", "MSFT", "420.00", "BTC-USD", "65000.00");

    /** @param amplitude the most by which it moves the price, as a share of it */
    private record Wave(long periodSeconds, double amplitude) {}

    private static final List<Wave> WAVES = List.of(
            new Wave(5 * 86_400, 0.05),
            new Wave(43_200, 0.015),
            new Wave(7_200, 0.006),
            new Wave(1_200, 0.0025),
            new Wave(180, 0.0008),
            new Wave(20, 0.0003),
            new Wave(2, 0.0001));
    private static final double ACTIVITY_PERIOD_SECONDS = 1_800;

    static SimulatedInstrument of(String symbol, long seed) {
        Seeded numbers = Seeded.of(seed).at(symbol);
        String known = KNOWN_PRICES.get(symbol);
        BigDecimal base = known == null
                ? BigDecimal.valueOf(Math.round(numbers.between(2_000, 50_000, 0)), PRICE_SCALE)
                : new BigDecimal(known);
        // a pair such as BTC-USD or EUR/USD
        boolean coin = symbol.contains("-") || symbol.contains("/");
        return new SimulatedInstrument(
                symbol,
                base,
                coin ? COIN_SCALE : 0,
                coin ? numbers.between(200, 2_000, 1) : numbers.between(500, 20_000, 1),
                numbers.at("price"),
                numbers.at("volume"));
    }

    IntradayBar closedBar(String country, Instant minute) {
        return bar(country, minute, SECONDS_PER_MINUTE, true);
    }

    /** @param seconds how many of the minute's seconds have begun; 1 to 60 */
    IntradayBar bar(String country, Instant minute, int seconds) {
        return bar(country, minute, seconds, false);
    }

    private IntradayBar bar(String country, Instant minute, int seconds, boolean closed) {
        long first = minute.getEpochSecond();
        long open = cents(first);
        long high = open;
        long low = open;
        long close = open;
        long units = units(first);
        for (long second = first + 1; second < first + seconds; second++) {
            close = cents(second);
            high = Math.max(high, close);
            low = Math.min(low, close);
            units += units(second);
        }
        return new IntradayBar(
                country,
                symbol,
                minute,
                price(open),
                price(high),
                price(low),
                price(close),
                BigDecimal.valueOf(units, volumeScale),
                closed);
    }

    private long cents(long second) {
        double moved = 0;
        for (int i = 0; i < WAVES.size(); i++) {
            Wave wave = WAVES.get(i);
            moved += wave.amplitude() * prices.at(i).noise((double) second / wave.periodSeconds());
        }
        // StrictMath: the last bit of Math.exp may differ between processors
        double cents = basePrice.unscaledValue().doubleValue() * StrictMath.exp(moved);
        return Math.max(1, Math.round(cents));
    }

    private long units(long second) {
        double activity = 1 + 0.7 * volumes.noise(second / ACTIVITY_PERIOD_SECONDS);
        return Math.round(unitsPerSecond * activity * volumes.at("second").between(0, 2, second));
    }

    private static BigDecimal price(long cents) {
        return BigDecimal.valueOf(cents, PRICE_SCALE);
    }
}

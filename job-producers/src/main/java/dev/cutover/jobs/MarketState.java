package dev.cutover.jobs;

import dev.cutover.schema.Event.IntradayBar;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/**
 * What the bars have said so far. Immutable: the intraday job's thread publishes a new one at each tick, the other jobs read
 * it.
 *
 * @param sourceTime the source's time at the tick
 */
record MarketState(Instant sourceTime, Map<String, Quote> quotes) {
    /** Before the first tick: no symbol has a price. */
    static final MarketState EMPTY = new MarketState(Instant.EPOCH, Map.of());

    private static final BigDecimal THREE = BigDecimal.valueOf(3);
    private static final int VWAP_SCALE = 4;

    MarketState {
        quotes = Map.copyOf(quotes);
    }

    /**
     * One symbol: its newest bar, and what the bars of that bar's UTC day that have closed add up to.
     *
     * @param reference a price that the symbol once had; see {@link Source#referencePrice}
     * @param newest the newest bar, open or closed
     * @param closedThrough the start of the last minute that is counted below; null before the first
     * @param turnoverTimesThree sum of (high + low + close) × volume: exact, since it is divided only at the end
     */
    record Quote(
            BigDecimal reference,
            IntradayBar newest,
            Instant closedThrough,
            BigDecimal turnoverTimesThree,
            BigDecimal volume) {

        static Quote first(BigDecimal reference, IntradayBar bar) {
            return new Quote(reference, bar, null, BigDecimal.ZERO, BigDecimal.ZERO).after(bar);
        }

        /** With one more bar, not older than the newest; each minute is counted once, however often its bar comes. */
        Quote after(IntradayBar bar) {
            boolean sameDay = day(bar).equals(day(newest));
            BigDecimal turnover = sameDay ? turnoverTimesThree : BigDecimal.ZERO;
            BigDecimal traded = sameDay ? volume : BigDecimal.ZERO;
            boolean counted = closedThrough != null && !bar.timestampMinute().isAfter(closedThrough);
            if (!bar.closed() || counted) {
                return new Quote(reference, bar, closedThrough, turnover, traded);
            }
            return new Quote(
                    reference, bar, bar.timestampMinute(), turnover.add(turnover(bar)), traded.add(bar.volume()));
        }

        BigDecimal lastPrice() {
            return newest.close();
        }

        /** The volume of the day so far, the open bar included. */
        BigDecimal dayVolume() {
            return newest.closed() ? volume : volume.add(newest.volume());
        }

        /** Typical prices (the mean of high, low and close) weighted by volume; before any volume, the newest one. */
        BigDecimal vwap() {
            BigDecimal day = dayVolume();
            int scale = Math.max(VWAP_SCALE, newest.close().scale());
            if (day.signum() == 0) {
                return pricesSum(newest).divide(THREE, scale, RoundingMode.HALF_UP);
            }
            BigDecimal turnover = newest.closed() ? turnoverTimesThree : turnoverTimesThree.add(turnover(newest));
            return turnover.divide(THREE.multiply(day), scale, RoundingMode.HALF_UP);
        }

        private static BigDecimal turnover(IntradayBar bar) {
            return pricesSum(bar).multiply(bar.volume());
        }

        private static BigDecimal pricesSum(IntradayBar bar) {
            return bar.high().add(bar.low()).add(bar.close());
        }

        private static Instant day(IntradayBar bar) {
            return bar.timestampMinute().truncatedTo(ChronoUnit.DAYS);
        }
    }
}

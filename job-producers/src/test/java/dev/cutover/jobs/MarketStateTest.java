package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.jobs.MarketState.Quote;
import dev.cutover.schema.Event.IntradayBar;
import java.math.BigDecimal;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class MarketStateTest {

    @Test
    void vwapAgreesWithTheCalculationByHand() {
        // typical prices 451, 452.5 and 454 (sums 1353, 1357.5, 1362), volumes 100, 300 and 50
        Quote quote = quote(
                bar("2026-01-05T15:30:00Z", "453", "449", "451", "100", true),
                bar("2026-01-05T15:31:00Z", "454", "451", "452.5", "300", true),
                bar("2026-01-05T15:32:00Z", "455", "453", "454", "50", false));

        // (451 × 100 + 452.5 × 300 + 454 × 50) / 450 = 203550 / 450
        assertThat(quote.vwap()).isEqualByComparingTo("452.3333");
        assertThat(quote.dayVolume()).isEqualByComparingTo("450");
        assertThat(quote.lastPrice()).isEqualByComparingTo("454");
    }

    @Test
    void eachMinuteCountsOnceHoweverOftenItsBarComes() {
        IntradayBar open = bar("2026-01-05T15:30:00Z", "453", "449", "451", "40", false);
        IntradayBar fuller = bar("2026-01-05T15:30:00Z", "453", "449", "451", "80", false);
        IntradayBar closed = bar("2026-01-05T15:30:00Z", "453", "449", "451", "100", true);

        assertThat(quote(open, open, fuller).dayVolume()).isEqualByComparingTo("80");
        assertThat(quote(open, fuller, closed, closed, closed).dayVolume()).isEqualByComparingTo("100");
    }

    @Test
    void aNewDayBeginsAnew() {
        IntradayBar evening = bar("2026-01-05T23:59:00Z", "453", "449", "451", "100", true);
        IntradayBar morning = bar("2026-01-06T00:00:00Z", "463", "459", "461", "7", false);

        Quote quote = quote(evening, morning);

        assertThat(quote.vwap()).isEqualByComparingTo("461");
        assertThat(quote.dayVolume()).isEqualByComparingTo("7");
    }

    @Test
    void aBarThatClosesAfterMidnightBelongsToItsOwnDay() {
        IntradayBar open = bar("2026-01-05T23:59:00Z", "453", "449", "451", "100", false);
        IntradayBar closed = bar("2026-01-05T23:59:00Z", "453", "449", "451", "100", true);
        IntradayBar morning = bar("2026-01-06T00:02:00Z", "463", "459", "461", "7", true);

        assertThat(quote(open, closed, morning).dayVolume()).isEqualByComparingTo("7");
    }

    @Test
    void withoutVolumeTheAverageIsTheTypicalPrice() {
        assertThat(quote(bar("2026-01-05T15:30:00Z", "453", "449", "451", "0", false))
                        .vwap())
                .isEqualByComparingTo("451");
    }

    @Test
    void theAverageHasAsManyDigitsAsThePrice() {
        Quote quote = quote(bar("2026-01-05T15:30:00Z", "0.00001236", "0.00001230", "0.00001234", "3.5", true));

        assertThat(quote.vwap().toPlainString()).isEqualTo("0.00001233");
    }

    private static Quote quote(IntradayBar first, IntradayBar... more) {
        Quote quote = Quote.first(BigDecimal.ONE, first);
        for (IntradayBar bar : more) {
            quote = quote.after(bar);
        }
        return quote;
    }

    private static IntradayBar bar(
            String minute, String high, String low, String close, String volume, boolean closed) {
        return new IntradayBar(
                "USA",
                "SPY",
                Instant.parse(minute),
                new BigDecimal(low),
                new BigDecimal(high),
                new BigDecimal(low),
                new BigDecimal(close),
                new BigDecimal(volume),
                closed);
    }
}

package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.Event.AccountBalance;
import dev.cutover.schema.Event.Heartbeat;
import dev.cutover.schema.Event.IntradayBar;
import dev.cutover.schema.Event.MarketStatus;
import dev.cutover.schema.Event.Position;
import dev.cutover.schema.Event.Positions;
import dev.cutover.schema.Event.VwapUpdate;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The golden files: each holds one encoding and one line feed. An event's file is named after its type. */
final class Golden {
    private static final Instant SEED_TIME = Instant.parse("2025-12-19T15:30:00Z");

    private Golden() {}

    /** The events of {@code golden/}, by file; the first of each type is the example of the old system's own documents. */
    static Map<String, Event> events() {
        Map<String, Event> events = new LinkedHashMap<>();
        events.put(
                "account_balance",
                new AccountBalance(123, "ACC12345", n("50000.00"), n("100000.00"), n("150000.00"), SEED_TIME));
        events.put(
                "account_balance-overdrawn",
                new AccountBalance(
                        Long.MAX_VALUE,
                        "Müller & Söhne — 口座 №7 😀",
                        n("-0.01"),
                        n("0"),
                        n("-12.5"),
                        Instant.parse("2025-12-19T15:30:00.123Z")));
        events.put(
                "account_balance-tiny-and-huge",
                new AccountBalance(
                        1,
                        "\"quoted\"\\\n",
                        n("1E-40"),
                        n("9999999999999999999999999999999999999999"),
                        n("1234567890123456789012345678.000000001"),
                        Instant.parse("9999-12-31T23:59:59.999999999Z")));
        events.put(
                "positions",
                new Positions(
                        123, List.of(new Position("SPY", n("100"), n("450.00"), n("455.00"), n("500.00"))), SEED_TIME));
        events.put("positions-empty", new Positions(124, List.of(), SEED_TIME));
        events.put(
                "positions-short-and-fractional",
                new Positions(
                        125,
                        List.of(
                                new Position("MSFT", n("-40"), n("55.10"), n("54.48"), n("24.80")),
                                new Position("BTC/USD", n("0.00012345"), n("9.7E+4"), n("96000.5"), n("-0.123388275"))),
                        Instant.parse("2025-12-19T15:30:10.500Z")));
        events.put(
                "intraday_bar",
                new IntradayBar(
                        "USA",
                        "SPY",
                        SEED_TIME,
                        n("450.00"),
                        n("455.50"),
                        n("449.50"),
                        n("453.00"),
                        n("1250000"),
                        false));
        events.put(
                "intraday_bar-final",
                new IntradayBar(
                        "USA",
                        "MSFT",
                        Instant.parse("2016-01-04T14:30:00Z"),
                        n("54.32"),
                        n("54.32"),
                        n("54.32"),
                        n("54.32"),
                        n("0"),
                        true));
        events.put(
                "intraday_bar-fractional-volume",
                new IntradayBar(
                        "Japan",
                        "BTC/JPY",
                        Instant.parse("2025-12-19T00:00:00Z"),
                        n("1.5E+7"),
                        n("15000000.1"),
                        n("14999999.9"),
                        n("15000000.0"),
                        n("1E-8"),
                        true));
        events.put("vwap_update", new VwapUpdate("USA", "SPY", n("452.1875"), n("1250000"), SEED_TIME));
        events.put(
                "vwap_update-fractional",
                new VwapUpdate(
                        "Deutschland",
                        "EUR/USD",
                        n("1.08765432109876"),
                        n("1250000.75"),
                        Instant.parse("2025-12-19T15:30:00.000001Z")));
        events.put("market_status", new MarketStatus(1, "USA", MarketStatus.Status.OPEN, 7200, SEED_TIME));
        events.put(
                "market_status-closed",
                new MarketStatus(
                        Integer.MAX_VALUE,
                        "México",
                        MarketStatus.Status.CLOSED,
                        0,
                        Instant.parse("2025-12-19T15:30:00.100Z")));
        events.put("market_status-preopen", new MarketStatus(6, "Pre_USA", MarketStatus.Status.PREOPEN, 1, SEED_TIME));
        events.put(
                "market_status-preclose",
                new MarketStatus(5, "United Kingdom", MarketStatus.Status.PRECLOSE, 900, SEED_TIME));
        events.put("heartbeat", new Heartbeat(SEED_TIME, 30));
        events.put("heartbeat-first", new Heartbeat(Instant.parse("2025-12-19T15:29:30.007Z"), 0));
        return events;
    }

    /** The file's text without its line feed. */
    static String text(String file) {
        try (InputStream in = Golden.class.getResourceAsStream("/" + file)) {
            assertThat(in).as("golden file " + file).isNotNull();
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(text).as("golden file " + file).endsWith("\n");
            return text.substring(0, text.length() - 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The encoding of the golden event of that file. */
    static String event(String file) {
        return text("golden/" + file + ".json");
    }

    private static BigDecimal n(String number) {
        return new BigDecimal(number);
    }
}

package dev.cutover.schema;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;

/**
 * One event of the dashboard: what a job says and a subscriber reads as {@code data}. Each record refuses values that
 * break its rules with an {@link InvalidEventException} that names the field and the value.
 *
 * <p>Money, prices and quantities are {@link BigDecimal} and keep their scale on the wire; instants are UTC.
 */
public sealed interface Event {

    /** The event's type on the wire, for example {@code account_balance}. */
    String type();

    /** The business key, as text: events of one type and key replace each other, or extend one series. */
    String key();

    /**
     * What one account holds, in the account's currency.
     *
     * @param buyingPower not negative
     * @param portfolioValue cash plus the value of all positions
     */
    record AccountBalance(
            long accountId,
            String accountNumber,
            BigDecimal cash,
            BigDecimal buyingPower,
            BigDecimal portfolioValue,
            Instant timestamp)
            implements Event {
        public static final String TYPE = "account_balance";

        public AccountBalance {
            EventRules rules = new EventRules(TYPE);
            rules.positive("account_id", accountId);
            rules.text("account_number", accountNumber);
            cash = rules.number("cash", cash);
            buyingPower = rules.notNegative("buying_power", buyingPower);
            portfolioValue = rules.number("portfolio_value", portfolioValue);
            rules.instant("timestamp", timestamp);
        }

        @Override
        public String type() {
            return TYPE;
        }

        @Override
        public String key() {
            return Long.toString(accountId);
        }
    }

    /** All positions of one account; an account without any has an empty list. */
    record Positions(long accountId, List<Position> positions, Instant timestamp) implements Event {
        public static final String TYPE = "positions";

        public Positions {
            EventRules rules = new EventRules(TYPE);
            rules.positive("account_id", accountId);
            rules.present("positions", positions);
            positions.forEach(position -> rules.present("positions[]", position));
            rules.instant("timestamp", timestamp);
            positions = List.copyOf(positions);
        }

        @Override
        public String type() {
            return TYPE;
        }

        @Override
        public String key() {
            return Long.toString(accountId);
        }
    }

    /**
     * What an account holds of one symbol.
     *
     * @param quantity negative for a short position
     * @param pnl quantity times the difference of current and entry price
     */
    record Position(
            String symbol, BigDecimal quantity, BigDecimal entryPrice, BigDecimal currentPrice, BigDecimal pnl) {
        public Position {
            EventRules rules = new EventRules(Positions.TYPE);
            rules.text("positions.symbol", symbol);
            quantity = rules.number("positions.quantity", quantity);
            entryPrice = rules.notNegative("positions.entry_price", entryPrice);
            currentPrice = rules.notNegative("positions.current_price", currentPrice);
            pnl = rules.number("positions.pnl", pnl);
        }
    }

    /**
     * One minute of trading in one symbol.
     *
     * @param timestampMinute the minute's start, on a whole minute
     * @param volume not negative; fractional for some instruments
     * @param closed {@code final} on the wire: false while the minute is open, true once it has closed
     */
    record IntradayBar(
            String country,
            String symbol,
            Instant timestampMinute,
            BigDecimal open,
            BigDecimal high,
            BigDecimal low,
            BigDecimal close,
            BigDecimal volume,
            @JsonProperty("final") boolean closed)
            implements Event {
        public static final String TYPE = "intraday_bar";

        public IntradayBar {
            EventRules rules = new EventRules(TYPE);
            rules.text("country", country);
            rules.text("symbol", symbol);
            rules.instant("timestamp_minute", timestampMinute);
            rules.holds(
                    timestampMinute.equals(timestampMinute.truncatedTo(ChronoUnit.MINUTES)),
                    "timestamp_minute",
                    timestampMinute,
                    "must be on a whole minute");
            open = rules.notNegative("open", open);
            high = rules.notNegative("high", high);
            low = rules.notNegative("low", low);
            close = rules.notNegative("close", close);
            volume = rules.notNegative("volume", volume);
            rules.holds(high.compareTo(open.max(close)) >= 0, "high", high, "must not be below open or close");
            rules.holds(low.compareTo(open.min(close)) <= 0, "low", low, "must not be above open or close");
        }

        @Override
        public String type() {
            return TYPE;
        }

        @Override
        public String key() {
            return symbol;
        }
    }

    /**
     * The volume-weighted average price of one symbol's trading day so far.
     *
     * @param volume the volume that the average is taken over; not negative
     */
    record VwapUpdate(String country, String symbol, BigDecimal vwap, BigDecimal volume, Instant timestamp)
            implements Event {
        public static final String TYPE = "vwap_update";

        public VwapUpdate {
            EventRules rules = new EventRules(TYPE);
            rules.text("country", country);
            rules.text("symbol", symbol);
            vwap = rules.notNegative("vwap", vwap);
            volume = rules.notNegative("volume", volume);
            rules.instant("timestamp", timestamp);
        }

        @Override
        public String type() {
            return TYPE;
        }

        @Override
        public String key() {
            return symbol;
        }
    }

    /**
     * Whether one market trades, and for how long that still holds.
     *
     * @param secondsToNextEvent seconds until the status changes next; not negative
     */
    record MarketStatus(int marketId, String country, Status status, long secondsToNextEvent, Instant timestamp)
            implements Event {
        public static final String TYPE = "market_status";

        /** A market's state; the two in the middle are the windows before its open and before its close. */
        public enum Status {
            OPEN,
            CLOSED,
            PREOPEN,
            PRECLOSE;

            /** Jackson by itself would take {@code " OPEN"} too. */
            @JsonCreator
            static Status fromWireName(String name) {
                for (Status status : values()) {
                    if (status.name().equals(name)) {
                        return status;
                    }
                }
                throw new InvalidEventException(TYPE, "status", name, "must be one of " + Arrays.toString(values()));
            }
        }

        public MarketStatus {
            EventRules rules = new EventRules(TYPE);
            rules.positive("market_id", marketId);
            rules.text("country", country);
            rules.present("status", status);
            rules.notNegative("seconds_to_next_event", secondsToNextEvent);
            rules.instant("timestamp", timestamp);
        }

        @Override
        public String type() {
            return TYPE;
        }

        @Override
        public String key() {
            return Integer.toString(marketId);
        }
    }

    /**
     * A sign of life of the jobs, for everyone.
     *
     * @param heartbeatCount the ticks of one second since the jobs started; not negative
     */
    record Heartbeat(Instant timestamp, long heartbeatCount) implements Event {
        public static final String TYPE = "heartbeat";

        /** All heartbeats share one key: the last one replaces those before it. */
        public static final String KEY = "heartbeat";

        public Heartbeat {
            EventRules rules = new EventRules(TYPE);
            rules.instant("timestamp", timestamp);
            rules.notNegative("heartbeat_count", heartbeatCount);
        }

        @Override
        public String type() {
            return TYPE;
        }

        @Override
        public String key() {
            return KEY;
        }
    }
}

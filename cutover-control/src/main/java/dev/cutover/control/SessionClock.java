package dev.cutover.control;

import dev.cutover.schema.Durations;
import dev.cutover.schema.MarketCalendar;
import dev.cutover.schema.MarketCalendar.Market;
import dev.cutover.schema.MarketClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Tells to which session a moment belongs: a trading day of one market, or a window of fixed length, of which one begins at
 * the epoch. Immutable; any thread.
 */
public sealed interface SessionClock {
    /** The prefix of a setting that names a market. */
    String MARKET = "market:";

    Duration SHORTEST = Duration.ofSeconds(5);

    /**
     * A stretch of time over which evidence is added up.
     *
     * @param id says what kind it is and when it began: {@code 30s@2026-11-28T15:30:00Z}, {@code USA@2026-11-27T14:30:00Z}
     * @param until the first instant that is not in it
     */
    record Session(String id, Instant from, Instant until) {}

    /** The session that holds an instant; empty outside of any. */
    Optional<Session> at(Instant instant);

    /** What the ids of its sessions begin with, and no other clock's. */
    String prefix();

    /** Whether a session is one of this clock's. */
    default boolean has(String sessionId) {
        return sessionId.startsWith(prefix());
    }

    /**
     * The clock of a setting: a duration of 5 s or more, or {@code market:NAME}.
     *
     * @throws IllegalArgumentException when it is neither, or the calendar has no such market
     */
    static SessionClock of(String setting, MarketCalendar calendar) {
        if (setting.startsWith(MARKET)) {
            String name = setting.substring(MARKET.length());
            return new MarketDays(calendar.market(name)
                    .orElseThrow(() -> new IllegalArgumentException("the calendar has no market '" + name + "'; it has "
                            + calendar.markets().stream().map(Market::country).collect(Collectors.joining(", ")))));
        }
        Duration length = Durations.parse(setting);
        if (length.compareTo(SHORTEST) < 0) {
            throw new IllegalArgumentException("must be " + SHORTEST.toSeconds() + "s or more");
        }
        return new FixedWindows(setting.strip(), length);
    }

    /**
     * Windows one after the other, without end.
     *
     * @param name of the length, as the setting has it
     */
    record FixedWindows(String name, Duration length) implements SessionClock {
        @Override
        public Optional<Session> at(Instant instant) {
            long lengthMs = length.toMillis();
            Instant from = Instant.ofEpochMilli(Math.floorDiv(instant.toEpochMilli(), lengthMs) * lengthMs);
            return Optional.of(new Session(prefix() + from, from, from.plus(length)));
        }

        @Override
        public String prefix() {
            return name + "@";
        }
    }

    /** From a market's first open to its last close, breaks included. */
    record MarketDays(Market market) implements SessionClock {
        @Override
        public Optional<Session> at(Instant instant) {
            return MarketClock.tradingDay(market, instant)
                    .map(hours -> new Session(prefix() + hours.open(), hours.open(), hours.close()));
        }

        @Override
        public String prefix() {
            return market.country() + "@";
        }
    }
}

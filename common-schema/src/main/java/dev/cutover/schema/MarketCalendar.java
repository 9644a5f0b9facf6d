package dev.cutover.schema;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The markets and the days and hours on which they trade, as the market calendar file declares them. Immutable, so any
 * thread may read it.
 *
 * <p>The shipped file lists the exchanges' own holidays up to each market's {@code holidays_known_until}; an operator
 * may load a newer one. {@link MarketClock} reads it.
 */
public final class MarketCalendar {

    private static final String SHIPPED = "markets.yaml";

    private final List<Market> markets;

    private MarketCalendar(List<Market> markets) {
        this.markets = List.copyOf(markets);
    }

    /** The calendar that this module ships. */
    public static MarketCalendar shipped() {
        try (InputStream yaml = MarketCalendar.class.getResourceAsStream(SHIPPED)) {
            if (yaml == null) {
                throw new IllegalStateException(SHIPPED + " is missing beside " + MarketCalendar.class.getName()
                        + "; build the common-schema jar again with its resources");
            }
            return new MarketCalendar(new MarketCalendarFile(SHIPPED).read(yaml));
        } catch (IOException e) {
            throw new UncheckedIOException(SHIPPED + " cannot be read from the common-schema jar", e);
        }
    }

    /**
     * Loads an operator's calendar in place of the shipped one.
     *
     * @throws IllegalArgumentException with one line that names the file, the market, the field and the remedy, if the
     *     file cannot be read or anything in it is wrong
     */
    public static MarketCalendar load(Path file) {
        try (InputStream yaml = Files.newInputStream(file)) {
            return new MarketCalendar(new MarketCalendarFile(file.toString()).read(yaml));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    file + ": the market calendar cannot be read ("
                            + e.getClass().getSimpleName() + "); name a file that exists and that this user may read",
                    e);
        }
    }

    /** In the order of the file. */
    public List<Market> markets() {
        return markets;
    }

    /** The market of that country, as the wire names it. */
    public Optional<Market> market(String country) {
        return markets.stream()
                .filter(market -> market.country().equals(country))
                .findFirst();
    }

    /**
     * Whether jobs are bound to emit at an instant.
     *
     * @throws IllegalArgumentException when the calendar does not have the market
     */
    public boolean isActive(ActiveHours hours, Instant at) {
        if (hours instanceof ActiveHours.Market named) {
            Market market = market(named.name())
                    .orElseThrow(() ->
                            new IllegalArgumentException("the market calendar has no market '" + named.name() + "'"));
            return MarketClock.read(market, at).status() != Event.MarketStatus.Status.CLOSED;
        }
        return true;
    }

    /**
     * One market. A <em>trade date</em> is the local date on which a session closes; sessions, holidays, early closes
     * and special days are all counted by it, so that the holiday of a market that trades overnight takes away the
     * evening before.
     *
     * @param id 1 or more, unique; the key of the market's events
     * @param country the name on the wire, unique
     * @param timeZone whose wall clock the times are read on
     * @param weekly by the weekday of the trade date, in order, with a gap between any two; never empty
     * @param preOpen length of the window before a day's first session; 0 to 12 h
     * @param preClose length of the window at the end of a day's last session; 0 to 12 h
     * @param holidays trade dates without a session
     * @param earlyCloses trade dates whose last session ends at this time, not at its own
     * @param specialDays trade dates with sessions of their own in place of the weekly ones
     * @param holidaysKnownUntil last local date for which the lists are the exchange's own
     */
    public record Market(
            int id,
            String country,
            ZoneId timeZone,
            Map<DayOfWeek, List<Session>> weekly,
            Duration preOpen,
            Duration preClose,
            Set<LocalDate> holidays,
            Map<LocalDate, LocalTime> earlyCloses,
            Map<LocalDate, List<Session>> specialDays,
            LocalDate holidaysKnownUntil) {

        /**
         * Whether the lists of holidays, early closes and special days are the exchange's own at this instant. After
         * that the market is read by its weekly sessions and by what is listed as expected, so a reading may call a
         * holiday a trading day.
         */
        boolean holidaysKnown(Instant at) {
            return !LocalDate.ofInstant(at, timeZone).isAfter(holidaysKnownUntil);
        }

        /** The sessions that close on this date, in order; empty if the market does not trade. */
        List<Session> sessionsOf(LocalDate tradeDate) {
            if (holidays.contains(tradeDate)) {
                return List.of();
            }
            List<Session> special = specialDays.get(tradeDate);
            if (special != null) {
                return special;
            }
            List<Session> regular = weekly.getOrDefault(tradeDate.getDayOfWeek(), List.of());
            LocalTime earlyClose = earlyCloses.get(tradeDate);
            return earlyClose == null ? regular : shortened(tradeDate, regular, tradeDate.atTime(earlyClose));
        }

        private static List<Session> shortened(LocalDate tradeDate, List<Session> regular, LocalDateTime lastClose) {
            List<Session> kept = new ArrayList<>();
            for (Session session : regular) {
                if (session.opensAt(tradeDate).isBefore(lastClose)) {
                    kept.add(
                            session.closesAt(tradeDate).isAfter(lastClose)
                                    ? new Session(session.open(), session.opensPreviousDay(), lastClose.toLocalTime())
                                    : session);
                }
            }
            return kept;
        }
    }

    /**
     * One stretch of trading, by the wall clock of the market.
     *
     * @param opensPreviousDay whether it opens on the evening before the date that it closes on
     */
    public record Session(LocalTime open, boolean opensPreviousDay, LocalTime close) {

        LocalDateTime opensAt(LocalDate tradeDate) {
            return (opensPreviousDay ? tradeDate.minusDays(1) : tradeDate).atTime(open);
        }

        LocalDateTime closesAt(LocalDate tradeDate) {
            return tradeDate.atTime(close);
        }
    }
}

package dev.cutover.schema;

import dev.cutover.schema.Event.MarketStatus.Status;
import dev.cutover.schema.MarketCalendar.Market;
import dev.cutover.schema.MarketCalendar.Session;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Says where a market stands at an instant. Pure: the instant is passed in and nothing is kept, so any thread may call
 * it.
 *
 * <pre>
 *            PREOPEN        OPEN          CLOSED         OPEN      PRECLOSE
 *  CLOSED ──┬─────────┬───────────────┬────────────┬─────────────┬──────────┬── CLOSED
 *        preOpen   first open     lunch break   reopening     preClose   last close
 * </pre>
 *
 * PREOPEN and PRECLOSE belong to the trading day, not to the session: a break within the day is CLOSED to its end, with
 * no PREOPEN before the reopening and no PRECLOSE before the break.
 */
public final class MarketClock {

    private MarketClock() {}

    /**
     * Where a market stands.
     *
     * @param secondsToNextEvent seconds until the status next changes, rounded up to a whole one; 1 or more. At the
     *     instant read plus this many seconds the status is another
     */
    public record Reading(Status status, long secondsToNextEvent) {}

    public static Reading read(Market market, Instant at) {
        NavigableMap<Instant, Status> turns = new TreeMap<>();
        // What closes on an earlier date has closed by now: it can no longer turn anything.
        LocalDate tradeDate = LocalDate.ofInstant(at, market.timeZone());
        // Ends: the calendar refuses a market whose week has no session or no gap, and its holidays are finite.
        while (true) {
            addTurns(market, tradeDate, turns);
            Map.Entry<Instant, Status> current = turns.floorEntry(at);
            Status status = current == null ? Status.CLOSED : current.getValue();
            Instant next = nextChange(turns, at, status);
            if (next != null) {
                Duration left = Duration.between(at, next);
                return new Reading(status, left.plusNanos(999_999_999).toSeconds());
            }
            tradeDate = tradeDate.plusDays(1);
        }
    }

    /** A trading day of a market, from its first open to its last close: a break within it belongs to it. */
    public record Hours(Instant open, Instant close) {}

    /** The trading day whose hours hold an instant, its close not included; empty where the market has no trading then. */
    public static Optional<Hours> tradingDay(Market market, Instant at) {
        LocalDate today = LocalDate.ofInstant(at, market.timeZone());
        // a session that opens in the evening belongs to the next date
        for (LocalDate tradeDate : List.of(today, today.plusDays(1))) {
            List<Session> sessions = market.sessionsOf(tradeDate);
            if (!sessions.isEmpty()) {
                Instant open = instantOf(sessions.get(0).opensAt(tradeDate), market.timeZone());
                Instant close = instantOf(sessions.get(sessions.size() - 1).closesAt(tradeDate), market.timeZone());
                if (!at.isBefore(open) && at.isBefore(close)) {
                    return Optional.of(new Hours(open, close));
                }
            }
        }
        return Optional.empty();
    }

    /**
     * The first turn after {@code at} to another status; null while it is not certain. The last turn of all, a close,
     * is not certain yet: the next day's pre-open, or where a gap of the clock swallows a break its open, may fall on
     * it.
     */
    private static Instant nextChange(NavigableMap<Instant, Status> turns, Instant at, Status status) {
        Iterator<Map.Entry<Instant, Status>> after =
                turns.tailMap(at, false).entrySet().iterator();
        while (after.hasNext()) {
            Map.Entry<Instant, Status> turn = after.next();
            if (turn.getValue() != status) {
                return after.hasNext() ? turn.getKey() : null;
            }
        }
        return null;
    }

    /** Adds the turns of one trade date. Dates come in order; a turn replaces an earlier one at its instant. */
    private static void addTurns(Market market, LocalDate tradeDate, NavigableMap<Instant, Status> turns) {
        List<Session> sessions = market.sessionsOf(tradeDate);
        for (int i = 0; i < sessions.size(); i++) {
            Instant open = instantOf(sessions.get(i).opensAt(tradeDate), market.timeZone());
            Instant close = instantOf(sessions.get(i).closesAt(tradeDate), market.timeZone());
            if (i == 0) {
                Instant lastClose = turns.isEmpty() ? Instant.MIN : turns.lastKey();
                turns.put(later(lastClose, open.minus(market.preOpen())), Status.PREOPEN);
            }
            turns.put(open, Status.OPEN);
            if (i == sessions.size() - 1) {
                turns.put(later(open, close.minus(market.preClose())), Status.PRECLOSE);
            }
            turns.put(close, Status.CLOSED);
        }
    }

    /**
     * The first instant at which the market's wall clock reads this time or a later one: where daylight saving skips
     * the time that is the jump itself, where it repeats the time the first pass. So the order of times stays the order
     * of instants.
     */
    private static Instant instantOf(LocalDateTime time, ZoneId zone) {
        ZoneOffsetTransition transition = zone.getRules().getTransition(time);
        return transition != null && transition.isGap()
                ? transition.getInstant()
                : time.atZone(zone).toInstant();
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }
}

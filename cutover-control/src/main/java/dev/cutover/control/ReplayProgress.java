package dev.cutover.control;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * How far a replay, or a tail from the past, has come, for whoever waits for it: on a terminal one line, rewritten each second; in a log a line every ten.
 * Confined to one thread.
 */
final class ReplayProgress {
    /** Where it is shown. */
    enum Place {
        TERMINAL(Duration.ofSeconds(1)),
        LOG(Duration.ofSeconds(10)),
        /** The events themselves pass by where it would be shown. */
        NOWHERE(Duration.ofDays(1));

        private final Duration interval;

        Place(Duration interval) {
            this.interval = interval;
        }

        /** @param printed whether the events go to standard output */
        static Place of(boolean printed) {
            if (!Terminal.showsErrors()) {
                return LOG;
            }
            return printed && Terminal.showsOutput() ? NOWHERE : TERMINAL;
        }
    }

    private static final String CLEAR_TO_END_OF_LINE = "\u001b[K";
    private static final double NS_PER_S = 1e9;

    private final PrintWriter err;
    private final Place place;
    private final LongSupplier nowNs;
    private final long startedNs;
    private final Instant until;
    /** Null for the earliest, until the first event has told it. */
    private Instant from;

    /** As the last event gave it; null before the first. */
    private String at;

    private long count;
    private long shownNs;
    private long shownCount;

    /** @param from null for the earliest */
    ReplayProgress(PrintWriter err, Place place, Instant from, Instant until, LongSupplier nowNs) {
        this.err = err;
        this.place = place;
        this.from = from;
        this.until = until;
        this.nowNs = nowNs;
        this.startedNs = nowNs.getAsLong();
        this.shownNs = startedNs;
    }

    /** @param ts when the event was emitted, as the gateway wrote it */
    void event(String ts) {
        count++;
        at = ts;
        if (from == null) {
            from = instant(ts);
        }
        tick();
    }

    /** To be called now and then also when no event comes. */
    void tick() {
        long now = nowNs.getAsLong();
        if (place == Place.NOWHERE || now - shownNs < place.interval.toNanos()) {
            return;
        }
        String line = line(Math.round((count - shownCount) * NS_PER_S / (now - shownNs)));
        if (place == Place.TERMINAL) {
            // whatever is written next begins on the same line, and takes its place
            err.print(line + CLEAR_TO_END_OF_LINE + "\r");
            err.flush();
        } else {
            err.println(line);
        }
        shownNs = now;
        shownCount = count;
    }

    private String line(long perSecond) {
        return at == null ? "no event yet" : events() + ", at " + at + percent() + ", " + perSecond + " events/s";
    }

    private String percent() {
        Instant now = instant(at);
        if (now == null || from == null || !until.isAfter(from)) {
            return "";
        }
        long share = 100 * ChronoUnit.MILLIS.between(from, now) / Math.max(1, ChronoUnit.MILLIS.between(from, until));
        return ", " + Math.max(0, Math.min(100, share)) + " %";
    }

    private static Instant instant(String ts) {
        try {
            return Instant.parse(ts);
        } catch (DateTimeParseException e) {
            return null; // no time, no percent
        }
    }

    private String events() {
        return count == 1 ? "1 event" : count + " events";
    }

    /** Ends the line that is rewritten, if there is one, and says something for good. */
    void say(String line) {
        err.println(line + (place == Place.TERMINAL ? CLEAR_TO_END_OF_LINE : ""));
    }

    /** What came, once all has come. */
    String whole(Start start) {
        return String.format(
                Locale.ROOT,
                "%s from %s to %s, in %.1f s",
                events(),
                start,
                until,
                (nowNs.getAsLong() - startedNs) / NS_PER_S);
    }

    /** What came until there was nothing of the past left. */
    String caughtUp(Start start) {
        return String.format(
                Locale.ROOT,
                "%s since %s, in %.1f s; what comes now is live",
                events(),
                start,
                (nowNs.getAsLong() - startedNs) / NS_PER_S);
    }

    /** What came before the end came too early. */
    String cut() {
        return "the replay was cut after " + events() + (at == null ? "" : ", at " + at);
    }

    long count() {
        return count;
    }

    /** When the last event was emitted; null before the first. */
    String at() {
        return at;
    }
}

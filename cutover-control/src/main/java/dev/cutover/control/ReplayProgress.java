package dev.cutover.control;

import dev.cutover.control.ProgressLine.Place;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.function.LongSupplier;

/** How far a replay, or a tail from the past, has come, for whoever waits for it. Confined to one thread. */
final class ReplayProgress {
    private static final double NS_PER_S = 1e9;

    private final ProgressLine line;
    private final LongSupplier nowNs;
    private final long startedNs;
    private final Instant until;
    /** Null for the earliest, until the first event has told it. */
    private Instant from;

    /** As the last event gave it; null before the first. */
    private String at;

    private long count;
    private long shownCount;

    /** @param from null for the earliest */
    ReplayProgress(PrintWriter err, Place place, Instant from, Instant until, LongSupplier nowNs) {
        this.line = new ProgressLine(err, place, nowNs);
        this.from = from;
        this.until = until;
        this.nowNs = nowNs;
        this.startedNs = nowNs.getAsLong();
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
        line.tick(sinceNs -> {
            String text = text(Math.round((count - shownCount) * NS_PER_S / sinceNs));
            shownCount = count;
            return text;
        });
    }

    private String text(long perSecond) {
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
    void say(String text) {
        line.say(text);
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

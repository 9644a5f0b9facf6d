package dev.cutover.control;

import dev.cutover.control.SessionClock.Session;
import dev.cutover.schema.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Counts the verdicts of one partition by session: each comparison once, however often it is made within a quarter of an hour,
 * and of its outcomes the worst. What is counted is the comparisons that are kept, so that a restart, which counts them again, comes to
 * the same. Of a session that lasts for longer the older ones are folded into their numbers, which bounds what is kept.
 *
 * <p>Some time after a session's end its comparisons are dropped, and its tally stays as it is: what still comes then is told
 * apart. Owned by the task's thread.
 */
final class SessionLedger {
    /** For so long after its end, or after the last verdict or restart, a session's comparisons are kept. */
    static final Duration OPEN = Duration.ofMinutes(15);

    /** Longer than Kafka keeps what was served, of which a verdict might still come. */
    private static final Duration REMEMBERED = Duration.ofDays(8);

    private static final Duration PUBLISH_EVERY = Duration.ofSeconds(1);
    private static final Duration LOOK_EVERY = Duration.ofMinutes(1);
    /** For so many minutes before the newest one, comparisons are kept one by one. */
    private static final long KEPT_MINUTES = 15;

    private static final int SESSION_BYTES = 8;
    private static final int COMPARISON_BYTES = 16;

    private final String feature;
    private final String part;
    private final SessionClock clock;
    private final ParityStore store;
    private final MessageDigest digest = sha256();
    private final Map<String, Tally> open = new HashMap<>();
    private Instant lookAt = Instant.MIN;

    /** A session's counts; the store has what they are made of. */
    private static final class Tally {
        final Session session;
        final byte[] digest;
        final Map<Outcome, Long> counts = new EnumMap<>(Outcome.class);
        long worstLateMs;
        /** Null before the first comparison. */
        Reference reference;

        Folded folded = Folded.NOTHING;
        /** Of the comparisons that are kept, when the oldest was served; and the newest of all. */
        long oldestMinute = Long.MAX_VALUE;

        long newestMinute;
        Instant touched;
        boolean changed;
        /** Null before the first time. */
        Instant publishedAt;

        Tally(Session session, byte[] digest, Instant now) {
            this.session = session;
            this.digest = digest;
            this.touched = now;
        }

        /** Goes on from what was folded. */
        void begin(Folded before) {
            folded = before;
            counts.putAll(before.counts());
            worstLateMs = before.worstLateMs();
            reference = before.reference();
            changed = true;
        }

        void add(Compared compared) {
            counts.merge(compared.outcome(), 1L, Long::sum);
            worstLateMs = Math.max(worstLateMs, compared.lateMs());
            // the weaker one, should there be both
            reference = reference == Reference.MATERIALISED ? reference : compared.reference();
            oldestMinute = Math.min(oldestMinute, compared.minute());
            newestMinute = Math.max(newestMinute, compared.minute());
            changed = true;
        }

        void remove(Compared compared) {
            counts.merge(compared.outcome(), -1L, Long::sum);
        }

        long count(Outcome outcome) {
            return counts.getOrDefault(outcome, 0L);
        }

        boolean isDue(Instant now) {
            boolean ended =
                    !now.isBefore(session.until()) && (publishedAt == null || publishedAt.isBefore(session.until()));
            boolean news = changed && (publishedAt == null || !now.isBefore(publishedAt.plus(PUBLISH_EVERY)));
            return ended || news;
        }
    }

    /**
     * The comparisons of a session that are not kept one by one any more.
     *
     * @param beforeMinute those that were served before that minute; whichever of them is still there is counted here already
     * @param reference null where there is none
     */
    record Folded(long beforeMinute, Map<Outcome, Long> counts, long worstLateMs, Reference reference) {
        static final Folded NOTHING = new Folded(0, Map.of(), 0, null);

        Folded {
            counts = Map.copyOf(counts);
        }

        boolean holds(Compared compared) {
            return compared.minute() < beforeMinute;
        }
    }

    /**
     * A comparison as it is kept.
     *
     * @param minute since the epoch, in which it was served last
     */
    private record Compared(Outcome outcome, long lateMs, Reference reference, long minute) {
        static Compared of(Verdict verdict) {
            return new Compared(
                    verdict.outcome(),
                    verdict.lateMs() == null ? 0 : verdict.lateMs(),
                    verdict.reference(),
                    TimeUnit.SECONDS.toMinutes(verdict.servedAt().getEpochSecond()));
        }

        static Compared of(byte[] bytes) {
            String[] parts = new String(bytes, StandardCharsets.UTF_8).split("\\|", -1);
            return new Compared(
                    Outcome.fromWireName(parts[0]),
                    Long.parseLong(parts[1]),
                    Reference.fromWireName(parts[2]),
                    Long.parseLong(parts[3]));
        }

        byte[] toBytes() {
            return String.join(
                            "|", outcome.wireName(), Long.toString(lateMs), reference.wireName(), Long.toString(minute))
                    .getBytes(StandardCharsets.UTF_8);
        }

        Compared notBefore(long earliestMinute) {
            return minute >= earliestMinute ? this : new Compared(outcome, lateMs, reference, earliestMinute);
        }

        /** Both at once, in any order: the worse outcome, and the worse delay. */
        Compared and(Compared other) {
            return new Compared(
                    outcome.compareTo(other.outcome) >= 0 ? outcome : other.outcome,
                    Math.max(lateMs, other.lateMs),
                    reference,
                    Math.max(minute, other.minute));
        }
    }

    SessionLedger(String feature, int partition, SessionClock clock, ParityStore store) {
        this.feature = feature;
        this.part = "p" + partition;
        this.clock = clock;
        this.store = store;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private byte[] digest(String text, int bytes) {
        return Arrays.copyOf(digest.digest(text.getBytes(StandardCharsets.UTF_8)), bytes);
    }

    /** Counts what the store holds. */
    void restore(Instant now) {
        Map<ByteBuffer, Tally> byDigest = new HashMap<>();
        List<Tally> halfClosed = new ArrayList<>();
        store.eachOpen((name, session) -> {
            Tally tally = new Tally(session, name, now);
            if (store.closed(name) != null) {
                // its closing was cut short: its tally was told whole, and what is left of its comparisons would tell
                // less
                halfClosed.add(tally);
                return;
            }
            Folded folded = store.folded(name);
            if (folded != null) {
                tally.begin(folded);
            }
            open.put(session.id(), tally);
            byDigest.put(ByteBuffer.wrap(name), tally);
        });
        halfClosed.forEach(this::close);
        store.eachCompared((session, comparison, outcome) -> {
            Tally tally = byDigest.get(ByteBuffer.wrap(session));
            if (tally != null) {
                Compared compared = Compared.of(outcome);
                if (tally.folded.holds(compared)) {
                    tally.oldestMinute = Math.min(tally.oldestMinute, compared.minute()); // the next folding deletes it
                } else {
                    tally.add(compared);
                }
            }
        });
    }

    /**
     * Counts a verdict in the session that holds the moment when it was served.
     *
     * @return false where that session's tally is closed; true also where there is no session
     */
    boolean count(Verdict verdict, Instant now) {
        Optional<Session> session = clock.at(verdict.servedAt());
        if (session.isEmpty()) {
            return true;
        }
        Tally tally = open.get(session.get().id());
        if (tally == null) {
            byte[] name = digest(session.get().id(), SESSION_BYTES);
            if (store.closed(name) != null) {
                return false;
            }
            tally = new Tally(session.get(), name, now);
            open.put(session.get().id(), tally);
            store.putOpen(name, session.get());
        }
        // of a time that is folded, as after a clock was set back: better twice than not at all
        Compared made = Compared.of(verdict).notBefore(tally.folded.beforeMinute());
        tally.touched = now;
        byte[] comparison = digest(verdict.id(), COMPARISON_BYTES);
        byte[] known = store.compared(tally.digest, comparison);
        Compared before = known == null ? null : Compared.of(known);
        Compared after = before == null ? made : before.and(made);
        if (!after.equals(before)) {
            store.putCompared(tally.digest, comparison, after.toBytes());
            if (before != null) {
                tally.remove(before);
            }
            tally.add(after);
        }
        return true;
    }

    /** The tallies that are to be told now: each at most once a second while it changes, and once after its session's end. */
    List<SessionTally> due(Instant now) {
        List<SessionTally> due = new ArrayList<>();
        for (Tally tally : open.values()) {
            if (tally.isDue(now)) {
                tally.changed = false;
                tally.publishedAt = now;
                due.add(published(tally, now));
            }
        }
        closeOld(now);
        return due;
    }

    private void closeOld(Instant now) {
        if (now.isBefore(lookAt)) {
            return;
        }
        lookAt = now.plus(LOOK_EVERY);
        open.values().removeIf(tally -> {
            Instant end = tally.session.until().isAfter(tally.touched) ? tally.session.until() : tally.touched;
            boolean old = !now.isBefore(end.plus(OPEN));
            if (old) {
                close(tally);
            }
            return old;
        });
        open.values().forEach(this::fold);
        store.forgetClosed(now.minus(REMEMBERED).toEpochMilli());
    }

    /** The numbers first: should the rest not come about, what is still there is known to be in them. */
    private void fold(Tally tally) {
        long beforeMinute = tally.newestMinute - KEPT_MINUTES;
        if (tally.oldestMinute >= beforeMinute) {
            return;
        }
        Map<Outcome, Long> counts = new EnumMap<>(Outcome.class);
        counts.putAll(tally.folded.counts());
        List<byte[]> gone = new ArrayList<>();
        long[] oldestMinute = {Long.MAX_VALUE};
        store.eachCompared((session, comparison, outcome) -> {
            Compared compared = Compared.of(outcome);
            if (!Arrays.equals(session, tally.digest)) {
                return;
            }
            if (compared.minute() >= beforeMinute) {
                oldestMinute[0] = Math.min(oldestMinute[0], compared.minute());
                return;
            }
            gone.add(comparison);
            if (!tally.folded.holds(compared)) {
                counts.merge(compared.outcome(), 1L, Long::sum);
            }
        });
        tally.folded = new Folded(beforeMinute, counts, tally.worstLateMs, tally.reference);
        tally.oldestMinute = oldestMinute[0];
        store.putFolded(tally.digest, tally.folded);
        gone.forEach(comparison -> store.deleteCompared(tally.digest, comparison));
    }

    private void close(Tally tally) {
        store.close(tally.digest, tally.session.until().toEpochMilli());
    }

    private SessionTally published(Tally tally, Instant now) {
        return new SessionTally(
                feature,
                tally.session.id(),
                part,
                tally.session.from(),
                tally.session.until(),
                tally.count(Outcome.MATCH),
                tally.count(Outcome.LAGGING),
                tally.count(Outcome.MISMATCH),
                tally.count(Outcome.MISSING_REST),
                tally.count(Outcome.MISSING_WS),
                0,
                0,
                tally.worstLateMs,
                tally.reference,
                now);
    }
}

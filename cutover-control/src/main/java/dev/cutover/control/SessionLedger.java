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

/**
 * Counts the verdicts of one partition by session: each comparison once, however often it is made, and of its outcomes the
 * worst. What is counted is the comparisons that are kept, so that a restart, which counts them again, comes to the same.
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

        Instant touched;
        boolean changed;
        /** Null before the first time. */
        Instant publishedAt;

        Tally(Session session, byte[] digest, Instant now) {
            this.session = session;
            this.digest = digest;
            this.touched = now;
        }

        void add(Compared compared) {
            counts.merge(compared.outcome(), 1L, Long::sum);
            worstLateMs = Math.max(worstLateMs, compared.lateMs());
            // the weaker one, should there be both
            reference = reference == Reference.MATERIALISED ? reference : compared.reference();
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

    /** A comparison as it is kept. */
    private record Compared(Outcome outcome, long lateMs, Reference reference) {
        static Compared of(Verdict verdict) {
            return new Compared(
                    verdict.outcome(), verdict.lateMs() == null ? 0 : verdict.lateMs(), verdict.reference());
        }

        static Compared of(byte[] bytes) {
            String[] parts = new String(bytes, StandardCharsets.UTF_8).split("\\|", -1);
            return new Compared(
                    Outcome.fromWireName(parts[0]), Long.parseLong(parts[1]), Reference.fromWireName(parts[2]));
        }

        byte[] toBytes() {
            return String.join("|", outcome.wireName(), Long.toString(lateMs), reference.wireName())
                    .getBytes(StandardCharsets.UTF_8);
        }

        /** Both at once, in any order: the worse outcome, and the worse delay. */
        Compared and(Compared other) {
            return new Compared(
                    outcome.compareTo(other.outcome) >= 0 ? outcome : other.outcome,
                    Math.max(lateMs, other.lateMs),
                    reference);
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
                // its closing was cut short: its tally was told whole, and what is left of its comparisons would tell less
                halfClosed.add(tally);
                return;
            }
            open.put(session.id(), tally);
            byDigest.put(ByteBuffer.wrap(name), tally);
        });
        halfClosed.forEach(this::close);
        store.eachCompared((session, outcome) -> {
            Tally tally = byDigest.get(ByteBuffer.wrap(session));
            if (tally != null) {
                tally.add(Compared.of(outcome));
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
        tally.touched = now;
        byte[] comparison = digest(verdict.id(), COMPARISON_BYTES);
        byte[] known = store.compared(tally.digest, comparison);
        Compared before = known == null ? null : Compared.of(known);
        Compared after = before == null ? Compared.of(verdict) : before.and(Compared.of(verdict));
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
        store.forgetClosed(now.minus(REMEMBERED).toEpochMilli());
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

package dev.cutover.control;

import dev.cutover.control.Judgement.Judged;
import dev.cutover.control.Judgement.Nothing;
import dev.cutover.control.Judgement.Passed;
import dev.cutover.control.Judgement.Wait;
import dev.cutover.control.Judgement.Why;
import dev.cutover.control.KeyHistory.Moment;
import dev.cutover.control.KeyHistory.State;
import dev.cutover.control.KeyHistory.Typed;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Reference;
import dev.cutover.schema.ServedRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Judges what REST served of one feature by what the event log says. Pure: it changes nothing that it is given, but that the
 * noise remembers what was found out of it, and the same gives the same.
 *
 * <p>What was made of the log is compared with the log's state at that very offset. What an existing service answered has no
 * offset: it may be anything that was current from the allowed lag before it was asked for until the allowed lag after it was
 * served, and so is judged only then.
 */
final class Judge {
    /** For so long an offset that REST has read is waited for: it must be in the log, and came to here by the same way. */
    static final Duration TIMEOUT = Duration.ofSeconds(30);

    /** A key that was not emitted for so many cadences need not be known any more. */
    private static final int CADENCES = 3;

    private final Feature feature;
    private final Comparison comparison;
    private final Duration lag;
    private final Duration timeout;

    /** By the feature's own rules. */
    Judge(Feature feature, Duration timeout) {
        this(feature, Comparison.of(feature), feature.parity().lag(), timeout);
    }

    /**
     * By any rules.
     *
     * @param lag by how much REST may be late
     * @param timeout how long an offset is waited for
     */
    Judge(Feature feature, Comparison comparison, Duration lag, Duration timeout) {
        this.feature = feature;
        this.comparison = comparison;
        this.lag = lag;
        this.timeout = timeout;
    }

    /**
     * Judges, if it is time.
     *
     * @param log which was asked whether it {@link PartitionHistory#isOf is of} the record's topic
     * @param noise what is known of the upstream's noise
     * @param waitingSince when it was first looked at
     */
    Judgement judge(ServedRecord served, PartitionHistory log, Noise noise, Instant waitingSince, Instant now) {
        return served.reference() == Reference.MATERIALISED
                ? materialised(served, log, waitingSince, now)
                : upstream(served, log, noise, waitingSince, now);
    }

    private Judgement materialised(ServedRecord served, PartitionHistory log, Instant waitingSince, Instant now) {
        if (!served.epoch().equals(log.standing().epoch())) {
            return new Passed(Why.OTHER_TOPIC);
        }
        if (served.offset() < log.standing().judgeFrom()) {
            return new Passed(Why.EARLY);
        }
        BodyForm form = BodyForm.of(feature, served.query()).orElse(null);
        if (form == null) {
            return new Nothing();
        }
        if (log.reached() < served.offset()) {
            Instant until = waitingSince.plus(timeout);
            if (now.isBefore(until)) {
                return new Wait(until);
            }
            return served.kind() == ServedRecord.Kind.ENTRY
                    ? verdict(served, Outcome.MISSING_WS, null, Comparison.Result.NOTHING, now)
                    : new Nothing();
        }
        return served.kind() == ServedRecord.Kind.ENTRY
                ? entryAtOffset(served, form, log, now)
                : unserved(served, form, log, now);
    }

    private Judgement entryAtOffset(ServedRecord served, BodyForm form, PartitionHistory log, Instant now) {
        KeyHistory history = log.key(served.key());
        State state = history.at(served.offset(), form, log.standing().whole(), new Payloads());
        if (state instanceof State.Unknown) {
            return new Passed(Why.FORGOTTEN);
        }
        if (state instanceof State.None) {
            return verdict(served, Outcome.MISSING_WS, null, Comparison.Result.NOTHING, now);
        }
        Comparison.Result found = comparison.compare(served.body(), ((State.Body) state).body());
        if (!found.isEqual()) {
            return verdict(served, Outcome.MISMATCH, null, found, now);
        }
        Version newer = history.next(served.offset(), form);
        long lateMs = newer == null ? 0 : served.servedAt().toEpochMilli() - newer.tsMs();
        return lateMs > lag.toMillis()
                ? verdict(served, Outcome.LAGGING, lateMs, found, now)
                : verdict(served, Outcome.MATCH, null, found, now);
    }

    private Judgement upstream(
            ServedRecord served, PartitionHistory log, Noise noise, Instant waitingSince, Instant now) {
        BodyForm form = BodyForm.of(feature, served.query()).orElse(null);
        if (form == null) {
            return new Nothing();
        }
        // of what comes late to here the events around it may be still to come, even if its time is over
        Instant until = later(served.servedAt(), waitingSince).plus(lag);
        if (now.isBefore(until)) {
            return new Wait(until);
        }
        return served.kind() == ServedRecord.Kind.ENTRY
                ? entryAtTime(served, form, log, noise, now)
                : unserved(served, form, log, now);
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    /** From the newest state that it may be to the oldest that is kept. */
    private Judgement entryAtTime(ServedRecord served, BodyForm form, PartitionHistory log, Noise noise, Instant now) {
        KeyHistory history = log.key(served.key());
        Payloads payloads = new Payloads();
        Set<String> noisy = noise.of(served.key(), history, form, lag, payloads, now);
        List<Moment> moments = history.moments(form);
        long servedMs = served.servedAt().toEpochMilli();
        long beginMs = served.askedAt().toEpochMilli() - lag.toMillis();
        Comparison.Result atServing = null;
        long supersededMs = Long.MAX_VALUE;
        for (int i = moments.size() - 1; i >= 0; i--) {
            Moment moment = moments.get(i);
            if (moment.fromMs() <= servedMs + lag.toMillis()) {
                State state = history.at(moment.offset(), form, log.standing().whole(), payloads);
                if (!(state instanceof State.Body body)) {
                    return new Passed(Why.FORGOTTEN);
                }
                Comparison.Result found = comparison.compare(served.body(), body.body(), noisy);
                if (found.isEqual()) {
                    return supersededMs >= beginMs
                            ? verdict(served, Outcome.MATCH, null, found, now)
                            : verdict(served, Outcome.LAGGING, servedMs - supersededMs, found, now);
                }
                if (atServing == null || supersededMs > servedMs) {
                    atServing = found;
                }
            }
            supersededMs = Math.min(supersededMs, moment.fromMs());
        }
        boolean knowsTheBegin = supersededMs <= beginMs || history.isWhole(form);
        if (!log.standing().whole() || !knowsTheBegin) {
            return new Passed(Why.FORGOTTEN);
        }
        return atServing == null
                ? verdict(served, Outcome.MISSING_WS, null, Comparison.Result.NOTHING, now)
                : verdict(served, Outcome.MISMATCH, null, atServing, now);
    }

    /** The keys that REST did not know although the log did, and of late. */
    private Judgement unserved(ServedRecord served, BodyForm form, PartitionHistory log, Instant now) {
        List<Verdict> verdicts = new ArrayList<>();
        if (served.kind() == ServedRecord.Kind.ABSENT) {
            if (isKnown(served, form, log.key(served.key()))) {
                verdicts.add(missing(served, served.key(), now));
            }
        } else {
            Set<String> named = new HashSet<>(served.keys());
            log.keys().forEach((key, history) -> {
                if (!named.contains(key) && isKnown(served, form, history)) {
                    verdicts.add(missing(served, key, now));
                }
            });
        }
        return verdicts.isEmpty() ? new Nothing() : new Judged(verdicts);
    }

    private boolean isKnown(ServedRecord served, BodyForm form, KeyHistory history) {
        long offset = served.reference() == Reference.MATERIALISED
                ? served.offset()
                : history.moments(form).stream()
                        .filter(moment ->
                                moment.fromMs() <= served.askedAt().minus(lag).toEpochMilli())
                        .mapToLong(Moment::offset)
                        .max()
                        .orElse(-1);
        Typed newest = history.newest(offset, form);
        return newest != null
                && served.servedAt().toEpochMilli() - newest.version().tsMs()
                        < CADENCES * newest.type().cadence().toMillis();
    }

    private static Verdict missing(ServedRecord served, String key, Instant now) {
        return Verdict.of(served, key, Outcome.MISSING_REST, null, Comparison.Result.NOTHING, now);
    }

    private static Judgement verdict(
            ServedRecord served, Outcome outcome, Long lateMs, Comparison.Result found, Instant now) {
        return new Judged(List.of(Verdict.of(served, served.key(), outcome, lateMs, found, now)));
    }
}

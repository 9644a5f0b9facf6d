package dev.cutover.control;

import dev.cutover.control.Judgement.Judged;
import dev.cutover.control.Judgement.Passed;
import dev.cutover.control.Judgement.Wait;
import dev.cutover.control.Judgement.Why;
import dev.cutover.control.PartitionHistory.Standing;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.PoisonException;
import dev.cutover.schema.Reference;
import dev.cutover.schema.ServedRecord;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Compares what REST served of one partition's keys with that partition's events, as both are read, and adds what comes of it to a
 * report: the same judge as the continuous parity's. It does no I/O, and is told the time. Confined to one thread.
 */
final class PartitionJudging {
    private static final long MOST_WAITING_BYTES = 64 << 20;

    private final Feature feature;
    private final Judge judge;
    private final Noise noise;
    private final PartitionHistory log;
    private final ParityReport report;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private long waitingBytes;

    /** Something served that is not judged yet. */
    private static final class Waiting {
        final ServedRecord served;
        final int length;
        final Instant since;
        /** When it is looked at again, should the log not reach its offset before; null before it was looked at. */
        Instant until;

        Waiting(ServedRecord served, int length, Instant since) {
            this.served = served;
            this.length = length;
            this.since = since;
        }

        boolean isDue(PartitionHistory log, Instant now) {
            if (since.isAfter(now)) {
                return false;
            }
            return until == null
                    || !now.isBefore(until)
                    || (served.offset() != null && log.reached() >= served.offset());
        }
    }

    PartitionJudging(
            Feature feature,
            int partition,
            Standing standing,
            Judge judge,
            Comparison comparison,
            ParityReport report) {
        this.feature = feature;
        this.judge = judge;
        this.noise = new Noise(comparison);
        this.log = new PartitionHistory(feature, partition, standing);
        this.report = report;
    }

    PartitionHistory log() {
        return log;
    }

    int waiting() {
        return waiting.size();
    }

    void event(ConsumerRecord<byte[], byte[]> record) {
        try {
            EventRecord event = EventRecord.of(feature, record.key(), record.value(), record.headers());
            var unused = log.add(event, record.offset(), record.timestamp(), record.value());
        } catch (PoisonException e) {
            report.unreadableEvent();
            log.passed(record.offset(), record.timestamp());
        }
    }

    /** What a record says; null, and counted, where nobody can read it, and where it is of a key that is not wanted. */
    ServedRecord read(ConsumerRecord<byte[], byte[]> record) {
        try {
            ServedRecord served = ServedRecord.fromJson(record.value() == null ? new byte[0] : record.value());
            return report.isWanted(served.key()) ? served : null;
        } catch (JsonFault e) {
            report.unreadableServed();
            return null;
        }
    }

    /**
     * Has something judged as soon as it can be.
     *
     * @param length of its record, in bytes
     * @param since from when on
     */
    void served(ServedRecord served, int length, Instant since) {
        if (waitingBytes + length > MOST_WAITING_BYTES) {
            report.passed(Why.CROWDED);
            return;
        }
        var unused = noise.read(served);
        waitingBytes += length;
        waiting.add(new Waiting(served, length, since));
    }

    /** Judges what can be judged by now. */
    void settle(Instant now) {
        for (Iterator<Waiting> each = waiting.iterator(); each.hasNext(); ) {
            Waiting next = each.next();
            if (!next.isDue(log, now)) {
                continue;
            }
            Judgement judgement = judge.judge(next.served, log, noise, next.since, now);
            var unused = noise.takeSettled(); // there is nothing that outlives this
            if (judgement instanceof Wait wait) {
                next.until = wait.until();
                continue;
            }
            each.remove();
            waitingBytes -= next.length;
            if (judgement instanceof Judged judged) {
                judged.verdicts().forEach(report::add);
            } else if (judgement instanceof Passed passed) {
                report.passed(passed.why());
            }
        }
    }

    /** When something that waits is to be looked at again at the latest; null where nothing waits that was looked at. */
    Instant due() {
        return waiting.stream()
                .map(each -> each.until)
                .filter(until -> until != null)
                .min(Comparator.naturalOrder())
                .orElse(null);
    }

    /** What an existing service answered, and is to be judged later than that, is not judged any more. */
    void giveUpUpstream(Instant later) {
        giveUp(each ->
                each.served.reference() == Reference.UPSTREAM && (each.until == null || each.until.isAfter(later)));
    }

    /** What waits is not judged any more. */
    void giveUp() {
        giveUp(each -> true);
    }

    private void giveUp(Predicate<Waiting> which) {
        int before = waiting.size();
        waiting.removeIf(each -> {
            boolean goes = which.test(each);
            waitingBytes -= goes ? each.length : 0;
            return goes;
        });
        report.undecided(before - waiting.size());
    }
}

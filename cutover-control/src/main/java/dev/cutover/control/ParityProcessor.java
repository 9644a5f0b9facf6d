package dev.cutover.control;

import dev.cutover.control.Judgement.Judged;
import dev.cutover.control.Judgement.Passed;
import dev.cutover.control.Judgement.Wait;
import dev.cutover.control.Judgement.Why;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.PoisonException;
import dev.cutover.schema.Reference;
import dev.cutover.schema.ServedRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares what REST served of one partition with that partition's events. One for each task, on the stream thread; what it
 * holds it also keeps in the store, and reads from there when the task is made anew, here or elsewhere.
 *
 * <p>Streams hands on what both topics hold in the order of its timestamps, so the events that REST had read are mostly there
 * before what it made of them. What is not waits. Time is the wall clock's: a silent topic has no other.
 *
 * <p>A failure may have any of this happen again. An event has its offset, a verdict its id, and what waits the offset of its
 * record, so nothing is counted twice.
 */
final class ParityProcessor implements Processor<byte[], byte[], byte[], byte[]> {
    private static final Logger log = LoggerFactory.getLogger(ParityProcessor.class);
    private static final Duration LOOK_EVERY = Duration.ofMillis(250);

    private final Feature feature;
    private final ParityTopology.Names names;
    private final SessionClock clock;
    private final ParityStart.Begins begins;
    private final ControlMetrics metrics;
    private final Judge judge;
    private final Noise noise;
    private final WaitingRoom waiting = new WaitingRoom();
    private final AtomicLong pending;

    // from init on
    private ProcessorContext<byte[], byte[]> context;
    private ParityStore store;
    private PartitionHistory history;
    private SessionLedger ledger;
    private Cancellable looking;
    /** As the store has it; null where it has none. */
    private PartitionHistory.Standing keptStanding;
    /** What of {@link #pending} is this task's. */
    private int counted;

    ParityProcessor(Feature feature, SessionClock clock, ParityStart.Begins begins, ControlMetrics metrics) {
        this.feature = feature;
        this.names = ParityTopology.Names.of(feature);
        this.clock = clock;
        this.begins = begins;
        this.metrics = metrics;
        this.judge = new Judge(feature, Judge.TIMEOUT);
        this.noise = new Noise(Comparison.of(feature));
        this.pending = metrics.pending(feature.name());
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> taskContext) {
        context = taskContext;
        int partition = taskContext.taskId().partition();
        store = new ParityStore(taskContext.getStateStore(names.store()));
        restoreHistory(partition);
        ledger = new SessionLedger(feature.name(), partition, clock, store);
        ledger.restore(now());
        restoreWaiting();
        looking = context.schedule(LOOK_EVERY, PunctuationType.WALL_CLOCK_TIME, unused -> look());
    }

    private void restoreHistory(int partition) {
        ParityStart.Begin begin = begins.of(feature, partition);
        keptStanding = store.standing();
        history = new PartitionHistory(
                feature,
                partition,
                keptStanding == null ? PartitionHistory.Standing.from(begin.end(), begin.topicId()) : keptStanding);
        store.restore(history);
        boolean isOther = keptStanding != null && isOtherTopic(keptStanding, begin.topicId());
        // what lies between was not read, and won't be
        boolean hasHole = begin.isAnew() && history.reached() + 1 < begin.from();
        if (isOther || hasHole) {
            store.clearVersions();
            String former = isOther ? keptStanding.epoch() : history.standing().formerEpoch();
            history = new PartitionHistory(
                    feature,
                    partition,
                    new PartitionHistory.Standing(begin.end(), begin.topicId(), former, begin.isAnew()));
        }
        keepStanding();
    }

    /** The topic may have been made anew after the run has begun, and its id then be older than what is kept. */
    private static boolean isOtherTopic(PartitionHistory.Standing kept, String topicId) {
        return kept.epoch() != null && !kept.epoch().equals(topicId) && !topicId.equals(kept.formerEpoch());
    }

    private void restoreWaiting() {
        store.eachNoise(noise::restore);
        // its time to wait begins anew: for as long as nobody was here, no event was read either
        store.eachWaiting((servedOffset, bytes) -> {
            try {
                ServedRecord served = ServedRecord.fromJson(bytes);
                noise.read(served);
                waiting.add(new WaitingRoom.Guest(servedOffset, served, bytes.length, now(), now()));
            } catch (JsonFault e) {
                log.warn(
                        "what waited of {} at {} can't be read any more: {}",
                        names.served(),
                        servedOffset,
                        e.getMessage());
            }
        });
        countPending();
    }

    private Instant now() {
        return Instant.ofEpochMilli(context.currentSystemTimeMs());
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata place = context.recordMetadata().orElseThrow();
        if (place.topic().equals(names.served())) {
            served(record, place.offset());
        } else {
            event(record, place.offset());
        }
        countPending();
    }

    // the event log's side

    private void event(Record<byte[], byte[]> record, long offset) {
        try {
            EventRecord event = EventRecord.of(feature, record.key(), record.value(), record.headers());
            add(event, offset, record.timestamp(), record.value());
        } catch (PoisonException e) {
            // who serves it has written the dead letter
            metrics.unreadable(names.events());
            history.passed(offset, record.timestamp());
        }
        waiting.reached(history.reached()).forEach(this::judgeAgain);
    }

    private void add(EventRecord event, long offset, long tsMs, byte[] data) {
        PartitionHistory.Change change = history.add(event, offset, tsMs, data);
        if (change.cleared()) {
            log.info("{}-{} was made anew; what was known of it is forgotten", names.events(), history.partition());
            store.clearVersions();
        }
        KeyHistory key = history.key(event.key());
        store.putVersion(event.key(), event.type(), new Version(offset, tsMs, event.by(), data));
        store.deleteVersions(event.key(), event.type(), change.gone(), key.wholeFrom(event.type()));
        keepStanding();
    }

    private void keepStanding() {
        if (!history.standing().equals(keptStanding)) {
            keptStanding = history.standing();
            store.put(keptStanding);
        }
    }

    // REST's side

    private void served(Record<byte[], byte[]> record, long offset) {
        ServedRecord served;
        try {
            served = ServedRecord.fromJson(record.value() == null ? new byte[0] : record.value());
        } catch (JsonFault e) {
            metrics.unreadable(names.served());
            log.warn("{}@{} is no answer of REST: {}", names.served(), offset, e.getMessage());
            return;
        }
        if (served.reference() == Reference.MATERIALISED && !isOfThisTopic(served.epoch())) {
            metrics.passed(feature.name(), Why.OTHER_TOPIC);
            return;
        }
        Noise.Pair pair = noise.read(served);
        if (pair != null) {
            store.putNoise(served.key(), pair);
        }
        judge(new WaitingRoom.Guest(offset, served, record.value().length, now(), now()), record.value());
    }

    private boolean isOfThisTopic(String epoch) {
        boolean isOf = history.isOf(epoch);
        if (!history.standing().equals(keptStanding) && history.reached() < 0) {
            store.clearVersions();
        }
        keepStanding();
        return isOf;
    }

    /** @param bytes the record's value, for one that comes the first time; null for one that the store has */
    private void judge(WaitingRoom.Guest guest, byte[] bytes) {
        Judgement judgement = judgement(guest);
        if (judgement instanceof Wait wait) {
            boolean hasRoom = waiting.add(new WaitingRoom.Guest(
                    guest.servedOffset(), guest.served(), guest.length(), guest.since(), wait.until()));
            if (hasRoom) {
                if (bytes != null) {
                    store.putWaiting(guest.servedOffset(), bytes);
                }
                return;
            }
            judgement = new Passed(Why.CROWDED);
        }
        if (bytes == null) {
            store.deleteWaiting(guest.servedOffset());
        }
        if (judgement instanceof Judged judged) {
            judged.verdicts().forEach(this::give);
        } else if (judgement instanceof Passed passed) {
            metrics.passed(feature.name(), passed.why());
        }
    }

    private void judgeAgain(WaitingRoom.Guest guest) {
        judge(guest, null);
    }

    /** One answer that nobody had thought of must not stop all others. */
    private Judgement judgement(WaitingRoom.Guest guest) {
        try {
            Judgement judgement = judge.judge(guest.served(), history, noise, guest.since(), now());
            noise.takeSettled().forEach(store::putNoise);
            return judgement;
        } catch (RuntimeException e) {
            metrics.unreadable(names.served());
            log.error("{}@{} can't be judged, which is a fault of Cutover", names.served(), guest.servedOffset(), e);
            return new Judgement.Nothing();
        }
    }

    private void give(Verdict verdict) {
        metrics.judged(feature.name(), verdict.outcome());
        if (!ledger.count(verdict, now())) {
            metrics.late.increment();
        }
        context.forward(
                new Record<>(verdict.recordKey(), verdict.toJson(), context.currentSystemTimeMs()), names.verdicts());
    }

    // the clock's side

    private void look() {
        waiting.due(now()).forEach(this::judgeAgain);
        for (SessionTally tally : ledger.due(now())) {
            context.forward(
                    new Record<>(tally.recordKey(), tally.toJson(), context.currentSystemTimeMs()), names.sessions());
        }
        countPending();
    }

    private void countPending() {
        pending.addAndGet(waiting.size() - counted);
        counted = waiting.size();
    }

    @Override
    public void close() {
        pending.addAndGet(-counted);
        counted = 0;
        if (looking != null) {
            looking.cancel();
        }
    }
}

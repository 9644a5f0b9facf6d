package dev.cutover.control;

import dev.cutover.schema.ServedRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Compares what REST served in a window of the past with the events, partition by partition. The two logs are read side by side
 * and the clock is that of what was served, so that of the events no more is kept than the continuous parity keeps. Confined to
 * one thread.
 */
final class RecordedComparison {
    /** So much later than an answer its record may be written. */
    private static final Duration WRITTEN_LATER = Duration.ofSeconds(30);

    private final ComparedTopics topics;
    private final Judge judge;
    private final Comparison comparison;
    private final ParityReport report;
    private final ProgressLine progress;
    private final LongSupplier nanoClock;
    private long read;
    private long toRead;

    RecordedComparison(
            ComparedTopics topics,
            CompareRules.Applied rules,
            ParityReport report,
            ProgressLine progress,
            LongSupplier nanoClock) {
        this.topics = topics;
        this.judge = rules.judge(topics.feature());
        this.comparison = rules.comparison(topics.feature());
        this.report = report;
        this.progress = progress;
        this.nanoClock = nanoClock;
    }

    /**
     * Reads the window.
     *
     * @param from null for all that Kafka keeps
     * @param until the first instant that is not in it
     * @throws InterruptedException when the thread is to stop; what was found by then is in the report
     * @throws org.apache.kafka.common.KafkaException when Kafka fails
     */
    void run(Instant from, Instant until, Instant now) throws InterruptedException {
        Consumer<byte[], byte[]> servedConsumer = topics.consumer();
        Consumer<byte[], byte[]> eventsConsumer = topics.consumer();
        List<TopicPartition> served = topics.allServed();
        Map<TopicPartition, Long> begins = servedConsumer.beginningOffsets(served);
        Map<TopicPartition, Long> ends = servedConsumer.endOffsets(served);
        // looked up after the former: what was served by then was made of events that are there
        Map<TopicPartition, Long> eventsEnds = eventsConsumer.endOffsets(topics.allEvents());
        Stretch[] stretches = new Stretch[topics.partitions()];
        for (int i = 0; i < stretches.length; i++) {
            TopicPartition partition = topics.served(i);
            long end = ends.get(partition);
            long to = HistoryStart.offsetAt(
                    partition, servedConsumer, until.plus(WRITTEN_LATER).toEpochMilli(), begins.get(partition), end);
            long begin = begins.get(partition);
            long first = from == null
                    ? begin
                    : HistoryStart.offsetAt(partition, servedConsumer, from.toEpochMilli(), begin, to);
            stretches[i] = new Stretch(first, to);
            toRead += to - first;
        }
        for (int i = 0; i < stretches.length; i++) {
            if (stretches[i].from() < stretches[i].to()) {
                LogCursor cursor = new LogCursor(
                        servedConsumer, topics.served(i), stretches[i].from(), stretches[i].to(), nanoClock);
                partition(i, cursor, eventsConsumer, eventsEnds.get(topics.events(i)), new Window(from, until, now));
            }
        }
    }

    private record Stretch(long from, long to) {}

    private record Window(Instant from, Instant until, Instant now) {
        boolean holds(Instant time) {
            return (from == null || !time.isBefore(from)) && time.isBefore(until);
        }
    }

    private void partition(
            int number, LogCursor served, Consumer<byte[], byte[]> consumer, long eventsEnd, Window window)
            throws InterruptedException {
        ConsumerRecord<byte[], byte[]> first = served.peek();
        if (first == null) {
            return;
        }
        TopicPartition partition = topics.events(number);
        long begin = consumer.beginningOffsets(List.of(partition)).get(partition);
        long at = HistoryStart.offsetAt(partition, consumer, first.timestamp(), begin, eventsEnd);
        HistoryStart start = HistoryStart.find(topics.feature(), partition, consumer, topics.admin(), begin, at);
        PartitionJudging judging = new PartitionJudging(
                topics.feature(), number, start.standing(topics.epoch()), judge, comparison, report);
        LogCursor events = new LogCursor(consumer, partition, start.from(), eventsEnd, nanoClock);
        Reading reading = new Reading(judging, events);
        for (ConsumerRecord<byte[], byte[]> record; (record = served.next()) != null; ) {
            read++;
            progress.tick(sinceNs -> read + " of " + toRead + " records of what REST served, " + report.compared()
                    + " compared, " + report.faults() + " faults");
            ServedRecord body = judging.read(record);
            if (body != null && window.holds(body.servedAt())) {
                reading.comeTo(body.servedAt());
                judging.served(body, record.value().length, body.servedAt());
                judging.settle(reading.clock);
            }
        }
        // of what an existing service answered just now, the events around it are still to come
        judging.giveUpUpstream(window.now());
        reading.comeToTheEnd();
    }

    /** The two logs side by side, at the time that has been come to. */
    private static final class Reading {
        private final PartitionJudging judging;
        private final LogCursor events;
        private Instant clock = Instant.EPOCH;

        Reading(PartitionJudging judging, LogCursor events) {
            this.judging = judging;
            this.events = events;
        }

        /** Judges on the way what becomes due, with no more events than there were by then. */
        void comeTo(Instant time) throws InterruptedException {
            for (Instant due; (due = judging.due()) != null && due.isBefore(time); ) {
                advance(due);
            }
            advance(time);
        }

        void comeToTheEnd() throws InterruptedException {
            for (Instant due; (due = judging.due()) != null; ) {
                advance(due);
            }
        }

        private void advance(Instant to) throws InterruptedException {
            clock = clock.isAfter(to) ? clock : to; // several services write, and not all in order
            for (ConsumerRecord<byte[], byte[]> event;
                    (event = events.peek()) != null && event.timestamp() <= clock.toEpochMilli(); ) {
                judging.event(events.next());
            }
            judging.settle(clock);
        }
    }
}

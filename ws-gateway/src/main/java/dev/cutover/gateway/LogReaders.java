package dev.cutover.gateway;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.PoisonException;
import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A few threads, {@code gateway-log-N}, that read Kafka for whoever asks, a piece at a time and in the order of asking: so each
 * gets its turn, and the tail, which has a consumer of its own, is not slowed. Each thread owns its consumer. Safe on any thread.
 *
 * <p>Memory: what is held for those that catch up is bounded by the {@link #MOST_HELD} readings that may hold pieces at a time;
 * others wait until one of those is written, or gives its pieces back because its client does not read. They wait beside the
 * tasks, not among them: a reading that has room is never behind one that has none, or neither would get on.
 */
final class LogReaders implements EventLog, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LogReaders.class);
    static final int MOST_HELD = 128;

    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final long TURN_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long CLOSE_MS = 2_000;

    /** What a reader's consumer needs besides the operator's settings. */
    static final Map<String, String> CONSUMER_SETTINGS = Map.of(
            ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG,
            Integer.toString(LogReading.MOST_BYTES),
            // what a consumer fetches ahead at the log's end would be waited for by who is next
            ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG,
            "1");

    /** A question, as a task for whichever reader is free. */
    private interface Task {
        void run(Consumer<byte[], byte[]> consumer);

        /** Kafka has failed. */
        void fail(KafkaException failure);
    }

    private final FeatureCatalog catalog;
    private final ByteBufAllocator alloc;
    private final GatewayMetrics metrics;
    private final BlockingQueue<Task> tasks = new LinkedBlockingQueue<>();
    /** Those that wait for room, in the order of asking; guarded by itself, as is {@link #room}. */
    private final Queue<ReadTask> roomless = new ArrayDeque<>();

    private int room = MOST_HELD;
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closing;

    /** Begins to serve. */
    static LogReaders start(
            KafkaConnection kafka,
            int readers,
            FeatureCatalog catalog,
            ByteBufAllocator alloc,
            GatewayMetrics metrics) {
        LogReaders all = new LogReaders(catalog, alloc, metrics);
        for (int i = 1; i <= readers; i++) {
            String name = "cutover-gateway-log-" + i;
            all.startThread(i, () -> kafka.with(CONSUMER_SETTINGS).exactConsumer(name));
        }
        return all;
    }

    LogReaders(FeatureCatalog catalog, ByteBufAllocator alloc, GatewayMetrics metrics) {
        this.catalog = catalog;
        this.alloc = alloc;
        this.metrics = metrics;
    }

    /** @param consumers makes the thread's own, on the thread that starts it, so that a wrong setting stops the start */
    void startThread(int number, Supplier<Consumer<byte[], byte[]>> consumers) {
        Consumer<byte[], byte[]> consumer = consumers.get();
        Thread thread = new Thread(() -> run(consumer), "gateway-log-" + number);
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
    }

    @Override
    public FrameEncoder encoder(Feature feature) {
        return new FrameEncoder(catalog.features().indexOf(feature), feature, alloc);
    }

    @Override
    public void find(
            Feature feature,
            Start start,
            Instant until,
            Executor loop,
            java.util.function.Consumer<Answer<Span>> answer) {
        tasks.add(new Task() {
            @Override
            public void run(Consumer<byte[], byte[]> consumer) {
                Answer<Span> found = span(consumer, feature, start, until);
                tell(loop, () -> answer.accept(found));
            }

            @Override
            public void fail(KafkaException failure) {
                tell(loop, () -> answer.accept(new Answer.Unavailable<>(failure.getMessage())));
            }
        });
    }

    @Override
    public void read(Reader reader, Piece piece, Executor loop, java.util.function.Consumer<Answer<Frames>> answer) {
        ReadTask task = new ReadTask(reader, piece, loop, answer);
        if (piece.needsRoom()) {
            synchronized (roomless) {
                if (room == 0) {
                    roomless.add(task);
                    return;
                }
                room--;
            }
        }
        tasks.add(task);
    }

    /** One that needs room has it. */
    private final class ReadTask implements Task {
        private final Reader reader;
        private final Piece piece;
        private final Executor loop;
        private final java.util.function.Consumer<Answer<Frames>> answer;

        ReadTask(Reader reader, Piece piece, Executor loop, java.util.function.Consumer<Answer<Frames>> answer) {
            this.reader = reader;
            this.piece = piece;
            this.loop = loop;
            this.answer = answer;
        }

        boolean isOver() {
            return reader.isOver().isOver();
        }

        @Override
        public void run(Consumer<byte[], byte[]> consumer) {
            if (isOver()) {
                giveRoomBack();
            } else {
                hand(frames(consumer, reader, piece));
            }
        }

        @Override
        public void fail(KafkaException failure) {
            hand(new Answer.Unavailable<>(failure.getMessage()));
        }

        private void hand(Answer<Frames> read) {
            boolean told = tell(loop, () -> answer.accept(read));
            if (!told && read instanceof Answer.Found<Frames> found) {
                found.value().frames().forEach(Frame::release);
            }
            if (!told || !(read instanceof Answer.Found<Frames>)) {
                giveRoomBack();
            }
        }

        private void giveRoomBack() {
            if (piece.needsRoom()) {
                giveRoom();
            }
        }
    }

    @Override
    public void giveRoom() {
        synchronized (roomless) {
            ReadTask next = roomless.poll();
            while (next != null && next.isOver()) {
                next = roomless.poll();
            }
            if (next == null) {
                room++;
            } else {
                tasks.add(next);
            }
        }
    }

    /** False where the loop has ended. */
    private static boolean tell(Executor loop, Runnable answer) {
        try {
            loop.execute(answer);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    // on a reader's thread

    private void run(Consumer<byte[], byte[]> consumer) {
        try {
            while (!closing) {
                Task task = tasks.take();
                try {
                    task.run(consumer);
                } catch (InterruptException e) {
                    throw e;
                } catch (KafkaException e) {
                    log.warn("can't read the log of events for a subscriber, who waits: {}", e.getMessage());
                    LockSupport.parkNanos(RETRY_NS); // else it would be asked for again at once, and again
                    task.fail(e);
                }
            }
        } catch (InterruptedException | InterruptException e) {
            log.debug("a reader was told to stop");
        } catch (Throwable e) {
            log.error("a reader of the log has stopped; others go on, if there are any", e);
        } finally {
            Thread.interrupted(); // the interrupt has done its work; closing the consumer must not be cut short by it
            consumer.close();
        }
    }

    private Answer<Span> span(Consumer<byte[], byte[]> consumer, Feature feature, Start start, Instant until) {
        List<TopicPartition> partitions = IntStream.range(0, feature.partitions())
                .mapToObj(partition -> new TopicPartition(feature.topic(), partition))
                .toList();
        consumer.assign(partitions); // before it is asked for their ends, or it warns
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, ANSWER_TIMEOUT);
        Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions, ANSWER_TIMEOUT);
        Map<TopicPartition, Long> last = until == null ? ends : offsetsAt(consumer, until, ends);
        long[] from = new long[partitions.size()];
        long[] to = new long[partitions.size()];
        Map<TopicPartition, Long> first =
                start instanceof Start.Time time ? offsetsAt(consumer, time.at(), ends) : begins;
        for (TopicPartition each : partitions) {
            int partition = each.partition();
            from[partition] = first.get(each);
            if (start instanceof Start.Position position) {
                from[partition] = position.seen()[partition] + 1;
                if (from[partition] < begins.get(each) || from[partition] > ends.get(each)) {
                    return new Answer.Gone<>();
                }
            }
            to[partition] = Math.max(from[partition], last.get(each));
        }
        return new Answer.Found<>(new Span(from, to));
    }

    /** The first offset written then or later; the end's where there is none. */
    private static Map<TopicPartition, Long> offsetsAt(
            Consumer<byte[], byte[]> consumer, Instant time, Map<TopicPartition, Long> ends) {
        Map<TopicPartition, Long> times = new HashMap<>();
        ends.keySet().forEach(partition -> times.put(partition, Math.max(0, time.toEpochMilli())));
        Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times, ANSWER_TIMEOUT);
        Map<TopicPartition, Long> offsets = new HashMap<>(ends);
        found.forEach((partition, at) -> {
            if (at != null) {
                // the end was asked for before: what has been written since is not part of the answer
                offsets.merge(partition, at.offset(), Math::min);
            }
        });
        return offsets;
    }

    private Answer<Frames> frames(Consumer<byte[], byte[]> consumer, Reader reader, Piece piece) {
        TopicPartition partition = new TopicPartition(reader.feature().topic(), piece.partition());
        List<Frame> frames = new ArrayList<>();
        try {
            seek(consumer, partition, piece.from());
            long next = piece.from();
            long beganNs = System.nanoTime();
            while (next < piece.to() && frames.isEmpty()) {
                next = encode(consumer.poll(POLL).records(partition), reader, piece, frames);
                next = next < 0 ? consumer.position(partition, ANSWER_TIMEOUT) : next;
                long tookNs = System.nanoTime() - beganNs;
                if (next > piece.from() && tookNs > TURN_NS) {
                    break; // where nothing is wanted for long, others get their turn
                }
                if (next == piece.from() && frames.isEmpty() && tookNs > ANSWER_TIMEOUT.toNanos()) {
                    throw new TimeoutException(partition + " could not be read at offset " + next);
                }
            }
            metrics.logReads.increment();
            return new Answer.Found<>(new Frames(frames, Math.min(next, piece.to())));
        } catch (OffsetOutOfRangeException e) {
            return new Answer.Gone<>();
        } catch (RuntimeException | Error e) {
            frames.forEach(Frame::release);
            throw e;
        }
    }

    /** A reading that goes on alone finds what the consumer has fetched ahead. */
    private static void seek(Consumer<byte[], byte[]> consumer, TopicPartition partition, long offset) {
        boolean goesOn = consumer.assignment().equals(Set.of(partition))
                && consumer.position(partition, ANSWER_TIMEOUT) == offset;
        if (!goesOn) {
            consumer.assign(List.of(partition));
            consumer.seek(partition, offset);
        }
    }

    /** Where to go on; −1 where all of the records were taken. */
    private long encode(List<ConsumerRecord<byte[], byte[]>> records, Reader reader, Piece piece, List<Frame> into) {
        long bytes = 0;
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (record.offset() >= piece.to()) {
                return piece.to();
            }
            if (bytes >= piece.mostBytes()) {
                return record.offset();
            }
            try {
                Frame frame = reader.encoder().encode(record, reader.wanted());
                if (frame != null) {
                    into.add(frame);
                    bytes += frame.bytes();
                }
            } catch (PoisonException e) {
                metrics.logUnreadable.increment(); // the tail of some gateway has made it a dead letter
            }
        }
        return -1;
    }

    @Override
    public void close() {
        closing = true;
        threads.forEach(Thread::interrupt);
        try {
            for (Thread thread : threads) {
                thread.join(CLOSE_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        threads.stream()
                .filter(Thread::isAlive)
                .forEach(thread -> log.warn("{} did not stop in time", thread.getName()));
    }
}

package dev.cutover.schema;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the flag log. Its thread, {@code flag-reader}, alone owns the consumer and all that is not final or volatile; others
 * read an immutable table, add listeners, or ask for a barrier, which crosses by a queue and a wake-up.
 *
 * <p>While Kafka is away the last known flags stay, and {@link #ageMs()} grows. A flag that was never written, or was deleted
 * by a tombstone, is {@link Flag#initial}: never live by default. A record that can't be read is ignored and counted.
 */
public final class FlagReader implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FlagReader.class);
    private static final TopicPartition LOG = new TopicPartition(Topics.FLAGS, 0);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration END_OFFSET_TIMEOUT = Duration.ofSeconds(3);
    private static final long REFRESH_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final int REMEMBERED_CHANGES = 1_000;

    /** A barrier: completes once the reader has passed the log's end as it was after the barrier was asked for. */
    private static final class Barrier {
        final CompletableFuture<Void> done = new CompletableFuture<>();
        /** The offset to reach; −1 until the log's end has been asked for. Owned by the reader's thread. */
        long target = -1;
    }

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final List<Consumer<FlagChange>> listeners = new CopyOnWriteArrayList<>();
    private final ConcurrentLinkedQueue<Barrier> asked = new ConcurrentLinkedQueue<>();
    private final AtomicReference<Map<String, Flag>> flags = new AtomicReference<>(Map.of());
    private final Thread thread;
    private final CompletableFuture<Void> caughtUp;

    private volatile boolean closing;
    /** {@code System.nanoTime()} when the table was last known to be the log's newest; 0 before that was ever so. */
    private volatile long freshNs;

    private volatile long unreadable;

    // owned by the reader's thread
    private final List<Barrier> waiting = new ArrayList<>();
    private long refreshDueNs;
    private boolean away;

    /** The changes seen last, by id; guarded by itself, since a writer looks them up. */
    private final Map<String, Flag> changes = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Flag> eldest) {
            return size() > REMEMBERED_CHANGES;
        }
    };

    /**
     * Starts reading at once.
     *
     * @param clientId the Kafka client's id
     */
    public FlagReader(KafkaConnection kafka, String clientId) {
        this.consumer = kafka.consumer(clientId);
        this.caughtUp = barrier();
        this.thread = new Thread(this::run, "flag-reader");
        this.thread.setDaemon(true);
        this.thread.start();
    }

    /** Completes when the log, as it was at the start, has been read to its end. */
    public CompletableFuture<Void> caughtUp() {
        return caughtUp;
    }

    /**
     * Completes when everything that was committed before this call has been read. Completes only while Kafka answers: bound
     * it with {@code orTimeout}.
     */
    public CompletableFuture<Void> readToEnd() {
        CompletableFuture<Void> done = barrier();
        consumer.wakeup();
        return done;
    }

    private CompletableFuture<Void> barrier() {
        Barrier barrier = new Barrier();
        asked.add(barrier);
        return barrier.done;
    }

    /** The flag as last read; {@link Flag#initial} where the log holds none. */
    public Flag flag(String feature) {
        Flag flag = flags.get().get(feature);
        return flag == null ? Flag.initial(feature) : flag;
    }

    /** Milliseconds since the flags were last known to be the log's newest; empty before that was ever so. */
    public OptionalLong ageMs() {
        long fresh = freshNs;
        return fresh == 0
                ? OptionalLong.empty()
                : OptionalLong.of(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - fresh));
    }

    /** How many records of the log could not be read and were ignored. */
    public long unreadable() {
        return unreadable;
    }

    /** Told of every change, in the log's order, on the reader's thread; it must not block. Those before it are not told. */
    public void onChange(Consumer<FlagChange> listener) {
        listeners.add(listener);
    }

    /** Whether that change is among the last thousand that were read. */
    boolean hasSeen(String changeId) {
        synchronized (changes) {
            return changes.containsKey(changeId);
        }
    }

    private void run() {
        try (consumer) {
            consumer.assign(List.of(LOG));
            consumer.seekToBeginning(List.of(LOG));
            while (!closing) {
                step();
            }
        } finally {
            waiting.addAll(asked);
            waiting.forEach(barrier -> barrier.done.cancel(false));
        }
    }

    /** One poll. Whatever Kafka throws, the reader goes on: its last known flags are better than none. */
    private void step() {
        try {
            aimBarriers();
            consumer.poll(POLL).forEach(this::apply);
            passBarriers(consumer.position(LOG, END_OFFSET_TIMEOUT));
            if (away) {
                away = false;
                log.info("the flag log is back");
            }
        } catch (WakeupException e) {
            log.trace("woken for a barrier, or to close");
        } catch (KafkaException e) {
            if (!away) {
                away = true;
                log.warn("can't read the flag log {}; the last known flags stay: {}", LOG, e.getMessage());
            }
            LockSupport.parkNanos(RETRY_NS);
        }
    }

    /** Gives every new barrier the log's end of now; keeps them all when Kafka doesn't answer. */
    private void aimBarriers() {
        long nowNs = System.nanoTime();
        boolean refresh = nowNs - refreshDueNs >= 0;
        if (refresh) {
            asked.add(new Barrier());
        }
        if (asked.isEmpty()) {
            return;
        }
        // polled before the log's end is asked for, so that the end lies after all that a barrier must cover
        Barrier barrier;
        while ((barrier = asked.poll()) != null) {
            waiting.add(barrier);
        }
        long end = consumer.endOffsets(List.of(LOG), END_OFFSET_TIMEOUT).get(LOG);
        for (Barrier each : waiting) {
            if (each.target < 0) {
                each.target = end;
            }
        }
        refreshDueNs = System.nanoTime() + REFRESH_NS;
    }

    private void passBarriers(long position) {
        for (Iterator<Barrier> each = waiting.iterator(); each.hasNext(); ) {
            Barrier barrier = each.next();
            if (barrier.target >= 0 && position >= barrier.target) {
                freshNs = System.nanoTime();
                each.remove();
                barrier.done.complete(null);
            } else if (barrier.done.isDone()) {
                each.remove();
            }
        }
    }

    private void apply(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null) {
            ignore(record, "it has no key");
            return;
        }
        String feature = new String(record.key(), StandardCharsets.UTF_8);
        Flag after;
        try {
            after = record.value() == null ? Flag.initial(feature) : Flag.fromJson(feature, record.value());
        } catch (IllegalArgumentException e) {
            ignore(record, e.getMessage());
            return;
        }
        Flag before = flag(feature);
        Map<String, Flag> table = new HashMap<>(flags.get());
        table.put(feature, after);
        flags.set(Map.copyOf(table));
        if (after.changeId() != null) {
            synchronized (changes) {
                changes.put(after.changeId(), after);
            }
        }
        FlagChange change = new FlagChange(before, after);
        listeners.forEach(listener -> listener.accept(change));
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // only the reader's thread writes it
    private void ignore(ConsumerRecord<byte[], byte[]> record, String why) {
        unreadable++;
        log.warn("ignored the flag record {}@{}: {}", LOG, record.offset(), why);
    }

    /** Waits at most two seconds for the reader's thread to end. */
    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

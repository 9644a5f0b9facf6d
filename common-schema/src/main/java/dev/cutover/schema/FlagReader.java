package dev.cutover.schema;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
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
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);
    private static final long REFRESH_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(500);

    /** A barrier: completes once the reader has passed the log's end as it was after the barrier was asked for. */
    private static final class Barrier {
        final CompletableFuture<Void> done = new CompletableFuture<>();

        // owned by the reader's thread, and without meaning until the barrier is aimed
        /** The offset to reach. */
        long target;
        /** When the log's end was asked for: once the target is reached, the table was the newest at that time. */
        long askedNs;
    }

    private final Consumer<byte[], byte[]> consumer;
    private final LongSupplier nanoClock;
    private final List<java.util.function.Consumer<FlagChange>> listeners = new CopyOnWriteArrayList<>();
    private final ConcurrentLinkedQueue<Barrier> asked = new ConcurrentLinkedQueue<>();
    /** The changes that writers wait to read back, by change id. */
    private final Map<String, CompletableFuture<Flag>> expected = new ConcurrentHashMap<>();

    private final Thread thread = new Thread(this::run, "flag-reader");
    private final CompletableFuture<Void> caughtUp;

    private volatile Map<String, Flag> flags = Map.of();
    private volatile boolean closing;
    /** Set before the last look into {@link #asked}, so that no barrier is left in it. */
    private volatile boolean ended;
    /** When the table was last known to be the log's newest. */
    private volatile OptionalLong freshNs = OptionalLong.empty();

    private volatile long unreadable;

    // owned by the reader's thread
    private final List<Barrier> unaimed = new ArrayList<>();
    private final List<Barrier> aimed = new ArrayList<>();
    private long refreshDueNs;
    private boolean away;

    /**
     * Starts reading at once.
     *
     * @param clientId the Kafka client's id
     */
    public FlagReader(KafkaConnection kafka, String clientId) {
        this(kafka.withQuickFetch().consumer(clientId), System::nanoTime);
        start();
    }

    /** A reader that is at rest until {@link #start}, or is moved by {@link #open} and {@link #step}. */
    FlagReader(Consumer<byte[], byte[]> consumer, LongSupplier nanoClock) {
        this.consumer = consumer;
        this.nanoClock = nanoClock;
        this.refreshDueNs = nanoClock.getAsLong();
        this.caughtUp = barrier();
    }

    void start() {
        thread.setDaemon(true);
        thread.start();
    }

    /** Completes when the log, as it was at the start, has been read to its end. */
    public CompletableFuture<Void> caughtUp() {
        return caughtUp;
    }

    /**
     * Completes when everything that readers could see before this call has been read: a transaction's records are seen a
     * moment after its commit, once its marker stands in the log. Completes only while Kafka answers: bound it with
     * {@code orTimeout}. Fails once the reader is closed. What depends on it runs on the reader's thread and must not block.
     */
    public CompletableFuture<Void> readToEnd() {
        CompletableFuture<Void> done = barrier();
        if (!ended) {
            // may strike any call of the reader's thread, not the poll alone: step() then begins anew
            consumer.wakeup();
        }
        return done;
    }

    private CompletableFuture<Void> barrier() {
        Barrier barrier = new Barrier();
        asked.add(barrier);
        if (ended) {
            fail(asked);
        }
        return barrier.done;
    }

    private static void fail(Collection<Barrier> barriers) {
        barriers.forEach(
                barrier -> barrier.done.completeExceptionally(new IllegalStateException("the flag reader is closed")));
    }

    /** The flag as last read; {@link Flag#initial} where the log holds none. */
    public Flag flag(String feature) {
        Flag flag = flags.get(feature);
        return flag == null ? Flag.initial(feature) : flag;
    }

    /** Milliseconds since the flags were last known to be the log's newest; empty before that was ever so. */
    public OptionalLong ageMs() {
        OptionalLong fresh = freshNs;
        return fresh.isEmpty()
                ? fresh
                : OptionalLong.of(TimeUnit.NANOSECONDS.toMillis(nanoClock.getAsLong() - fresh.getAsLong()));
    }

    /** Not ready before the flags were first read to their end; degraded while Kafka does not confirm that they are the newest. */
    public Health health() {
        OptionalLong age = ageMs();
        if (age.isEmpty()) {
            return new Health(List.of("the flags have not been read yet"));
        }
        if (!CutoverStatus.isStale(age.getAsLong())) {
            return new Health(List.of());
        }
        return new Health(
                List.of(),
                List.of("the flags were last known to be the newest " + age.getAsLong() / 1000
                        + " s ago, and stay as they were: Kafka does not answer"));
    }

    /** Shows how old the flags are, and how many records could not be read. */
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("cutover.flags.age", this, reader -> reader.ageMs().orElse(-1) / 1e3)
                .description("since the flags were last known to be the log's newest; negative before that was ever so")
                .baseUnit("seconds")
                .register(registry);
        FunctionCounter.builder("cutover.flags.unreadable", this, FlagReader::unreadable)
                .description("records of the flag log that could not be read and were ignored")
                .register(registry);
    }

    /** How many records of the log could not be read and were ignored. */
    public long unreadable() {
        return unreadable;
    }

    /**
     * Told of every change, in the log's order, on the reader's thread; it must not block. Those before it are not told. What
     * it throws is logged and goes no further.
     */
    public void onChange(java.util.function.Consumer<FlagChange> listener) {
        listeners.add(listener);
    }

    /** Completes when that change has been read, listeners told. To be asked for before it is written, and forgotten at last. */
    CompletableFuture<Flag> expect(String changeId) {
        return expected.computeIfAbsent(changeId, id -> new CompletableFuture<>());
    }

    void forget(String changeId) {
        expected.remove(changeId);
    }

    private void run() {
        try {
            open();
            while (!closing) {
                if (!step()) {
                    LockSupport.parkNanos(RETRY_NS);
                }
            }
        } finally {
            ended = true;
            fail(aimed);
            fail(unaimed);
            fail(asked);
            // the default would wait half a minute for a broker that is away
            consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
        }
    }

    void open() {
        consumer.assign(List.of(LOG));
        consumer.seekToBeginning(List.of(LOG));
    }

    /**
     * One poll. Whatever Kafka throws, the reader goes on: its last known flags are better than none.
     *
     * @return false when Kafka failed, and should be left alone for a moment
     */
    boolean step() {
        try {
            aimBarriers();
            // a barrier that lies no further than this reader must not wait for a poll that finds nothing
            passBarriers(consumer.position(LOG, ANSWER_TIMEOUT));
            // nothing after the poll may throw: the position has moved past these records
            consumer.poll(POLL).forEach(this::apply);
            passBarriers(consumer.position(LOG, ANSWER_TIMEOUT));
        } catch (WakeupException e) {
            log.trace("woken for a barrier, or to close");
            return true;
        } catch (KafkaException e) {
            if (!away) {
                away = true;
                log.warn("can't read the flag log {}; the last known flags stay: {}", LOG, e.getMessage());
            }
            return false;
        } catch (RuntimeException e) {
            log.error("reading the flag log {} failed, which is a fault of Cutover; the last known flags stay", LOG, e);
            return false;
        }
        if (away) {
            away = false;
            log.info("the flag log is back");
        }
        return true;
    }

    /**
     * Gives every new barrier the log's end of now. When Kafka doesn't answer, or a wake-up strikes, they stay unaimed for the
     * next step.
     */
    private void aimBarriers() {
        unaimed.removeIf(barrier -> barrier.done.isDone());
        // taken before the log's end is asked for, so that the end lies after all that a barrier must cover
        Barrier barrier;
        while ((barrier = asked.poll()) != null) {
            unaimed.add(barrier);
        }
        long askedNs = nanoClock.getAsLong();
        if (unaimed.isEmpty()) {
            if (askedNs - refreshDueNs < 0) {
                return;
            }
            unaimed.add(new Barrier());
        }
        // of a read_committed consumer this is the last stable offset: as far as it can read
        long end = consumer.endOffsets(List.of(LOG), ANSWER_TIMEOUT).get(LOG);
        for (Barrier each : unaimed) {
            each.target = end;
            each.askedNs = askedNs;
        }
        aimed.addAll(unaimed);
        unaimed.clear();
        refreshDueNs = askedNs + REFRESH_NS;
    }

    private void passBarriers(long position) {
        for (Iterator<Barrier> each = aimed.iterator(); each.hasNext(); ) {
            Barrier barrier = each.next();
            if (position >= barrier.target) {
                each.remove();
                freshNs = OptionalLong.of(barrier.askedNs);
                barrier.done.complete(null);
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
        Map<String, Flag> table = new HashMap<>(flags);
        table.put(feature, after);
        flags = Map.copyOf(table);
        tell(new FlagChange(before, after));
        CompletableFuture<Flag> waiting = after.changeId() == null ? null : expected.get(after.changeId());
        if (waiting != null) {
            waiting.complete(after);
        }
    }

    private void tell(FlagChange change) {
        for (java.util.function.Consumer<FlagChange> listener : listeners) {
            try {
                listener.accept(change);
            } catch (RuntimeException e) {
                // the others must hear of it, and the records behind this one must be read
                log.error("a listener failed at the change of {}", change.after(), e);
            }
        }
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
        LockSupport.unpark(thread);
        try {
            thread.join(TimeUnit.SECONDS.toMillis(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

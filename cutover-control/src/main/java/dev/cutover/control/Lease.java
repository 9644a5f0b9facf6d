package dev.cutover.control;

import dev.cutover.schema.Topics;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which instance is the active one: the member of the group that has the one partition assigned. It reads nothing of it.
 *
 * <p>Why never two are active at once, even when one is cut off: an assignment alone proves nothing, since a member that Kafka
 * has given up for dead learns of it only when it gets through again. So the holder commits an offset every two seconds, which
 * the group's coordinator accepts of a current member alone, and which begins the member's session anew. The holder is active
 * only for {@link #VALID} after the time when it <em>asked</em> for the last commit that succeeded; the coordinator gives the
 * partition to nobody else for {@link #SESSION} after that time, or later. The difference is for clocks that run at different speeds.
 *
 * <p>Its thread, {@code control-lease}, alone owns the consumer and all that is not final or volatile; anybody may ask whether
 * it is active.
 */
final class Lease implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Lease.class);

    static final String GROUP = "cutover-control";
    static final TopicPartition PARTITION = new TopicPartition(Topics.FLAGS, 0);
    /** For so long Kafka keeps the partition for a member that it does not hear of. */
    static final Duration SESSION = Duration.ofSeconds(10);
    /** For so long the holder goes on without having heard of Kafka. */
    static final Duration VALID = Duration.ofSeconds(6);

    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);
    private static final long CONFIRM_EVERY_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(500);
    /** The offset says nothing; that the commit was accepted does. */
    private static final Map<TopicPartition, OffsetAndMetadata> PROOF = Map.of(PARTITION, new OffsetAndMetadata(0));

    private final Consumer<byte[], byte[]> consumer;
    private final LongSupplier nanoClock;
    private final String name;
    private final Thread thread = new Thread(this::run, "control-lease");

    private volatile boolean closing;
    /** When the last successful confirmation was asked for; empty unless the partition is assigned and was confirmed since. */
    private volatile OptionalLong confirmedNs = OptionalLong.empty();

    // owned by the lease's thread
    private boolean assigned;
    private long confirmDueNs;
    private boolean saidActive;
    private boolean away;

    /**
     * A lease that is at rest until {@link #start}, or is moved by {@link #open} and {@link #step}.
     *
     * @param consumer of the group {@link #GROUP}, with a session of {@link #SESSION}
     * @param name the instance's, for the log
     */
    Lease(Consumer<byte[], byte[]> consumer, LongSupplier nanoClock, String name) {
        this.consumer = consumer;
        this.nanoClock = nanoClock;
        this.name = name;
    }

    Lease start() {
        thread.setDaemon(true);
        thread.start();
        return this;
    }

    /** Whether this instance, and no other, is the active one now. Any thread. */
    boolean isActive() {
        OptionalLong confirmed = confirmedNs;
        return !closing && confirmed.isPresent() && nanoClock.getAsLong() - confirmed.getAsLong() < VALID.toNanos();
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
            sayChanges();
            leave();
        }
    }

    /** So that another instance need not wait for the session's end. */
    private void leave() {
        consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT)
                .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP));
    }

    void open() {
        consumer.subscribe(List.of(PARTITION.topic()), new Assignments());
    }

    /**
     * One poll, in which assignments come and go, and a confirmation where it is due.
     *
     * @return false when Kafka failed, and should be left alone for a moment
     */
    boolean step() {
        try {
            consumer.poll(POLL);
            if (assigned && nanoClock.getAsLong() - confirmDueNs >= 0) {
                confirm();
            }
            away = false;
            return true;
        } catch (WakeupException e) {
            log.trace("woken to close");
            return true;
        } catch (RebalanceInProgressException e) {
            log.trace("a member joins or leaves: the next polls see to it, and the confirmation is still due");
            return true;
        } catch (CommitFailedException e) {
            // the group goes on without this member: the next poll joins it anew
            confirmedNs = OptionalLong.empty();
            return true;
        } catch (KafkaException e) {
            if (!away) {
                away = true;
                log.warn("{} can't renew its part in the group {}: {}", name, GROUP, e.getMessage());
            }
            return false;
        } finally {
            sayChanges();
        }
    }

    private void confirm() {
        long askedNs = nanoClock.getAsLong();
        consumer.commitSync(PROOF, ANSWER_TIMEOUT);
        confirmedNs = OptionalLong.of(askedNs);
        confirmDueNs = askedNs + CONFIRM_EVERY_NS;
    }

    private void sayChanges() {
        boolean active = isActive();
        if (active != saidActive) {
            saidActive = active;
            log.info("{} {}", name, active ? "is the active instance now" : "is not the active instance any more");
        }
    }

    /** Called within the lease's own polls. */
    private final class Assignments implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            if (partitions.contains(PARTITION)) {
                consumer.pause(List.of(PARTITION));
                assigned = true;
                confirmDueNs = nanoClock.getAsLong();
            }
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            if (partitions.contains(PARTITION)) {
                assigned = false;
                confirmedNs = OptionalLong.empty();
            }
        }
    }

    /** Not active from here on; another instance may be as soon as the group has been left. Waits three seconds at most. */
    @Override
    public void close() {
        closing = true;
        if (thread.getState() == Thread.State.NEW) {
            leave();
            return;
        }
        consumer.wakeup();
        LockSupport.unpark(thread);
        try {
            thread.join(TimeUnit.SECONDS.toMillis(3));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

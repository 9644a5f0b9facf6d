package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

/** Over Kafka's own mock of a consumer, with time moved by hand. */
final class LeaseTest {
    private long nowNs = 1_000;

    /** A group whose coordinator can be away, or have given this member up. */
    private final class Group extends MockConsumer<byte[], byte[]> {
        KafkaException failure;
        /** How long the coordinator takes to answer. */
        long answerNs;

        Group() {
            super("earliest");
            updateBeginningOffsets(Map.of(Lease.PARTITION, 0L));
        }

        @Override
        public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
            nowNs += answerNs;
            if (failure != null) {
                throw failure;
            }
            super.commitSync(offsets, timeout);
        }
    }

    private final Group group = new Group();
    private final Lease lease = new Lease(group, () -> nowNs, "control-test");

    private void assign() {
        lease.open();
        group.rebalance(List.of(Lease.PARTITION));
        lease.step();
    }

    private void pass(Duration time) {
        nowNs += time.toNanos();
    }

    @Test
    void whoHasThePartitionAndHasBeenConfirmedIsActive() {
        lease.open();
        lease.step();
        assertThat(lease.isActive()).isFalse();

        group.rebalance(List.of(Lease.PARTITION));
        assertThat(lease.isActive()).as("before Kafka confirms it").isFalse();
        lease.step();

        assertThat(lease.isActive()).isTrue();
        assertThat(group.paused()).containsExactly(Lease.PARTITION);
    }

    @Test
    void whoLosesThePartitionIsNotActiveAnyMore() {
        assign();

        group.rebalance(List.of());

        assertThat(lease.isActive()).isFalse();
        lease.step();
        assertThat(lease.isActive()).isFalse();
    }

    @Test
    void aHolderThatIsCutOffStopsBeforeItsSessionEnds() {
        assign();
        group.failure = new TimeoutException("cut off");

        for (int second = 1; second < Lease.VALID.toSeconds(); second++) {
            pass(Duration.ofSeconds(1));
            lease.step();
            assertThat(lease.isActive()).as("after %s s", second).isTrue();
        }
        pass(Duration.ofSeconds(1));

        assertThat(lease.isActive()).isFalse();
        assertThat(Lease.VALID).isLessThan(Lease.SESSION);
    }

    @Test
    void aHolderThatSleptDoesNotTakeItselfForActiveWhenItWakes() {
        assign();

        pass(Lease.SESSION.multipliedBy(3));

        assertThat(lease.isActive()).as("before it has asked").isFalse();
        group.failure = new CommitFailedException();
        lease.step();
        assertThat(lease.isActive()).as("the group went on without it").isFalse();
    }

    @Test
    void aHolderIsActiveAgainOnceKafkaConfirmsIt() {
        assign();
        group.failure = new TimeoutException("away");
        pass(Lease.VALID);
        assertThat(lease.step()).isFalse();
        assertThat(lease.isActive()).isFalse();

        group.failure = null;
        lease.step();

        assertThat(lease.isActive()).isTrue();
    }

    @Test
    void aMemberThatJoinsDoesNotEndTheLeaseOfTheHolder() {
        assign();
        group.failure = new RebalanceInProgressException("one joins");
        pass(Duration.ofSeconds(2));
        assertThat(lease.step()).isTrue();
        assertThat(lease.isActive()).isTrue();

        group.failure = null;
        lease.step();
        pass(Lease.VALID.minusNanos(1));
        assertThat(lease.isActive()).isTrue();
    }

    @Test
    void theTimeCountsFromTheQuestionAndNotFromItsAnswer() {
        group.answerNs = TimeUnit.SECONDS.toNanos(2);
        assign();

        pass(Lease.VALID.minusSeconds(2).minusNanos(1));
        assertThat(lease.isActive()).isTrue();
        pass(Duration.ofNanos(1));
        assertThat(lease.isActive()).isFalse();
    }

    @Test
    void aHolderAsksEveryTwoSeconds() {
        assign();
        for (int i = 0; i < 30; i++) {
            pass(Duration.ofSeconds(2));
            lease.step();
            assertThat(lease.isActive()).isTrue();
        }
    }

    @Test
    void aLeaseThatIsClosedIsNotActiveAndHasLeftTheGroup() {
        lease.start();
        await().until(() -> !group.subscription().isEmpty());
        group.schedulePollTask(() -> group.rebalance(List.of(Lease.PARTITION)));
        await().until(lease::isActive);

        lease.close();

        assertThat(lease.isActive()).isFalse();
        assertThat(group.closed()).isTrue();
    }

    @Test
    void aLeaseThatWasNeverStartedClosesItsConsumer() {
        lease.close();

        assertThat(group.closed()).isTrue();
    }
}

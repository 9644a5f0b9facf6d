package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cutover.jobs.Job.Outcome;
import dev.cutover.jobs.Job.Slot;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.errors.InterruptException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class JobSchedulerTest {
    private static final Duration CADENCE = Duration.ofMillis(20);

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Clock clock = Clock.systemUTC();
    private final Instant start = clock.instant();
    private final JobScheduler scheduler = new JobScheduler(clock, new JobsMetrics(registry, clock));
    private final List<Slot> slots = new CopyOnWriteArrayList<>();

    private record TestJob(String name, Callable<Outcome> work, List<Slot> slots) implements Job {
        @Override
        public Outcome run(Slot slot) throws Exception {
            slots.add(slot);
            return work.call();
        }
    }

    @AfterEach
    void stop() {
        assertThat(scheduler.stop(Duration.ofSeconds(5))).isTrue();
    }

    @Test
    void aBlockedJobDelaysNoOther() {
        CountDownLatch blocked = new CountDownLatch(1);
        start("blocked", () -> {
            blocked.await();
            return Outcome.DONE;
        });
        start("free", () -> Outcome.DONE);

        await().until(() -> runs("free") >= 5);
        assertThat(runs("blocked")).isZero();
        blocked.countDown();
        await().until(() -> runs("blocked") >= 1);
        assertThat(registry.counter("cutover.jobs.slots.skipped", "job", "blocked")
                        .count())
                .isGreaterThanOrEqualTo(1);
    }

    @Test
    void eachRunGetsItsOwnSlotOfTheGrid() {
        start("steady", () -> Outcome.DONE);

        await().until(() -> slots.size() >= 10);
        assertThat(slots).doesNotHaveDuplicates().allSatisfy(slot -> assertThat(slot.at())
                .isEqualTo(start.plus(CADENCE.multipliedBy(slot.number()))));
    }

    @Test
    void aFailingJobIsNamedCountedAndRecovers() {
        CountDownLatch mended = new CountDownLatch(1);
        start("fragile", () -> {
            if (mended.getCount() > 0) {
                throw new IllegalStateException("the disk is away");
            }
            return Outcome.DONE;
        });

        await().until(() -> scheduler.failing().equals(java.util.Map.of("fragile", "the disk is away")));
        assertThat(registry.counter("cutover.jobs.failures", "job", "fragile").count())
                .isGreaterThanOrEqualTo(1);
        mended.countDown();
        await().until(() -> runs("fragile") >= 3);
        assertThat(scheduler.failing()).isEmpty();
    }

    @Test
    void anErrorKillsNeitherItsJobNorOthers() {
        start("broken", () -> {
            if (slots.size() == 1) {
                throw new StackOverflowError("too deep");
            }
            return Outcome.DONE;
        });

        await().until(() -> runs("broken") >= 1);
    }

    @Test
    void aJobThatIgnoresTheStopIsInterruptedInTime() {
        CountDownLatch running = new CountDownLatch(1);
        start("endless", () -> {
            running.countDown();
            new CountDownLatch(1).await();
            return Outcome.DONE;
        });
        await().until(() -> running.getCount() == 0);

        assertThat(scheduler.stop(Duration.ofMillis(400))).isTrue();
    }

    @Test
    void whatAJobThrowsWhenItIsInterruptedToStopIsNoFailure() {
        CountDownLatch running = new CountDownLatch(1);
        start("kafka-like", () -> {
            running.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptException(e);
            }
            return Outcome.DONE;
        });
        await().until(() -> running.getCount() == 0);

        assertThat(scheduler.stop(Duration.ofMillis(400))).isTrue();
        assertThat(registry.counter("cutover.jobs.failures", "job", "kafka-like")
                        .count())
                .isZero();
    }

    private void start(String name, Callable<Outcome> work) {
        scheduler.start(new TestJob(name, work, slots), start, CADENCE);
    }

    private double runs(String job) {
        return registry.counter("cutover.jobs.runs", "job", job).count();
    }
}

package dev.cutover.jobs;

import dev.cutover.jobs.Job.Outcome;
import dev.cutover.jobs.Job.Slot;
import dev.cutover.jobs.JobPlan.Decision;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs each job on a thread of its own, so that a late or failing one never delays or stops another. {@link JobPlan} decides;
 * this waits, runs, logs and counts. Started and stopped by one thread; {@link #failing} may be asked by any.
 */
final class JobScheduler {
    private static final Logger log = LoggerFactory.getLogger(JobScheduler.class);

    private final Clock clock;
    private final JobsMetrics metrics;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Map<String, String> failing = new ConcurrentHashMap<>();
    /** Owned by the thread that starts and stops. */
    private final List<Thread> threads = new ArrayList<>();

    JobScheduler(Clock clock, JobsMetrics metrics) {
        this.clock = clock;
        this.metrics = metrics;
    }

    /** @param first the instant of the first slot */
    void start(Job job, Instant first, Duration cadence) {
        Thread thread = new Thread(() -> run(job, JobPlan.starting(first, cadence)), "job-" + job.name());
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
    }

    /** The jobs whose last run failed, and why. */
    Map<String, String> failing() {
        return new TreeMap<>(failing);
    }

    private void run(Job job, JobPlan first) {
        JobPlan plan = first;
        try {
            boolean stopped = false;
            while (!stopped) {
                Decision decision = plan.decide(clock.instant());
                long waitNs = 0;
                if (decision instanceof Decision.Run due) {
                    plan = attempt(job, due, plan);
                } else if (decision instanceof Decision.Wait wait) {
                    waitNs = wait.time().toNanos();
                }
                stopped = stopping.await(waitNs, TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            // stop() has waited long enough
            Thread.currentThread().interrupt();
        }
    }

    /** One failure path for whatever a job throws, errors included: its thread must live on. */
    private JobPlan attempt(Job job, Decision.Run due, JobPlan plan) throws InterruptedException {
        Slot slot = due.slot();
        if (due.skipped() > 0) {
            metrics.skipped(job.name(), due.skipped());
        }
        try {
            Outcome outcome = job.run(slot);
            metrics.ran(job.name());
            if (failing.remove(job.name()) != null) {
                log.info("job {} works again", job.name());
            }
            return outcome == Outcome.DONE ? plan.succeeded(slot) : plan.notYet(slot, clock.instant());
        } catch (InterruptedException e) {
            throw e;
        } catch (Throwable e) {
            if (stopping.getCount() == 0 && Thread.currentThread().isInterrupted()) {
                log.info("job {} was interrupted in its slot of {}, to stop", job.name(), slot.at());
                return plan;
            }
            metrics.failed(job.name());
            failing.put(job.name(), String.valueOf(e.getMessage()));
            JobPlan next = plan.failed(slot, clock.instant());
            log.warn("job {} failed in its slot of {}, {} in a row", job.name(), slot.at(), next.failures(), e);
            return next;
        }
    }

    /**
     * Lets the runs under way end, and interrupts those that take longer.
     *
     * @return whether every job has ended, so that what their threads owned may be touched
     */
    boolean stop(Duration patience) {
        stopping.countDown();
        boolean ended = join(patience.dividedBy(2));
        if (!ended) {
            threads.forEach(Thread::interrupt);
            ended = join(patience.dividedBy(2));
        }
        if (!ended) {
            log.warn(
                    "jobs that did not end in time: {}",
                    threads.stream()
                            .filter(Thread::isAlive)
                            .map(Thread::getName)
                            .toList());
        }
        return ended;
    }

    private boolean join(Duration patience) {
        long deadlineNs = System.nanoTime() + patience.toNanos();
        try {
            for (Thread thread : threads) {
                long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
                // join(0) would wait for ever
                thread.join(Math.max(1, leftMs));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return threads.stream().noneMatch(Thread::isAlive);
    }
}

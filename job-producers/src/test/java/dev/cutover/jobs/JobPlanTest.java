package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.jobs.Job.Slot;
import dev.cutover.jobs.JobPlan.Decision;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class JobPlanTest {
    private static final Instant START = Instant.parse("2026-01-05T15:30:00Z");
    private static final Duration CADENCE = Duration.ofSeconds(10);

    private final JobPlan fresh = JobPlan.starting(START, CADENCE);

    @Test
    void theFirstSlotIsTheStart() {
        assertThat(fresh.decide(START.minusSeconds(1))).isEqualTo(new Decision.Wait(Duration.ofSeconds(1)));
        assertThat(fresh.decide(START)).isEqualTo(run(0, 0));
    }

    @Test
    void slotsStayAlignedToTheStartHoweverLongARunTook() {
        JobPlan plan = fresh.succeeded(slot(0));

        assertThat(plan.decide(START.plusMillis(9_400))).isEqualTo(new Decision.Wait(Duration.ofMillis(600)));
        assertThat(plan.decide(START.plusMillis(10_300))).isEqualTo(run(1, 0));
    }

    @Test
    void aLateJobRunsInTheNewestSlotAndCountsThoseItMissed() {
        JobPlan plan = fresh.succeeded(slot(0));

        assertThat(plan.decide(START.plusSeconds(45))).isEqualTo(run(4, 3));
        assertThat(fresh.decide(START.plusSeconds(25))).isEqualTo(run(2, 2));
    }

    @Test
    void failuresBackOffToTenSecondsAndNoFurther() {
        JobPlan plan = fresh;
        Instant now = START;
        for (int seconds : new int[] {1, 2, 4, 8, 10, 10, 10}) {
            plan = plan.failed(slot(0), now);
            assertThat(plan.decide(now)).isEqualTo(new Decision.Wait(Duration.ofSeconds(seconds)));
        }
        for (int i = 0; i < 1_000; i++) {
            plan = plan.failed(slot(0), now);
        }
        assertThat(plan.decide(now)).isEqualTo(new Decision.Wait(Duration.ofSeconds(10)));
    }

    @Test
    void aFailedSlotIsTriedAgainWhileItIsTheNewest() {
        JobPlan plan = fresh.failed(slot(0), START.plusMillis(200));

        assertThat(plan.decide(START.plusMillis(1_200))).isEqualTo(run(0, 0));
        assertThat(plan.decide(START.plusSeconds(21))).isEqualTo(run(2, 1));
    }

    @Test
    void successResetsTheBackOff() {
        JobPlan plan = fresh;
        for (int i = 0; i < 5; i++) {
            plan = plan.failed(slot(0), START);
        }
        plan = plan.succeeded(slot(3)).failed(slot(4), START.plusSeconds(40));

        assertThat(plan.decide(START.plusSeconds(40))).isEqualTo(new Decision.Wait(Duration.ofSeconds(1)));
    }

    @Test
    void aSlotWithNothingToWorkOnYetIsTriedAgainSoon() {
        JobPlan plan = fresh.notYet(slot(0), START);

        assertThat(plan.decide(START)).isEqualTo(new Decision.Wait(Duration.ofSeconds(1)));
        assertThat(plan.decide(START.plusSeconds(1))).isEqualTo(run(0, 0));
    }

    @Test
    void aClockSetBackHoldsAJobUpForACadenceAtMost() {
        JobPlan plan = fresh.succeeded(slot(360));

        assertThat(plan.decide(START.plusSeconds(5))).isEqualTo(run(0, 0));
        assertThat(plan.decide(START.minusSeconds(3_595))).isEqualTo(run(-360, 0));
    }

    @Test
    void aClockSetBackDuringABackOffDoesNotProlongIt() {
        JobPlan plan = fresh.failed(slot(0), START.plusSeconds(2));

        assertThat(plan.decide(START.minusSeconds(3_600))).isInstanceOf(Decision.Run.class);
    }

    private static Decision run(long number, long skipped) {
        return new Decision.Run(slot(number), skipped);
    }

    private static Slot slot(long number) {
        return new Slot(number, START.plus(CADENCE.multipliedBy(number)));
    }
}

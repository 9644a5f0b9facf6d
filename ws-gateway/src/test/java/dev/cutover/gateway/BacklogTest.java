package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The recent frames, and what they reach back to. */
class BacklogTest {
    private final GatewayRig rig = new GatewayRig();

    @AfterEach
    void everythingIsGivenBack() {
        rig.close();
    }

    /** The next event of that partition, which the backlog alone keeps. */
    private Frame add(Backlog backlog, int partition) {
        return add(backlog, rig.frame("positions", partition, "k", "{}"));
    }

    private static Frame add(Backlog backlog, Frame frame) {
        backlog.add(frame);
        frame.release();
        return frame;
    }

    private static List<Long> offsets(Backlog backlog, int partition) {
        List<Long> offsets = new ArrayList<>();
        for (int i = 0; i < backlog.size(partition); i++) {
            offsets.add(backlog.get(partition, i).offset);
        }
        return offsets;
    }

    private static Backlog begun(BacklogBudget budget) {
        Backlog backlog = budget.backlog(3);
        for (int partition = 0; partition < 3; partition++) {
            backlog.reach(partition, -1);
        }
        return backlog;
    }

    @Test
    void noPositionIsWithinReachOfAPartitionThatIsNotBegun() {
        Backlog backlog = new BacklogBudget(1 << 20).backlog(2);
        assertThat(backlog.reached()).containsExactly(-1, -1);
        backlog.reach(0, 41);
        assertThat(backlog.reaches(new long[] {41, 1_000_000})).isFalse();
        backlog.reach(1, -1);
        assertThat(backlog.reaches(new long[] {41, -1})).isTrue();
        assertThat(backlog.reaches(new long[] {40, -1})).isFalse();
        assertThat(backlog.reaches(new long[] {1000, Long.MAX_VALUE}))
                .as("ahead of what was reached")
                .isTrue();
    }

    @Test
    void partitionWhoseBeginIsNotToldIsCompleteFromItsFirstFrame() {
        Backlog backlog = new BacklogBudget(1 << 20).backlog(1);
        add(backlog, 0);
        assertThat(backlog.reaches(new long[] {-1})).isTrue();
        backlog.release();
        Backlog later = new BacklogBudget(1 << 20).backlog(1);
        add(later, 0);
        assertThat(later.reaches(new long[] {0})).isTrue();
        assertThat(later.reaches(new long[] {-1})).isFalse();
        later.release();
    }

    @Test
    void holesInTheOffsetsAreNoLoss() {
        Backlog backlog = begun(new BacklogBudget(1 << 20));
        add(backlog, 0);
        rig.batch().reached("positions", 0, 6).deliver();
        add(backlog, 0);
        backlog.reach(0, 9);
        assertThat(offsets(backlog, 0)).containsExactly(0L, 7L);
        assertThat(backlog.reaches(new long[] {3, -1, -1})).isTrue();
        assertThat(backlog.indexAfter(0, -1)).isZero();
        assertThat(backlog.indexAfter(0, 0)).isEqualTo(1);
        assertThat(backlog.indexAfter(0, 6)).isEqualTo(1);
        assertThat(backlog.indexAfter(0, 7)).isEqualTo(2);
        assertThat(backlog.indexAfter(0, Long.MAX_VALUE)).isEqualTo(2);
        assertThat(backlog.reached()).containsExactly(9, -1, -1);
        backlog.release();
    }

    @Test
    void evictionTakesTheFrameThatCameFirstAndMovesTheReach() {
        Frame first = rig.frame("positions", 1, "k", "{}");
        BacklogBudget budget = new BacklogBudget(3L * (first.bytes() + 160) + 100);
        Backlog backlog = begun(budget);
        add(backlog, first);
        add(backlog, 0);
        add(backlog, 0);
        assertThat(backlog.reaches(new long[] {-1, -1, -1})).isTrue();
        add(backlog, 2);
        assertThat(first.references()).isZero();
        assertThat(backlog.reaches(new long[] {-1, -1, -1})).isFalse();
        assertThat(backlog.reaches(new long[] {-1, 0, -1})).isTrue();
        assertThat(List.of(offsets(backlog, 0), offsets(backlog, 1), offsets(backlog, 2)))
                .containsExactly(List.of(0L, 1L), List.of(), List.of(0L));
        assertThat(backlog.bytes()).isEqualTo(budget.bytes()).isPositive();
        backlog.release();
        assertThat(budget.bytes()).isZero();
    }

    @Test
    void chattyFeatureDoesNotPushOutTheBacklogOfAnother() {
        BacklogBudget budget = new BacklogBudget(100_000);
        Backlog quiet = begun(budget);
        Backlog chatty = begun(budget);
        for (int i = 0; i < 100; i++) {
            add(quiet, 0);
        }
        for (int i = 0; i < 10_000; i++) {
            add(chatty, i % 3);
        }
        assertThat(quiet.size(0)).isEqualTo(100);
        assertThat(quiet.reaches(new long[] {-1, -1, -1})).isTrue();
        assertThat(budget.bytes()).isBetween(99_000L, 100_000L);
        assertThat(chatty.reaches(new long[] {3400, 3300, 3300})).isTrue();
        for (int i = 0; i < 10_000; i++) {
            add(quiet, 0);
        }
        assertThat(chatty.bytes()).as("an even share").isBetween(49_000L, 51_000L);
        assertThat(quiet.bytes()).isBetween(49_000L, 51_000L);
        quiet.release();
        chatty.release();
    }

    @Test
    void withoutBytesItHoldsNothingAndReachesBackToTheEnd() {
        Backlog backlog = begun(new BacklogBudget(0));
        add(backlog, 0);
        assertThat(backlog.size(0)).isZero();
        assertThat(backlog.reaches(new long[] {0, -1, -1})).isTrue();
        assertThat(backlog.reaches(new long[] {-1, -1, -1})).isFalse();
    }

    @Test
    void logThatGoesBackIsHeldFromThereAlone() {
        Backlog backlog = begun(new BacklogBudget(1 << 20));
        Frame early = rig.frame("positions", 0, "k", "{}");
        add(backlog, 0);
        add(backlog, 1);
        add(backlog, 0);
        add(backlog, early);
        assertThat(offsets(backlog, 0)).containsExactly(0L);
        assertThat(offsets(backlog, 1)).containsExactly(0L);
        assertThat(backlog.reached()).containsExactly(0, 0, -1);
        assertThat(backlog.reaches(new long[] {-1, -1, -1})).isTrue();
        add(backlog, 0);
        backlog.reach(0, 1);
        assertThat(offsets(backlog, 0)).isEmpty();
        assertThat(backlog.reaches(new long[] {1, -1, -1})).isTrue();
        assertThat(backlog.reaches(new long[] {0, -1, -1})).isFalse();
        backlog.evictOldest();
        assertThat(offsets(backlog, 1))
                .as("the next to be evicted is still known")
                .isEmpty();
        backlog.release();
    }

    @Test
    void randomFramesAreHeldAsASimpleListHoldsThem() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        long most = 5_000L + random.nextInt(20_000);
        BacklogBudget budget = new BacklogBudget(most);
        Backlog backlog = begun(budget);
        List<Frame> model = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            int partition = random.nextInt(3);
            if (random.nextInt(10) == 0) {
                long marker = rig.end("positions", partition);
                rig.batch().reached("positions", partition, marker).deliver();
                backlog.reach(partition, marker);
                continue;
            }
            model.add(
                    add(backlog, rig.frame("positions", partition, "k", "{" + " ".repeat(random.nextInt(300)) + "}")));
            while (model.stream().mapToLong(frame -> frame.bytes() + 160).sum() > most) {
                model.remove(0);
            }
            for (int each = 0; each < 3; each++) {
                int of = each;
                assertThat(offsets(backlog, each))
                        .as("seed %s", seed)
                        .isEqualTo(model.stream()
                                .filter(frame -> frame.key.partition == of)
                                .map(frame -> frame.offset)
                                .toList());
                long anywhere = random.nextInt(700);
                int index = backlog.indexAfter(each, anywhere);
                assertThat(offsets(backlog, each).stream()
                                .filter(offset -> offset <= anywhere)
                                .count())
                        .as("seed %s", seed)
                        .isEqualTo(index);
            }
        }
        assertThat(budget.bytes())
                .as("seed %s", seed)
                .isEqualTo(backlog.bytes())
                .isBetween(most / 2, most);
        backlog.release();
    }
}

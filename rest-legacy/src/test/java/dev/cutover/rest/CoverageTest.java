package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class CoverageTest {

    @Test
    void itIsCompleteOnceEveryStoreIsThereAndHoldsWhatCouldBeRead() {
        Coverage coverage = new Coverage(new FillRange(List.of(10L, 0L), List.of(12L, -1L)));
        assertThat(coverage.offsets()).containsExactly(9L, -1L);
        assertThat(coverage.open(0)).isTrue();
        coverage.reach(0, 12);
        assertThat(coverage.isComplete())
                .as("the store of partition 1 is not there")
                .isFalse();
        assertThat(coverage.open(1)).isTrue();
        assertThat(coverage.isComplete()).isTrue();
        assertThat(coverage.offsets()).containsExactly(12L, -1L);
    }

    @Test
    void itIsNotCompleteBeforeTheLastReadableOffset() {
        Coverage coverage = new Coverage(new FillRange(List.of(10L), List.of(12L)));
        assertThat(coverage.open(0)).isTrue();
        coverage.reach(0, 11);
        assertThat(coverage.isComplete()).isFalse();
        coverage.reach(0, 13);
        assertThat(coverage.isComplete()).isTrue();
    }

    @Test
    void aSecondStoreOfAPartitionAndOneOfAnUnknownPartitionAreTold() {
        Coverage coverage = new Coverage(new FillRange(List.of(0L), List.of(-1L)));
        assertThat(coverage.open(0)).isTrue();
        assertThat(coverage.open(0)).isFalse();
        assertThat(coverage.open(1)).isFalse();
    }
}

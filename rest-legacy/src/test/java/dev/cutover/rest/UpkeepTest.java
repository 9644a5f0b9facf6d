package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.Flag;
import dev.cutover.schema.Stage;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

final class UpkeepTest {
    private static final Instant SINCE = Instant.parse("2026-01-05T10:00:00Z");
    private static final Duration WEEK = Duration.ofDays(7);

    private static Flag flag(Stage stage, Instant since) {
        return new Flag(
                "positions", stage, 3, 100, null, Flag.Guard.ON, false, false, "c", "me", since, "because", since);
    }

    @Test
    void shadowAndLiveNeedTheViewsForever() {
        Instant later = SINCE.plus(Duration.ofDays(1000));
        assertThat(Upkeep.isNeeded(Flag.initial("positions"), later, WEEK)).isTrue();
        assertThat(Upkeep.isNeeded(flag(Stage.SHADOW, SINCE), later, WEEK)).isTrue();
        assertThat(Upkeep.isNeeded(flag(Stage.LIVE, SINCE), later, WEEK)).isTrue();
    }

    @Test
    void aPromotedFeatureNeedsThemUntilItRetires() {
        Flag promoted = flag(Stage.PROMOTED, SINCE);
        assertThat(Upkeep.isNeeded(promoted, SINCE, WEEK)).isTrue();
        assertThat(Upkeep.isNeeded(promoted, SINCE.plus(WEEK).minusMillis(1), WEEK))
                .isTrue();
        assertThat(Upkeep.isNeeded(promoted, SINCE.plus(WEEK), WEEK)).isFalse();
        assertThat(Upkeep.isNeeded(promoted, SINCE, Duration.ZERO)).isFalse();
    }

    @Test
    void aPromotionOfUnknownDateIsNotRetired() {
        assertThat(Upkeep.isNeeded(flag(Stage.PROMOTED, null), SINCE, WEEK)).isTrue();
    }

    @Test
    void whatIsNeededAndNotThereIsStartedOnceItsTopicIsKnown() {
        assertThat(Upkeep.of(true, null, null, "id-1")).isEqualTo(Upkeep.START);
        assertThat(Upkeep.of(true, null, null, null)).isEqualTo(Upkeep.KEEP);
        assertThat(Upkeep.of(false, null, null, "id-1")).isEqualTo(Upkeep.KEEP);
    }

    @ParameterizedTest
    @EnumSource(Phase.class)
    void whatIsNotNeededIsStopped(Phase phase) {
        assertThat(Upkeep.of(false, phase, "id-1", "id-1")).isEqualTo(Upkeep.STOP);
        assertThat(Upkeep.of(false, phase, "id-1", null)).isEqualTo(Upkeep.STOP);
    }

    @Test
    void whatWasLostIsReplacedOnceKafkaAnswers() {
        assertThat(Upkeep.of(true, Phase.INVALID, "id-1", "id-1")).isEqualTo(Upkeep.REPLACE);
        assertThat(Upkeep.of(true, Phase.INVALID, "id-1", null)).isEqualTo(Upkeep.KEEP);
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            mode = Mode.EXCLUDE,
            names = {"INVALID", "CLOSED"})
    void whatIsOfAnotherTopicThanTheOneOfNowIsReplaced(Phase phase) {
        assertThat(Upkeep.of(true, phase, "id-1", "id-2")).isEqualTo(Upkeep.REPLACE);
        assertThat(Upkeep.of(true, phase, "id-1", "id-1")).isEqualTo(Upkeep.KEEP);
        assertThat(Upkeep.of(true, phase, "id-1", null)).isEqualTo(Upkeep.KEEP);
    }

    @Test
    void aPhaseIsLeftForALaterOneAlone() {
        for (Phase from : Phase.values()) {
            for (Phase to : Phase.values()) {
                boolean legal = to.compareTo(from) > 0 && !(from == Phase.NEW && to == Phase.SERVING);
                assertThat(from.canMoveTo(to)).as("%s to %s", from, to).isEqualTo(legal);
            }
        }
    }
}

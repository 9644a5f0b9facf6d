package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cutover.control.ServiceVitals.Figures;
import dev.cutover.schema.VitalsRecord;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class VitalsLogTest {
    private static final Instant START = Instant.parse("2026-01-05T15:00:00Z");
    private static final Instant FLIP = START.plus(Duration.ofMinutes(30));

    private final VitalsLog log = new VitalsLog();

    private void report(String instance, Instant at, double cores, long heap, long errors) {
        log.add(new VitalsRecord(instance, "rest", START, at, cores, heap, errors, 0));
    }

    /** As a service does: every ten seconds from some minute to another, counted from the start. */
    private void reports(String instance, int fromMinute, int untilMinute, double cores, long heap) {
        reports(instance, START, fromMinute, untilMinute, cores, heap);
    }

    private void reports(String instance, Instant startedAt, int fromMinute, int untilMinute, double cores, long heap) {
        for (long second = fromMinute * 60L; second < untilMinute * 60L; second += 10) {
            log.add(new VitalsRecord(instance, "rest", startedAt, START.plusSeconds(second), cores, heap, 0, 0));
        }
    }

    private ServiceVitals rest(Instant flip, Instant now) {
        return log.since(flip, now).get("rest");
    }

    private static Instant minute(int minute) {
        return START.plus(Duration.ofMinutes(minute));
    }

    @Test
    void beforeAndAfterAreTheTenMinutesOnEitherSideOfWhatIsLookedAt() {
        reports("a", 0, 20, 9, 900);
        reports("a", 20, 30, 0.5, 500);
        reports("a", 30, 40, 7, 700);
        reports("a", 40, 50, 0.6, 600);

        ServiceVitals vitals = rest(FLIP, minute(50));

        assertThat(vitals.before()).isEqualTo(new Figures(0.5, 500, 10, false));
        assertThat(vitals.after().cpuCores()).isCloseTo(0.6, within(1e-9));
        assertThat(vitals.after().heapAfterGcBytes()).isEqualTo(600);
        assertThat(vitals.after().minutes()).isEqualTo(10);
    }

    @Test
    void theMinuteOfTheFlipBelongsToNeitherSide() {
        reports("a", 0, 30, 0.5, 500);
        reports("a", 30, 31, 9, 900);
        reports("a", 31, 32, 0.6, 600);
        Instant flip = FLIP.plusSeconds(20);

        assertThat(rest(flip, minute(32).minusSeconds(1)).after()).isNull();
        assertThat(rest(flip, minute(32)).after()).isEqualTo(new Figures(0.6, 600, 1, false));
        assertThat(rest(flip, minute(32)).before().cpuCores()).isCloseTo(0.5, within(1e-9));
    }

    @Test
    void rightAfterTheFlipThereIsNothingAfterIt() {
        reports("a", 0, 31, 0.5, 500);

        assertThat(rest(FLIP, FLIP).after()).isNull();
        assertThat(rest(FLIP, FLIP.plusSeconds(59)).after()).isNull();
        assertThat(rest(FLIP, FLIP.plusSeconds(60)).after()).isEqualTo(new Figures(0.5, 500, 1, false));
    }

    @Test
    void whatWasSlowToStartIsLeftOutWhereThereIsSomethingLater() {
        reports("a", 25, 27, 4, 100);
        Instant startedAt = minute(25);
        log.add(new VitalsRecord("b", "rest", startedAt, minute(25), 4, 100, 0, 0));
        reports("b", startedAt, 25, 27, 4, 100);
        reports("b", startedAt, 27, 30, 0.5, 500);

        assertThat(rest(FLIP, minute(31)).before().warmingUp()).isFalse();

        VitalsLog young = new VitalsLog();
        young.add(new VitalsRecord("b", "rest", startedAt, minute(26), 4, 100, 0, 0));
        assertThat(young.since(FLIP, minute(31)).get("rest").before()).isEqualTo(new Figures(4, 100, 1, true));
    }

    @Test
    void anInstanceThatHasWarmedUpSpeaksForOneThatHasNot() {
        Instant youngStart = minute(29);
        reports("old", 20, 30, 0.5, 500);
        reports("young", youngStart, 29, 30, 4, 100);

        assertThat(rest(FLIP, minute(31)).before().cpuCores()).isCloseTo(0.5, within(1e-9));
    }

    @Test
    void oneBadMinuteAmongManyIsNotSeen() {
        reports("a", 20, 30, 0.5, 500);
        reports("b", 20, 29, 0.7, 700);
        report("b", minute(29), 40, 40_000, 0);

        assertThat(rest(FLIP, minute(31)).before().cpuCores()).isCloseTo(0.6, within(1e-9));
        assertThat(rest(FLIP, minute(31)).before().heapAfterGcBytes()).isEqualTo(600);
    }

    @Test
    void ofTheHeapTheLeastThatACollectionLeftCountsSinceOthersLeaveGarbage() {
        for (int minute = 20; minute < 30; minute++) {
            report("a", minute(minute), 0.5, 500 + 100L * minute, 0);
            report("a", minute(minute).plusSeconds(10), 0.5, minute == 27 ? 480 : -1, 0);
        }

        assertThat(rest(FLIP, minute(31)).before().heapAfterGcBytes()).isEqualTo(480);
    }

    @Test
    void whatTheSystemDoesNotTellIsUnknown() {
        reports("a", 20, 30, -1, -1);

        assertThat(rest(FLIP, minute(31)).before()).isEqualTo(new Figures(-1, -1, 10, false));
    }

    @Test
    void withoutAFlipThereIsNothingBeforeItAndNoErrorSinceIt() {
        reports("a", 20, 30, 0.5, 500);
        report("a", minute(30), 0.5, 500, 3);

        ServiceVitals vitals = rest(null, minute(31));
        assertThat(vitals.before()).isNull();
        assertThat(vitals.errors()).isZero();
        assertThat(vitals.after()).isNotNull();
    }

    @Test
    void errorsCountSinceTheFlip() {
        report("a", FLIP.minusSeconds(20), 0.5, 500, 3);
        report("a", FLIP.minusSeconds(10), 0.5, 500, 5);
        report("a", FLIP, 0.5, 500, 5);
        assertThat(rest(FLIP, minute(31)).errors()).isZero();
        report("a", FLIP.plusSeconds(10), 0.5, 500, 6);
        report("a", FLIP.plusSeconds(20), 0.5, 500, 8);

        assertThat(rest(FLIP, minute(31)).errors()).isEqualTo(3);
        assertThat(rest(FLIP, minute(31)).heardAt()).isEqualTo(FLIP.plusSeconds(20));
    }

    @Test
    void anInstanceThatStartedSinceTheFlipHasLoggedAllItsErrorsSince() {
        report("a", FLIP.minusSeconds(10), 0.5, 500, 5);
        log.add(new VitalsRecord("b", "rest", FLIP, FLIP.plusSeconds(10), 0.5, 500, 2, 0));
        assertThat(rest(FLIP, minute(31)).errors()).isEqualTo(2);
    }

    @Test
    void ofWhoWasOnlyHeardOfBeforeTheFlipNothingIsHeardSince() {
        report("a", FLIP.minusSeconds(10), 0.5, 500, 5);

        assertThat(rest(FLIP, minute(31)).heardAt()).isNull();
        assertThat(rest(FLIP, minute(31)).errors()).isZero();
        assertThat(log.since(FLIP, minute(31))).doesNotContainKey("gateway");
    }

    @Test
    void whatIsOlderThanAWeekGoes() {
        report("a", START, 0.5, 500, 0);
        report("b", START.plus(VitalsLog.KEEP).minusSeconds(60), 0.5, 500, 0);
        assertThat(rest(START.minusSeconds(1), minute(1)).heardAt()).isNotNull();

        report("b", START.plus(VitalsLog.KEEP).plusSeconds(60), 0.5, 500, 0);

        assertThat(rest(null, minute(1)).after()).isNull();
    }

    @Test
    void aThousandStartsAreRememberedAndTheLongestSilentGoFirst() {
        for (int i = 0; i < 1_200; i++) {
            log.add(new VitalsRecord("i-" + i, "rest", START, START.plusSeconds(i), 0.5, 500, 1, 0));
        }

        assertThat(rest(START, minute(60)).errors()).isEqualTo(1_000);
        assertThat(rest(START, minute(60)).heardAt()).isEqualTo(START.plusSeconds(1_199));
    }
}

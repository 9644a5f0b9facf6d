package dev.cutover.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The reader is moved step by step, on the test's thread and by the test's clock. */
final class FlagReaderTest {
    private static final Instant NOW = Instant.parse("2026-01-05T15:30:00Z");

    /** Negative, as {@code System.nanoTime()} may be. */
    private final AtomicLong nanos = new AtomicLong(-TimeUnit.DAYS.toNanos(1));

    private final FlagLog flagLog = new FlagLog();
    private final FlagReader reader = new FlagReader(flagLog.consumer, nanos::get);

    @BeforeEach
    void open() {
        reader.open();
    }

    @Test
    void beforeTheLogHasBeenReadEveryFlagIsShadowAndItsAgeUnknown() {
        assertThat(reader.caughtUp()).isNotDone();
        assertThat(reader.flag("positions")).isEqualTo(Flag.initial("positions"));
        assertThat(reader.ageMs()).isEmpty();
        assertThat(reader.health().reasons()).containsExactly("the flags have not been read yet");
    }

    @Test
    void theLastRecordOfAFeatureIsItsFlag() {
        flagLog.append(flag("positions", Stage.LIVE, 1));
        flagLog.append(flag("intraday", Stage.LIVE, 1));
        flagLog.append(flag("positions", Stage.SHADOW, 2));

        reader.step();

        assertThat(reader.caughtUp()).isCompleted();
        assertThat(reader.flag("positions")).isEqualTo(flag("positions", Stage.SHADOW, 2));
        assertThat(reader.flag("intraday").stage()).isEqualTo(Stage.LIVE);
        assertThat(reader.flag("account_balance")).isEqualTo(Flag.initial("account_balance"));
        assertThat(reader.ageMs()).hasValue(0);
    }

    @Test
    void anEmptyLogIsReadToItsEndAtOnce() {
        reader.step();

        assertThat(reader.caughtUp()).isCompleted();
    }

    @Test
    void theEndIsReachedOnlyBehindTheMarkerOfTheLastTransaction() {
        flagLog.append(flag("positions", Stage.LIVE, 1));
        flagLog.appendMarker();

        reader.step();
        assertThat(reader.caughtUp()).isNotDone();

        flagLog.skipMarkers();
        reader.step();
        assertThat(reader.caughtUp()).isCompleted();
    }

    @Test
    void aBarrierCoversAllThatWasInTheLogWhenItWasAskedFor() {
        reader.step();
        flagLog.append(flag("positions", Stage.LIVE, 1));
        CompletableFuture<Void> barrier = reader.readToEnd();

        stepUntilDone(barrier);

        assertThat(reader.flag("positions").stage()).isEqualTo(Stage.LIVE);
    }

    @Test
    void aWakeUpWhileTheEndIsAskedForLosesNoBarrier() {
        reader.step();
        CompletableFuture<Void> barrier = reader.readToEnd();
        flagLog.consumer.setOffsetsException(new WakeupException());

        assertThat(reader.step()).as("a wake-up is no failure").isTrue();
        assertThat(barrier).isNotDone();

        // time stands still, so that no refresh can help it
        stepUntilDone(barrier);
    }

    @Test
    void aBarrierThatNobodyWaitsForAnyMoreIsForgotten() {
        reader.step();
        CompletableFuture<Void> barrier = reader.readToEnd();
        barrier.cancel(false);
        flagLog.consumer.setOffsetsException(new TimeoutException("not to be asked"));

        reader.step();

        assertThat(reader.step())
                .as("the end is not asked for, since nobody waits")
                .isTrue();
    }

    @Test
    void whileKafkaIsAwayTheLastFlagsStayAndTheirAgeGrows() {
        flagLog.append(flag("positions", Stage.LIVE, 1));
        reader.step();

        for (int i = 0; i < 3; i++) {
            nanos.addAndGet(Duration.ofSeconds(1).toNanos());
            flagLog.consumer.setOffsetsException(new TimeoutException("no broker"));
            assertThat(reader.step()).isFalse();
        }
        assertThat(reader.flag("positions").stage()).isEqualTo(Stage.LIVE);
        assertThat(reader.ageMs()).hasValue(3_000);
        assertThat(reader.health()).isEqualTo(new Health(List.of()));

        nanos.addAndGet(Duration.ofSeconds(9).toNanos());
        assertThat(reader.health().ready()).isTrue();
        assertThat(reader.health().degraded()).singleElement().asString().contains("12 s ago");

        assertThat(reader.step()).isTrue();
        assertThat(reader.health()).isEqualTo(new Health(List.of()));
        assertThat(reader.ageMs()).hasValue(0);
    }

    @Test
    void whatKafkaThrowsNeverEndsTheReader() {
        flagLog.append(flag("positions", Stage.LIVE, 1));
        flagLog.consumer.setPollException(new AuthorizationException("not allowed"));
        assertThat(reader.step()).isFalse();

        flagLog.consumer.schedulePollTask(() -> {
            throw new IllegalStateException("a fault of the client");
        });
        assertThat(reader.step()).isFalse();

        assertThat(reader.step()).isTrue();
        assertThat(reader.flag("positions").stage()).isEqualTo(Stage.LIVE);
    }

    @Test
    void theAgeIsRenewedWithoutAnyChange() {
        reader.step();
        nanos.addAndGet(Duration.ofMillis(499).toNanos());
        reader.step();
        assertThat(reader.ageMs()).hasValue(499);

        nanos.addAndGet(Duration.ofMillis(1).toNanos());
        reader.step();
        assertThat(reader.ageMs()).hasValue(0);
    }

    @Test
    void theFlagsAreAsOldAsTheQuestionForTheEndThatTheyReached() {
        // the records may have come long after the end was asked for, and more may have been written since
        flagLog.consumer.schedulePollTask(
                () -> nanos.addAndGet(Duration.ofSeconds(3).toNanos()));

        reader.step();

        assertThat(reader.caughtUp()).isCompleted();
        assertThat(reader.ageMs()).isEqualTo(OptionalLong.of(3_000));
    }

    @Test
    void aTombstoneMeansShadow() {
        flagLog.append(flag("positions", Stage.LIVE, 1));
        flagLog.append("positions".getBytes(UTF_8), null);

        reader.step();

        assertThat(reader.flag("positions")).isEqualTo(Flag.initial("positions"));
        assertThat(reader.unreadable()).isZero();
    }

    @Test
    void aRecordThatCanNotBeReadIsCountedAndTheLastKnownFlagStays() {
        byte[] key = "positions".getBytes(UTF_8);
        flagLog.append(flag("positions", Stage.LIVE, 1));
        flagLog.append(key, "{".getBytes(UTF_8));
        flagLog.append(key, new byte[0]);
        flagLog.append(key, flag("intraday", Stage.LIVE, 1).toJson());
        flagLog.append(null, flag("positions", Stage.SHADOW, 2).toJson());

        reader.step();

        assertThat(reader.flag("positions")).isEqualTo(flag("positions", Stage.LIVE, 1));
        assertThat(reader.flag("intraday")).isEqualTo(Flag.initial("intraday"));
        assertThat(reader.unreadable()).isEqualTo(4);
        assertThat(reader.caughtUp()).isCompleted();
    }

    @Test
    void listenersAreToldOfEveryChangeInOrder() {
        List<FlagChange> told = new ArrayList<>();
        flagLog.append(flag("positions", Stage.LIVE, 1));
        reader.step();
        reader.onChange(told::add);
        flagLog.append(flag("positions", Stage.PROMOTED, 2));
        flagLog.append(flag("positions", Stage.SHADOW, 3));

        reader.step();

        assertThat(told)
                .containsExactly(
                        new FlagChange(flag("positions", Stage.LIVE, 1), flag("positions", Stage.PROMOTED, 2)),
                        new FlagChange(flag("positions", Stage.PROMOTED, 2), flag("positions", Stage.SHADOW, 3)));
    }

    @Test
    void aListenerThatFailsCostsTheOthersAndTheNextRecordNothing() {
        List<Flag> told = new ArrayList<>();
        reader.onChange(change -> {
            throw new IllegalStateException("a listener's own fault");
        });
        reader.onChange(change -> told.add(change.after()));
        flagLog.append(flag("positions", Stage.LIVE, 1));
        flagLog.append(flag("intraday", Stage.LIVE, 1));

        assertThat(reader.step()).isTrue();

        assertThat(told).containsExactly(flag("positions", Stage.LIVE, 1), flag("intraday", Stage.LIVE, 1));
        assertThat(reader.flag("intraday").stage()).isEqualTo(Stage.LIVE);
    }

    @Test
    void anExpectedChangeCompletesOnceItHasBeenRead() {
        Flag written = flag("positions", Stage.LIVE, 1);
        CompletableFuture<Flag> mine = reader.expect(written.changeId());
        CompletableFuture<Flag> other = reader.expect("another change");
        flagLog.append(written);

        reader.step();

        assertThat(mine).isCompletedWithValue(written);
        assertThat(other).isNotDone();
    }

    @Test
    void aForgottenChangeIsWaitedForNoMore() {
        Flag written = flag("positions", Stage.LIVE, 1);
        CompletableFuture<Flag> mine = reader.expect(written.changeId());
        reader.forget(written.changeId());
        flagLog.append(written);

        reader.step();

        assertThat(mine).isNotDone();
    }

    @Test
    void closingFailsTheBarriersThatAreOpenAndThoseAskedForLater() {
        FlagLog other = new FlagLog();
        FlagReader running = new FlagReader(other.consumer, System::nanoTime);
        running.start();
        running.caughtUp().orTimeout(10, TimeUnit.SECONDS).join();
        other.appendMarker();
        CompletableFuture<Void> open = running.readToEnd();

        running.close();

        assertThat(other.consumer.closed()).isTrue();
        for (CompletableFuture<Void> barrier : List.of(open, running.readToEnd())) {
            assertThatThrownBy(() -> barrier.get(1, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("the flag reader is closed");
        }
    }

    /** A wake-up may take a step or two of its own. */
    private void stepUntilDone(CompletableFuture<Void> barrier) {
        for (int i = 0; i < 3 && !barrier.isDone(); i++) {
            reader.step();
        }
        assertThat(barrier).isCompleted();
    }

    private static Flag flag(String feature, Stage stage, long version) {
        return Flag.initial(feature)
                .at(stage, "operator-1", "a test")
                .stamped(FlagTest.shadow(feature, version - 1), feature + "-" + version, NOW);
    }
}

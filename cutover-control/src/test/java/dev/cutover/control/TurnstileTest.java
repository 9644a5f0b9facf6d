package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.cutover.control.Turnstile.BusyException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class TurnstileTest {
    private final ExecutorService callers = Executors.newCachedThreadPool();
    private final CountDownLatch open = new CountDownLatch(1);
    private final AtomicInteger inside = new AtomicInteger();

    @AfterEach
    void stop() {
        callers.shutdownNow();
    }

    private CompletableFuture<Integer> pass(Turnstile turnstile) {
        return CompletableFuture.supplyAsync(() -> turnstile.pass(this::waitInside), callers);
    }

    private int waitInside() {
        int now = inside.incrementAndGet();
        try {
            assertThat(open.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            inside.decrementAndGet();
        }
        return now;
    }

    @Test
    void oneIsInsideOneWaitsAndTheNextIsTurnedAwayAtOnce() {
        Turnstile turnstile = new Turnstile("changes", 1, 1, Duration.ofSeconds(30));
        List<CompletableFuture<Integer>> let = List.of(pass(turnstile), pass(turnstile));
        await().until(turnstile::isFull);

        assertThatThrownBy(() -> turnstile.pass(() -> 0))
                .isInstanceOf(BusyException.class)
                .hasMessageContaining("too many changes");

        open.countDown();
        let.forEach(
                each -> assertThat(each.orTimeout(30, TimeUnit.SECONDS).join()).isEqualTo(1));
    }

    @Test
    void whoWaitsTooLongIsTurnedAway() {
        Turnstile turnstile = new Turnstile("changes", 1, 5, Duration.ofMillis(20));
        CompletableFuture<Integer> let = pass(turnstile);
        await().until(() -> inside.get() == 1);

        assertThatThrownBy(() -> turnstile.pass(() -> 0))
                .isInstanceOf(BusyException.class)
                .hasMessageContaining("longer");

        open.countDown();
        assertThat(let.join()).isEqualTo(1);
    }

    @Test
    void whatFailsInsideGivesItsPlaceBack() {
        Turnstile turnstile = new Turnstile("changes", 1, 0, Duration.ofMillis(20));
        assertThatThrownBy(() -> turnstile.pass(() -> {
                    throw new IllegalStateException("failed");
                }))
                .hasMessage("failed");

        assertThat(turnstile.<String>pass(() -> "next")).isEqualTo("next");
    }

    @Test
    void whoIsInsideIsWaitedForAndThenNobodyGetsIn() {
        Turnstile turnstile = new Turnstile("changes", 1, 5, Duration.ofMillis(20));
        CompletableFuture<Integer> let = pass(turnstile);
        await().until(() -> inside.get() == 1);
        assertThat(turnstile.shut(Duration.ofMillis(20))).as("still inside").isFalse();

        open.countDown();

        assertThat(turnstile.shut(Duration.ofSeconds(30))).isTrue();
        assertThat(let.join()).isEqualTo(1);
        assertThatThrownBy(() -> turnstile.pass(() -> 0)).isInstanceOf(BusyException.class);
    }
}

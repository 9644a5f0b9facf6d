package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MessageRateTest {
    private static final long SECOND = 1_000_000_000L;

    private static int allowed(MessageRate rate, int asked, long nowNs) {
        int allowed = 0;
        for (int i = 0; i < asked; i++) {
            allowed += rate.allows(nowNs) ? 1 : 0;
        }
        return allowed;
    }

    @Test
    void aBurstOfTenSecondsWorthIsLetThroughAtOnce() {
        assertThat(allowed(new MessageRate(7, 0), 1_000, 0)).isEqualTo(70);
    }

    @Test
    void thenItIsTheRate() {
        MessageRate rate = new MessageRate(7, 0);
        allowed(rate, 1_000, 0);
        for (int second = 1; second <= 100; second++) {
            assertThat(allowed(rate, 1_000, second * SECOND)).isEqualTo(7);
        }
    }

    @Test
    void oftenAskedItGivesNoMoreAndNoLess() {
        MessageRate rate = new MessageRate(3, 5);
        int allowed = 0;
        for (long nowNs = 5; nowNs <= 5 + 20 * SECOND; nowNs += 999_999) {
            allowed += rate.allows(nowNs) ? 1 : 0;
        }
        assertThat(allowed).isBetween(30 + 59, 30 + 60);
    }

    @Test
    void afterALongSilenceThereIsOneBurstAndNoOverflow() {
        MessageRate rate = new MessageRate(1 << 20, -5 * SECOND);
        assertThat(allowed(rate, 11 << 20, Long.MAX_VALUE / 2)).isEqualTo(10 << 20);
    }

    @Test
    void zeroIsNoLimit() {
        assertThat(allowed(new MessageRate(0, 0), 100_000, 0)).isEqualTo(100_000);
    }
}

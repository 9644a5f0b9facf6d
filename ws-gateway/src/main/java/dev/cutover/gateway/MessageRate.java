package dev.cutover.gateway;

import java.util.concurrent.TimeUnit;

/**
 * How many frames one client may send: a token bucket that fills at a rate, and holds what ten seconds bring. Confined to the
 * client's event loop.
 */
final class MessageRate {
    private static final int BURST_S = 10;
    private static final long TOKEN = TimeUnit.SECONDS.toNanos(1);
    private static final long FILLED_NS = BURST_S * TOKEN;

    private final int perSecond;
    /** In billionths of a token, so that a nanosecond brings {@code perSecond} of them and nothing is rounded. */
    private long credit;

    private long filledNs;

    /** @param perSecond 0 for no limit */
    MessageRate(int perSecond, long nowNs) {
        this.perSecond = perSecond;
        this.credit = mostCredit();
        this.filledNs = nowNs;
    }

    /** Takes a token, if there is one. */
    boolean allows(long nowNs) {
        if (perSecond == 0) {
            return true;
        }
        long elapsedNs = Math.min(nowNs - filledNs, FILLED_NS); // which fills it; more could overflow below
        filledNs = nowNs;
        credit = Math.min(mostCredit(), credit + elapsedNs * perSecond);
        if (credit < TOKEN) {
            return false;
        }
        credit -= TOKEN;
        return true;
    }

    private long mostCredit() {
        return FILLED_NS * perSecond;
    }
}

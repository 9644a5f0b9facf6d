package dev.cutover.rest;

/** So many a second, and as many at once. Confined to the recorder's thread. */
final class RecordRate {
    private static final double NS_PER_SECOND = 1e9;

    private final int perSecond;
    private double left;
    private long lastNs;

    /** @param perSecond 0 for none at all */
    RecordRate(int perSecond, long nowNs) {
        this.perSecond = perSecond;
        this.left = perSecond;
        this.lastNs = nowNs;
    }

    /** Takes one, if there is one. */
    boolean take(long nowNs) {
        left = Math.min(perSecond, left + (nowNs - lastNs) / NS_PER_SECOND * perSecond);
        lastNs = nowNs;
        if (left < 1) {
            return false;
        }
        left--;
        return true;
    }
}

package dev.cutover.gateway;

import java.util.Arrays;

/**
 * How old the events of a batch are when they leave: noted as they are written, and measured once the loop has flushed them.
 *
 * <p>Owned by one hub's event loop.
 */
final class DeliveryTimes {
    private final GatewayMetrics metrics;
    private long[] timestampsMs = new long[512];
    private int size;

    DeliveryTimes(GatewayMetrics metrics) {
        this.metrics = metrics;
    }

    /** An event was written to one subscriber or more. */
    void written(long timestampMs) {
        if (size == timestampsMs.length) {
            timestampsMs = Arrays.copyOf(timestampsMs, 2 * size);
        }
        timestampsMs[size++] = timestampMs;
    }

    /** All that was written has been flushed. */
    void flushed() {
        if (size == 0) {
            return;
        }
        long nowMs = metrics.nowMs();
        for (int i = 0; i < size; i++) {
            // the producer's clock may be ahead of ours
            metrics.delivered(Math.max(0, nowMs - timestampsMs[i]));
        }
        size = 0;
    }
}

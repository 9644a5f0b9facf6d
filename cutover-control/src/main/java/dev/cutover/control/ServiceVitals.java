package dev.cutover.control;

import java.time.Instant;

/**
 * How the instances of a service do since the flip, and did before.
 *
 * @param before of the ten minutes before the flip at most; null where nothing is known of them
 * @param after of the last ten minutes, since the flip; null before the first full minute
 * @param errors records of level ERROR since the flip, of all instances
 * @param heardAt when an instance last told of itself; null where none did since the flip
 */
record ServiceVitals(String service, Figures before, Figures after, long errors, Instant heardAt) {

    /**
     * Of some minutes.
     *
     * @param cpuCores the median over minutes and instances; negative where it is not known
     * @param heapAfterGcBytes the median over instances of the least that a collection left; negative where there was none
     * @param minutes how many they are of
     * @param warmingUp whether all that is known is of instances' first two minutes
     */
    record Figures(double cpuCores, long heapAfterGcBytes, int minutes, boolean warmingUp) {}
}

package dev.cutover.gateway;

import dev.cutover.schema.Feature;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How far the reading of each feature lies behind Kafka's end, and which features have fallen silent.
 *
 * <p>The tail's thread alone writes it; it is read on any.
 */
final class TailVitals {
    /** A reading that is behind for so long without a pause does not keep up; a burst is over sooner. */
    static final Duration MOST_BEHIND = Duration.ofSeconds(5);

    static final Duration LEAST_SILENCE = Duration.ofSeconds(3);
    private static final int CADENCES_OF_SILENCE = 3;

    /**
     * What is known of one feature's reading at one time.
     *
     * @param lag the records that lie between what was read and Kafka's end
     * @param behindSinceMs since when there has always been some; −1 while there is none
     * @param newestMs the timestamp of its newest event; −1 before the first
     */
    record Reading(Feature feature, long lag, long behindSinceMs, long newestMs) {
        Reading after(long lagNow, long newestNow, long nowMs) {
            long since = lagNow == 0 ? -1 : behindSinceMs < 0 ? nowMs : behindSinceMs;
            return new Reading(feature, lagNow, since, newestNow);
        }

        boolean isBehind(long nowMs) {
            return behindSinceMs >= 0 && nowMs - behindSinceMs > MOST_BEHIND.toMillis();
        }

        /**
         * Whether an event is overdue. The catalog does not know yet during which hours the jobs of a feature are at work: until
         * it does, every feature is taken to be at work always.
         */
        boolean isSilent(long nowMs) {
            long most = Math.max(
                    LEAST_SILENCE.toMillis(),
                    feature.slowestCadence().multipliedBy(CADENCES_OF_SILENCE).toMillis());
            return newestMs >= 0 && nowMs - newestMs > most;
        }
    }

    /**
     * What there is to say of the features; empty when all is well.
     *
     * @param silent features without an event for three cadences
     * @param lag the records that a feature lies behind, where it does not keep up
     */
    record Condition(List<String> silent, Map<String, Long> lag) {
        static final Condition WELL = new Condition(List.of(), Map.of());

        static Condition of(List<Reading> readings, long nowMs) {
            List<String> silent = new ArrayList<>();
            Map<String, Long> lag = new LinkedHashMap<>();
            for (Reading reading : readings) {
                if (reading.isSilent(nowMs)) {
                    silent.add(reading.feature().name());
                }
                if (reading.isBehind(nowMs)) {
                    lag.put(reading.feature().name(), reading.lag());
                }
            }
            return silent.isEmpty() && lag.isEmpty() ? WELL : new Condition(silent, lag);
        }
    }

    private final Clock clock;
    /** By feature and partition, for the gauges; −1 where it is not known. */
    private final List<AtomicLongArray> lags = new ArrayList<>();

    private volatile List<Reading> readings;

    // owned by the tail's thread
    private final long[] newestMs;
    private boolean warm;

    TailVitals(List<Feature> features, Clock clock, GatewayMetrics metrics) {
        this.clock = clock;
        this.newestMs = new long[features.size()];
        List<Reading> first = new ArrayList<>();
        for (int i = 0; i < newestMs.length; i++) {
            Feature feature = features.get(i);
            newestMs[i] = -1;
            first.add(new Reading(feature, 0, -1, -1));
            AtomicLongArray byPartition = new AtomicLongArray(feature.partitions());
            for (int partition = 0; partition < feature.partitions(); partition++) {
                byPartition.set(partition, -1);
                metrics.lag(feature.name(), partition, byPartition);
            }
            lags.add(byPartition);
        }
        this.readings = first;
    }

    // on the tail's thread

    void event(int feature, long timestampMs) {
        newestMs[feature] = Math.max(newestMs[feature], timestampMs);
    }

    /** Of a partition as it is now. */
    void lag(int feature, int partition, long records) {
        lags.get(feature).lazySet(partition, records);
    }

    /** Its log is another: what was known of the one before means nothing. */
    void renewed(int feature) {
        newestMs[feature] = -1;
        for (int partition = 0; partition < lags.get(feature).length(); partition++) {
            lag(feature, partition, -1);
        }
    }

    /** From now on it is to keep up: before, it lies behind by its nature. */
    void warm() {
        warm = true;
    }

    /** Makes known what it was told since the last time. */
    void publish() {
        long nowMs = clock.millis();
        if (!warm) {
            return;
        }
        List<Reading> next = new ArrayList<>(newestMs.length);
        for (int i = 0; i < newestMs.length; i++) {
            next.add(readings.get(i).after(lag(i), newestMs[i], nowMs));
        }
        readings = next;
    }

    private long lag(int feature) {
        long sum = 0;
        for (int partition = 0; partition < lags.get(feature).length(); partition++) {
            sum += Math.max(0, lags.get(feature).get(partition));
        }
        return sum;
    }

    // on any thread

    /** As of now; all is well before the tail was warm. */
    Condition condition() {
        return Condition.of(readings, clock.millis());
    }

    /** What does not work as it should, each for a person to read. */
    List<String> degraded() {
        long nowMs = clock.millis();
        List<String> degraded = new ArrayList<>();
        for (Reading reading : readings) {
            if (reading.isBehind(nowMs)) {
                degraded.add("feature " + reading.feature().name() + " lies " + reading.lag()
                        + " records behind Kafka's end, and has not reached it for "
                        + (nowMs - reading.behindSinceMs()) / 1000 + " s");
            }
        }
        for (Reading reading : readings) {
            if (reading.isSilent(nowMs)) {
                degraded.add("feature " + reading.feature().name() + " is silent: its newest event is "
                        + (nowMs - reading.newestMs()) / 1000 + " s old");
            }
        }
        return degraded;
    }
}

package dev.cutover.control;

import dev.cutover.control.ServiceVitals.Figures;
import dev.cutover.schema.VitalsRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** How all instances did in the last days, by the minute. Guarded by the book's monitor. */
final class VitalsLog {
    static final Duration KEEP = Duration.ofDays(7);
    /** As far before a flip, and before now, figures are taken. */
    private static final Duration WINDOW = Duration.ofMinutes(10);
    /** A JVM that has just started compiles and fills its caches: what it uses then says little. */
    private static final Duration WARM_UP = Duration.ofMinutes(2);

    private static final long MINUTE_S = 60;
    /** Starts that are remembered; beyond, those that were silent for longest go. */
    private static final int MOST_INSTANCES = 1_000;
    /** Of an instance, times at which it had logged more errors than before. */
    private static final int MOST_CHANGES = 10_000;

    /** One minute of an instance. */
    private static final class Minute {
        private double cpuCores;
        private int cpuCount;
        private long heapAfterGcBytes = -1;

        void add(VitalsRecord record) {
            if (record.cpuCores() >= 0) {
                cpuCores += record.cpuCores();
                cpuCount++;
            }
            heapAfterGcBytes = record.heapAfterGcBytes();
        }
    }

    /** One start of one instance. */
    private static final class Instance {
        private final String service;
        private final Instant startedAt;
        private final NavigableMap<Instant, Minute> minutes = new TreeMap<>();
        /** When the number of its errors was first told. */
        private final NavigableMap<Instant, Long> errors = new TreeMap<>();

        private Instant heardAt;

        Instance(VitalsRecord first) {
            service = first.service();
            startedAt = first.startedAt();
            heardAt = first.at();
        }

        void add(VitalsRecord record) {
            minutes.computeIfAbsent(minuteOf(record.at()), at -> new Minute()).add(record);
            if (errors.isEmpty() || errors.lastEntry().getValue() != record.errorsLogged()) {
                errors.put(record.at(), record.errorsLogged());
                if (errors.size() > MOST_CHANGES) {
                    errors.pollFirstEntry();
                }
            }
            heardAt = record.at();
        }

        long errorsSince(Instant flip) {
            long now = errors.lastEntry().getValue();
            if (!startedAt.isBefore(flip)) {
                return now;
            }
            Map.Entry<Instant, Long> before = errors.floorEntry(flip);
            return now - (before == null ? errors.firstEntry() : before).getValue();
        }
    }

    private final Map<String, Instance> instances = new HashMap<>();

    private static Instant minuteOf(Instant at) {
        return Instant.ofEpochSecond(at.getEpochSecond() / MINUTE_S * MINUTE_S);
    }

    void add(VitalsRecord record) {
        instances
                .computeIfAbsent(record.instance(), name -> new Instance(record))
                .add(record);
        Instant oldest = record.at().minus(KEEP);
        Instance instance = instances.get(record.instance());
        instance.minutes.headMap(oldest).clear();
        instances.values().removeIf(each -> each.heardAt.isBefore(oldest));
        while (instances.size() > MOST_INSTANCES) {
            String silent = Collections.min(
                            instances.entrySet(), Map.Entry.comparingByValue((a, b) -> a.heardAt.compareTo(b.heardAt)))
                    .getKey();
            instances.remove(silent);
        }
    }

    /**
     * By service.
     *
     * @param flip null where there was none: then there is nothing before it, and no error is counted
     */
    Map<String, ServiceVitals> since(Instant flip, Instant now) {
        Map<String, List<Instance>> services = new TreeMap<>();
        instances.values().forEach(each -> services.computeIfAbsent(each.service, name -> new ArrayList<>())
                .add(each));
        Map<String, ServiceVitals> vitals = new TreeMap<>();
        services.forEach((service, all) -> vitals.put(service, of(service, all, flip, now)));
        return vitals;
    }

    private static ServiceVitals of(String service, List<Instance> instances, Instant flip, Instant now) {
        Instant from = now.minus(WINDOW);
        Instant heardAt = instances.stream()
                .map(each -> each.heardAt)
                .filter(at -> flip == null || !at.isBefore(flip))
                .max(Instant::compareTo)
                .orElse(null);
        return new ServiceVitals(
                service,
                flip == null ? null : figures(instances, flip.minus(WINDOW), flip),
                figures(instances, flip != null && flip.isAfter(from) ? flip : from, now),
                flip == null
                        ? 0
                        : instances.stream()
                                .mapToLong(each -> each.errorsSince(flip))
                                .sum(),
                heardAt);
    }

    /** Over the minutes that lie wholly within; null where there is none. */
    private static Figures figures(List<Instance> instances, Instant from, Instant until) {
        List<Minute> all = new ArrayList<>();
        List<Minute> warm = new ArrayList<>();
        for (Instance instance : instances) {
            instance.minutes
                    .subMap(from, true, until.minusSeconds(MINUTE_S), true)
                    .forEach((at, minute) -> {
                        all.add(minute);
                        if (!at.isBefore(instance.startedAt.plus(WARM_UP))) {
                            warm.add(minute);
                        }
                    });
        }
        List<Minute> minutes = warm.isEmpty() ? all : warm;
        if (minutes.isEmpty()) {
            return null;
        }
        return new Figures(
                median(minutes.stream()
                        .filter(each -> each.cpuCount > 0)
                        .map(each -> each.cpuCores / each.cpuCount)
                        .toList()),
                (long) median(minutes.stream()
                        .filter(each -> each.heapAfterGcBytes >= 0)
                        .map(each -> (double) each.heapAfterGcBytes)
                        .toList()),
                minutes.size(),
                warm.isEmpty());
    }

    /** Negative of nothing. */
    private static double median(List<Double> values) {
        if (values.isEmpty()) {
            return -1;
        }
        List<Double> sorted = values.stream().sorted().toList();
        int half = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
    }
}

package dev.cutover.control;

import dev.cutover.control.ServiceVitals.Figures;
import dev.cutover.schema.VitalsRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;

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
        /** The least of it: most collections leave garbage as well. Negative before the first one. */
        private long heapAfterGcBytes = -1;

        void add(VitalsRecord record) {
            if (record.cpuCores() >= 0) {
                cpuCores += record.cpuCores();
                cpuCount++;
            }
            if (record.heapAfterGcBytes() >= 0) {
                heapAfterGcBytes = heapAfterGcBytes < 0
                        ? record.heapAfterGcBytes()
                        : Math.min(heapAfterGcBytes, record.heapAfterGcBytes());
            }
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

        /** @param last the last minute's beginning; may lie before the first: there is none then */
        Collection<Minute> minutes(Instant from, Instant last) {
            return from.isAfter(last)
                    ? List.of()
                    : minutes.subMap(from, true, last, true).values();
        }

        Collection<Minute> warm(Instant from, Instant last) {
            Instant warmAt = startedAt.plus(WARM_UP);
            return minutes(warmAt.isAfter(from) ? warmAt : from, last);
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
        Instant last = until.minusSeconds(MINUTE_S);
        boolean warmingUp =
                instances.stream().allMatch(each -> each.warm(from, last).isEmpty());
        List<Collection<Minute>> minutes = instances.stream()
                .map(each -> warmingUp ? each.minutes(from, last) : each.warm(from, last))
                .filter(each -> !each.isEmpty())
                .toList();
        if (minutes.isEmpty()) {
            return null;
        }
        return new Figures(
                median(minutes.stream()
                        .flatMap(Collection::stream)
                        .filter(each -> each.cpuCount > 0)
                        .map(each -> each.cpuCores / each.cpuCount)),
                (long) median(minutes.stream()
                        .map(VitalsLog::leastHeapAfterGcBytes)
                        .flatMapToLong(OptionalLong::stream)
                        .mapToObj(bytes -> (double) bytes)),
                minutes.stream().mapToInt(Collection::size).sum(),
                warmingUp);
    }

    /** Of one instance. What lives in the heap is never more than this; a median would swing with the garbage that is left. */
    private static OptionalLong leastHeapAfterGcBytes(Collection<Minute> minutes) {
        return minutes.stream()
                .mapToLong(each -> each.heapAfterGcBytes)
                .filter(bytes -> bytes >= 0)
                .min();
    }

    /** Negative of nothing. */
    private static double median(Stream<Double> values) {
        List<Double> sorted = values.sorted().toList();
        if (sorted.isEmpty()) {
            return -1;
        }
        int half = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
    }
}

package dev.cutover.schema;

import com.sun.management.GarbageCollectionNotificationInfo;
import com.sun.management.OperatingSystemMXBean;
import io.micrometer.core.instrument.binder.logging.LogbackMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.management.ListenerNotFoundException;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;
import javax.management.openmbean.CompositeData;

/**
 * What this process uses, as far as its JVM tells: measured from when this was made on. Its counts are asked for by one thread;
 * the JVM's own thread reports collections.
 */
final class ProcessVitals implements AutoCloseable {
    private final SimpleMeterRegistry log = new SimpleMeterRegistry();
    private final LogbackMetrics logMetrics = new LogbackMetrics();
    private final NotificationListener onCollection = this::collected;
    private final Set<String> heapPools = ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .map(MemoryPoolMXBean::getName)
            .collect(Collectors.toSet());
    private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private volatile long heapAfterGcBytes = -1;

    // owned by the thread that asks
    private long askedNs = System.nanoTime();
    private long cpuNs = system.getProcessCpuTime();

    ProcessVitals() {
        logMetrics.bindTo(log);
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            if (collector instanceof NotificationEmitter emitter) {
                emitter.addNotificationListener(onCollection, null, null);
            }
        }
    }

    private void collected(Notification notification, Object unused) {
        if (notification.getType().equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)) {
            Map<String, MemoryUsage> after = GarbageCollectionNotificationInfo.from(
                            (CompositeData) notification.getUserData())
                    .getGcInfo()
                    .getMemoryUsageAfterGc();
            heapAfterGcBytes = after.entrySet().stream()
                    .filter(pool -> heapPools.contains(pool.getKey()))
                    .mapToLong(pool -> pool.getValue().getUsed())
                    .sum();
        }
    }

    /** Cores used on average since it was asked before; negative where the system does not tell. */
    double cpuCores() {
        long nowNs = System.nanoTime();
        long usedNs = system.getProcessCpuTime();
        double cores = usedNs < 0 || nowNs <= askedNs ? -1 : (usedNs - cpuNs) / (double) (nowNs - askedNs);
        askedNs = nowNs;
        cpuNs = usedNs;
        return cores;
    }

    /** What the last collection left of the heap; negative before the first one. Any thread. */
    long heapAfterGcBytes() {
        return heapAfterGcBytes;
    }

    /** How many records of level ERROR were logged since this was made. Any thread. */
    long errorsLogged() {
        return (long) log.get("logback.events").tag("level", "error").counter().count();
    }

    @Override
    public void close() {
        logMetrics.close();
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            if (collector instanceof NotificationEmitter emitter) {
                try {
                    emitter.removeNotificationListener(onCollection);
                } catch (ListenerNotFoundException e) {
                    throw new IllegalStateException("a listener that was added is gone", e);
                }
            }
        }
    }
}

package dev.cutover.schema;

import java.time.Instant;

/**
 * One record of {@link Topics#VITALS}: how an instance of a service does. Services that share a process have the process's CPU and
 * memory.
 *
 * @param instance unique among those that run, anew at each start
 * @param service {@code gateway}, {@code rest}, {@code control} or {@code jobs}
 * @param at the end of the time that it is of
 * @param cpuCores how many cores the process used on average since the record before; negative where the system does not tell
 * @param heapAfterGcBytes what the last collection left of the heap; negative before the first one
 * @param errorsLogged the process's records of level ERROR, since its start
 * @param closes the connections that the service closed for a failure, since its start; 0 where it has none
 */
public record VitalsRecord(
        String instance,
        String service,
        Instant startedAt,
        Instant at,
        double cpuCores,
        long heapAfterGcBytes,
        long errorsLogged,
        long closes) {}

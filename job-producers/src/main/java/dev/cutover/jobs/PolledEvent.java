package dev.cutover.jobs;

import dev.cutover.schema.Feature.EventType;
import java.util.Arrays;

/**
 * One event as the polled service has it.
 *
 * @param by the value of the series' field, as {@link dev.cutover.schema.EventRecord} has it; null for a type without a series
 * @param data as the service wrote it
 * @param newest whether its cadence emits it again: true for all but the older entries of a series
 */
@SuppressWarnings("ArrayRecordComponent") // compared by says() alone
record PolledEvent(EventType type, String key, Object by, byte[] data, boolean newest) {

    /** What an event of the same type, key and {@code by} replaces. */
    record Id(String type, String key, Object by) {}

    Id id() {
        return new Id(type.type(), key, by);
    }

    boolean says(PolledEvent other) {
        return Arrays.equals(data, other.data);
    }
}

package dev.cutover.gateway;

import dev.cutover.schema.Feature;

/**
 * One key of one event type in one partition. The tail makes one for each that it meets and numbers them, so that a hub finds
 * what it knows of a key by an array's index.
 *
 * <p>Owned by the tail's thread, which alone reads and writes {@link #lastOffset}; the final fields are read by all.
 */
final class EventKey {
    /** The feature's place in the catalog. */
    final int feature;

    final String featureName;
    /** Dense within the feature, from 0. */
    final int id;

    final Feature.EventType type;
    final String key;
    final int partition;

    /** How long a slow subscriber may be kept from this key's newest value, in nanoseconds: three cadences. */
    final long mostWaitNs;

    /** The offset of this key's last event; −1 before the first. */
    long lastOffset = -1;

    EventKey(int feature, String featureName, int id, Feature.EventType type, String key, int partition) {
        this.feature = feature;
        this.featureName = featureName;
        this.id = id;
        this.type = type;
        this.key = key;
        this.partition = partition;
        this.mostWaitNs = type.cadence().multipliedBy(3).toNanos();
    }
}

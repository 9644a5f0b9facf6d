package dev.cutover.rest;

import java.util.Optional;

/** What the endpoints read. Any thread; none of it waits for Kafka. */
interface Snapshots {

    /**
     * The view of one key; several where producers have put it into several partitions, the lowest first.
     *
     * @return empty while the feature's views are not all there; a snapshot of no view where the key is unknown
     */
    Optional<Snapshot> one(String feature, String key);

    /**
     * The views of every key, in no order.
     *
     * @return empty while the feature's views are not all there
     */
    Optional<Snapshot> all(String feature);
}

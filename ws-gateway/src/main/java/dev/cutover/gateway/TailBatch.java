package dev.cutover.gateway;

import java.util.List;

/**
 * What one poll brought, for every hub alike.
 *
 * @param frames in the order of each partition; every hub holds one reference to each, and releases it
 * @param heartbeats the payloads of the heartbeats among them, in order
 * @param reached how far each partition has been read that moved
 */
record TailBatch(List<Frame> frames, List<byte[]> heartbeats, List<Reached> reached) {

    /**
     * @param feature the feature's place in the catalog
     * @param offset the last offset read, or passed over; −1 where the partition never held any. The first one of a partition
     *     is the offset before that at which its reading begins
     */
    record Reached(int feature, int partition, long offset) {}

    /** Gives back the reference of one hub. */
    void release() {
        frames.forEach(Frame::release);
    }
}

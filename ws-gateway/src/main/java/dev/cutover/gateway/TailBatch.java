package dev.cutover.gateway;

import java.util.List;

/**
 * What one poll brought, for every hub alike.
 *
 * @param frames in the order of each partition; every hub holds one reference to each, and releases it
 * @param heartbeats the payloads of the heartbeats among them, in order
 * @param reached how far each partition has been read that moved
 * @param renewed the features whose log is another from here on; comes before the frames
 * @param condition of the tail, where there is a heartbeat to tell it
 */
record TailBatch(
        List<Frame> frames,
        List<byte[]> heartbeats,
        List<Reached> reached,
        List<Renewed> renewed,
        TailVitals.Condition condition) {

    /** Of the logs as they were, and nothing else to tell. */
    TailBatch(List<Frame> frames, List<byte[]> heartbeats, List<Reached> reached) {
        this(frames, heartbeats, reached, List.of(), TailVitals.Condition.WELL);
    }

    /**
     * @param feature the feature's place in the catalog
     * @param offset the last offset read, or passed over; −1 where the partition never held any. The first one of a partition
     *     is the offset before that at which its reading begins
     */
    record Reached(int feature, int partition, long offset) {}

    /**
     * A feature whose topic was made anew, or whose records are gone. What was known of it is to be forgotten.
     *
     * @param feature the feature's place in the catalog
     * @param epoch its topic's id
     * @param ends the offset behind the last record of each partition, which its reading must reach to be the present
     */
    record Renewed(int feature, String epoch, List<Long> ends) {}

    /** Whether it says nothing. */
    boolean isEmpty() {
        return frames.isEmpty() && heartbeats.isEmpty() && reached.isEmpty() && renewed.isEmpty();
    }

    /** Gives back the reference of one hub. */
    void release() {
        frames.forEach(Frame::release);
    }
}

package dev.cutover.gateway;

/**
 * Something that a gateway says besides events.
 *
 * @param type as in its JSON
 * @param json the whole message, in UTF-8
 * @param moved what it says of a client's place in a feature; null where it says nothing of it
 */
@SuppressWarnings("ArrayRecordComponent") // messages are sent, and never compared
record ServerMessage(String type, byte[] json, Moved moved) {

    /**
     * Where a client stands in a feature once it has this message.
     *
     * @param epoch of the feature's topic
     * @param seen the last offset in each partition up to which the client has everything; null while it has no position that
     *     it could resume from
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Moved(String feature, String epoch, long[] seen) {}
}

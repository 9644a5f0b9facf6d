package dev.cutover.rest;

/**
 * Makes answers wrong on purpose, for training and for tests of what must notice it. Nothing but the local stack gives one to a
 * service: no setting does. Immutable.
 */
public interface BodyChange {

    /**
     * What tells answers changed in this way from those changed in another; not empty. It goes into their {@code ETag}, so that
     * no client keeps an answer from before or after the change.
     */
    String tag();

    /**
     * What is served, and recorded as served, in place of one event's data.
     *
     * @param data one JSON object, as its producer wrote it; not to be changed itself
     * @return one JSON object
     */
    byte[] apply(byte[] data);
}

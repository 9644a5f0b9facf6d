package dev.cutover.rest;

import dev.cutover.schema.Feature;
import java.time.Instant;
import java.util.List;

/**
 * One answer that went out, as evidence.
 *
 * @param status of HTTP
 * @param askedAt when the request came in, or went out to the service behind
 * @param servedAt when the answer was complete
 */
record Served(Feature feature, Caller caller, int status, Instant askedAt, Instant servedAt, Content content) {
    static final Content NOTHING = new Nothing();

    /** What of an answer can be compared with the events. */
    sealed interface Content {
        /** About how much memory it holds. */
        default int bytes() {
            return 0;
        }
    }

    /** Nothing: it has no body, or none that is a feature's. */
    private record Nothing() implements Content {}

    /** A body that is there, and is none that could be compared, for a reason of few words. */
    record Unusable(String reason) implements Content {}

    /**
     * Bodies made of Cutover's own views.
     *
     * @param epoch the id of the events' topic
     * @param offsets of each partition, what the views hold at least
     * @param list whether the answer is the list of all keys
     * @param query normalised
     * @param body all of it; not to be changed
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Views(String epoch, List<Long> offsets, boolean list, String query, byte[] body, List<Part> parts)
            implements Content {
        @Override
        public int bytes() {
            return body.length;
        }
    }

    /**
     * One key's own body within an answer.
     *
     * @param offset of the newest event of the key that had its effect
     * @param from the place of its first byte
     */
    record Part(String key, int partition, long offset, int from, int length) {}

    /**
     * A key that is not known.
     *
     * @param epoch null where a service behind said so
     * @param offsets of each partition; empty where a service behind said so
     */
    record Unknown(String key, String query, String epoch, List<Long> offsets) implements Content {}

    /**
     * What a service behind answered with 200.
     *
     * @param key null for the list
     * @param encoding {@code Content-Encoding} in lower case; null where there is none
     * @param body as it came; not to be changed
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record FromUpstream(String key, String query, String encoding, byte[] body) implements Content {
        @Override
        public int bytes() {
            return body.length;
        }
    }

    /** This answer, of which nothing is compared. */
    Served withoutContent() {
        return new Served(feature, caller, status, askedAt, servedAt, NOTHING);
    }

    /**
     * Whether somebody uses the endpoint by it: the caller has got data, or would have had its data changed, or still asks for
     * what has gone.
     */
    boolean isUse() {
        return (status >= 200 && status < 300) || status == 304 || status == 410;
    }
}

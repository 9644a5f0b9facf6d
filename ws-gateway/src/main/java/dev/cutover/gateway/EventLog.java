package dev.cutover.gateway;

import dev.cutover.schema.Feature;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The whole log of every feature, as far back as Kafka keeps it: for what lies before a {@link Backlog}. Asked on an event loop,
 * which waits for nothing; each answer comes as a task of that loop.
 */
interface EventLog {

    /** What became of a question. */
    sealed interface Answer<T> {
        record Found<T>(T value) implements Answer<T> {}

        /** The log does not hold it any more, or does not reach so far. */
        record Gone<T>() implements Answer<T> {}

        /** Kafka does not answer at the moment; to be asked again. */
        record Unavailable<T>(String why) implements Answer<T> {}
    }

    /** Where a reading begins. */
    sealed interface Start {
        /** With the first record there is. */
        record Earliest() implements Start {}

        /** With the first record written then or later; at the log's begin where that is later. */
        record Time(Instant at) implements Start {}

        /**
         * Right after what was seen.
         *
         * @param seen the last offset seen in each partition
         */
        @SuppressWarnings("ArrayRecordComponent") // never compared
        record Position(long[] seen) implements Start {}

        /**
         * Known already.
         *
         * @param span the part itself, of which the log needs to find nothing
         */
        record Known(Span span) implements Start {}
    }

    /**
     * A part of a feature's log.
     *
     * @param from the first offset in each partition
     * @param to the offset behind the last in each partition, at least {@code from}
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Span(long[] from, long[] to) {}

    /**
     * Who reads, and what: the same for all pieces of one reading.
     *
     * @param encoder used by one piece at a time
     * @param wanted by key; safe on any thread
     * @param isOver whether nobody waits for an answer any more; safe on any thread
     */
    record Reader(Feature feature, FrameEncoder encoder, Predicate<String> wanted, IsOver isOver) {}

    interface IsOver {
        boolean isOver();
    }

    /**
     * The next piece of one partition that is wanted.
     *
     * @param from the first offset
     * @param to the offset behind the last one wanted
     * @param mostBytes of its frames, the first one aside
     * @param needsRoom whether the piece has to wait until few enough others are held, see {@link #giveRoom}
     */
    record Piece(int partition, long from, long to, int mostBytes, boolean needsRoom) {}

    /**
     * What was read.
     *
     * @param frames in ascending offset, each with one reference, the receiver's
     * @param next where to go on
     */
    record Frames(List<Frame> frames, long next) {}

    /** An encoder for one reading, or for several of the same client that follow each other. */
    FrameEncoder encoder(Feature feature);

    /**
     * Finds a part of a feature's log.
     *
     * @param until the time before which it ends; null for the log's end as it is now
     */
    void find(Feature feature, Start start, Instant until, Executor loop, Consumer<Answer<Span>> answer);

    /** Reads a piece; one at a time for each reader. */
    void read(Reader reader, Piece piece, Executor loop, Consumer<Answer<Frames>> answer);

    /** To be called once for each answer that was found and {@code needsRoom}: nothing of what it brought is held any more. */
    void giveRoom();
}

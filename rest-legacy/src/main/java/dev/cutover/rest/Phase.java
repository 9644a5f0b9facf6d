package dev.cutover.rest;

/** The life of a {@link Materialiser}: from one of these to a later one, never back. */
enum Phase {
    /** Kafka Streams does not run yet. */
    NEW,
    /** The views are being read. */
    FILLING,
    /** All views are there. */
    SERVING,
    /** Views may be missing: nothing is served of it any more. */
    INVALID,
    CLOSED;

    boolean canMoveTo(Phase next) {
        return switch (this) {
            case NEW -> next != SERVING && next != NEW;
            case FILLING -> next.compareTo(FILLING) > 0;
            case SERVING -> next.compareTo(SERVING) > 0;
            case INVALID -> next == CLOSED;
            case CLOSED -> false;
        };
    }

    /** Whether it will never serve again. */
    boolean isLost() {
        return compareTo(INVALID) >= 0;
    }
}

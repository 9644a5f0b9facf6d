package dev.cutover.control;

/** One event of a key, as the log has it. Immutable as long as nobody changes its data. */
final class Version {
    private final long offset;
    private final long tsMs;
    private final Object by;
    private final byte[] data;

    /**
     * An event.
     *
     * @param tsMs the record's timestamp
     * @param by the value of the series' field, a String or a BigDecimal without trailing zeros; null for a type without a series
     * @param data as the producer wrote it; not to be changed any more
     */
    Version(long offset, long tsMs, Object by, byte[] data) {
        this.offset = offset;
        this.tsMs = tsMs;
        this.by = by;
        this.data = data;
    }

    long offset() {
        return offset;
    }

    long tsMs() {
        return tsMs;
    }

    Object by() {
        return by;
    }

    byte[] data() {
        return data;
    }
}

package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.cutover.schema.Durations;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Where a subscription begins, as operators write it.
 *
 * @param word {@code snapshot}, {@code now} or {@code earliest}; null for a time
 * @param time null for a word
 */
record Start(String word, Instant time) {
    static final String EARLIEST = "earliest";
    private static final String A_TIME = "an instant with its zone such as 2026-01-05T15:30:00Z or"
            + " 2026-01-05T10:30-05:00, a date (0:00 UTC), or how long ago, such as 15m or 2h";
    /** What the wire can say: years of four digits. */
    private static final int LAST_YEAR = 9999;

    /** Whether the past comes first. */
    boolean isPast() {
        return time != null || word.equals(EARLIEST);
    }

    /** As {@code from} says it on the wire. */
    JsonNode wire() {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        return word == null ? nodes.objectNode().put("time", time.toString()) : nodes.textNode(word);
    }

    @Override
    public String toString() {
        return word == null ? time.toString() : word;
    }

    /**
     * The moment that the text names. A time of day without a zone is none: whose it is depends on who reads it.
     *
     * @throws DateTimeException when the text has another form
     */
    static Instant time(String text, Instant now) {
        Instant time;
        if (text.contains("T")) {
            time = OffsetDateTime.parse(text).toInstant();
        } else if (text.contains("-")) {
            time = LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
        } else {
            try {
                time = now.minus(Durations.parse(text)).truncatedTo(ChronoUnit.MILLIS); // finer than any event's
            } catch (IllegalArgumentException e) {
                throw new DateTimeException(e.getMessage(), e);
            }
        }
        int year = time.atOffset(ZoneOffset.UTC).getYear();
        if (year < 0 || year > LAST_YEAR) {
            throw new DateTimeException("out of range: " + time);
        }
        return time;
    }

    private static Start read(String text, List<String> words) {
        return read(text, words, Instant.now());
    }

    /**
     * What the text names, of these words and the times.
     *
     * @throws TypeConversionException when it is none of them
     */
    static Start read(String text, List<String> words, Instant now) {
        if (words.contains(text)) {
            return new Start(text, null);
        }
        try {
            return new Start(null, time(text, now));
        } catch (DateTimeException e) {
            throw new TypeConversionException("must be "
                    + String.join("", words.stream().map(word -> word + ", ").toList()) + A_TIME + ", but is '" + text
                    + "'");
        }
    }

    /** Of a subscription that goes on live. */
    static final class OfTail implements ITypeConverter<Start> {
        @Override
        public Start convert(String text) {
            return read(text, List.of("snapshot", "now", EARLIEST));
        }
    }

    /** Of a window of the past. */
    static final class OfReplay implements ITypeConverter<Start> {
        @Override
        public Start convert(String text) {
            return read(text, List.of(EARLIEST));
        }
    }

    /** The end of a window: the present, by its name, or a time. */
    static final class End implements ITypeConverter<Instant> {
        private static final String NOW = "now";

        @Override
        public Instant convert(String text) {
            Start end = read(text, List.of(NOW));
            return end.word == null ? end.time : Instant.now().truncatedTo(ChronoUnit.MILLIS);
        }
    }
}

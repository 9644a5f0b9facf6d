package dev.cutover.jobs;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Reads the times of a file's rows: seconds or milliseconds since 1970, ISO times with an offset, or local times in a zone.
 * Immutable.
 */
final class RowTimes {
    private static final Pattern DIGITS = Pattern.compile("\\d{1,15}");

    /** As seconds this is the year 5138, as milliseconds the year 1973: what lies below is taken as seconds. */
    private static final long LEAST_MILLIS = 100_000_000_000L;

    private static final DateTimeFormatter DATE_AND_TIME = new DateTimeFormatterBuilder()
            .parseCaseInsensitive()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .appendPattern("['T'][ ]")
            .append(DateTimeFormatter.ISO_LOCAL_TIME)
            .appendPattern("[ ][XXX][XX][X]")
            .toFormatter(Locale.ROOT)
            .withResolverStyle(ResolverStyle.STRICT);

    private final ZoneId zone;

    /** @param zone of the times that name no offset */
    RowTimes(ZoneId zone) {
        this.zone = zone;
    }

    /**
     * @param notBefore tells apart the two passes of an hour that the zone's clocks repeat; null where nothing is known
     * @throws BadRowException when the text has none of the forms, or names a time that the zone's clocks skip
     */
    Instant parse(String text, Instant notBefore) throws BadRowException {
        if (DIGITS.matcher(text).matches()) {
            long number = Long.parseLong(text);
            return number < LEAST_MILLIS ? Instant.ofEpochSecond(number) : Instant.ofEpochMilli(number);
        }
        TemporalAccessor time;
        try {
            time = DATE_AND_TIME.parseBest(text, OffsetDateTime::from, LocalDateTime::from);
        } catch (DateTimeException e) {
            throw new BadRowException("the time '" + text + "' is neither seconds nor milliseconds since 1970, nor like"
                    + " 2016-04-15T13:30:00Z or 2016-04-15 13:30:00");
        }
        return time instanceof OffsetDateTime offset ? offset.toInstant() : local((LocalDateTime) time, notBefore);
    }

    private Instant local(LocalDateTime time, Instant notBefore) throws BadRowException {
        if (zone.getRules().getValidOffsets(time).isEmpty()) {
            throw new BadRowException("the time '" + time + "' does not exist in " + zone
                    + ", whose clocks skip it; is --source-zone right?");
        }
        ZonedDateTime first = time.atZone(zone);
        return notBefore != null && first.toInstant().isBefore(notBefore)
                ? first.withLaterOffsetAtOverlap().toInstant()
                : first.toInstant();
    }
}

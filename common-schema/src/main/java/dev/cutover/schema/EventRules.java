package dev.cutover.schema;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;

/** The checks that event records share; each failure names the event type, the field and the value. */
record EventRules(String type) {
    /** Far beyond any money; without a bound, {@code 1e999999999} is a few bytes to read and a gigabyte to write. */
    private static final int MOST_DIGITS = 40;

    /** The years that have four digits on the wire. */
    private static final Instant EARLIEST = Instant.parse("0000-01-01T00:00:00Z");

    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999999999Z");

    void holds(boolean condition, String field, Object value, String rule) {
        if (!condition) {
            throw new InvalidEventException(type, field, value, rule);
        }
    }

    void present(String field, Object value) {
        holds(value != null, field, null, "must be there");
    }

    void text(String field, String value) {
        holds(value != null && !value.isBlank(), field, value, "must be a text that is not blank");
    }

    void positive(String field, long value) {
        holds(value > 0, field, value, "must be positive");
    }

    void notNegative(String field, long value) {
        holds(value >= 0, field, value, "must not be negative");
    }

    void instant(String field, Instant value) {
        present(field, value);
        holds(!value.isBefore(EARLIEST) && !value.isAfter(LATEST), field, value, "must lie in the years 0000 to 9999");
    }

    /** The number in its plain form: 1E+3 is 1000, since that is what the wire holds. */
    BigDecimal number(String field, BigDecimal value) {
        present(field, value);
        // 64-bit, since a scale may be as low as an int can be
        long digitsBefore = (long) value.precision() - value.scale();
        holds(
                digitsBefore <= MOST_DIGITS && value.scale() <= MOST_DIGITS,
                field,
                value,
                "must have at most " + MOST_DIGITS + " digits before its decimal point, and after it");
        return value.scale() < 0 ? value.setScale(0, RoundingMode.UNNECESSARY) : value;
    }

    BigDecimal notNegative(String field, BigDecimal value) {
        BigDecimal number = number(field, value);
        holds(number.signum() >= 0, field, number, "must not be negative");
        return number;
    }
}

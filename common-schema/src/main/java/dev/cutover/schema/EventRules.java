package dev.cutover.schema;

import java.math.BigDecimal;

/** The checks that event records share; each failure names the event type, the field and the value. */
record EventRules(String type) {

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

    void notNegative(String field, BigDecimal value) {
        present(field, value);
        holds(value.signum() >= 0, field, value.toPlainString(), "must not be negative");
    }
}

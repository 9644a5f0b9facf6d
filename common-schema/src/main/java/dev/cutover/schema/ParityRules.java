package dev.cutover.schema;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * How REST's body of a key is compared with what the event log says of that key. Fields are named by JSON pointers (RFC 6901)
 * into one key's own body, in which {@code *} stands for any member or element.
 *
 * @param lag by how much REST may be late; not negative
 * @param arrays the arrays whose elements are told apart by a field: pointer to that field's name. The arrays of a series go by
 *     the series' field without being named here
 * @param rules what is not compared exactly, each a debt with an owner and a date
 */
public record ParityRules(Duration lag, Map<String, String> arrays, List<Rule> rules) {
    /** What holds where the catalog says nothing. */
    public static final ParityRules EXACT = new ParityRules(Duration.ofSeconds(2), Map.of(), List.of());

    public ParityRules {
        arrays = Map.copyOf(arrays);
        rules = List.copyOf(rules);
    }

    /**
     * One field that is not compared exactly. A rule without an owner or a date, and one whose date has passed, is still applied:
     * it blocks the promotion until somebody owns it, or it is gone.
     *
     * @param field a pointer
     * @param within by how much numbers may differ, 0 or more; null: the field is not compared
     * @param owner who answers for it; null where nobody does
     * @param until when it is to be gone; null where no date is set
     * @param why null where no reason is given
     */
    public record Rule(String field, BigDecimal within, String owner, Instant until, String why) {

        /** Why this rule blocks a promotion at an instant; null where it does not. */
        public String debt(Instant now) {
            if (owner == null) {
                return field + " has no owner";
            }
            if (until == null) {
                return field + " has no date on which it ends (owner: " + owner + ")";
            }
            return until.isAfter(now) ? null : field + " has expired on " + until + " (owner: " + owner + ")";
        }
    }
}

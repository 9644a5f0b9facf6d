package dev.cutover.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads a feature's parity rules from the catalog's file. Confined to the thread that reads the file. */
record ParityForm(CatalogFile file, String place) {
    private static final Set<String> FIELDS = Set.of("lag", "arrays", "ignore", "tolerances");
    private static final Set<String> IGNORE_FIELDS = Set.of("field", "owner", "until", "why");
    private static final Set<String> TOLERANCE_FIELDS = Set.of("field", "within", "owner", "until", "why");
    private static final Duration LONGEST_LAG = Duration.ofHours(1);

    /** @throws StartupException when a rule breaks the form; the message names its place */
    ParityRules read(JsonNode form) {
        file.fields(place, form, FIELDS);
        Map<String, String> arrays = new HashMap<>();
        form.path("arrays").properties().forEach(entry -> {
            String field = entry.getValue().asText();
            file.check(!field.isBlank(), place + ", arrays", "must name a field for " + entry.getKey());
            arrays.put(file.pointer(place + ", arrays", entry.getKey()), field);
        });
        List<ParityRules.Rule> rules = new ArrayList<>();
        form.path("ignore").forEach(rule -> rules.add(rule(place + ", ignore", rule, IGNORE_FIELDS)));
        form.path("tolerances").forEach(rule -> {
            file.check(
                    rule.path("within").isNumber(),
                    place + ", tolerances",
                    "must have a number 'within', but is " + rule);
            rules.add(rule(place + ", tolerances", rule, TOLERANCE_FIELDS));
        });
        return new ParityRules(lag(form.path("lag")), arrays, rules);
    }

    private Duration lag(JsonNode form) {
        if (form.isMissingNode()) {
            return ParityRules.EXACT.lag();
        }
        try {
            Duration lag = Durations.parse(form.asText());
            file.check(lag.compareTo(LONGEST_LAG) <= 0, place + ", lag", "must be 1h at most, but is " + form);
            return lag;
        } catch (IllegalArgumentException e) {
            throw file.wrong(place + ", lag", e.getMessage() + ", but is " + form);
        }
    }

    private ParityRules.Rule rule(String at, JsonNode form, Set<String> known) {
        file.check(form.isObject(), at, "must be a list of {field: POINTER, owner: NAME, until: DATE, why: …}");
        file.fields(at, form, known);
        String field = file.pointer(at + ", field", form.path("field").asText());
        file.check(!field.isEmpty(), at, "must name a field, but is " + form);
        BigDecimal within =
                form.has("within") ? new BigDecimal(form.path("within").asText()) : null;
        file.check(within == null || within.signum() >= 0, at + ", within", "must be 0 or more, but is " + within);
        return new ParityRules.Rule(
                field, within, text(form, "owner"), until(at + ", until", text(form, "until")), text(form, "why"));
    }

    /** Null where it is left out or blank: a debt of which the checklist speaks, not a fault of the form. */
    private static String text(JsonNode form, String field) {
        String text = form.path(field).asText();
        return text.isBlank() || form.path(field).isNull() ? null : text;
    }

    private Instant until(String at, String text) {
        if (text == null) {
            return null;
        }
        try {
            return text.contains("T")
                    ? Instant.parse(text)
                    : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
        } catch (DateTimeException e) {
            throw file.wrong(at, "must be a date such as 2030-12-31, or a UTC instant, but is '" + text + "'");
        }
    }
}

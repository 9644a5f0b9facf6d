package dev.cutover.rest;

import dev.cutover.schema.UsageRecord;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who uses which feature on which day, counted since this start. Confined to the recorder's thread.
 *
 * <p>Callers name themselves, so their number is bounded: the ones too many of a feature and day are counted together.
 */
final class Usage {
    /** Under which the callers too many are counted. */
    static final Caller OTHERS = new Caller("(others)", UsageRecord.OTHER);

    private record Id(String feature, Caller caller, LocalDate day) {}

    private record Day(String feature, LocalDate day) {}

    /** One caller's numbers. */
    private static final class Row {
        final Instant firstAt;
        Instant lastAt;
        long answers;
        long recorded;
        long repeated;
        long sampledOut;

        Row(Instant firstAt) {
            this.firstAt = firstAt;
        }
    }

    private final String instance;
    private final int mostCallers;
    private final Map<Id, Row> rows = new LinkedHashMap<>();
    private final Map<Day, Integer> others = new HashMap<>();
    private final Set<Id> changed = new LinkedHashSet<>();

    /**
     * Numbers that begin at zero.
     *
     * @param instance of this start
     * @param mostCallers of one feature and day that are counted apart, beside prober and fall-back
     */
    Usage(String instance, int mostCallers) {
        this.instance = instance;
        this.mostCallers = mostCallers;
    }

    /**
     * Counts one answer.
     *
     * @param recorded how many of its bodies were recorded
     */
    void count(String feature, Caller caller, Instant at, int recorded, int repeated, int sampledOut) {
        Id id = id(feature, caller, LocalDate.ofInstant(at, ZoneOffset.UTC));
        Row row = rows.computeIfAbsent(id, each -> new Row(at));
        row.lastAt = at;
        row.answers++;
        row.recorded += recorded;
        row.repeated += repeated;
        row.sampledOut += sampledOut;
        changed.add(id);
    }

    private Id id(String feature, Caller caller, LocalDate day) {
        Id own = new Id(feature, caller, day);
        if (!caller.kind().equals(UsageRecord.OTHER) || rows.containsKey(own)) {
            return own;
        }
        int known = others.merge(new Day(feature, day), 1, Integer::sum);
        return known <= mostCallers ? own : new Id(feature, OTHERS, day);
    }

    /** The numbers that have changed since they were asked for last; those of days long past are forgotten. */
    List<UsageRecord> takeChanged(Instant now) {
        List<UsageRecord> records = new ArrayList<>();
        for (Id id : changed) {
            records.add(record(id, rows.get(id)));
        }
        changed.clear();
        LocalDate yesterday = LocalDate.ofInstant(now, ZoneOffset.UTC).minusDays(1);
        rows.keySet().removeIf(id -> id.day().isBefore(yesterday));
        others.keySet().removeIf(day -> day.day().isBefore(yesterday));
        return records;
    }

    private UsageRecord record(Id id, Row row) {
        return new UsageRecord(
                id.feature(),
                id.caller().name(),
                id.caller().kind(),
                id.day().toString(),
                instance,
                row.answers,
                row.recorded,
                row.repeated,
                row.sampledOut,
                row.firstAt,
                row.lastAt);
    }

    /** Has a record told again that was not written. */
    void again(UsageRecord record) {
        Id id = new Id(record.feature(), new Caller(record.caller(), record.kind()), LocalDate.parse(record.day()));
        if (rows.containsKey(id)) {
            changed.add(id);
        }
    }
}

package dev.cutover.jobs;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What a column of a bars file holds. */
enum BarColumn {
    TIME,
    OPEN,
    HIGH,
    LOW,
    CLOSE,
    VOLUME,
    SYMBOL,
    PASSED_OVER;

    /** A row without one of these is no bar. */
    static final Set<BarColumn> NEEDED = EnumSet.range(TIME, VOLUME);

    /** The order of a file that has no header, where none is set. */
    static final List<BarColumn> DEFAULT_ORDER = List.of(TIME, OPEN, HIGH, LOW, CLOSE, VOLUME);

    /** The column that a header cell names, in whatever case; empty for a name that means nothing here. */
    static Optional<BarColumn> named(String cell) {
        BarColumn column =
                switch (cell.strip().toLowerCase(Locale.ROOT)) {
                    case "time", "date", "datetime", "timestamp" -> TIME;
                    case "open" -> OPEN;
                    case "high" -> HIGH;
                    case "low" -> LOW;
                    case "close" -> CLOSE;
                    case "volume", "vol" -> VOLUME;
                    case "symbol", "ticker" -> SYMBOL;
                    case "-" -> PASSED_OVER;
                    default -> null;
                };
        return Optional.ofNullable(column);
    }

    String nameInFiles() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException when a name is unknown, is there twice, or a needed one is missing */
    static List<BarColumn> parseOrder(String text) {
        List<BarColumn> order = Arrays.stream(text.split(",", -1))
                .map(name -> named(name)
                        .orElseThrow(() -> new IllegalArgumentException("must name columns out of time, open, high,"
                                + " low, close, volume, symbol and -, with commas between them")))
                .toList();
        for (BarColumn column : values()) {
            long times = order.stream().filter(column::equals).count();
            if (times == 0 && NEEDED.contains(column)) {
                throw new IllegalArgumentException("must name the column " + column.nameInFiles());
            }
            if (times > 1 && column != PASSED_OVER) {
                throw new IllegalArgumentException("must name the column " + column.nameInFiles() + " once");
            }
        }
        return order;
    }
}

package dev.cutover.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How a file's rows are cut into cells, and which cell holds what; found out from its first line. Immutable. */
final class BarLayout {
    private static final CsvMapper MAPPER = new CsvMapper();

    private final ObjectReader cells;
    private final Map<BarColumn, Integer> places;
    private final boolean header;

    private BarLayout(ObjectReader cells, Map<BarColumn, Integer> places, boolean header) {
        this.cells = cells;
        this.places = places;
        this.header = header;
    }

    /**
     * @param firstLine the first line that is not blank
     * @param order the columns' order that was set, which wins over a header; null where none was
     * @throws IllegalArgumentException when the line is a header that lacks a column or has one twice
     */
    static BarLayout of(String firstLine, List<BarColumn> order) {
        ObjectReader cells = MAPPER.readerFor(String[].class)
                .with(CsvSchema.emptySchema().withColumnSeparator(separator(firstLine)));
        List<Optional<BarColumn>> names = names(cells, firstLine);
        boolean header = names.stream().anyMatch(name -> name.isPresent() && name.get() != BarColumn.PASSED_OVER);
        Map<BarColumn, Integer> places;
        if (header && order == null) {
            places = placesByHeader(names);
        } else {
            places = places(order == null ? BarColumn.DEFAULT_ORDER : order);
        }
        return new BarLayout(cells, places, header);
    }

    private static char separator(String line) {
        char best = ',';
        for (char candidate : new char[] {'\t', ';'}) {
            if (count(line, candidate) > count(line, best)) {
                best = candidate;
            }
        }
        return best;
    }

    private static long count(String line, char wanted) {
        return line.chars().filter(each -> each == wanted).count();
    }

    private static List<Optional<BarColumn>> names(ObjectReader cells, String line) {
        try {
            List<Optional<BarColumn>> names = new ArrayList<>();
            for (String cell : cells.<String[]>readValue(line)) {
                names.add(BarColumn.named(cell));
            }
            return names;
        } catch (JsonProcessingException e) {
            // no header: the line is judged as a row like any other
            return List.of();
        }
    }

    private static Map<BarColumn, Integer> placesByHeader(List<Optional<BarColumn>> names) {
        Map<BarColumn, Integer> places = new EnumMap<>(BarColumn.class);
        for (int i = 0; i < names.size(); i++) {
            BarColumn column = names.get(i).orElse(BarColumn.PASSED_OVER);
            if (places.put(column, i) != null && column != BarColumn.PASSED_OVER) {
                throw new IllegalArgumentException("its header names the column " + column.nameInFiles()
                        + " twice; say with --source-columns which one counts");
            }
        }
        for (BarColumn column : BarColumn.NEEDED) {
            if (!places.containsKey(column)) {
                throw new IllegalArgumentException("its header names no column " + column.nameInFiles()
                        + "; add it, or name the columns with --source-columns");
            }
        }
        return places;
    }

    private static Map<BarColumn, Integer> places(List<BarColumn> order) {
        Map<BarColumn, Integer> places = new EnumMap<>(BarColumn.class);
        for (int i = 0; i < order.size(); i++) {
            places.put(order.get(i), i);
        }
        return places;
    }

    /** Whether the first line is no row. */
    boolean hasHeader() {
        return header;
    }

    boolean hasSymbols() {
        return places.containsKey(BarColumn.SYMBOL);
    }

    /** @throws BadRowException when the line can't be cut into cells */
    String[] cells(String line) throws BadRowException {
        try {
            return cells.readValue(line);
        } catch (JsonProcessingException e) {
            throw new BadRowException("its quotes do not match");
        }
    }

    /** @throws BadRowException when the row is too short to hold the column, or holds nothing there */
    String cell(String[] row, BarColumn column) throws BadRowException {
        int place = places.get(column);
        String text = place < row.length ? row[place].strip() : "";
        if (text.isEmpty()) {
            throw new BadRowException("it has no " + column.nameInFiles());
        }
        return text;
    }
}

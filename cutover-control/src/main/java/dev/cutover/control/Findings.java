package dev.cutover.control;

import dev.cutover.control.FieldTally.Field;
import java.util.List;

/**
 * What a comparison found, as people read it, on a terminal or on a page.
 *
 * @param title what was compared with what
 * @param good whether nothing is wrong
 * @param headline the result in a line
 * @param facts what else is to be known of it, a line each
 * @param columns the names of the table's columns
 * @param rows of the table, each as long as {@code columns}
 * @param one what the first of two values is, as {@code other} the second
 * @param fields those that differ most often first
 * @param remarks what is not shown, or was not compared, a line each
 */
record Findings(
        String title,
        boolean good,
        String headline,
        List<String> facts,
        List<String> columns,
        List<List<String>> rows,
        String one,
        String other,
        List<Field> fields,
        List<String> remarks) {
    Findings {
        facts = List.copyOf(facts);
        columns = List.copyOf(columns);
        rows = List.copyOf(rows);
        fields = List.copyOf(fields);
        remarks = List.copyOf(remarks);
    }
}

package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.FieldTally.Field;
import dev.cutover.control.FieldTally.Sample;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;

/** Findings on a terminal. Confined to one thread. */
final class FindingsText {
    private static final int MOST_ROWS = 50;
    private static final int MOST_FIELDS = 20;
    private static final int SAMPLES = 3;
    private static final int LONGEST_VALUE = 60;

    private FindingsText() {}

    static void print(Findings findings, CommandLine command) {
        PrintWriter out = command.getOut();
        out.println((findings.good() ? "✓ " : "✗ ") + Table.plain(findings.title()));
        out.println("  " + Table.plain(findings.headline()));
        findings.facts().forEach(fact -> out.println("  " + Table.plain(fact)));
        if (!findings.rows().isEmpty()) {
            out.println();
            Table table = new Table();
            row(table, findings.columns());
            findings.rows().stream().limit(MOST_ROWS).forEach(row -> row(table, row));
            table.print(command);
            more(out, findings.rows().size() - MOST_ROWS, "rows");
        }
        findings.fields().stream().limit(MOST_FIELDS).forEach(field -> print(findings, field, command));
        more(out, findings.fields().size() - MOST_FIELDS, "fields that differ");
        if (!findings.remarks().isEmpty()) {
            out.println();
            findings.remarks().forEach(remark -> out.println(Table.plain(remark)));
        }
    }

    private static void row(Table table, List<String> cells) {
        table.row(Optional.empty(), cells.toArray(String[]::new));
    }

    private static void more(PrintWriter out, int number, String what) {
        if (number > 0) {
            out.println("… and " + number + " " + what + " more: --json and --html have all");
        }
    }

    private static void print(Findings findings, Field field, CommandLine command) {
        PrintWriter out = command.getOut();
        out.println();
        out.println(Table.plain(field.name().isEmpty() ? "the whole" : field.name()) + " differs "
                + (field.count() == 1 ? "once" : field.count() + " times"));
        Table table = new Table();
        table.row(Optional.empty(), "  key", findings.one(), findings.other(), "where");
        for (Sample sample :
                field.samples().subList(0, Math.min(SAMPLES, field.samples().size()))) {
            table.row(
                    Optional.empty(),
                    "  " + sample.key(),
                    value(sample.one()),
                    value(sample.other()),
                    sample.pointer() + " at " + sample.where());
        }
        table.print(command);
    }

    private static String value(JsonNode value) {
        String text = value == null ? "(nothing)" : value.toString();
        return text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE) + "…";
    }
}

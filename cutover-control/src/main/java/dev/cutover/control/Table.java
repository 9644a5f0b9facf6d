package dev.cutover.control;

import dev.cutover.schema.Stage;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** Lines in columns for a terminal. Confined to one thread. */
final class Table {
    private static final String GAP = "  ";

    private final List<List<String>> rows = new ArrayList<>();
    private final List<Stage> stages = new ArrayList<>();

    /** @param stage gives the row its colour */
    void row(Stage stage, String... cells) {
        List<String> row = new ArrayList<>();
        for (String cell : cells) {
            row.add(plain(cell));
        }
        rows.add(row);
        stages.add(stage);
    }

    /** The last column is as long as it is. */
    void print(CommandLine command) {
        PrintWriter out = command.getOut();
        for (int i = 0; i < rows.size(); i++) {
            List<String> row = rows.get(i);
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < row.size() - 1; column++) {
                String cell = row.get(column);
                line.append(cell)
                        .append(" ".repeat(width(column) - width(cell)))
                        .append(GAP);
            }
            line.append(row.get(row.size() - 1));
            out.println(coloured(command, stages.get(i), line.toString().stripTrailing()));
        }
    }

    private int width(int column) {
        return rows.stream().mapToInt(row -> width(row.get(column))).max().orElse(0);
    }

    private static int width(String cell) {
        return cell.codePointCount(0, cell.length());
    }

    /** The colour of a stage, where the terminal shows colours. */
    static String coloured(CommandLine command, Stage stage, String text) {
        if (stage == Stage.SHADOW || !command.getColorScheme().ansi().enabled()) {
            return text;
        }
        Ansi.Style colour = stage == Stage.LIVE ? Ansi.Style.fg_yellow : Ansi.Style.fg_green;
        return colour.on() + text + colour.off();
    }

    static String mark(Stage stage) {
        return switch (stage) {
            case SHADOW -> "⚪";
            case LIVE -> "⚡";
            case PROMOTED -> "✅";
        };
    }

    /** What others wrote must not steer the terminal. */
    static String plain(String text) {
        return text == null ? "" : text.replaceAll("\\p{Cc}", "·");
    }
}

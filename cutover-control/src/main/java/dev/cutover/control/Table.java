package dev.cutover.control;

import dev.cutover.schema.Stage;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** Lines in columns for a terminal. Confined to one thread. */
final class Table {
    private static final String GAP = "  ";

    private final List<List<String>> rows = new ArrayList<>();
    private final List<Optional<Ansi.Style>> colours = new ArrayList<>();

    /** @param stage gives the row its colour */
    void row(Stage stage, String... cells) {
        row(colour(stage), cells);
    }

    /** @param colour of the whole row; empty for the terminal's own */
    void row(Optional<Ansi.Style> colour, String... cells) {
        List<String> row = new ArrayList<>();
        for (String cell : cells) {
            row.add(plain(cell));
        }
        rows.add(row);
        colours.add(colour);
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
            out.println(coloured(command, colours.get(i), line.toString().stripTrailing()));
        }
    }

    private int width(int column) {
        return rows.stream().mapToInt(row -> width(row.get(column))).max().orElse(0);
    }

    private static int width(String cell) {
        return cell.codePointCount(0, cell.length());
    }

    private static Optional<Ansi.Style> colour(Stage stage) {
        return switch (stage) {
            case SHADOW -> Optional.empty();
            case LIVE -> Optional.of(Ansi.Style.fg_yellow);
            case PROMOTED -> Optional.of(Ansi.Style.fg_green);
        };
    }

    /** In the colour of a stage, where the terminal shows colours. */
    static String coloured(CommandLine command, Stage stage, String text) {
        return coloured(command, colour(stage), text);
    }

    /** In a colour, where the terminal shows colours. */
    static String coloured(CommandLine command, Optional<Ansi.Style> colour, String text) {
        return colour.isPresent() && command.getColorScheme().ansi().enabled()
                ? colour.get().on() + text + colour.get().off()
                : text;
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

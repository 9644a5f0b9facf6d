package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import picocli.CommandLine.Help.Ansi;

/** The lines of a checklist, as the service gives them, in words for a terminal. */
final class Lines {
    private Lines() {}

    /** A mark, its name, what it says, and the figure. */
    static String text(JsonNode line) {
        String measured = Table.plain(line.path("measured").asText());
        return mark(line) + " " + Table.plain(line.path("line").asText()) + ": "
                + Table.plain(line.path("text").asText()) + (measured.isEmpty() ? "" : " – " + measured);
    }

    /** What it would take; empty where the line holds. */
    static Optional<String> needed(JsonNode line) {
        String needed = Table.plain(line.path("needed").asText());
        return isOk(line) || needed.isEmpty() ? Optional.empty() : Optional.of(needed);
    }

    static boolean isOk(JsonNode line) {
        return line.path("state").asText().equals("ok");
    }

    static String mark(JsonNode line) {
        return switch (line.path("state").asText()) {
            case "ok" -> "✓";
            case "wait" -> "…";
            default -> "✗";
        };
    }

    static Optional<Ansi.Style> colour(JsonNode line) {
        return switch (line.path("state").asText()) {
            case "ok" -> Optional.of(Ansi.Style.fg_green);
            case "wait" -> Optional.of(Ansi.Style.fg_yellow);
            default -> Optional.of(Ansi.Style.fg_red);
        };
    }
}

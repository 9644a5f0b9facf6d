package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.FieldTally.Field;
import dev.cutover.control.FieldTally.Sample;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * Findings as one HTML page: well-formed as XML too, nothing to be loaded, no script, in the reader's light or dark colours; and
 * nothing is folded away, so that the browser's own search finds each value. Pure.
 */
final class FindingsPage {
    private static final String STYLE = """
            :root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --good: #1a7f37; --bad: #b42318; }
            @media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #161b22; --good: #57d364; --bad: #ff7b72; } }
            body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
            h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
            .good { color: var(--good); } .bad { color: var(--bad); } .headline { font-weight: 600; }
            .wide { overflow-x: auto; }
            table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
            th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top; }
            th { background: var(--soft); position: sticky; top: 0; }
            code, .value { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
            .nothing { font-style: italic; opacity: .7; }
            footer { margin-top: 2rem; opacity: .7; }
            """;

    private final List<String> lines = new ArrayList<>();

    private FindingsPage() {}

    /** The page, line by line. */
    static List<String> of(Findings findings, Instant at) {
        FindingsPage page = new FindingsPage();
        page.write(findings, at);
        return page.lines;
    }

    private void write(Findings findings, Instant at) {
        String title = escape(findings.title());
        lines.add("<!DOCTYPE html>");
        lines.add("<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\"><head><meta charset=\"utf-8\"/>");
        lines.add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>");
        lines.add("<title>" + title + "</title><style>");
        lines.add(STYLE + "</style></head><body>");
        lines.add("<h1>" + title + "</h1>");
        lines.add("<p class=\"headline " + (findings.good() ? "good\">✓ " : "bad\">✗ ") + escape(findings.headline())
                + "</p>");
        list(findings.facts());
        if (!findings.rows().isEmpty()) {
            lines.add("<h2>By key</h2>");
            table(findings.columns());
            findings.rows().forEach(row -> {
                StringBuilder cells = new StringBuilder("<tr>");
                row.forEach(cell -> cells.append("<td>").append(escape(cell)).append("</td>"));
                lines.add(cells.append("</tr>").toString());
            });
            lines.add("</tbody></table></div>");
        }
        findings.fields().forEach(field -> write(findings, field));
        if (!findings.remarks().isEmpty()) {
            lines.add("<h2>What is not shown or not compared</h2>");
            list(findings.remarks());
        }
        lines.add("<footer>cutover compare, " + at.truncatedTo(ChronoUnit.SECONDS) + "</footer></body></html>");
    }

    private void list(List<String> items) {
        if (!items.isEmpty()) {
            lines.add("<ul>");
            items.forEach(item -> lines.add("<li>" + escape(item) + "</li>"));
            lines.add("</ul>");
        }
    }

    private void table(List<String> columns) {
        StringBuilder head = new StringBuilder("<div class=\"wide\"><table><thead><tr>");
        columns.forEach(column -> head.append("<th>").append(escape(column)).append("</th>"));
        lines.add(head.append("</tr></thead><tbody>").toString());
    }

    private void write(Findings findings, Field field) {
        String name = field.name().isEmpty() ? "the whole" : field.name();
        lines.add("<h2><code>" + escape(name) + "</code> differs "
                + (field.count() == 1 ? "once" : field.count() + " times") + "</h2>");
        table(List.of("key", findings.one(), findings.other(), "field", "where"));
        for (Sample sample : field.samples()) {
            lines.add("<tr><td>" + escape(sample.key()) + "</td>" + value(sample.one()) + value(sample.other())
                    + "<td><code>" + escape(sample.pointer()) + "</code></td><td>" + escape(sample.where())
                    + "</td></tr>");
        }
        lines.add("</tbody></table></div>");
    }

    private static String value(JsonNode value) {
        return value == null
                ? "<td class=\"nothing\">nothing</td>"
                : "<td class=\"value\">" + escape(value.toString()) + "</td>";
    }

    /** What others wrote is text and no markup; characters that no document may hold are shown as such. */
    static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        text.codePoints().forEach(each -> {
            switch (each) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.appendCodePoint(isWritable(each) ? each : '\uFFFD');
            }
        });
        return escaped.toString();
    }

    /** As XML 1.0 has it, section 2.2; halves of surrogate pairs are none. */
    private static boolean isWritable(int codePoint) {
        if (codePoint < 0x20) {
            return codePoint == '\n' || codePoint == '\t';
        }
        boolean isControl = codePoint >= 0x7F && codePoint < 0xA0;
        boolean isHalf = codePoint >= 0xD800 && codePoint < 0xE000;
        return !isControl && !isHalf && codePoint != 0xFFFE && codePoint != 0xFFFF;
    }
}

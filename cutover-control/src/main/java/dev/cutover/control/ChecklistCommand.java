package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import dev.cutover.control.ControlClient.Reply;
import dev.cutover.schema.Stage;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cutover checklist FEATURE}. */
@Command(
        name = "checklist",
        description = {
            "Shows what the next step up asks for: each line with what was measured, and what it would take.",
            "✓ holds, ✗ does not, … can't be told yet. Exits 0 whatever it finds."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class ChecklistCommand implements Callable<Integer> {
    private static final long REDRAW_SECONDS = 2;
    /** To the upper left corner, and nothing below it. */
    private static final String CLEAR = "\u001b[H\u001b[2J";

    @Parameters(
            paramLabel = "FEATURE",
            description = "the feature, for example positions",
            completionCandidates = FeatureNames.class)
    private String feature;

    @Option(
            names = "--to",
            paramLabel = "live|promoted",
            converter = UpStage.class,
            completionCandidates = UpStage.Names.class,
            description = "the step to look at (default: the next one)")
    private Stage to;

    @Option(
            names = {"-w", "--watch"},
            description = "again every 2 s, until it passes or Ctrl-C")
    private boolean watch;

    @Option(names = "--json", description = "print the checklist as the service gives it")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (!watch) {
            return Operator.run(spec, json, control -> show(ask(control)));
        }
        return Interruption.run(() -> Operator.run(spec, json, this::watch));
    }

    private void watch(ControlClient control) throws NoAnswerException, RefusedException {
        try {
            while (true) {
                JsonNode checklist = ask(control);
                if (!json && spec.commandLine().getColorScheme().ansi().enabled()) {
                    spec.commandLine().getOut().print(CLEAR);
                }
                show(checklist);
                spec.commandLine().getOut().flush();
                if (checklist.path("to").isNull()
                        || checklist.path("passes").asBoolean()
                        || spec.commandLine().getOut().checkError()) {
                    return;
                }
                TimeUnit.SECONDS.sleep(REDRAW_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // Ctrl-C: seen enough
        }
    }

    private JsonNode ask(ControlClient control) throws NoAnswerException, RefusedException {
        Reply reply = control.get(ControlClient.feature(feature) + (to == null ? "" : "?to=" + to.wireName()));
        return reply.document().path("checklist");
    }

    private void show(JsonNode checklist) {
        CommandLine command = spec.commandLine();
        PrintWriter out = command.getOut();
        if (json) {
            out.println(checklist);
            return;
        }
        String name = Table.plain(checklist.path("feature").asText());
        if (checklist.path("to").isNull()) {
            out.println(name + " is promoted: there is no step up");
            return;
        }
        String step = checklist.path("to").asText();
        JsonNode lines = checklist.path("lines");
        long holding = 0;
        for (JsonNode line : lines) {
            holding += Lines.isOk(line) ? 1 : 0;
        }
        out.println(name + ", " + checklist.path("stage").asText() + " → " + step + ": " + holding + " of "
                + lines.size() + " lines hold");
        for (JsonNode line : lines) {
            out.println(Table.coloured(command, Lines.colour(line), Lines.text(line)));
            Lines.needed(line).ifPresent(needed -> out.println("    it takes: " + needed));
        }
        if (checklist.path("passes").asBoolean()) {
            out.println(
                    "to go on: ./cutover promote " + name + " --to " + step + " --reason R" + Change.address(command));
        }
    }
}

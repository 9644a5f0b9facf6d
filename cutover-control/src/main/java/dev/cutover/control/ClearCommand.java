package dev.cutover.control;

import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import dev.cutover.schema.Flag;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code cutover clear FEATURE}. */
@Command(
        name = "clear",
        description = {
            "Lifts the guard's hold on a feature that it rolled back, so that it may be promoted again.",
            "Find the fault first: what the guard saw is in ./cutover history FEATURE --json"
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class ClearCommand implements Callable<Integer> {

    @Mixin
    private Change change;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        change.check(spec);
        return Operator.run(spec, change.json, this::clear);
    }

    private void clear(ControlClient control) throws NoAnswerException, RefusedException {
        CommandLine command = spec.commandLine();
        Flag after = change.post(control, "/clear", change.body(), command).orElse(null);
        if (after == null) {
            return;
        }
        PrintWriter out = command.getOut();
        out.println(Change.line(command, after, "the guard's hold is lifted", ""));
        out.println("what it takes to go up again: ./cutover checklist " + after.feature() + Change.address(command));
    }
}

package dev.cutover.control;

import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code cutover rollback FEATURE}. */
@Command(
        name = "rollback",
        description = "Moves a feature back to shadow, from any stage and at once: pages read REST again.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class RollbackCommand implements Callable<Integer> {

    @Mixin
    private Change change;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        change.check(spec);
        return Operator.run(spec, change.json, this::rollBack);
    }

    private void rollBack(ControlClient control) throws NoAnswerException, RefusedException {
        change.send(control, "/rollback", change.body(), change.ask(control), spec.commandLine());
    }
}

package dev.cutover.control;

import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Flag.Guard;
import java.util.Arrays;
import java.util.Iterator;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code cutover guard FEATURE on|warn|off}. */
@Command(
        name = "guard",
        description = {
            "Says what the guard does about a live feature that goes bad.",
            "on: rolls it back and holds it; warn: says so in log and metrics alone; off: does not look."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class GuardCommand implements Callable<Integer> {

    @Mixin
    private Change change;

    @Parameters(
            index = "1",
            paramLabel = "on|warn|off",
            converter = ToGuard.class,
            completionCandidates = Guards.class,
            description = "what the guard is to do")
    private Guard guard;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        change.check(spec);
        return Operator.run(spec, change.json, this::set);
    }

    private void set(ControlClient control) throws NoAnswerException, RefusedException {
        CommandLine command = spec.commandLine();
        Flag after = change.post(control, "/guard", change.body().put("guard", guard.wireName()), command)
                .orElse(null);
        if (after != null) {
            command.getOut()
                    .println(Change.line(
                            command, after, "its guard is " + after.guard().wireName(), ""));
        }
    }

    private static final class Guards implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(Guard.values()).map(Guard::wireName).iterator();
        }
    }

    private static final class ToGuard implements ITypeConverter<Guard> {
        @Override
        public Guard convert(String text) {
            try {
                return Guard.fromWireName(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("must be on, warn or off, but is '" + text + "'");
            }
        }
    }
}

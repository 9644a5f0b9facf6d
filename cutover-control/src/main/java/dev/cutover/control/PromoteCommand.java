package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Stage;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code cutover promote FEATURE}. */
@Command(
        name = "promote",
        description = {
            "Moves a feature one stage up: from shadow to live, from live to promoted.",
            "Live: pages read the WebSocket, REST still answers. Promoted: REST answers 410."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class PromoteCommand implements Callable<Integer> {

    @Mixin
    private Change change;

    @Option(
            names = "--to",
            paramLabel = "live|promoted",
            converter = UpStage.class,
            completionCandidates = UpStage.Names.class,
            description = "the stage to go to (default: the next one)")
    private Stage to;

    @Option(names = "--force", description = "go past the gate; the audit records it. It overrides no version conflict")
    private boolean force;

    @Option(
            names = "--sunset",
            paramLabel = "DATE|INSTANT",
            converter = ToInstant.class,
            description = "when the REST endpoint is to go, for example 2030-12-31 (0:00 UTC); not in the past")
    private Instant sunset;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        change.check(spec);
        return Operator.run(spec, change.json, this::promote);
    }

    private void promote(ControlClient control) throws NoAnswerException, RefusedException {
        Flag before = change.ask(control);
        ObjectNode body = change.body();
        body.put("to", (to == null ? next(before.stage()) : to).wireName()).put("force", force);
        if (to == null && !body.has("expect_version")) {
            // somebody else's promotion at the same time must not make two of this one
            body.put("expect_version", before.version());
        }
        if (sunset != null) {
            body.put("sunset", sunset.toString());
        }
        change.send(control, "/stage", body, before, spec.commandLine());
    }

    /** Of the last stage the last: the service refuses, and says who was there before. */
    private static Stage next(Stage stage) {
        return stage == Stage.SHADOW ? Stage.LIVE : Stage.PROMOTED;
    }

    private static final class ToInstant implements ITypeConverter<Instant> {
        @Override
        public Instant convert(String text) {
            try {
                return text.contains("T")
                        ? Instant.parse(text)
                        : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
            } catch (DateTimeException e) {
                throw new TypeConversionException("must be a date such as 2030-12-31, or a UTC instant such as"
                        + " 2030-12-31T08:00:00Z, but is '" + text + "'");
            }
        }
    }
}

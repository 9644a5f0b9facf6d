package dev.cutover.control;

import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import dev.cutover.control.ControlClient.Reply;
import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.CutoverStatus.FeatureStatus;
import dev.cutover.schema.Flag;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cutover status}. */
@Command(
        name = "status",
        description = "Shows where every feature stands: its stage, version, since when, by whom and why.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class StatusCommand implements Callable<Integer> {
    @Option(names = "--json", description = "print the service's answer as it is")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return Operator.run(spec, json, this::show);
    }

    private void show(ControlClient control) throws NoAnswerException, RefusedException {
        Reply reply = control.get("/cutover/status");
        CommandLine command = spec.commandLine();
        if (json) {
            command.getOut().println(reply.text());
            return;
        }
        CutoverStatus status = Operator.read(CutoverStatus.class, reply.document());
        Table table = new Table();
        for (FeatureStatus feature : status.features()) {
            // the status says neither whether a change was forced nor since when the stage holds
            Flag flag = feature.version() == 0
                    ? Flag.initial(feature.feature())
                    : Operator.flag(control.get(ControlClient.feature(feature.feature()))
                            .document()
                            .path("flag"));
            table.row(
                    flag.stage(),
                    Table.mark(flag.stage()),
                    flag.feature(),
                    flag.stage().wireName(),
                    "v" + flag.version(),
                    time(flag.since()),
                    flag.changedBy(),
                    flag.forced() ? "forced" : "",
                    flag.reason());
        }
        command.getOut().println(status.headline());
        table.print(command);
        if (status.stale()) {
            command.getOut().println(stale(status.flagsAgeMs()));
        }
    }

    private static String stale(Long ageMs) {
        return "⚠ these flags may be stale: "
                + (ageMs == null
                        ? "the service has not read them to their end yet"
                        : String.format(
                                Locale.ROOT,
                                "Kafka last confirmed them %.1f s ago; is it away?",
                                (double) ageMs / 1_000));
    }

    /** To the second; a dash for what never was. */
    static String time(Instant at) {
        return at == null ? "-" : at.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}

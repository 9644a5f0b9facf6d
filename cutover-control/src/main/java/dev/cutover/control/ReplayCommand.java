package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.GatewayStream.LostException;
import dev.cutover.control.GatewayStream.RefusedException;
import dev.cutover.control.ProgressLine.Place;
import dev.cutover.schema.ServiceCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code cutover replay FEATURE}: what happened in a window of the past, from the gateway's replay of the log. */
@Command(
        name = "replay",
        description = {
            "Prints what happened in a window of the past, a line for each event, in order of time: [WS] TYPE: DATA",
            "The window begins with --from and ends before --until. TIME is an instant with its zone"
                    + " (2026-01-05T15:30:00Z, 2026-01-05T10:30-05:00), a date (0:00 UTC), or how long ago (15m, 2h).",
            "Ends with 0 when all events of the window have come."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class ReplayCommand implements Callable<Integer> {
    private static final Duration TICK = Duration.ofSeconds(1);

    @Mixin
    private Wanted wanted;

    @Option(
            names = "--from",
            paramLabel = "earliest|TIME",
            required = true,
            converter = Start.OfReplay.class,
            description = "where the window begins; earliest is all that Kafka keeps")
    private Start from;

    @Option(
            names = "--until",
            paramLabel = "now|TIME",
            defaultValue = "now",
            converter = Start.End.class,
            description = "where it ends (default ${DEFAULT-VALUE})")
    private Instant until;

    @Option(
            names = "--speed",
            paramLabel = "X",
            converter = ToSpeed.class,
            description = "1 is the original pace, 10 ten times as fast (default: as fast as it is read)")
    private Double speed;

    @Option(
            names = "--output",
            paramLabel = "FILE",
            description = "write the events' frames to a file, as --json prints"
                    + " them; the file comes to be when all are there")
    private Path output;

    @Option(names = "--force", description = "replace the file if it is there")
    private boolean force;

    @Option(names = "--json", description = "print the events' frames as they came, one on a line")
    private boolean json;

    @Spec
    private CommandSpec spec;

    private static final class ToSpeed implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            try {
                double speed = Double.parseDouble(text);
                if (speed > 0 && Double.isFinite(speed)) {
                    return speed;
                }
            } catch (NumberFormatException e) {
                // said below
            }
            throw new TypeConversionException(
                    "must be a number above 0, such as 1 (the original pace) or 10, but is '" + text + "'");
        }
    }

    @Override
    public Integer call() {
        if (from.time() != null && !until.isAfter(from.time())) {
            throw new ParameterException(
                    spec.commandLine(), "--until must be after --from, but " + until + " is not after " + from);
        }
        if (force && output == null) {
            throw new ParameterException(spec.commandLine(), "--force goes with --output alone");
        }
        return Interruption.run(this::replay);
    }

    private int replay() throws InterruptedException {
        if (output == null) {
            return GatewayStream.converse(spec, "cutover-replay", stream -> follow(stream, null));
        }
        try (WholeFile file = WholeFile.create(output, force)) {
            return GatewayStream.converse(spec, "cutover-replay", stream -> follow(stream, file));
        } catch (IOException e) {
            spec.commandLine().getErr().println(cantWrite(e));
            return ServiceCommand.FAILED;
        }
    }

    private String cantWrite(IOException e) {
        return "can't write " + output + ": " + WholeFile.why(e);
    }

    /** @param file null for standard output */
    private int follow(GatewayStream stream, WholeFile file) throws RefusedException {
        ReplayProgress progress = new ReplayProgress(
                spec.commandLine().getErr(), Place.of(file == null), from.time(), until, System::nanoTime);
        ObjectNode subscribe = wanted.subscribe(from).put("until", until.toString());
        if (speed != null) {
            subscribe.put("speed", speed);
        }
        stream.say(subscribe);
        String cut;
        try {
            print(stream, file, progress);
            progress.say(progress.whole(from));
            return ServiceCommand.OK;
        } catch (LostException e) {
            cut = e.getMessage();
        } catch (InterruptedException e) {
            cut = "it was interrupted";
        } catch (IOException e) {
            cut = file == null ? e.getMessage() : cantWrite(e);
        }
        progress.say(progress.cut() + ": " + cut + goOn(progress, file));
        return ServiceCommand.FAILED;
    }

    private static String goOn(ReplayProgress progress, WholeFile file) {
        return file == null && progress.at() != null
                ? "; what is missing: --from " + progress.at() + ", where events of that very moment come again"
                : "; nothing was written: run it again";
    }

    private void print(GatewayStream stream, WholeFile file, ReplayProgress progress)
            throws LostException, RefusedException, InterruptedException, IOException {
        while (true) {
            Optional<GatewayFrame> next = stream.next(TICK);
            if (next.isEmpty()) {
                progress.tick();
                continue;
            }
            GatewayFrame frame = next.get();
            if (frame.isEvent()) {
                write(frame, file);
                progress.event(frame.ts());
            } else if (frame.type().equals("replay_complete")) {
                long sent = frame.json().path("count").asLong();
                if (sent != progress.count()) {
                    throw new LostException("the gateway sent " + sent + " events");
                }
                if (file != null) {
                    file.complete();
                }
                return;
            }
        }
    }

    private void write(GatewayFrame frame, WholeFile file) throws IOException {
        if (file != null) {
            file.println(frame.text());
            return;
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? frame.text() : frame.line());
        if (out.checkError()) {
            throw new IOException("nobody reads its output any more");
        }
    }
}

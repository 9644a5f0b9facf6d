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
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cutover tail FEATURE}: subscribes, and prints what a subscriber sees. */
@Command(
        name = "tail",
        description = {
            "Prints what a subscriber of a feature sees, a line for each event: [WS] TYPE: DATA",
            "Ends by Ctrl-C, after --count events, or when the gateway closes the connection. From the past it says how far"
                    + " it has come."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class TailCommand implements Callable<Integer> {
    /** Silence after which it is said that nothing has come yet. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Duration TICK = Duration.ofSeconds(1);

    @Mixin
    private Wanted wanted;

    @Option(
            names = "--from",
            paramLabel = "snapshot|now|earliest|TIME",
            defaultValue = "snapshot",
            converter = Start.OfTail.class,
            description = {
                "snapshot (the latest values), now, earliest (all that Kafka keeps) or a TIME, then live"
                        + " (default: snapshot)",
                "TIME: an instant with its zone (2026-01-05T15:30:00Z, 2026-01-05T10:30-05:00), a date (0:00 UTC),"
                        + " or how long ago (15m, 2h)"
            })
    private Start from;

    @Option(names = "--depth", paramLabel = "N", description = "of a series, the newest N entries of each key first")
    private Integer depth;

    @Option(names = "--count", paramLabel = "N", description = "end after so many events")
    private Long count;

    @Option(
            names = "--output",
            paramLabel = "FILE",
            description = "write the events' frames to a file as they come, one on a line, and print none")
    private Path output;

    @Option(names = "--force", description = "replace the file if it is there")
    private boolean force;

    @Option(names = "--json", description = "print each frame as it came, also those that are no event")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (force && output == null) {
            throw new ParameterException(spec.commandLine(), "--force goes with --output alone");
        }
        return Interruption.run(this::tail);
    }

    private int tail() throws InterruptedException {
        if (output == null) {
            return GatewayStream.converse(spec, "cutover-tail", stream -> follow(stream, null));
        }
        try (GrowingFile file = GrowingFile.create(output, force)) {
            return GatewayStream.converse(spec, "cutover-tail", stream -> follow(stream, file));
        } catch (IOException e) {
            return cantWrite(e);
        }
    }

    private int cantWrite(IOException e) {
        spec.commandLine().getErr().println("can't write " + output + ": " + WholeFile.why(e));
        return ServiceCommand.FAILED;
    }

    /** @param file null for standard output */
    private int follow(GatewayStream stream, GrowingFile file) throws LostException, RefusedException {
        ObjectNode subscribe = wanted.subscribe(from);
        if (depth != null) {
            subscribe.put("depth", depth);
        }
        stream.say(subscribe);
        try {
            return print(stream, file);
        } catch (InterruptedException e) {
            return ServiceCommand.OK; // Ctrl-C: seen enough
        } catch (IOException e) {
            return cantWrite(e);
        }
    }

    private int print(GatewayStream stream, GrowingFile file)
            throws LostException, RefusedException, InterruptedException, IOException {
        PrintWriter err = spec.commandLine().getErr();
        ReplayProgress progress = from.isPast()
                ? new ReplayProgress(err, Place.of(file == null), from.time(), Instant.now(), System::nanoTime)
                : null;
        long printed = 0;
        boolean warned = false;
        long startedNs = System.nanoTime();
        while (count == null || printed < count) {
            Optional<GatewayFrame> next = next(stream, err);
            // other frames than events don't count: a heartbeat is no answer to who waits for a key
            if (printed == 0 && !warned && System.nanoTime() - startedNs >= PATIENCE.toNanos()) {
                warned = true;
                err.println("no event of " + wanted + " yet; waiting for one until Ctrl-C");
            }
            if (next.isEmpty()) {
                idle(progress, file);
                continue;
            }
            GatewayFrame frame = next.get();
            if (!write(frame, file)) {
                return ServiceCommand.OK; // nobody reads any more: a pipe that was closed
            }
            progress = show(frame, progress);
            if (file != null && progress == null) {
                file.flush(); // what is live is waited for
            }
            printed += frame.isEvent() ? 1 : 0;
        }
        return ServiceCommand.OK;
    }

    private static void idle(ReplayProgress progress, GrowingFile file) throws IOException {
        if (progress != null) {
            progress.tick();
        }
        if (file != null) {
            file.flush();
        }
    }

    /** Whether anybody reads what is printed. */
    private boolean write(GatewayFrame frame, GrowingFile file) throws IOException {
        if (file != null) {
            if (frame.isEvent()) {
                file.println(frame.text());
            }
            return true;
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(frame.text());
        } else if (frame.isEvent()) {
            out.println(frame.line());
        }
        return !out.checkError();
    }

    /**
     * Says how far it has come, and what was missed.
     *
     * @param progress null once it is live; as is the answer
     */
    private ReplayProgress show(GatewayFrame frame, ReplayProgress progress) {
        boolean gap = frame.json().path("gap").asBoolean();
        if (gap) {
            spec.commandLine().getErr().println("events were missed here; it goes on from a snapshot");
        }
        if (progress == null || gap) {
            return null;
        }
        if (frame.isEvent()) {
            progress.event(frame.ts());
        } else if (frame.type().equals("caught_up")) {
            progress.say(progress.caughtUp(from));
            return null;
        }
        return progress;
    }

    /** That Kafka keeps no longer what would come next does not end a live subscription. */
    private static Optional<GatewayFrame> next(GatewayStream stream, PrintWriter err)
            throws LostException, RefusedException, InterruptedException {
        try {
            return stream.next(TICK);
        } catch (RefusedException e) {
            if (!e.code.equals("position_expired")) {
                throw e;
            }
            err.println(e.getMessage());
            return Optional.empty();
        }
    }
}

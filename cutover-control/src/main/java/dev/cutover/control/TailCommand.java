package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.GatewayStream.LostException;
import dev.cutover.control.GatewayStream.RefusedException;
import dev.cutover.schema.ServiceCommand;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cutover tail FEATURE}: subscribes, and prints what a subscriber sees. */
@Command(
        name = "tail",
        description = {
            "Prints what a subscriber of a feature sees, a line for each event: [WS] TYPE: DATA",
            "Ends by Ctrl-C, after --count events, or when the gateway closes the connection."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class TailCommand implements Callable<Integer> {
    /** Silence after which it is said that nothing has come yet. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

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

    @Option(names = "--json", description = "print each frame as it came, also those that are no event")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return Interruption.run(() -> GatewayStream.converse(spec, "cutover-tail", this::follow));
    }

    private int follow(GatewayStream stream) throws LostException, RefusedException {
        ObjectNode subscribe = wanted.subscribe(from);
        if (depth != null) {
            subscribe.put("depth", depth);
        }
        stream.say(subscribe);
        try {
            return print(stream, spec.commandLine().getOut(), spec.commandLine().getErr());
        } catch (InterruptedException e) {
            return ServiceCommand.OK; // Ctrl-C: seen enough
        }
    }

    private int print(GatewayStream stream, PrintWriter out, PrintWriter err)
            throws LostException, RefusedException, InterruptedException {
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
                continue;
            }
            GatewayFrame frame = next.get();
            if (json) {
                out.println(frame.text());
            } else if (frame.isEvent()) {
                out.println(frame.line());
            }
            if (out.checkError()) {
                return ServiceCommand.OK; // nobody reads any more: a pipe that was closed
            }
            if (frame.json().path("gap").asBoolean()) {
                err.println("events were missed here; it goes on from a snapshot");
            }
            printed += frame.isEvent() ? 1 : 0;
        }
        return ServiceCommand.OK;
    }

    /** That Kafka keeps no longer what would come next does not end a live subscription. */
    private static Optional<GatewayFrame> next(GatewayStream stream, PrintWriter err)
            throws LostException, RefusedException, InterruptedException {
        try {
            return stream.next(PATIENCE);
        } catch (RefusedException e) {
            if (!e.code.equals("position_expired")) {
                throw e;
            }
            err.println(e.getMessage());
            return Optional.empty();
        }
    }
}

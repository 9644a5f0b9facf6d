package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.Settings;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Model.CommandSpec;

/**
 * A conversation with a gateway over its WebSocket, for the operators' commands. The client's threads put what arrives into a
 * queue; a message is asked for when one that was {@linkplain #next taken} is done with, so that a slow terminal slows the
 * gateway down and nothing piles up here.
 *
 * <p>Confined to the thread that runs the command; {@link Listener} is called by the client's.
 */
final class GatewayStream implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);
    /** How many messages may lie in the queue: enough that neither side waits for the other's thread. */
    private static final int ASKED_AHEAD = 64;

    private static final String ON_KAFKA_AWAY = "upstream_unavailable";
    private static final String ON_BAD_REQUEST = "bad_request";

    /** The connection is gone, or never was; the message is one line that says why. */
    static final class LostException extends Exception {
        private static final long serialVersionUID = 1L;

        LostException(String message) {
            super(message, null, false, false);
        }
    }

    /** The gateway does not do what it was asked; the message is one line that says why. */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        /** The {@code code} of the gateway's message. */
        final String code;

        private RefusedException(GatewayFrame error) {
            super(error.errorText(), null, false, false);
            this.code = error.errorCode();
        }

        int exitCode() {
            return code.equals(ON_BAD_REQUEST) ? ServiceCommand.USAGE : ServiceCommand.FAILED;
        }
    }

    /** The work of one command; ends early when its thread is interrupted, as it is by Ctrl-C. */
    interface Work {
        /** Follows the conversation to its end, and returns the exit code. */
        int follow(GatewayStream stream) throws LostException, RefusedException, InterruptedException;
    }

    /** What the connection brought: a text frame, or its end. */
    private sealed interface Arrival {
        record Text(String text) implements Arrival {}

        record End(String why) implements Arrival {}
    }

    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
    private final WebSocket socket;
    private final PrintWriter err;
    private boolean taken;

    private GatewayStream(URI address, PrintWriter err) throws LostException, InterruptedException {
        this.err = err;
        try {
            socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .subprotocols("cutover.v1")
                    .connectTimeout(CONNECT_TIMEOUT)
                    .buildAsync(address, new Listener())
                    .get();
        } catch (ExecutionException e) {
            throw new LostException(noConnection(address, e.getCause()));
        }
    }

    /**
     * Does a command's work in a conversation with the gateway that the address options name. What Ctrl-C is to end goes
     * inside {@link Interruption#run}, together with all else that it must clean up.
     *
     * @param client how the command calls itself
     * @return the exit code
     */
    static int converse(CommandSpec spec, String client, Work work) throws InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        URI address;
        try {
            address = Addresses.resolve(spec, "ws", Settings.GATEWAY_PORT).resolve("/ws/?client=" + client);
        } catch (Settings.SettingException e) {
            err.println(e.getMessage());
            return ServiceCommand.USAGE;
        }
        try (GatewayStream stream = new GatewayStream(address, err)) {
            return work.follow(stream);
        } catch (LostException e) {
            err.println(e.getMessage());
            return ServiceCommand.FAILED;
        } catch (RefusedException e) {
            err.println(e.getMessage());
            return e.exitCode();
        }
    }

    private static String noConnection(URI address, Throwable cause) {
        if (cause instanceof WebSocketHandshakeException refused) {
            return "the gateway at " + address + " takes no connection: " + refusal(refused.getResponse());
        }
        String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return "no gateway at " + address + " (" + why
                + "); start one with ./cutover up, or say where it is with --host and --gateway-port";
    }

    /** A problem's own words, where the gateway gave some. */
    private static String refusal(HttpResponse<?> response) {
        String later = response.headers()
                .firstValue("Retry-After")
                .map(seconds -> "; try again in " + Table.plain(seconds) + " s")
                .orElse("");
        if (response.body() instanceof String body) {
            try {
                JsonNode problem = Json.read(Json.MAPPER, JsonNode.class, body.getBytes(StandardCharsets.UTF_8));
                if (problem.path("detail").isTextual()) {
                    String code = problem.path("code").asText();
                    return Table.plain(problem.path("detail").asText())
                            + (code.isEmpty() ? "" : " (" + Table.plain(code) + ")")
                            + later;
                }
            } catch (JsonFault e) {
                // no gateway's problem: its status has to do
            }
        }
        return "HTTP " + response.statusCode() + later;
    }

    void say(JsonNode message) {
        socket.sendText(message.toString(), true).join();
    }

    /**
     * The next thing that the gateway says; empty when it says nothing for so long. With this call the one before is done
     * with. That Kafka is away for a while is only passed on: the gateway serves what it can, and goes on when Kafka does.
     *
     * @throws RefusedException when it is an error that answers what was asked
     */
    Optional<GatewayFrame> next(Duration patience) throws LostException, RefusedException, InterruptedException {
        if (taken) {
            taken = false;
            socket.request(1);
        }
        Arrival arrival = arrivals.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
        if (arrival == null) {
            return Optional.empty();
        }
        if (arrival instanceof Arrival.End end) {
            throw new LostException("the gateway closed the connection: " + Table.plain(end.why()));
        }
        taken = true;
        GatewayFrame frame = GatewayFrame.read(((Arrival.Text) arrival).text());
        if (frame.isError()) {
            if (!frame.errorCode().equals(ON_KAFKA_AWAY)) {
                throw new RefusedException(frame);
            }
            err.println(frame.errorText());
        }
        return Optional.of(frame);
    }

    /** Says goodbye, if the gateway still listens. */
    @Override
    public void close() {
        if (!socket.isOutputClosed()) {
            socket.sendClose(WebSocket.NORMAL_CLOSURE, "")
                    .orTimeout(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                    .handle((sent, failure) -> null)
                    .join();
        }
        socket.abort();
    }

    /** Called by the client's threads, one call at a time. */
    private final class Listener implements WebSocket.Listener {
        private final StringBuilder partial = new StringBuilder();

        @Override
        public void onOpen(WebSocket opened) {
            opened.request(ASKED_AHEAD);
        }

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            partial.append(data);
            if (last) {
                arrivals.add(new Arrival.Text(partial.toString()));
                partial.setLength(0);
            } else {
                from.request(1);
            }
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket from, int statusCode, String reason) {
            arrivals.add(new Arrival.End(statusCode + (reason.isEmpty() ? "" : " " + reason)));
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            arrivals.add(new Arrival.End(String.valueOf(error.getMessage())));
        }
    }
}

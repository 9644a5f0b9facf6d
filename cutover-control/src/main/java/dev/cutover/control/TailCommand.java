package dev.cutover.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.Settings;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code cutover tail FEATURE}: subscribes, and prints what a subscriber sees. The client's threads put what arrives into a
 * queue, and ask for the next message when the main thread has printed the one before.
 */
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
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final String DATA_MEMBER = ",\"data\":";

    @Parameters(
            paramLabel = "FEATURE",
            description = "the feature, for example positions",
            completionCandidates = FeatureNames.class)
    private String feature;

    @Option(names = "--key", paramLabel = "KEY", split = ",", description = "only this key; may be given again")
    private List<String> keys;

    @Option(
            names = "--from",
            paramLabel = "FROM",
            defaultValue = "snapshot",
            description = "snapshot (the latest values, then live) or now (default ${DEFAULT-VALUE})")
    private String from;

    @Option(names = "--depth", paramLabel = "N", description = "of a series, the newest N entries of each key first")
    private Integer depth;

    @Option(names = "--count", paramLabel = "N", description = "end after so many events")
    private Long count;

    @Option(names = "--json", description = "print each frame as it came, also those that are no event")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /** What the connection brought: a text frame, or its end. */
    private sealed interface Arrival {
        record Text(String text) implements Arrival {}

        record End(String why) implements Arrival {}
    }

    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        URI address;
        try {
            address = Addresses.resolve(spec, "ws", Settings.GATEWAY_PORT).resolve("/ws/?client=cutover-tail");
        } catch (Settings.SettingException e) {
            err.println(e.getMessage());
            return ServiceCommand.USAGE;
        }
        WebSocket socket;
        try {
            socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .subprotocols("cutover.v1")
                    .connectTimeout(CONNECT_TIMEOUT)
                    .buildAsync(address, new Listener())
                    .join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause();
            String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
            err.println("no gateway at " + address + " (" + why
                    + "); start one with ./cutover up, or say where it is with --host and --gateway-port");
            return ServiceCommand.FAILED;
        }
        socket.sendText(subscribe(), true).join();
        try {
            return print(socket, spec.commandLine().getOut(), err);
        } finally {
            socket.abort();
        }
    }

    private String subscribe() {
        ObjectNode message = JSON.createObjectNode();
        message.put("type", "subscribe").put("id", 1).put("feature", feature).put("from", from);
        if (keys != null) {
            keys.forEach(message.withArray("keys")::add);
        }
        if (depth != null) {
            message.put("depth", depth);
        }
        return message.toString();
    }

    private int print(WebSocket socket, PrintWriter out, PrintWriter err) throws InterruptedException {
        long printed = 0;
        while (count == null || printed < count) {
            Arrival arrival = arrivals.take();
            if (arrival instanceof Arrival.End end) {
                err.println("the gateway closed the connection: " + end.why());
                return ServiceCommand.FAILED;
            }
            String text = ((Arrival.Text) arrival).text();
            socket.request(1);
            JsonNode frame = parse(text);
            if (frame.path("type").asText().equals("error_message") && !frame.has("pos")) {
                err.println(frame.path("data").path("message").asText());
                return ServiceCommand.FAILED;
            }
            boolean event = frame.has("pos");
            if (json) {
                out.println(text);
            } else if (event) {
                // the data as it came: it is the frame's last member
                int data = text.indexOf(DATA_MEMBER) + DATA_MEMBER.length();
                out.println("[WS] " + frame.path("type").asText() + ": " + text.substring(data, text.length() - 1));
            }
            if (out.checkError()) {
                return ServiceCommand.OK; // nobody reads any more: a pipe that was closed
            }
            printed += event ? 1 : 0;
        }
        return ServiceCommand.OK;
    }

    private static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the gateway sent what is not JSON: " + text, e);
        }
    }

    /** Called by the client's threads, one call at a time. */
    private final class Listener implements WebSocket.Listener {
        private final StringBuilder partial = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            partial.append(data);
            if (last) {
                arrivals.add(new Arrival.Text(partial.toString()));
                partial.setLength(0);
            } else {
                socket.request(1);
            }
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int statusCode, String reason) {
            arrivals.add(new Arrival.End(statusCode + (reason.isEmpty() ? "" : " " + reason)));
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            arrivals.add(new Arrival.End(String.valueOf(error.getMessage())));
        }
    }
}

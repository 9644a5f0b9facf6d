package dev.cutover.local;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.cutover.gateway.Gateway;
import dev.cutover.schema.HostAndPort;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A real WebSocket client: the JDK's. Keeps everything that it hears, in order. */
final class TestClient implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** A text frame: as it came, parsed, and when it came by {@link System#nanoTime()}. */
    record Heard(String text, JsonNode json, long atNs) {
        /** For one whose time does not matter. */
        Heard(String text, JsonNode json) {
            this(text, json, 0);
        }

        String type() {
            return json.path("type").asText();
        }

        /** The event's data, byte for byte as it stands in the frame. */
        String rawData() {
            String member = ",\"data\":";
            return text.substring(text.indexOf(member) + member.length(), text.length() - 1);
        }

        int partition() {
            String pos = json.path("pos").asText();
            return Integer.parseInt(pos.substring(0, pos.indexOf(':')));
        }

        long offset() {
            String pos = json.path("pos").asText();
            return Long.parseLong(pos.substring(pos.indexOf(':') + 1));
        }
    }

    private static final String CLOSED = "{\"type\":\"(closed)\",\"status\":%d,\"reason\":%s}";

    private record Arrival(String text, long atNs) {}

    private final LinkedBlockingQueue<Arrival> arrived = new LinkedBlockingQueue<>();
    private final List<Heard> heard = new ArrayList<>();
    private final WebSocket socket;

    TestClient(InetSocketAddress address, boolean plain) {
        WebSocket.Builder builder = HttpClient.newHttpClient().newWebSocketBuilder();
        if (!plain) {
            builder.subprotocols("cutover.v1");
        }
        socket = builder.buildAsync(URI.create("ws://" + HostAndPort.of(address) + "/ws/?client=test"), new Listener())
                .join();
    }

    static TestClient connect(Gateway gateway) {
        return new TestClient(gateway.address(), false);
    }

    static TestClient connectPlain(Gateway gateway) {
        return new TestClient(gateway.address(), true);
    }

    TestClient say(String json) {
        socket.sendText(json, true).join();
        return this;
    }

    /** The next frame of that type, from where the last call stopped; those before it are kept in {@link #heard()}. */
    Heard next(String type) throws InterruptedException {
        return next(frame -> frame.type().equals(type), type);
    }

    Heard next(Predicate<Heard> wanted, String description) throws InterruptedException {
        long deadlineNs = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            Arrival arrival = arrived.poll(deadlineNs - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (arrival == null) {
                throw new AssertionError("no " + description + " within " + PATIENCE + "; the last heard: "
                        + heard.subList(Math.max(0, heard.size() - 5), heard.size()));
            }
            Heard frame = parse(arrival);
            heard.add(frame);
            if (wanted.test(frame)) {
                return frame;
            }
        }
    }

    /** Every frame up to the first that is wanted, that one included. */
    List<Heard> until(Predicate<Heard> wanted, String description) throws InterruptedException {
        int from = heard.size();
        next(wanted, description);
        return List.copyOf(heard.subList(from, heard.size()));
    }

    List<Heard> heard() {
        return heard;
    }

    private static Heard parse(Arrival arrival) {
        try {
            return new Heard(arrival.text(), JSON.readTree(arrival.text()), arrival.atNs());
        } catch (JsonProcessingException e) {
            throw new AssertionError("not JSON: " + arrival.text(), e);
        }
    }

    @Override
    public void close() {
        socket.abort();
    }

    private final class Listener implements WebSocket.Listener {
        private final StringBuilder partial = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            partial.append(data);
            if (last) {
                arrived.add(new Arrival(partial.toString(), System.nanoTime()));
                partial.setLength(0);
            }
            webSocket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
            arrived.add(
                    new Arrival(CLOSED.formatted(statusCode, reason.isEmpty() ? "null" : reason), System.nanoTime()));
            return null;
        }
    }
}

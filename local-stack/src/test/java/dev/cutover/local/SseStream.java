package dev.cutover.local;

import dev.cutover.gateway.Gateway;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Iterator;
import java.util.stream.Stream;

/** A stream of server-sent events, read by hand: the JDK has no client for them. */
final class SseStream implements AutoCloseable {
    /** What was sent; null for a field that it had not. */
    record Sent(String event, String id, String data) {}

    private final Stream<String> body;
    private final Iterator<String> lines;

    private SseStream(Stream<String> body) {
        this.body = body;
        this.lines = body.iterator();
    }

    /** @param lastEventId null for none */
    static SseStream open(Gateway gateway, String path, String lastEventId) throws InterruptedException {
        HttpRequest.Builder request = TestHttp.request(gateway.address(), path);
        if (lastEventId != null) {
            request.header("Last-Event-ID", lastEventId);
        }
        try {
            return new SseStream(HttpClient.newHttpClient()
                    .send(request.build(), HttpResponse.BodyHandlers.ofLines())
                    .body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next event; waits for it. */
    Sent next() {
        String event = null;
        String id = null;
        String data = null;
        while (true) {
            String line = lines.next();
            if (line.isEmpty() && data != null) {
                return new Sent(event, id, data);
            } else if (line.startsWith("event:")) {
                event = line.substring("event:".length()).strip();
            } else if (line.startsWith("id:")) {
                id = line.substring("id:".length()).strip();
            } else if (line.startsWith("data:")) {
                data = line.substring("data:".length()).strip();
            }
        }
    }

    @Override
    public void close() {
        body.close();
    }
}

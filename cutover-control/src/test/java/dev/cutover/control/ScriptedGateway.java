package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Json;
import io.javalin.Javalin;
import io.javalin.websocket.WsContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/** A WebSocket server that answers each message as a test says: for what a real gateway does only in bad moments. */
final class ScriptedGateway implements AutoCloseable {
    /** Every message that came. */
    final List<JsonNode> heard = new CopyOnWriteArrayList<>();
    /** What it says to whoever comes; null for nothing. */
    volatile String greeting;

    private final Javalin server;

    /** @param answer to each message, on a thread of its connection */
    ScriptedGateway(BiConsumer<JsonNode, WsContext> answer) {
        server = Javalin.create(config -> {
            config.startup.showJavalinBanner = false;
            config.routes.ws("/ws/", ws -> {
                ws.onConnect(context -> {
                    if (greeting != null) {
                        context.send(greeting);
                    }
                });
                ws.onMessage(context -> {
                    JsonNode message = read(context.message());
                    heard.add(message);
                    answer.accept(message, context);
                });
            });
        });
        server.start("127.0.0.1", 0);
    }

    /** One that says the same to everyone who subscribes. */
    static ScriptedGateway saying(String... frames) {
        return new ScriptedGateway((message, to) -> List.of(frames).forEach(to::send));
    }

    private static JsonNode read(String text) {
        try {
            return Json.MAPPER.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String port() {
        return Integer.toString(server.port());
    }

    @Override
    public void close() {
        server.stop();
    }
}

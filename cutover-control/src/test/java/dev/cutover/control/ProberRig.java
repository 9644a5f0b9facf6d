package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import io.javalin.websocket.WsContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.awaitility.Awaitility;

/** A prober between a scripted gateway and a REST service that answers as a test says. */
final class ProberRig implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(20);

    /** How REST answers. */
    record Body(int status, String text) {}

    final AtomicBoolean active = new AtomicBoolean(true);
    /** By which the prober's clock is ahead. */
    final AtomicLong aheadNs = new AtomicLong();

    final Map<String, Flag> flags = new ConcurrentHashMap<>();
    final ControlMetrics metrics = new ControlMetrics();
    final List<Observation> observations = new CopyOnWriteArrayList<>();
    /** Paths that REST was asked for, with the caller's name. */
    final List<String> asked = new CopyOnWriteArrayList<>();

    private final HttpServer rest;
    private final Prober prober;

    ProberRig(List<String> gatewayPorts, Function<String, Body> answers) {
        rest = rest(answers);
        Targets targets = new Targets(
                URI.create("http://127.0.0.1:" + rest.getAddress().getPort()),
                gatewayPorts.stream()
                        .map(port -> URI.create("ws://127.0.0.1:" + port + "/ws/"))
                        .toList());
        prober = new Prober(
                        "control-test",
                        new ControlSettings.Probing(targets, 2),
                        FeatureCatalog.shipped(),
                        active::get,
                        new ProbeRun.World(
                                feature -> flags.getOrDefault(feature, Flag.initial(feature)),
                                (hours, instant) -> true,
                                () -> System.nanoTime() + aheadNs.get(),
                                new Random(1),
                                metrics),
                        Clock.systemUTC(),
                        observations::add)
                .start();
    }

    private HttpServer rest(Function<String, Body> answers) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                String path = exchange.getRequestURI().toString();
                asked.add(exchange.getRequestHeaders().getFirst("Cutover-Client") + " " + path);
                Body answer = answers.apply(path);
                byte[] body = answer.text().getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().add("Cutover-Position", "e1;0:1");
                exchange.sendResponseHeaders(answer.status(), body.length);
                exchange.getResponseBody().write(body);
                exchange.close();
            });
            server.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Tells a client that it is subscribed, and that the snapshot, of one key, is complete. */
    static void subscribed(JsonNode subscribe, WsContext to, long offset) {
        String feature = subscribe.path("feature").asText();
        to.send(
                "{\"type\":\"subscribed\",\"id\":%s,\"feature\":\"%s\",\"stage\":\"shadow\",\"epoch\":\"e1\",\"offsets\":{\"0\":%d}}"
                        .formatted(subscribe.path("id"), feature, offset));
        if (subscribe.path("from").isTextual()) {
            to.send("{\"type\":\"snapshot_complete\",\"id\":%s,\"feature\":\"%s\",\"count\":0}"
                    .formatted(subscribe.path("id"), feature));
        } else {
            to.send("{\"type\":\"caught_up\",\"id\":%s,\"feature\":\"%s\"}".formatted(subscribe.path("id"), feature));
        }
    }

    static String event(String feature, String type, String key, long offset, long prev, String data) {
        return ("{\"type\":\"%s\",\"feature\":\"%s\",\"key\":\"%s\",\"pos\":\"0:%d\",\"prev\":%d,"
                        + "\"ts\":\"2026-01-05T15:30:00.123Z\",\"data\":%s}")
                .formatted(type, feature, key, offset, prev, data);
    }

    /** What observations of a feature add up to. */
    long sum(String feature, ToLongFunction<Observation> count) {
        return observations.stream()
                .filter(each -> each.feature().equals(feature))
                .mapToLong(count)
                .sum();
    }

    /** Waits for an observation of a feature, from those that come after this call on. */
    Observation await(String feature, Predicate<Observation> wanted) {
        int from = observations.size();
        return Awaitility.await()
                .atMost(PATIENCE)
                .until(
                        () -> observations.subList(from, observations.size()).stream()
                                .filter(each -> each.feature().equals(feature) && wanted.test(each))
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    void awaitSum(String feature, ToLongFunction<Observation> count, long sum) {
        Awaitility.await().atMost(PATIENCE).until(() -> sum(feature, count) == sum);
    }

    @Override
    public void close() {
        prober.close();
        rest.stop(0);
        assertThat(metrics.probeFaults.count()).as("faults").isZero();
    }
}

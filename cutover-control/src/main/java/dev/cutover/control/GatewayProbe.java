package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Event;
import dev.cutover.schema.Feature;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens to one gateway as any client does: connects, subscribes to every feature, and after each loss reconnects and goes on
 * from where it was, for as long as it is not closed.
 *
 * <p>Owned by the prober's thread, but for {@link GatewayConnection}, which the client's threads call and which only hands over. A
 * message is asked for when one before it has been dealt with, so that nothing piles up here.
 */
final class GatewayProbe implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(GatewayProbe.class);

    static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    /** After so much silence it is asked for a sign of life, again and again. */
    static final Duration PING_AFTER = Duration.ofSeconds(5);
    /** After so much silence it is given up. */
    static final Duration SILENT_AFTER = Duration.ofSeconds(15);

    static final Duration LEAST_BACKOFF = Duration.ofMillis(250);
    static final Duration MOST_BACKOFF = Duration.ofSeconds(8);
    private static final Duration REFUSED_RETRY = Duration.ofSeconds(10);

    private static final int GOING_AWAY = 1001;
    private static final int TOO_SLOW = 1013;
    /** Codes that stand for no code of the gateway's, or blame nobody. */
    private static final Set<Integer> WITHOUT_BLAME = Set.of(0, 1000, GOING_AWAY, 1005, 1006);

    private enum State {
        /** Until the next attempt is due. */
        WAITING,
        CONNECTING,
        OPEN,
        CLOSED
    }

    /** What all probes of one run share. */
    record Shared(
            HttpClient http,
            Consumer<ProbeArrival> arrivals,
            LongSupplier nanoClock,
            RandomGenerator random,
            BooleanSupplier overloaded,
            ControlMetrics metrics) {}

    private final URI address;
    private final Shared shared;
    /** By the id of its subscription. */
    private final List<StreamWatch> streams = new ArrayList<>();

    private final List<FeatureWatch> watches;

    private final Map<String, Integer> ids;

    private State state = State.WAITING;
    private long dueNs;
    private int failedAttempts;
    /** The attempt that counts; what others bring is late, and passed over. Null while waiting. */
    private GatewayConnection connection;
    /** Null unless open. */
    private WebSocket socket;

    private CompletableFuture<?> sent = CompletableFuture.completedFuture(null);
    private long openedNs;
    private long pingedNs;
    private long refusedNs;
    private boolean saidAway;
    /** When the newest heartbeat came; empty before the first. */
    private Optional<Long> heartbeatNs = Optional.empty();

    /**
     * Connects with the first tick.
     *
     * @param address without a query
     * @param watches of the features, in their order
     */
    GatewayProbe(URI address, List<Feature> features, List<FeatureWatch> watches, Shared shared) {
        this.address = URI.create(address + "?client=prober");
        this.shared = shared;
        this.watches = watches;
        Map<String, Integer> byName = new HashMap<>();
        for (int i = 0; i < features.size(); i++) {
            byName.put(features.get(i).name(), i);
            streams.add(new StreamWatch(features.get(i), watches.get(i)));
        }
        this.ids = Map.copyOf(byName);
        this.dueNs = shared.nanoClock().getAsLong();
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    /** Whether it is subscribed to the feature of that place in the order. */
    boolean isUp(int feature) {
        return state == State.OPEN && streams.get(feature).isUp();
    }

    Optional<Long> heartbeatNs() {
        return heartbeatNs;
    }

    /** Does what is due. */
    void tick(long nowNs) {
        switch (state) {
            case WAITING -> {
                if (nowNs - dueNs >= 0) {
                    connect();
                }
            }
            case OPEN -> {
                watchSilence(nowNs);
                if (nowNs - refusedNs > REFUSED_RETRY.toNanos()) {
                    refusedNs = nowNs;
                    subscribe(StreamWatch::isRefused);
                }
            }
            case CONNECTING, CLOSED -> {}
        }
    }

    private void connect() {
        state = State.CONNECTING;
        GatewayConnection attempt = new GatewayConnection(this, shared.arrivals(), shared.nanoClock());
        connection = attempt;
        var unused = shared.http()
                .newWebSocketBuilder()
                .subprotocols("cutover.v1")
                .connectTimeout(CONNECT_TIMEOUT)
                .buildAsync(address, attempt)
                .whenComplete((opened, failure) -> {
                    if (failure != null) {
                        shared.arrivals().accept(new ProbeArrival.Ended(attempt, 0, why(failure)));
                    }
                });
    }

    static String why(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause.getClass().getSimpleName() + (cause.getMessage() == null ? "" : ": " + cause.getMessage());
    }

    private void watchSilence(long nowNs) {
        long silentNs = Math.min(nowNs - openedNs, nowNs - connection.heardNs());
        if (silentNs > SILENT_AFTER.toNanos()) {
            ended(0, "silent for " + SILENT_AFTER.toSeconds() + " s");
        } else if (silentNs > PING_AFTER.toNanos() && nowNs - pingedNs > PING_AFTER.toNanos()) {
            pingedNs = nowNs;
            send(to -> to.sendPing(ByteBuffer.allocate(0)));
        }
    }

    /** What came of one of its attempts. */
    void handle(ProbeArrival.OfGateway arrival) {
        if (arrival.from() != connection) {
            if (arrival instanceof ProbeArrival.Opened late) {
                late.socket().abort();
            }
            return;
        }
        if (arrival instanceof ProbeArrival.Opened opened) {
            opened(opened.socket());
        } else if (arrival instanceof ProbeArrival.Text text) {
            text(text.text(), text.atNs());
        } else if (arrival instanceof ProbeArrival.Ended end) {
            ended(end.status(), end.why());
        }
    }

    private void opened(WebSocket opened) {
        state = State.OPEN;
        socket = opened;
        openedNs = shared.nanoClock().getAsLong();
        pingedNs = openedNs;
        refusedNs = openedNs;
        sent = CompletableFuture.completedFuture(null);
        if (saidAway) {
            saidAway = false;
            log.info("the prober is connected to {} again", address);
        }
        subscribe(stream -> true);
    }

    private interface Which {
        boolean test(StreamWatch stream);
    }

    private void subscribe(Which which) {
        for (int id = 0; id < streams.size(); id++) {
            if (which.test(streams.get(id))) {
                String message = streams.get(id).subscribe(id).toString();
                send(to -> to.sendText(message, true));
            }
        }
    }

    private interface Sending {
        CompletableFuture<WebSocket> to(WebSocket socket);
    }

    /** One after the other: the client refuses a message while another is under way. */
    private void send(Sending sending) {
        GatewayConnection through = connection;
        WebSocket to = socket;
        sent = sent.thenCompose(before -> sending.to(to)).whenComplete((done, failure) -> {
            if (failure != null) {
                shared.arrivals().accept(new ProbeArrival.Ended(through, 0, why(failure)));
            }
        });
    }

    private void text(String text, long atNs) {
        shared.metrics().probeFrames.increment();
        try {
            frame(GatewayFrame.read(text), atNs);
        } catch (IllegalStateException | IllegalArgumentException | StringIndexOutOfBoundsException e) {
            watches.forEach(FeatureWatch::failed);
            log.error("{} sent what is no frame of the protocol: {}", address, Table.plain(String.valueOf(e)));
            ended(0, "it does not keep to the protocol");
            return;
        }
        socket.request(1);
    }

    private void frame(GatewayFrame frame, long atNs) {
        JsonNode json = frame.json();
        Integer id = ids.get(json.path("feature").asText());
        if (frame.isEvent()) {
            if (id != null && !streams.get(id).event(frame, atNs)) {
                shared.metrics().probeRepeats.increment();
            }
            return;
        }
        if (id != null) {
            ofSubscription(frame.type(), streams.get(id), json);
        } else if (frame.isError()) {
            int refused = json.path("id").asInt(-1);
            if (refused >= 0 && refused < streams.size()) {
                streams.get(refused).refused(frame.errorCode());
                log.warn("{} about its {}: {}", address, watchName(refused), frame.errorText());
            }
        } else if (frame.type().equals(Event.Heartbeat.TYPE)) {
            heartbeatNs = Optional.of(atNs);
            ids.forEach(
                    (name, each) -> streams.get(each).reached(json.path("high").path(name)));
        }
    }

    private String watchName(int id) {
        return watches.get(id).feature();
    }

    private void ofSubscription(String type, StreamWatch stream, JsonNode json) {
        switch (type) {
            case "subscribed" -> {
                if (!json.path("replay").asBoolean()) {
                    stream.subscribed(json);
                }
            }
            case "snapshot_complete" -> stream.snapshotComplete();
            case "caught_up" -> stream.caughtUp();
            case "stage_changed" ->
                stageChanged(json.path("data").path("changed_at").asText());
            default -> log.trace("{}", type);
        }
    }

    private void stageChanged(String changedAt) {
        try {
            shared.metrics().stageTold.record(Duration.between(Instant.parse(changedAt), Instant.now()));
        } catch (DateTimeParseException e) {
            log.debug("a stage without its time: {}", changedAt);
        }
    }

    private void ended(int status, String why) {
        boolean wasOpen = state == State.OPEN;
        long nowNs = shared.nanoClock().getAsLong();
        if (wasOpen) {
            lost(status, why);
            failedAttempts = nowNs - openedNs > MOST_BACKOFF.toNanos() ? 0 : failedAttempts + 1;
        } else {
            failedAttempts++;
            if (!saidAway) {
                saidAway = true;
                log.warn("the prober can't connect to {}: {}; it goes on trying", address, Table.plain(why));
            }
        }
        release();
        state = State.WAITING;
        dueNs = nowNs + backoffNs();
    }

    private void lost(int status, String why) {
        saidAway = true;
        log.warn("the prober's connection to {} has ended: {} {}", address, status, Table.plain(why));
        if (status == GOING_AWAY) {
            shared.metrics().probeLost("drained").increment();
        } else if (status == TOO_SLOW && shared.overloaded().getAsBoolean()) {
            // the prober could not follow: that says nothing about the gateway
            shared.metrics().probeLost("overloaded").increment();
        } else {
            shared.metrics().probeLost("lost").increment();
            watches.forEach(FeatureWatch::dropped);
            if (!WITHOUT_BLAME.contains(status)) {
                watches.forEach(FeatureWatch::failed);
            }
        }
    }

    /** Each attempt waits for twice as long, and not as long as any other probe. */
    private long backoffNs() {
        long wholeNs = LEAST_BACKOFF.toNanos() << Math.min(failedAttempts, 10);
        long cappedNs = Math.min(wholeNs, MOST_BACKOFF.toNanos());
        return cappedNs / 2 + shared.random().nextLong(cappedNs / 2);
    }

    private void release() {
        if (socket != null) {
            socket.abort();
        }
        socket = null;
        connection = null;
        streams.forEach(StreamWatch::lost);
    }

    /** Says goodbye, if the gateway still listens; the end of that is to be waited for, but not for long. */
    CompletableFuture<?> sayGoodbye() {
        state = State.CLOSED;
        WebSocket open = socket;
        if (open == null || open.isOutputClosed()) {
            return CompletableFuture.completedFuture(null);
        }
        return sent.thenCompose(before -> open.sendClose(WebSocket.NORMAL_CLOSURE, ""));
    }

    @Override
    public void close() {
        state = State.CLOSED;
        release();
    }
}

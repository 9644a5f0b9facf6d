package dev.cutover.local;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * A client that never gives up: it keeps its position as the protocol says, and whenever its connection ends it goes on from
 * there, wherever its gateway may be. What it gets it writes down, and says at once where a frame is not what may come.
 *
 * <p>Confined to its swarm's event loop.
 */
final class ChaosClient implements LeanSocket.Ear {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int MOST_PARTITIONS = 3;
    private static final long MOST_RETRY_MS = 300;
    private static final Set<Integer> STATUSES_OF_BAD_GATEWAYS = Set.of(1002, 1005, 1007, 1008, 1009, 1011);

    enum State {
        /** Nothing is asked of this connection yet. */
        ASLEEP,
        /** What comes is no resume point: until then, it would begin anew. */
        BEGINNING,
        CATCHING_UP,
        SETTLED
    }

    /** What it wants of one feature, and how far it is. */
    static final class Subscription {
        final String feature;
        final String from;
        /** Null for all. */
        final Set<String> keys;

        State state = State.ASLEEP;
        String epoch;
        /** Null while there is none. */
        long[] position;
        /** By key; the only one of a subscription to all is under the empty key. */
        final Map<String, Track> tracks = new HashMap<>();

        Subscription(String feature, String from, Set<String> keys) {
            this.feature = feature;
            this.from = from;
            this.keys = keys == null ? null : new TreeSet<>(keys);
        }

        private Track track(String key) {
            return tracks.get(keys == null ? "" : key);
        }
    }

    private enum Kind {
        BEGIN,
        RESUME,
        ADD,
        REMOVE,
        REPLAY,
        END_REPLAY
    }

    /**
     * What waits for its answer.
     *
     * @param subscription null for one of a replay
     * @param keys null for all
     * @param from null for one that begins nothing anew
     */
    private record Request(Kind kind, Subscription subscription, Set<String> keys, String from) {}

    final String name;
    private final Swarm swarm;
    private final Supplier<InetSocketAddress> gateways;
    /** Null for one that reads as fast as it can. */
    private final Integer slowReadBytes;

    private final Map<String, Subscription> subscriptions = new LinkedHashMap<>();
    private final List<Track> ended = new ArrayList<>();
    private final List<Replay> replays = new ArrayList<>();
    private final Map<Integer, Request> pending = new LinkedHashMap<>();
    private final Map<Integer, Replay> running = new HashMap<>();

    /** Null while there is no connection. */
    private LeanSocket socket;

    private boolean left;
    private int lastId;
    /** When it had caught up last with all that it wants, by {@link System#nanoTime()}. */
    long settledNs;

    /** @param slowReadBytes how much it reads at a time, when told to; null for one that reads all at once */
    ChaosClient(Swarm swarm, String name, Supplier<InetSocketAddress> gateways, Integer slowReadBytes) {
        this.swarm = swarm;
        this.name = name;
        this.gateways = gateways;
        this.slowReadBytes = slowReadBytes;
    }

    /**
     * To be called before it connects.
     *
     * @param from {@code snapshot} or {@code now}
     * @param keys null for all
     */
    ChaosClient wants(String feature, String from, Set<String> keys) {
        subscriptions.put(feature, new Subscription(feature, from, keys));
        return this;
    }

    Subscription subscription(String feature) {
        return subscriptions.get(feature);
    }

    boolean isSlow() {
        return slowReadBytes != null;
    }

    boolean isConnected() {
        return socket != null;
    }

    boolean isSettled() {
        return subscriptions.values().stream().allMatch(each -> each.state == State.SETTLED) && pending.isEmpty();
    }

    /** Whether it is known to have been sent all up to there. */
    boolean hasReached(Map<String, long[]> ends) {
        for (Subscription each : subscriptions.values()) {
            long[] end = ends.get(each.feature);
            for (int partition = 0; partition < end.length; partition++) {
                if (each.state != State.SETTLED || each.position[partition] < end[partition]) {
                    return false;
                }
            }
        }
        return pending.isEmpty();
    }

    /** For a report: where it is, beside what there is. */
    String lag(Map<String, long[]> ends) {
        StringBuilder lag = new StringBuilder(name).append(socket == null ? " not connected" : "");
        for (Subscription each : subscriptions.values()) {
            lag.append(' ')
                    .append(each.feature)
                    .append(' ')
                    .append(each.state)
                    .append(each.keys == null ? "" : each.keys);
            lag.append(' ')
                    .append(Arrays.toString(each.position))
                    .append(" of ")
                    .append(Arrays.toString(ends.get(each.feature)));
        }
        return lag.append(", waits for ").append(pending.keySet()).toString();
    }

    /** What it got, in all its connections. */
    List<Track> tracks() {
        List<Track> all = new ArrayList<>(ended);
        subscriptions.values().forEach(each -> all.addAll(each.tracks.values()));
        return all;
    }

    List<Replay> replays() {
        return replays;
    }

    // its connection

    void connect() {
        if (left) {
            return;
        }
        InetSocketAddress gateway = gateways.get();
        if (slowReadBytes == null) {
            swarm.connect(gateway, this);
        } else {
            swarm.connectSlow(gateway, this, slowReadBytes);
        }
    }

    void drop() {
        if (socket != null) {
            swarm.count("dropped by the client");
            socket.drop();
        }
    }

    void leave() {
        left = true;
        if (socket != null) {
            socket.drop();
        }
    }

    /** Reads nothing for a while. */
    void pause(long ms) {
        if (socket != null) {
            swarm.count("pauses of reading");
            LeanSocket paused = socket;
            var unused = paused.channel().config().setAutoRead(false);
            swarm.after(ms, () -> {
                var unusedToo = paused.channel().config().setAutoRead(true);
            });
        }
    }

    /** From now on it reads only when {@link #readOnce} is called. */
    void readByHand() {
        if (socket != null) {
            var unused = socket.channel().config().setAutoRead(false);
        }
    }

    void readOnce() {
        if (socket != null) {
            readByHand();
            var unused = socket.channel().read();
        }
    }

    @Override
    public void onOpen(LeanSocket opened) {
        socket = opened;
        if (left) {
            socket.drop();
            return;
        }
        swarm.count("connections");
        subscriptions.values().forEach(this::subscribe);
    }

    @Override
    public void onClosed(int status, String reason) {
        swarm.count(socket == null ? "attempts refused" : "closed " + status);
        if (STATUSES_OF_BAD_GATEWAYS.contains(status)) {
            swarm.fail(name + " was closed with " + status + " " + reason);
        }
        socket = null;
        pending.values().forEach(this::giveUp);
        pending.clear();
        replays.addAll(running.values());
        running.clear();
        for (Subscription each : subscriptions.values()) {
            if (each.state == State.BEGINNING) {
                each.position = null;
                each.tracks.clear();
            }
            each.state = State.ASLEEP;
        }
        if (!left) {
            swarm.after(swarm.random.nextLong(1, MOST_RETRY_MS), this::connect);
        }
    }

    private void giveUp(Request request) {
        switch (request.kind()) {
            case ADD -> {
                request.subscription().keys.removeAll(request.keys());
                request.subscription().tracks.keySet().removeAll(request.keys());
            }
            case REMOVE -> end(request);
            default -> {}
        }
    }

    // what it asks

    private void subscribe(Subscription wanted) {
        String keys = wanted.keys == null ? "" : ",\"keys\":" + array(wanted.keys);
        if (wanted.position == null) {
            wanted.state = State.BEGINNING;
            ask(new Request(Kind.BEGIN, wanted, wanted.keys, wanted.from), wanted.feature, keys + from(wanted.from));
        } else {
            swarm.count("resumes");
            wanted.state = State.CATCHING_UP;
            String position =
                    ",\"from\":{\"epoch\":\"" + wanted.epoch + "\",\"offsets\":" + json(wanted.position) + "}";
            ask(new Request(Kind.RESUME, wanted, wanted.keys, null), wanted.feature, keys + position);
        }
    }

    private static String from(String from) {
        return ",\"from\":\"" + from + "\"";
    }

    private int ask(Request request, String feature, String more) {
        int id = ++lastId;
        pending.put(id, request);
        String type = request.kind() == Kind.REMOVE || request.kind() == Kind.END_REPLAY ? "unsubscribe" : "subscribe";
        socket.say("{\"type\":\"" + type + "\",\"id\":" + id + ",\"feature\":\"" + feature + "\"" + more + "}");
        return id;
    }

    /** Whether a subscription may be changed now: it has keys, and nothing of it is on its way. */
    boolean canChange(String feature) {
        Subscription subscription = subscriptions.get(feature);
        return subscription != null
                && subscription.keys != null
                && subscription.state == State.SETTLED
                && pending.values().stream().noneMatch(each -> each.subscription() == subscription);
    }

    /** @param from {@code snapshot} or {@code now} */
    void addKeys(String feature, Set<String> keys, String from) {
        Subscription subscription = subscriptions.get(feature);
        Set<String> fresh = new TreeSet<>(keys);
        fresh.removeAll(subscription.keys);
        if (!fresh.isEmpty()) {
            swarm.count("keys added");
            subscription.keys.addAll(fresh);
            ask(new Request(Kind.ADD, subscription, fresh, from), feature, ",\"keys\":" + array(fresh) + from(from));
        }
    }

    void removeKeys(String feature, Set<String> keys) {
        Subscription subscription = subscriptions.get(feature);
        Set<String> gone = new TreeSet<>(keys);
        gone.retainAll(subscription.keys);
        if (!gone.isEmpty() && gone.size() < subscription.keys.size()) {
            swarm.count("keys removed");
            subscription.keys.removeAll(gone);
            ask(new Request(Kind.REMOVE, subscription, gone, null), feature, ",\"keys\":" + array(gone));
        }
    }

    /**
     * Asks for a replay.
     *
     * @param keys null for all
     * @param from null for the log's begin
     * @param speed null for as fast as it reads
     */
    void replay(String feature, Set<String> keys, Instant from, Instant until, Double speed) {
        if (socket == null) {
            return;
        }
        swarm.count("replays");
        Replay replay = new Replay(feature, keys, from, until, MOST_PARTITIONS);
        String more = (keys == null ? "" : ",\"keys\":" + array(keys))
                + ",\"from\":" + (from == null ? "\"earliest\"" : "{\"time\":\"" + from + "\"}")
                + ",\"until\":\"" + until + "\""
                + (speed == null ? "" : ",\"speed\":" + speed);
        running.put(ask(new Request(Kind.REPLAY, null, keys, null), feature, more), replay);
    }

    /** Ends one of its replays, where one runs. */
    void endReplay() {
        running.entrySet().stream().findFirst().ifPresent(each -> {
            swarm.count("replays ended by the client");
            ask(new Request(Kind.END_REPLAY, null, null, null), each.getValue().feature, ",\"sub\":" + each.getKey());
        });
    }

    boolean replays(int most) {
        return running.size() < most;
    }

    // what it hears

    @Override
    public void onText(byte[] bytes, int from, int to) {
        Envelope envelope = swarm.envelope;
        if (!envelope.read(bytes, from, to)) {
            onMessage(new String(bytes, from, to - from, StandardCharsets.UTF_8));
        } else if (envelope.isReplay()) {
            onReplayed(envelope);
        } else {
            onEvent(envelope);
            if (swarm.onEvent != null) {
                swarm.onEvent.accept(envelope);
            }
        }
    }

    private void onEvent(Envelope event) {
        Subscription subscription = subscriptions.get(event.feature());
        Track track = subscription == null ? null : subscription.track(subscription.keys == null ? "" : event.key());
        if (track == null) {
            swarm.fail(name + " got " + event.feature() + " " + event.key() + ", which it did not ask for");
        } else if (event.isSnapshot()) {
            track.snapshot[event.partition].add(event.offset, event.sum());
        } else {
            track.live[event.partition].add(event.offset, event.sum());
            long before = subscription.position[event.partition];
            if (event.offset <= before) {
                swarm.fail(name + " had " + event.feature() + " up to " + event.partition + ":" + before + ", and got "
                        + event.offset + " (" + subscription.state + ")");
            }
            subscription.position[event.partition] = event.offset;
        }
    }

    private void onReplayed(Envelope event) {
        Replay replay = running.get(event.sub());
        if (replay == null) {
            swarm.fail(name + " got an event of a replay that does not run, sub " + event.sub());
        } else {
            replay.track.live[event.partition].add(event.offset, event.sum());
        }
    }

    private void onMessage(String text) {
        JsonNode message = parsed(text);
        switch (message.path("type").asText()) {
            case "subscribed" -> onSubscribed(message);
            case "snapshot_complete", "caught_up" -> onComplete(message);
            case "unsubscribed" -> onUnsubscribed(message);
            case "replay_complete" -> onReplayComplete(message);
            case "heartbeat" -> onHeartbeat(message.path("high"));
            case "stage_changed" -> swarm.count("stage changes heard");
            case "error_message" -> onError(message, text);
            default -> {}
        }
    }

    private static JsonNode parsed(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError("not JSON: " + text, e);
        }
    }

    private void onSubscribed(JsonNode message) {
        Request request = pending.get(message.path("id").asInt());
        if (message.path("replay").asBoolean()
                && running.containsKey(message.path("id").asInt())) {
            return;
        }
        if (request == null || message.path("gap").asBoolean()) {
            swarm.fail(name + " was told " + message);
            return;
        }
        Subscription subscription = request.subscription();
        long[] offsets = offsets(message.path("offsets"));
        switch (request.kind()) {
            case BEGIN -> {
                subscription.epoch = message.path("epoch").asText();
                subscription.position = offsets;
                begin(request, offsets);
            }
            case ADD -> {
                // all that is wanted of the keys before was written before this: resumed from further back, the new
                // ones would begin further back as well
                advance(subscription, offsets);
                begin(request, offsets);
            }
            case RESUME -> {
                if (!Arrays.equals(offsets, subscription.position)) {
                    swarm.fail(name + " asked from " + json(subscription.position) + ", and was told " + message);
                }
            }
            default -> {}
        }
        if ("now".equals(request.from())) {
            pending.remove(message.path("id").asInt());
            subscription.state = State.SETTLED;
        }
    }

    private static void begin(Request request, long[] offsets) {
        boolean withSnapshot = request.from().equals("snapshot");
        for (String key : request.keys() == null ? Set.of("") : request.keys()) {
            Track track = new Track(request.subscription().feature, key.isEmpty() ? null : key, offsets, withSnapshot);
            request.subscription().tracks.put(key, track);
        }
    }

    private void onComplete(JsonNode message) {
        Request request = pending.remove(message.path("id").asInt());
        if (request == null) {
            swarm.fail(name + " was told twice, or for nothing, " + message);
        } else {
            request.subscription().state = State.SETTLED;
            if (isSettled()) {
                settledNs = System.nanoTime();
            }
        }
    }

    private void onUnsubscribed(JsonNode message) {
        Request request = pending.remove(message.path("id").asInt());
        if (request.kind() == Kind.REMOVE) {
            end(request);
        } else {
            int sub = message.path("sub").asInt();
            pending.remove(sub);
            Replay replay = running.remove(sub);
            if (replay != null) { // else it was complete when this came
                replays.add(replay);
            }
        }
    }

    private void end(Request removal) {
        for (String key : removal.keys()) {
            Track track = removal.subscription().tracks.remove(key);
            track.closed = true;
            ended.add(track);
        }
    }

    private void onReplayComplete(JsonNode message) {
        int id = message.path("id").asInt();
        Replay replay = running.remove(id);
        pending.remove(id);
        if (replay == null) {
            swarm.fail(name + " was told of a replay that does not run: " + message);
        } else {
            swarm.count("replays complete");
            replay.complete = true;
            replay.count = message.path("count").asLong();
            replays.add(replay);
        }
    }

    private void onHeartbeat(JsonNode high) {
        swarm.count("heartbeats heard");
        for (Subscription each : subscriptions.values()) {
            if (high.has(each.feature) && each.state == State.SETTLED && canAdvance(each)) {
                advance(each, offsets(high.get(each.feature)));
            }
        }
    }

    private static void advance(Subscription subscription, long[] offsets) {
        for (int partition = 0; partition < offsets.length; partition++) {
            subscription.position[partition] = Math.max(subscription.position[partition], offsets[partition]);
        }
    }

    private boolean canAdvance(Subscription subscription) {
        return pending.values().stream()
                .noneMatch(each -> each.subscription() == subscription && each.kind() == Kind.ADD);
    }

    private void onError(JsonNode message, String text) {
        int id = message.path("id").asInt();
        String code = message.path("data").path("code").asText();
        swarm.count("error " + code);
        if (running.containsKey(id) && code.equals("too_many_subscriptions")) {
            running.remove(id);
            pending.remove(id);
        } else {
            swarm.fail(name + " was told " + text);
        }
    }

    // JSON

    private static long[] offsets(JsonNode offsets) {
        long[] byPartition = new long[offsets.size()];
        for (int partition = 0; partition < byPartition.length; partition++) {
            byPartition[partition] = offsets.path(Integer.toString(partition)).asLong();
        }
        return byPartition;
    }

    private static String json(long[] offsets) {
        StringBuilder json = new StringBuilder("{");
        for (int partition = 0; partition < offsets.length; partition++) {
            json.append(partition == 0 ? "\"" : ",\"")
                    .append(partition)
                    .append("\":")
                    .append(offsets[partition]);
        }
        return json.append('}').toString();
    }

    private static String array(Set<String> keys) {
        return "[\"" + String.join("\",\"", keys) + "\"]";
    }
}

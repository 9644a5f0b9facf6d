package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Json;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * One feature's subscription at one gateway, over all of its connections: it goes on from its position after each, so that what
 * is lost between two of them is noticed like any other loss. It reads what the gateway sends, tells its {@link FeatureWatch} what
 * it makes of it, and does no I/O. Owned by the prober's thread.
 *
 * <p>A loss on a feature with delivery {@code every}: an event's {@code prev} is one that never came although it lies behind the
 * place where the stream began. A {@code prev} that is left out tells nothing.
 */
final class StreamWatch {
    /** So many chains are followed; events of keys beyond them are counted, but a loss of one is not noticed. */
    static final int MOST_CHAINS = 50_000;

    private static final long NONE = -1;
    private static final String ON_KAFKA_AWAY = "upstream_unavailable";
    private static final String ON_POSITION_EXPIRED = "position_expired";

    /** Where the subscription stands on this connection. */
    private enum Phase {
        /** Not subscribed: there is no connection, or it has not been asked for on this one. */
        AWAY,
        ASKED,
        SNAPSHOT,
        /** What was missed while there was no connection. */
        CATCHING_UP,
        LIVE,
        /** The gateway refused it. */
        REFUSED;

        boolean isUp() {
            return this == SNAPSHOT || this == CATCHING_UP || this == LIVE;
        }
    }

    private record Chain(String type, String key) {}

    private final Feature feature;
    private final FeatureWatch watch;
    private final Map<Chain, Long> last = new HashMap<>();
    /** The last offset seen of each partition. */
    private final Map<Integer, Long> position = new TreeMap<>();
    /** As {@link #position} was when the stream began: what lies before is not expected to have come. */
    private Map<Integer, Long> begin = Map.of();

    private Phase phase = Phase.AWAY;
    /** Of {@link #position}; null while that is no resume point. */
    private String epoch;
    /** Of what is being received; null before the first answer. */
    private String streamEpoch;

    StreamWatch(Feature feature, FeatureWatch watch) {
        this.feature = feature;
        this.watch = watch;
    }

    boolean isUp() {
        return phase.isUp();
    }

    boolean isRefused() {
        return phase == Phase.REFUSED;
    }

    /** The message that asks for it: from where it has come, else from a snapshot. */
    ObjectNode subscribe(int id) {
        phase = Phase.ASKED;
        ObjectNode message = Json.MAPPER
                .createObjectNode()
                .put("type", "subscribe")
                .put("id", id)
                .put("feature", feature.name());
        if (epoch == null) {
            return message.put("from", "snapshot");
        }
        ObjectNode from = message.putObject("from").put("epoch", epoch);
        ObjectNode offsets = from.putObject("offsets");
        position.forEach((partition, offset) -> offsets.put(Integer.toString(partition), offset));
        return message;
    }

    /** The connection is gone. What it was sent last stays the place to go on from, where it is one. */
    void lost() {
        phase = Phase.AWAY;
    }

    /** The answer to {@link #subscribe}, or a new beginning that the gateway makes by itself. */
    void subscribed(JsonNode answer) {
        String itsEpoch = answer.path("epoch").asText();
        Map<Integer, Long> offsets = offsets(answer.path("offsets"));
        boolean goesOn = itsEpoch.equals(epoch)
                && !answer.path("gap").asBoolean()
                && offsets.entrySet().stream()
                        .noneMatch(each -> each.getValue() > position.getOrDefault(each.getKey(), NONE));
        if (goesOn) {
            phase = Phase.CATCHING_UP;
            return;
        }
        boolean lost = epoch != null || answer.path("gap").asBoolean();
        if (lost) {
            watch.gap();
        }
        epoch = null;
        streamEpoch = itsEpoch;
        last.clear();
        position.clear();
        position.putAll(offsets);
        begin = offsets;
        phase = Phase.SNAPSHOT;
    }

    private static Map<Integer, Long> offsets(JsonNode form) {
        Map<Integer, Long> offsets = new HashMap<>();
        form.properties()
                .forEach(each -> offsets.put(
                        Integer.parseInt(each.getKey()), each.getValue().asLong()));
        return offsets;
    }

    /** {@code snapshot_complete}. */
    void snapshotComplete() {
        epoch = streamEpoch;
        phase = Phase.LIVE;
    }

    /** {@code caught_up}. */
    void caughtUp() {
        phase = Phase.LIVE;
    }

    /** How far the gateway has reached: all that is wanted up to there has come. */
    void reached(JsonNode high) {
        if (phase == Phase.LIVE) {
            offsets(high).forEach((partition, offset) -> position.merge(partition, offset, Math::max));
        }
    }

    /** An {@code error_message} about it. */
    void refused(String code) {
        // it goes on by itself once Kafka is back; and after an expired position, by a gap that is counted then
        if (!code.equals(ON_KAFKA_AWAY) && !code.equals(ON_POSITION_EXPIRED)) {
            watch.failed();
            epoch = null;
            phase = Phase.REFUSED;
        }
    }

    /**
     * An event.
     *
     * @param atNs when it came
     * @return false when it should not have come, since it had been sent before
     */
    boolean event(GatewayFrame frame, long atNs) {
        JsonNode json = frame.json();
        if (json.path("replay").asBoolean()) {
            return true;
        }
        String key = json.path("key").asText();
        Chain chain = new Chain(frame.type(), key);
        long offset = frame.offset();
        if (json.path("snapshot").asBoolean()) {
            remember(chain, offset);
            watch.known(frame.type(), key, atNs);
            return true;
        }
        int partition = frame.partition();
        if (offset <= position.getOrDefault(partition, NONE)) {
            return false;
        }
        if (feature.delivery() == Feature.Delivery.EVERY && isBroken(chain, partition, json.path("prev"))) {
            watch.gap();
        }
        remember(chain, offset);
        position.put(partition, offset);
        watch.arrived(
                new FeatureWatch.Arrived(
                        frame.type(), key, streamEpoch, partition, offset, json.path("data"), phase == Phase.LIVE),
                atNs);
        return true;
    }

    private boolean isBroken(Chain chain, int partition, JsonNode prev) {
        if (!prev.isIntegralNumber() || (!last.containsKey(chain) && last.size() >= MOST_CHAINS)) {
            return false;
        }
        long expected = Math.max(last.getOrDefault(chain, NONE), begin.getOrDefault(partition, NONE));
        return prev.longValue() > expected;
    }

    private void remember(Chain chain, long offset) {
        if (last.size() < MOST_CHAINS || last.containsKey(chain)) {
            last.merge(chain, offset, Math::max);
        }
    }
}

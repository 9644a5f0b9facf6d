package dev.cutover.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.schema.Flag;
import dev.cutover.schema.FlagChange;
import dev.cutover.schema.Stage;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.function.Function;

/** What a gateway says besides events. Stateless; any thread. */
final class ServerMessages {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PROTOCOL = "cutover.v1";

    private ServerMessages() {}

    /** How a subscription begins. */
    enum Opening {
        /** Right after a position. */
        POSITION,
        SNAPSHOT,
        /** With a snapshot, and what lies between the client's position and it is lost to the client. */
        GAP,
        /** It tells of the past, and moves no position. */
        REPLAY
    }

    static ServerMessage welcome(
            String gateway,
            String connection,
            Collection<FeatureShard> shards,
            Function<String, Stage> stages,
            long pingMs) {
        ObjectNode message = message("welcome");
        ObjectNode data = message.putObject("data");
        data.put("protocol", PROTOCOL).put("gateway", gateway).put("connection", connection);
        ArrayNode features = data.putArray("features");
        for (FeatureShard shard : shards) {
            String name = shard.feature().name();
            features.addObject()
                    .put("feature", name)
                    .put("stage", stages.apply(name).wireName());
        }
        data.put("ping_ms", pingMs);
        return say(message, null);
    }

    /**
     * @param id null for none, here and below
     * @param seen the last offset in each partition before those with which it goes on
     */
    static ServerMessage subscribed(JsonNode id, FeatureShard shard, Stage stage, long[] seen, Opening opening) {
        ObjectNode message = answer("subscribed", id, shard);
        message.put("stage", stage.wireName()).put("epoch", shard.epoch());
        message.set("offsets", offsets(seen));
        switch (opening) {
            case GAP -> message.put("gap", true);
            case REPLAY -> message.put("replay", true);
            case POSITION, SNAPSHOT -> {}
        }
        return say(
                message,
                switch (opening) {
                    case POSITION -> moved(shard, seen);
                    case SNAPSHOT, GAP -> moved(shard, null);
                    case REPLAY -> null;
                });
    }

    private static ServerMessage.Moved moved(FeatureShard shard, long[] seen) {
        return new ServerMessage.Moved(shard.feature().name(), shard.epoch(), seen == null ? null : seen.clone());
    }

    static ServerMessage snapshotComplete(JsonNode id, FeatureShard shard, long[] seen, int count) {
        return say(answer("snapshot_complete", id, shard).put("count", count), moved(shard, seen));
    }

    static ServerMessage caughtUp(JsonNode id, FeatureShard shard) {
        return say(answer("caught_up", id, shard), null);
    }

    static ServerMessage replayComplete(JsonNode id, FeatureShard shard, long count) {
        return say(answer("replay_complete", id, shard).put("count", count), null);
    }

    static ServerMessage unsubscribed(JsonNode id, FeatureShard shard) {
        return say(answer("unsubscribed", id, shard), null);
    }

    /** @param sub the id of the replay that has ended */
    static ServerMessage replayEnded(JsonNode id, FeatureShard shard, JsonNode sub) {
        ObjectNode message = answer("unsubscribed", id, shard);
        message.set("sub", sub);
        return say(message, null);
    }

    /** @param id of the request; null for none */
    static byte[] replayMark(JsonNode id) {
        return Frame.mark(",\"replay\":true" + (id == null ? "" : ",\"sub\":" + id));
    }

    /**
     * @param data the heartbeat as its producer wrote it
     * @param reached for each feature the offset in each partition up to which everything wanted was written before
     * @param condition what is to be said of the features, if anything is
     */
    static ServerMessage heartbeat(byte[] data, Map<FeatureShard, long[]> reached, TailVitals.Condition condition) {
        ObjectNode high = JSON.createObjectNode();
        reached.forEach((shard, offsets) -> {
            if (!shard.isRenewing()) { // else what was read was not written to anybody yet
                high.set(shard.feature().name(), offsets(offsets));
            }
        });
        byte[] before = "{\"type\":\"heartbeat\",\"data\":".getBytes(StandardCharsets.UTF_8);
        byte[] after = (",\"high\":" + high + members(condition) + "}").getBytes(StandardCharsets.UTF_8);
        byte[] json = new byte[before.length + data.length + after.length];
        System.arraycopy(before, 0, json, 0, before.length);
        System.arraycopy(data, 0, json, before.length, data.length);
        System.arraycopy(after, 0, json, before.length + data.length, after.length);
        return new ServerMessage("heartbeat", json, null);
    }

    private static String members(TailVitals.Condition condition) {
        StringBuilder members = new StringBuilder();
        if (!condition.silent().isEmpty()) {
            ArrayNode silent = JSON.createArrayNode();
            condition.silent().forEach(silent::add);
            members.append(",\"silent\":").append(silent);
        }
        if (!condition.lag().isEmpty()) {
            ObjectNode lag = JSON.createObjectNode();
            condition.lag().forEach(lag::put);
            members.append(",\"lag\":").append(lag);
        }
        return members.toString();
    }

    static ServerMessage stageChanged(FlagChange change) {
        Flag after = change.after();
        ObjectNode message = message("stage_changed");
        message.put("feature", after.feature()).put("stage", after.stage().wireName());
        message.putObject("data")
                .put("from", change.before().stage().wireName())
                .put("version", after.version())
                .put("changed_by", after.changedBy())
                .put("reason", after.reason())
                .put(
                        "changed_at",
                        after.changedAt() == null ? null : after.changedAt().toString());
        return say(message, null);
    }

    /** @param timestamp null for none */
    static ServerMessage pong(JsonNode timestamp) {
        ObjectNode message = message("pong");
        if (timestamp != null) {
            message.set("timestamp", timestamp);
        }
        return say(message, null);
    }

    static ServerMessage error(JsonNode id, ErrorCode code, String text) {
        ObjectNode message = message("error_message");
        setId(message, id);
        message.putObject("data").put("code", code.wireName()).put("message", text);
        return say(message, null);
    }

    private static ObjectNode offsets(long[] byPartition) {
        ObjectNode offsets = JSON.createObjectNode();
        for (int partition = 0; partition < byPartition.length; partition++) {
            offsets.put(Integer.toString(partition), byPartition[partition]);
        }
        return offsets;
    }

    private static ObjectNode answer(String type, JsonNode id, FeatureShard shard) {
        ObjectNode message = message(type);
        setId(message, id);
        return message.put("feature", shard.feature().name());
    }

    private static void setId(ObjectNode message, JsonNode id) {
        if (id != null) {
            message.set("id", id);
        }
    }

    private static ObjectNode message(String type) {
        return JSON.createObjectNode().put("type", type);
    }

    private static ServerMessage say(ObjectNode message, ServerMessage.Moved moved) {
        try {
            // by way of a String: half a surrogate pair, which a client's id can hold, has no UTF-8 and becomes a '?'
            byte[] json = JSON.writeValueAsString(message).getBytes(StandardCharsets.UTF_8);
            return new ServerMessage(message.get("type").textValue(), json, moved);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a message that can't be written: " + message, e);
        }
    }
}

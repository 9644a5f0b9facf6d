package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Json;
import dev.cutover.schema.Stage;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * All that a checklist looks at: what is known of one feature at one instant. Immutable.
 *
 * @param ageMs since this was last known to be the newest; empty before it was first read to its end
 * @param sessions newest first
 * @param callers of the last days, newest first
 * @param vitals by service
 * @param signOffs the newest by the stage that it agrees to
 */
record Evidence(
        Feature feature,
        Flag flag,
        Instant now,
        Thresholds thresholds,
        OptionalLong ageMs,
        List<SessionSum> sessions,
        Watch watch,
        List<Caller> callers,
        Map<String, ServiceVitals> vitals,
        Map<Stage, SignOff> signOffs) {

    private static final int SHOWN_SESSIONS = 10;
    private static final int SHOWN_CALLERS = 100;

    Evidence {
        sessions = List.copyOf(sessions);
        callers = List.copyOf(callers);
        vitals = Map.copyOf(vitals);
        signOffs = Map.copyOf(signOffs);
    }

    /** When the feature left shadow; null while it is there. */
    Instant flip() {
        return flag.stage() == Stage.SHADOW ? null : flag.since();
    }

    /** Whether a session has come to its end, and to its last verdicts. */
    boolean hasEnded(SessionSum session) {
        return !now.isBefore(settledAt(session));
    }

    /** When {@link #hasEnded} is to be true. */
    Instant settledAt(SessionSum session) {
        return session.settledAt(feature.parity().lag());
    }

    /** For a person or a page: the newest sessions and callers, and all of the rest. */
    ObjectNode toJson() {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("age_ms", ageMs.isPresent() ? ageMs.getAsLong() : null);
        json.set(
                "sessions",
                Json.MAPPER.valueToTree(sessions.stream().limit(SHOWN_SESSIONS).toList()));
        json.set("watch", Json.MAPPER.valueToTree(watch));
        json.set(
                "callers",
                Json.MAPPER.valueToTree(callers.stream().limit(SHOWN_CALLERS).toList()));
        json.set("vitals", Json.MAPPER.valueToTree(vitals.values()));
        json.set("sign_offs", Json.MAPPER.valueToTree(signOffs.values()));
        return json;
    }
}

package dev.cutover.gateway;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.gateway.ClientMessage.BadFieldException;
import dev.cutover.gateway.ClientMessage.From;
import dev.cutover.gateway.ClientMessage.Subscribe;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.View;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** What a client of server-sent events asks for by its address: subscriptions, as a WebSocket's client would send them. Pure. */
final class SseRequest {
    private static final int MOST_KEYS = 10_000;
    private static final Pattern NUMBER = Pattern.compile("[1-9]\\d{0,8}");
    private static final Pattern OFFSET = Pattern.compile("(\\d{1,9}):(-1|\\d{1,18})");

    private SseRequest() {}

    /**
     * Reads a request.
     *
     * @param query its parameters
     * @param lastEventId null for none
     * @param features all there are
     * @throws BadFieldException whose message says what must be otherwise
     */
    static List<Subscribe> parse(Map<String, List<String>> query, String lastEventId, List<Feature> features)
            throws BadFieldException {
        Map<String, From> positions = lastEventId == null || lastEventId.isEmpty() ? Map.of() : positions(lastEventId);
        Set<String> keys = query.containsKey("key") ? new LinkedHashSet<>(query.get("key")) : null;
        if (keys != null && keys.size() > MOST_KEYS) {
            throw new BadFieldException("a request may name " + MOST_KEYS + " keys");
        }
        From from = from(query);
        List<Subscribe> wanted = new ArrayList<>();
        for (String name : new LinkedHashSet<>(query.getOrDefault("feature", List.of()))) {
            Feature feature = features.stream()
                    .filter(each -> each.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new BadFieldException("'" + name + "' is no feature; there are "
                            + features.stream().map(Feature::name).toList()));
            From start = positions.getOrDefault(name, from);
            wanted.add(new Subscribe(null, name, keys, hasSeries(feature) ? start : withoutDepth(start)));
        }
        if (wanted.isEmpty()) {
            throw new BadFieldException("name a feature, as in /sse?feature="
                    + features.get(0).name() + "; the parameter may be given again");
        }
        return wanted;
    }

    private static boolean hasSeries(Feature feature) {
        return feature.events().stream().anyMatch(type -> type.view() instanceof View.Series);
    }

    /** Of several features those without a series have no depth. */
    private static From withoutDepth(From from) {
        return from instanceof From.Snapshot ? new From.Snapshot(0) : from;
    }

    private static From from(Map<String, List<String>> query) throws BadFieldException {
        String from = last(query, "from", "snapshot");
        String depth = last(query, "depth", "");
        if (!depth.isEmpty() && !NUMBER.matcher(depth).matches()) {
            throw new BadFieldException("depth must be a whole number of at least 1");
        }
        if (!depth.isEmpty() && !from.equals("snapshot")) {
            throw new BadFieldException("depth goes with from \"snapshot\" alone");
        }
        return switch (from) {
            case "snapshot" -> new From.Snapshot(depth.isEmpty() ? 0 : Integer.parseInt(depth));
            case "now" -> new From.Now();
            case "earliest" -> new From.Earliest();
            default -> new From.Time(time(from));
        };
    }

    private static Instant time(String from) throws BadFieldException {
        try {
            return OffsetDateTime.parse(from).toInstant();
        } catch (DateTimeParseException e) {
            throw new BadFieldException(
                    "from must be snapshot, now, earliest or an ISO-8601 time such as 2026-01-05T15:30:00Z");
        }
    }

    private static String last(Map<String, List<String>> query, String name, String otherwise) {
        List<String> given = query.getOrDefault(name, List.of());
        return given.isEmpty() ? otherwise : given.get(given.size() - 1);
    }

    /** By feature. */
    private static Map<String, From> positions(String lastEventId) throws BadFieldException {
        Map<String, From> positions = new HashMap<>();
        for (String part : lastEventId.split("&", -1)) {
            int equals = part.indexOf('=');
            int semicolon = part.indexOf(';', equals + 1);
            if (equals < 1 || semicolon < 0) {
                throw notAnId();
            }
            ObjectNode offsets = JsonNodeFactory.instance.objectNode();
            for (String each : part.substring(semicolon + 1).split(",", -1)) {
                var offset = OFFSET.matcher(each);
                if (!offset.matches()) {
                    throw notAnId();
                }
                offsets.put(offset.group(1), Long.parseLong(offset.group(2)));
            }
            positions.put(part.substring(0, equals), new From.Position(part.substring(equals + 1, semicolon), offsets));
        }
        return positions;
    }

    private static BadFieldException notAnId() {
        return new BadFieldException(
                "Last-Event-ID must be an id of this stream, such as positions=EPOCH;0:1050,1:77,2:3");
    }
}

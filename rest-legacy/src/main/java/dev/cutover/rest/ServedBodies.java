package dev.cutover.rest;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.ServedRecord.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.apache.kafka.common.utils.Utils;

/**
 * What one answer says of each key, before it is known whether that is worth a record. Pure.
 *
 * @param bodies in the order of the answer
 * @param unusable what could not be compared: a reason of few words to how often
 */
record ServedBodies(List<Body> bodies, Map<String, Integer> unusable) {
    static final String NOT_JSON = "not_json";

    static final String NO_ARRAY = "no_array";
    static final String NO_KEY = "no_key";
    static final String ENCODING = "encoding";
    static final String TOO_LARGE = "too_large";

    private static final int HASH_BYTES = 8;

    /**
     * What is said of one key; of a list, of one partition's keys.
     *
     * @param key null for a list
     * @param partition of the feature's topic
     * @param epoch null where a service behind answered, as is {@code offset}
     * @param hash 16 hex digits; null where there is no body
     * @param tree null unless it is an entry
     * @param keys null unless it is a list
     */
    record Body(
            Kind kind,
            String key,
            int partition,
            String epoch,
            Long offset,
            String query,
            String hash,
            Tree tree,
            List<String> keys) {}

    /** A body, parsed no sooner than it is wanted. */
    @FunctionalInterface
    interface Tree {
        JsonNode read() throws IOException;
    }

    ServedBodies {
        bodies = List.copyOf(bodies);
        unusable = Map.copyOf(unusable);
    }

    /**
     * Takes an answer apart.
     *
     * @param longestBytes how long a compressed body may become
     */
    static ServedBodies of(Served served, int longestBytes) {
        Feature feature = served.feature();
        Served.Content content = served.content();
        if (content instanceof Served.Views views) {
            return new ServedBodies(ofViews(feature, views), Map.of());
        }
        if (content instanceof Served.Unknown unknown) {
            return new ServedBodies(List.of(absent(feature, unknown)), Map.of());
        }
        if (content instanceof Served.FromUpstream upstream) {
            return ofUpstream(feature, upstream, longestBytes);
        }
        return new ServedBodies(
                List.of(), content instanceof Served.Unusable reason ? Map.of(reason.reason(), 1) : Map.of());
    }

    private static List<Body> ofViews(Feature feature, Served.Views views) {
        List<Body> bodies = new ArrayList<>();
        for (Served.Part part : views.parts()) {
            bodies.add(new Body(
                    Kind.ENTRY,
                    part.key(),
                    part.partition(),
                    views.epoch(),
                    part.offset(),
                    views.query(),
                    hash(views.body(), part.from(), part.length()),
                    () -> Json.MAPPER.readTree(views.body(), part.from(), part.length()),
                    null));
        }
        if (views.list()) {
            List<List<String>> keys = byPartition(feature);
            views.parts().forEach(part -> keys.get(part.partition()).add(part.key()));
            for (int i = 0; i < keys.size(); i++) {
                bodies.add(list(i, keys.get(i), views.epoch(), views.offsets().get(i)));
            }
        }
        return bodies;
    }

    private static Body absent(Feature feature, Served.Unknown unknown) {
        int partition = partition(feature, unknown.key());
        return new Body(
                Kind.ABSENT,
                unknown.key(),
                partition,
                unknown.epoch(),
                unknown.epoch() == null ? null : unknown.offsets().get(partition),
                unknown.query(),
                null,
                null,
                null);
    }

    private static ServedBodies ofUpstream(Feature feature, Served.FromUpstream answer, int longestBytes) {
        Feature.Upstream upstream = feature.rest().orElseThrow().upstream();
        JsonNode whole;
        try {
            byte[] plain = plain(answer, longestBytes);
            if (plain == null) {
                return unusable(answer.encoding().equals("gzip") ? TOO_LARGE : ENCODING);
            }
            whole = Json.read(Json.MAPPER, JsonNode.class, plain);
        } catch (IOException | JsonFault e) {
            return unusable(NOT_JSON);
        }
        if (answer.key() == null) {
            return ofUpstreamsList(
                    feature, whole.at(JsonPointer.compile(upstream.all().at())));
        }
        JsonNode body = whole.at(JsonPointer.compile(upstream.one().at()));
        if (body.isMissingNode() || body.isNull()) {
            // it has answered, and nothing of the key: as good as a 404
            return new ServedBodies(
                    List.of(absent(feature, new Served.Unknown(answer.key(), answer.query(), null, List.of()))),
                    Map.of());
        }
        return new ServedBodies(List.of(entry(feature, answer.key(), answer.query(), body)), Map.of());
    }

    private static ServedBodies ofUpstreamsList(Feature feature, JsonNode array) {
        if (!array.isArray()) {
            return unusable(NO_ARRAY);
        }
        String field = feature.rest().orElseThrow().all().type().key();
        List<Body> bodies = new ArrayList<>();
        List<List<String>> keys = byPartition(feature);
        int without = 0;
        for (JsonNode element : array) {
            JsonNode key = element.path(field);
            if (key.isTextual() || key.isNumber()) {
                Body entry = entry(feature, key.asText(), "", element);
                bodies.add(entry);
                keys.get(entry.partition()).add(entry.key());
            } else {
                without++;
            }
        }
        for (int i = 0; i < keys.size(); i++) {
            bodies.add(list(i, keys.get(i), null, null));
        }
        return new ServedBodies(bodies, without == 0 ? Map.of() : Map.of(NO_KEY, without));
    }

    private static Body entry(Feature feature, String key, String query, JsonNode body) {
        byte[] text = body.toString().getBytes(StandardCharsets.UTF_8);
        return new Body(
                Kind.ENTRY,
                key,
                partition(feature, key),
                null,
                null,
                query,
                hash(text, 0, text.length),
                () -> body,
                null);
    }

    private static Body list(int partition, List<String> keys, String epoch, Long offset) {
        byte[] names = String.join("\n", keys).getBytes(StandardCharsets.UTF_8);
        return new Body(
                Kind.LIST, null, partition, epoch, offset, "", hash(names, 0, names.length), null, List.copyOf(keys));
    }

    private static ServedBodies unusable(String reason) {
        return new ServedBodies(List.of(), Map.of(reason, 1));
    }

    private static List<List<String>> byPartition(Feature feature) {
        List<List<String>> keys = new ArrayList<>();
        for (int i = 0; i < feature.partitions(); i++) {
            keys.add(new ArrayList<>());
        }
        return keys;
    }

    /** Null where it is in an encoding that is not known here, or becomes too long. */
    private static byte[] plain(Served.FromUpstream answer, int longestBytes) throws IOException {
        if (answer.encoding() == null || answer.encoding().equals("identity")) {
            return answer.body();
        }
        if (!answer.encoding().equals("gzip")) {
            return null;
        }
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(answer.body()))) {
            byte[] plain = in.readNBytes(longestBytes + 1);
            return plain.length > longestBytes ? null : plain;
        }
    }

    /** Where Kafka's own partitioner puts the key, and so every producer that keeps the rule. */
    private static int partition(Feature feature, String key) {
        byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        return Utils.toPositive(Utils.murmur2(bytes)) % feature.partitions();
    }

    private static String hash(byte[] bytes, int from, int length) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes, from, length);
            return HexFormat.of().formatHex(Arrays.copyOf(digest.digest(), HASH_BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}

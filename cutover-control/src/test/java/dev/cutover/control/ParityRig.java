package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.PoisonException;
import dev.cutover.schema.Reference;
import dev.cutover.schema.ServedRecord;
import dev.cutover.schema.ServedRecord.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

/** Words for the tests of parity: events and what REST served, at times in milliseconds from a fixed moment. */
final class ParityRig {
    static final Instant START = Instant.parse("2026-11-30T15:00:00Z");
    static final String EPOCH = "topic-1";
    static final Feature POSITIONS =
            FeatureCatalog.shipped().feature("positions").orElseThrow();
    static final Feature INTRADAY = FeatureCatalog.shipped().feature("intraday").orElseThrow();

    private ParityRig() {}

    static Instant at(long ms) {
        return START.plusMillis(ms);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static JsonNode json(String text) {
        try {
            return Json.read(Json.MAPPER, JsonNode.class, utf8(text.replace('\'', '"')));
        } catch (JsonFault e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    static PartitionHistory history(Feature feature) {
        return new PartitionHistory(feature, 0, PartitionHistory.Standing.from(0, EPOCH));
    }

    static PartitionHistory.Change add(
            PartitionHistory history, String type, String key, long offset, long atMs, String data) {
        byte[] value = utf8(data.replace('\'', '"'));
        try {
            EventRecord event =
                    EventRecord.of(history.feature(), utf8(key), value, EventHeaders.of(type, "id", "/test", at(atMs)));
            return history.add(event, offset, at(atMs).toEpochMilli(), value);
        } catch (PoisonException e) {
            throw new IllegalArgumentException(data, e);
        }
    }

    /** What REST made of the log. */
    static ServedRecord entry(Feature feature, String key, long offset, long servedMs, String body) {
        return new ServedRecord(
                Kind.ENTRY,
                feature.name(),
                key,
                EPOCH,
                0,
                offset,
                feature.rest().orElseThrow().parameter() + "=" + key,
                "other",
                Reference.MATERIALISED,
                at(servedMs - 1),
                at(servedMs),
                Integer.toHexString(body.hashCode()),
                json(body),
                null);
    }

    static ServedRecord absent(Feature feature, String key, long offset, long servedMs) {
        return new ServedRecord(
                Kind.ABSENT,
                feature.name(),
                key,
                EPOCH,
                0,
                offset,
                feature.rest().orElseThrow().parameter() + "=" + key,
                "other",
                Reference.MATERIALISED,
                at(servedMs - 1),
                at(servedMs),
                null,
                null,
                null);
    }

    static ServedRecord list(Feature feature, long offset, long servedMs, String... keys) {
        return new ServedRecord(
                Kind.LIST,
                feature.name(),
                null,
                EPOCH,
                0,
                offset,
                "",
                "other",
                Reference.MATERIALISED,
                at(servedMs - 1),
                at(servedMs),
                null,
                null,
                List.of(keys));
    }

    /** The same, answered by an existing service. */
    static ServedRecord upstream(ServedRecord served, String caller) {
        return new ServedRecord(
                served.kind(),
                served.feature(),
                served.key(),
                null,
                null,
                null,
                served.query(),
                caller,
                Reference.UPSTREAM,
                served.askedAt(),
                served.servedAt(),
                served.bodyHash(),
                served.body(),
                served.keys());
    }
}

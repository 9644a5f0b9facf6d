package dev.cutover.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.SessionClock.Session;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Feature.View;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * What parity keeps of one partition so that it survives a restart: the versions of its keys, what waits, what is noise, and
 * which comparisons were counted. One store, and so one topic behind it, for all of it; the first byte of a key says what it is.
 *
 * <pre>
 *   v type 0 length key offset ts  → an event's data        w type 0 length key → from which offset on its versions are whole
 *   s                              → the standing           q offset            → what was served and waits
 *   n key                          → a pair of reads        t session           → a session that is open
 *   c session comparison           → its outcome            f session           → what is counted of those that are gone
 *   x session                      → when a session ended whose tally is closed
 * </pre>
 *
 * <p>Its owner is the task's thread, which reads all of it once, at the start, and from then on only writes.
 */
final class ParityStore {
    private static final byte VERSION = 'v';
    private static final byte WHOLE_FROM = 'w';
    private static final byte STANDING = 's';
    private static final byte WAITING = 'q';
    private static final byte NOISE = 'n';
    private static final byte OPEN_SESSION = 't';
    private static final byte COMPARED = 'c';
    private static final byte FOLDED = 'f';
    private static final byte CLOSED_SESSION = 'x';
    private static final int SESSION_BYTES = 8;

    private final KeyValueStore<byte[], byte[]> store;

    ParityStore(KeyValueStore<byte[], byte[]> store) {
        this.store = store;
    }

    // the event log

    void putVersion(String key, EventType type, Version version) {
        store.put(versionKey(key, type, version), version.data());
    }

    /** @param wholeFrom as it is without them */
    void deleteVersions(String key, EventType type, List<Version> gone, long wholeFrom) {
        if (!gone.isEmpty()) {
            // first: should the rest not come about, only too much is kept
            store.put(ownerKey(WHOLE_FROM, key, type), longBytes(wholeFrom));
            gone.forEach(version -> store.delete(versionKey(key, type, version)));
        }
    }

    void clearVersions() {
        deleteAll(VERSION);
        deleteAll(WHOLE_FROM);
    }

    /** Hands on all versions, of each key and type at once. */
    void restore(PartitionHistory history) {
        record Owner(String type, String key) {}
        Map<Owner, List<Version>> versions = new HashMap<>();
        Map<String, EventType> types = new HashMap<>();
        history.feature().events().forEach(type -> types.put(type.type(), type));
        each(VERSION, (name, data) -> {
            ByteBuffer rest = ByteBuffer.wrap(name);
            Owner owner = new Owner(type(rest), key(rest));
            EventType type = types.get(owner.type);
            if (type != null) { // or the catalog has lost it
                Object by = type.view() instanceof View.Series series ? by(data, series.by()) : null;
                versions.computeIfAbsent(owner, each -> new ArrayList<>())
                        .add(new Version(rest.getLong(), rest.getLong(), by, data));
            }
        });
        versions.forEach((owner, kept) -> {
            EventType type = types.get(owner.type);
            byte[] wholeFrom = store.get(ownerKey(WHOLE_FROM, owner.key, type));
            history.restore(
                    owner.key,
                    type,
                    wholeFrom == null ? 0 : ByteBuffer.wrap(wholeFrom).getLong(),
                    kept);
        });
    }

    private static Object by(byte[] data, String field) {
        JsonNode by = new Payloads().read(data).path(field);
        return by.isNumber() ? stripped(by.decimalValue()) : by.asText();
    }

    private static BigDecimal stripped(BigDecimal number) {
        return number.stripTrailingZeros(); // as EventRecord has it
    }

    private static byte[] versionKey(String key, EventType type, Version version) {
        byte[] owner = ownerKey(VERSION, key, type);
        return ByteBuffer.allocate(owner.length + 2 * Long.BYTES)
                .put(owner)
                .putLong(version.offset())
                .putLong(version.tsMs())
                .array();
    }

    private static byte[] ownerKey(byte kind, String key, EventType type) {
        byte[] typeBytes = utf8(type.type());
        byte[] keyBytes = utf8(key);
        return ByteBuffer.allocate(1 + typeBytes.length + 1 + Integer.BYTES + keyBytes.length)
                .put(kind)
                .put(typeBytes)
                .put((byte) 0)
                .putInt(keyBytes.length)
                .put(keyBytes)
                .array();
    }

    private static String type(ByteBuffer name) {
        name.get(); // what kind it is
        StringBuilder type = new StringBuilder(); // of ASCII letters, by the catalog
        for (byte each = name.get(); each != 0; each = name.get()) {
            type.append((char) each);
        }
        return type.toString();
    }

    private static String key(ByteBuffer name) {
        byte[] key = new byte[name.getInt()];
        name.get(key);
        return new String(key, StandardCharsets.UTF_8);
    }

    /** Null where none was kept. */
    PartitionHistory.Standing standing() {
        byte[] json = store.get(new byte[] {STANDING});
        return json == null ? null : read(PartitionHistory.Standing.class, json);
    }

    void put(PartitionHistory.Standing standing) {
        store.put(new byte[] {STANDING}, json(standing));
    }

    // what waits

    void putWaiting(long servedOffset, byte[] served) {
        store.put(name(WAITING, longBytes(servedOffset)), served);
    }

    void deleteWaiting(long servedOffset) {
        store.delete(name(WAITING, longBytes(servedOffset)));
    }

    /** By the offset in the topic of what was served, in its order. */
    void eachWaiting(BiConsumer<Long, byte[]> action) {
        each(
                WAITING,
                (name, served) ->
                        action.accept(ByteBuffer.wrap(name, 1, Long.BYTES).getLong(), served));
    }

    // noise

    void putNoise(String key, Noise.Pair pair) {
        store.put(name(NOISE, utf8(key)), json(pair));
    }

    void eachNoise(BiConsumer<String, Noise.Pair> action) {
        each(
                NOISE,
                (name, pair) -> action.accept(
                        new String(name, 1, name.length - 1, StandardCharsets.UTF_8), read(Noise.Pair.class, pair)));
    }

    // sessions; each by the digest of its id

    void putOpen(byte[] session, Session of) {
        store.put(name(OPEN_SESSION, session), json(of));
    }

    void eachOpen(BiConsumer<byte[], Session> action) {
        each(OPEN_SESSION, (name, of) -> action.accept(tail(name), read(Session.class, of)));
    }

    /** Null where this comparison was not made in that session. */
    byte[] compared(byte[] session, byte[] comparison) {
        return store.get(name(COMPARED, session, comparison));
    }

    void putCompared(byte[] session, byte[] comparison, byte[] outcome) {
        store.put(name(COMPARED, session, comparison), outcome);
    }

    /** What is done with each comparison: it, and its session, by their digests. */
    interface EachCompared {
        void accept(byte[] session, byte[] comparison, byte[] outcome);
    }

    void eachCompared(EachCompared action) {
        each(
                COMPARED,
                (name, outcome) -> action.accept(
                        Arrays.copyOfRange(name, 1, 1 + SESSION_BYTES),
                        Arrays.copyOfRange(name, 1 + SESSION_BYTES, name.length),
                        outcome));
    }

    void deleteCompared(byte[] session, byte[] comparison) {
        store.delete(name(COMPARED, session, comparison));
    }

    void putFolded(byte[] session, SessionLedger.Folded folded) {
        store.put(name(FOLDED, session), json(folded));
    }

    /** Null where nothing is. */
    SessionLedger.Folded folded(byte[] session) {
        byte[] json = store.get(name(FOLDED, session));
        return json == null ? null : read(SessionLedger.Folded.class, json);
    }

    /** When the session ended, in ms; null unless its tally is closed. */
    Long closed(byte[] session) {
        byte[] until = store.get(name(CLOSED_SESSION, session));
        return until == null ? null : ByteBuffer.wrap(until).getLong();
    }

    /** Drops the comparisons of a session and remembers that they were there. */
    void close(byte[] session, long untilMs) {
        store.put(name(CLOSED_SESSION, session), longBytes(untilMs));
        deletePrefix(name(COMPARED, session));
        store.delete(name(FOLDED, session));
        store.delete(name(OPEN_SESSION, session));
    }

    /** Drops what is remembered of sessions that ended before a time. */
    void forgetClosed(long beforeMs) {
        List<byte[]> old = new ArrayList<>();
        each(CLOSED_SESSION, (name, until) -> {
            if (ByteBuffer.wrap(until).getLong() < beforeMs) {
                old.add(name);
            }
        });
        old.forEach(store::delete);
    }

    // the store

    private void each(byte kind, BiConsumer<byte[], byte[]> action) {
        try (KeyValueIterator<byte[], byte[]> all = store.range(new byte[] {kind}, new byte[] {(byte) (kind + 1)})) {
            while (all.hasNext()) {
                KeyValue<byte[], byte[]> entry = all.next();
                if (entry.key[0] == kind) {
                    action.accept(entry.key, entry.value);
                }
            }
        }
    }

    private void deleteAll(byte kind) {
        deletePrefix(new byte[] {kind});
    }

    private void deletePrefix(byte[] prefix) {
        List<byte[]> names = new ArrayList<>();
        each(prefix[0], (name, value) -> {
            if (name.length >= prefix.length && Arrays.equals(name, 0, prefix.length, prefix, 0, prefix.length)) {
                names.add(name);
            }
        });
        names.forEach(store::delete);
    }

    private static byte[] name(byte kind, byte[]... parts) {
        int length = 1 + Arrays.stream(parts).mapToInt(part -> part.length).sum();
        ByteBuffer name = ByteBuffer.allocate(length).put(kind);
        for (byte[] part : parts) {
            name.put(part);
        }
        return name.array();
    }

    private static byte[] tail(byte[] name) {
        return Arrays.copyOfRange(name, 1, name.length);
    }

    private static byte[] longBytes(long number) {
        return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] json(Object value) {
        try {
            return Json.MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record that can't be written: " + value, e);
        }
    }

    private static <T> T read(Class<T> type, byte[] json) {
        try {
            return Json.read(Json.MAPPER, type, json);
        } catch (JsonFault e) {
            throw new IllegalStateException("the store holds no " + type.getSimpleName() + ": " + e.getMessage(), e);
        }
    }
}

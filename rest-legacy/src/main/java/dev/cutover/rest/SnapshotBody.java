package dev.cutover.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Feature.KeyBody;
import dev.cutover.schema.Feature.Member;
import dev.cutover.schema.Json;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;

/**
 * A body, put together from views: the producers' bytes as they are, and between them what the catalog says. Confined to the
 * thread that builds it.
 */
final class SnapshotBody {
    private static final int TAG_BYTES = 16;

    private final Feature feature;
    private final ByteArrayOutputStream json = new ByteArrayOutputStream();
    /** Of all that the body depends on: one body is one tag, so the tag is a strong one. */
    private final MessageDigest digest;

    /** Null for none, but while answers are to be wrong. */
    private final BodyChange change;

    /** Each key's own body in it. */
    private final List<Served.Part> parts = new ArrayList<>();

    private SnapshotBody(Feature feature, Snapshot snapshot, SnapshotQuery query, BodyChange change) {
        this.feature = feature;
        this.change = change;
        this.digest = sha256();
        if (change != null) {
            digest.update((change.tag() + "\n").getBytes(StandardCharsets.UTF_8));
        }
        digest.update((snapshot.epoch() + "\n" + feature.rest().orElseThrow() + "\n" + query)
                .getBytes(StandardCharsets.UTF_8));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * The body that answers the query.
     *
     * @param change null for none
     * @return null where the snapshot knows nothing of the key that is asked for
     */
    static SnapshotBody of(Feature feature, Snapshot snapshot, SnapshotQuery query, BodyChange change) {
        SnapshotBody body = new SnapshotBody(feature, snapshot, query, change);
        if (query.key() == null) {
            body.list(snapshot.views());
            return body;
        }
        return snapshot.views().isEmpty() || !body.key(snapshot.views().get(0), query) ? null : body;
    }

    byte[] bytes() {
        return json.toByteArray();
    }

    /** Where each key's own body is in {@link #bytes}. */
    List<Served.Part> parts() {
        return List.copyOf(parts);
    }

    /** An entity tag, quoted (RFC 9110, section 8.8.3). */
    String tag() {
        byte[] hash = Arrays.copyOf(digest.digest(), TAG_BYTES);
        return '"' + Base64.getUrlEncoder().withoutPadding().encodeToString(hash) + '"';
    }

    private void list(List<Snapshot.Keyed> views) {
        Feature.ListBody form = feature.rest().orElseThrow().all();
        text("{").name(form.member()).text("[");
        views.stream()
                .sorted(Comparator.comparing(view -> KeyOrder.of(view.key())))
                .forEach(view -> {
                    String divider = parts.isEmpty() ? "" : ",";
                    int from = json.size() + divider.length();
                    if (newest(view, form.type(), divider)) {
                        parts.add(part(view, from));
                    }
                });
        text("]}");
    }

    private Served.Part part(Snapshot.Keyed view, int from) {
        return new Served.Part(view.key(), view.partition(), view.view().offset(), from, json.size() - from);
    }

    /** Writes the body of one key, and tells whether there was anything to show. */
    private boolean key(Snapshot.Keyed view, SnapshotQuery query) {
        boolean shown = ofKey(view, query);
        parts.add(part(view, 0));
        return shown;
    }

    private boolean ofKey(Snapshot.Keyed view, SnapshotQuery query) {
        KeyBody form = feature.rest().orElseThrow().one();
        if (form instanceof KeyBody.Data data) {
            return newest(view, data.type(), "");
        }
        List<Member> members = ((KeyBody.Members) form).members();
        String divider = "{";
        for (Member member : members) {
            text(divider).name(member.name());
            divider = ",";
            if (member instanceof Member.KeyText) {
                string(view.key());
            } else if (member instanceof Member.Newest newest) {
                if (!newest(view, newest.type(), "")) {
                    text("null");
                }
            } else if (member instanceof Member.Entries entries) {
                series(view, entries.type(), query.limit());
            }
        }
        text("}");
        return true;
    }

    private boolean newest(Snapshot.Keyed view, EventType type, String divider) {
        List<KeyView.Entry> entries = view.view().entries(feature.events().indexOf(type));
        if (entries.isEmpty()) {
            return false;
        }
        text(divider).event(view, entries.get(entries.size() - 1));
        return true;
    }

    private void series(Snapshot.Keyed view, EventType type, int limit) {
        List<KeyView.Entry> entries = view.view().entries(feature.events().indexOf(type));
        entries.sort(Comparator.comparing(KeyView.Entry::by, EventRecord.BY_FIELD));
        String divider = "[";
        for (KeyView.Entry entry : entries.subList(Math.max(0, entries.size() - limit), entries.size())) {
            text(divider).event(view, entry);
            divider = ",";
        }
        text(divider.equals("[") ? "[]" : "]");
    }

    private void event(Snapshot.Keyed view, KeyView.Entry entry) {
        digest.update(ByteBuffer.allocate(Integer.BYTES + Long.BYTES)
                .putInt(view.partition())
                .putLong(entry.offset())
                .flip());
        ByteBuffer data = entry.data();
        int from = data.arrayOffset() + data.position();
        if (change == null) {
            json.write(data.array(), from, data.remaining());
        } else {
            json.writeBytes(change.apply(Arrays.copyOfRange(data.array(), from, from + data.remaining())));
        }
    }

    private SnapshotBody text(String text) {
        json.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    private SnapshotBody name(String name) {
        return string(name).text(":");
    }

    private SnapshotBody string(String text) {
        try {
            json.writeBytes(Json.MAPPER.writeValueAsBytes(text));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a text that can't be written as JSON: " + text, e);
        }
        return this;
    }
}

package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Feature.KeyBody;
import dev.cutover.schema.Feature.Member;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What the event log has said of one key: enough to tell the key's body as at any recent offset. What a body is made of the
 * catalog says; how, is written here a second time and not shared with what serves it, or a mistake there would be one here.
 *
 * <p>Owned by one thread.
 */
final class KeyHistory {
    private final Feature feature;
    private final String key;
    private final List<Track> tracks;

    KeyHistory(Feature feature, String key) {
        this.feature = feature;
        this.key = key;
        this.tracks = feature.events().stream()
                .map(type -> new Track(BodyForm.depth(type)))
                .toList();
    }

    /** A key's state at an offset. */
    sealed interface State {
        /** What REST ought to have said. */
        record Body(JsonNode body) implements State {}

        /** There was nothing to say of it yet. */
        record None() implements State {}

        /** Too much of what it was made of is not kept any more, or can't be read. */
        record Unknown() implements State {}
    }

    /**
     * From an offset on the body was another.
     *
     * @param fromMs the timestamp of the event that made it so
     */
    record Moment(long offset, long fromMs) {}

    /** One event, and of which type it is. */
    record Typed(EventType type, Version version) {}

    /**
     * Adds an event; one that is known already changes nothing.
     *
     * @return the versions of its type that are not needed any more
     */
    List<Version> add(EventType type, Version version) {
        return track(type).add(version);
    }

    /** Goes on where another history of this key had stopped. */
    void restore(EventType type, long wholeFrom, List<Version> versions) {
        track(type).restore(wholeFrom, versions);
    }

    /** From which offset on the versions of a type are kept whole; 0 while nothing has gone. */
    long wholeFrom(EventType type) {
        return track(type).wholeFrom();
    }

    /** Whether none of the events that have ever made this body is gone. */
    boolean isWhole(BodyForm form) {
        return form.types().stream().allMatch(type -> track(type).wholeFrom() == 0);
    }

    /** Whether this very event is known. */
    boolean holds(EventType type, long offset, long tsMs) {
        Version version = track(type).newest(offset);
        return version != null && version.offset() == offset && version.tsMs() == tsMs;
    }

    private Track track(EventType type) {
        return tracks.get(feature.events().indexOf(type));
    }

    /** How many versions are kept of all types. */
    int size() {
        return tracks.stream().mapToInt(Track::size).sum();
    }

    /**
     * The body as at an offset.
     *
     * @param isWhole whether the log has been read from as far back as any body can need; if not, only what must be complete
     *     is known
     */
    State at(long offset, BodyForm form, boolean isWhole, Payloads payloads) {
        List<Track> used = form.types().stream().map(this::track).toList();
        if (used.stream().anyMatch(track -> offset < track.wholeFrom() || !(isWhole || track.isFull(offset)))) {
            return new State.Unknown();
        }
        JsonNode body = form.body() instanceof KeyBody.Data data
                ? newest(data.type(), offset, payloads)
                : members((KeyBody.Members) form.body(), offset, form.limit(), payloads);
        if (body == null) {
            return new State.None();
        }
        return payloads.isComplete() ? new State.Body(body) : new State.Unknown();
    }

    /** Null where there is none. */
    private JsonNode newest(EventType type, long offset, Payloads payloads) {
        Version version = track(type).newest(offset);
        return version == null ? null : payloads.read(version.data());
    }

    /** Null where nothing at all was known of the key. */
    private JsonNode members(KeyBody.Members form, long offset, int limit, Payloads payloads) {
        if (tracks.stream().allMatch(track -> track.newest(offset) == null)) {
            return null;
        }
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        for (Member member : form.members()) {
            if (member instanceof Member.KeyText) {
                body.set(member.name(), TextNode.valueOf(key));
            } else if (member instanceof Member.Newest newest) {
                body.set(member.name(), newest(newest.type(), offset, payloads)); // a Java null becomes a JSON null
            } else if (member instanceof Member.Entries entries) {
                body.set(member.name(), series(entries.type(), offset, limit, payloads));
            }
        }
        return body;
    }

    private ArrayNode series(EventType type, long offset, int limit, Payloads payloads) {
        List<Version> entries = track(type).entries(offset);
        entries.sort(Comparator.comparing(Version::by, EventRecord.BY_FIELD));
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        entries.subList(Math.max(0, entries.size() - limit), entries.size())
                .forEach(entry -> array.add(payloads.read(entry.data())));
        return array;
    }

    /** The changes of the body that can be told, oldest first; the first of them may have come about earlier. */
    List<Moment> moments(BodyForm form) {
        long wholeFrom = form.types().stream()
                .mapToLong(type -> track(type).wholeFrom())
                .max()
                .orElse(0);
        NavigableMap<Long, Moment> moments = new TreeMap<>();
        for (EventType type : form.types()) {
            for (Version version : track(type).whole()) {
                moments.put(version.offset(), new Moment(version.offset(), version.tsMs()));
            }
        }
        return new ArrayList<>(moments.tailMap(wholeFrom, true).values());
    }

    /** The first event after an offset that has changed the body; null where there is none. */
    Version next(long offset, BodyForm form) {
        return form.types().stream()
                .map(type -> track(type).next(offset))
                .filter(version -> version != null)
                .min(Comparator.comparingLong(Version::offset))
                .orElse(null);
    }

    /** The newest event of the body's types at an offset; null where there is none, or none that is known. */
    Typed newest(long offset, BodyForm form) {
        return form.types().stream()
                .filter(type -> offset >= track(type).wholeFrom() && track(type).newest(offset) != null)
                .map(type -> new Typed(type, track(type).newest(offset)))
                .max(Comparator.comparingLong(typed -> typed.version().offset()))
                .orElse(null);
    }

    /** The newest of all events. */
    Version last() {
        return tracks.stream()
                .filter(track -> !track.isEmpty())
                .map(Track::last)
                .max(Comparator.comparingLong(Version::offset))
                .orElseThrow();
    }
}

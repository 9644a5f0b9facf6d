package dev.cutover.jobs;

import dev.cutover.jobs.PollFault.Kind;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Feature.KeyBody;
import dev.cutover.schema.Feature.Member;
import dev.cutover.schema.PoisonException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * What an answer of a polled service holds: the catalog's form of a body, read backwards. Pure. An event is held to the same
 * rules as every reader of its topic holds it, so that nothing is emitted that would become a dead letter; a bad element costs
 * itself alone.
 *
 * @param events those of a series oldest first
 * @param faults the elements that are none
 */
record PolledBody(List<PolledEvent> events, List<PollFault> faults) {
    PolledBody {
        events = List.copyOf(events);
        faults = List.copyOf(faults);
    }

    /**
     * Reads an answer whole before anything of it is used.
     *
     * @throws PollFault when it is not the body that the catalog describes
     */
    static PolledBody read(Poll poll, byte[] answer) throws PollFault {
        JsonSlice body = JsonSlice.document(answer).at(poll.at());
        if (body == null) {
            throw new PollFault(Kind.WRONG_SHAPE, "nothing is at '" + poll.at() + "'");
        }
        Reading reading = new Reading(poll);
        if (poll.key() == null) {
            reading.list(body);
        } else {
            reading.key(body);
        }
        return new PolledBody(reading.events, reading.faults);
    }

    /** One reading of one answer. */
    private static final class Reading {
        private final Poll poll;
        private final List<PolledEvent> events = new ArrayList<>();
        private final List<PollFault> faults = new ArrayList<>();

        Reading(Poll poll) {
            this.poll = poll;
        }

        void list(JsonSlice body) throws PollFault {
            EventType type = poll.feature().rest().orElseThrow().all().type();
            String place = poll.at().toString();
            Set<String> keys = new HashSet<>();
            List<JsonSlice> elements = array(place, body);
            for (int i = 0; i < elements.size(); i++) {
                PolledEvent event = element(place + "/" + i, type, elements.get(i));
                if (event != null && !keys.add(event.key())) {
                    bad(place + "/" + i, "is another element of the key '" + event.key() + "'");
                } else if (event != null) {
                    events.add(event);
                }
            }
        }

        void key(JsonSlice body) throws PollFault {
            String place = poll.at().toString();
            KeyBody form = poll.feature().rest().orElseThrow().one();
            if (form instanceof KeyBody.Data data) {
                add(element(place, data.type(), body));
            } else if (form instanceof KeyBody.Members put) {
                if (!body.isObject()) {
                    throw new PollFault(Kind.WRONG_SHAPE, at(place) + " must be an object, but is " + body.form());
                }
                Map<String, JsonSlice> members = body.members();
                for (Member member : put.members()) {
                    member(place + "/" + member.name(), member, members.get(member.name()));
                }
            }
        }

        /** {@code value} is null where the body has no such member. */
        private void member(String place, Member member, JsonSlice value) {
            if (member instanceof Member.KeyText) {
                return; // each event says its own key
            }
            if (value == null) {
                bad(place, "is not there");
            } else if (member instanceof Member.Newest newest) {
                // null where there is none yet
                add(value.isNull() ? null : element(place, newest.type(), value));
            } else if (member instanceof Member.Entries entries) {
                try {
                    series(place, entries.type(), array(place, value));
                } catch (PollFault e) {
                    faults.add(e);
                }
            }
        }

        private void series(String place, EventType type, List<JsonSlice> elements) {
            TreeMap<Object, PolledEvent> entries = new TreeMap<>(EventRecord.BY_FIELD);
            for (int i = 0; i < elements.size(); i++) {
                PolledEvent entry = element(place + "/" + i, type, elements.get(i));
                if (entry != null) {
                    entries.put(entry.by(), entry);
                }
            }
            entries.forEach((by, entry) ->
                    events.add(new PolledEvent(type, entry.key(), by, entry.data(), by.equals(entries.lastKey()))));
        }

        /** The event that the element is; null where it is none of that type, which is then among the faults. */
        private PolledEvent element(String place, EventType type, JsonSlice element) {
            if (!element.isObject()) {
                bad(place, "must be an object, but is " + element.form());
                return null;
            }
            String key = element.text(type.key());
            if (key == null || key.isBlank()) {
                bad(place, "has no text or whole number '" + type.key() + "', the key of " + type.type());
                return null;
            }
            if (poll.key() != null && !key.equals(poll.key())) {
                bad(place, "is of the key '" + key + "', but '" + poll.key() + "' was asked for");
                return null;
            }
            byte[] data = element.bytes();
            try {
                EventRecord record = EventRecord.of(
                        poll.feature(),
                        key.getBytes(StandardCharsets.UTF_8),
                        data,
                        new RecordHeaders().add(EventHeaders.TYPE, type.type().getBytes(StandardCharsets.UTF_8)));
                return new PolledEvent(type, key, record.by(), data, true);
            } catch (PoisonException e) {
                bad(place, "is no " + type.type() + ": " + e.getMessage());
                return null;
            }
        }

        private static List<JsonSlice> array(String place, JsonSlice value) throws PollFault {
            if (!value.isArray()) {
                throw new PollFault(Kind.WRONG_SHAPE, at(place) + " must be a list, but is " + value.form());
            }
            return value.elements();
        }

        private void add(PolledEvent event) {
            if (event != null) {
                events.add(event);
            }
        }

        private void bad(String place, String what) {
            faults.add(new PollFault(Kind.BAD_ELEMENT, at(place) + " " + what));
        }

        private static String at(String place) {
            return place.isEmpty() ? "the answer" : place;
        }
    }
}

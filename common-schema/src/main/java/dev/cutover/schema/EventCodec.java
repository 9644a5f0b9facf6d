package dev.cutover.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Events to the bytes of {@code data} and back. Stateless; any thread. The wire form is held by golden files. */
public final class EventCodec {
    private static final Map<String, Class<? extends Event>> RECORDS = Map.of(
            Event.AccountBalance.TYPE, Event.AccountBalance.class,
            Event.Positions.TYPE, Event.Positions.class,
            Event.IntradayBar.TYPE, Event.IntradayBar.class,
            Event.VwapUpdate.TYPE, Event.VwapUpdate.class,
            Event.MarketStatus.TYPE, Event.MarketStatus.class,
            Event.Heartbeat.TYPE, Event.Heartbeat.class);

    /** The types that have a record. */
    public static Set<String> types() {
        return RECORDS.keySet();
    }

    /** The event as UTF-8 JSON; characters beyond the 16-bit ones are escaped. */
    public byte[] encode(Event event) {
        try {
            return Json.MAPPER.writeValueAsBytes(event);
        } catch (JsonProcessingException e) {
            throw new InvalidEventException(event.type(), "can't be written: " + e.getOriginalMessage(), e);
        }
    }

    /**
     * The event that the bytes hold.
     *
     * @param type one of {@link #types()}
     * @throws InvalidEventException when the type has no record, or the bytes are no JSON of that type; whatever they are, it
     *     is never another exception
     */
    public Event decode(String type, byte[] json) {
        Class<? extends Event> record = type == null ? null : RECORDS.get(type);
        if (record == null) {
            throw new InvalidEventException(type, "is no event type; known are " + new TreeSet<>(types()), null);
        }
        if (json == null) {
            throw new InvalidEventException(type, "has no value", null);
        }
        try {
            return Json.read(Json.MAPPER, record, json);
        } catch (JsonFault e) {
            if (e.getCause() instanceof InvalidEventException broken) {
                throw broken;
            }
            throw new InvalidEventException(type, e);
        }
    }
}

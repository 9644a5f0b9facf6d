package dev.cutover.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;

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

    /** The event as UTF-8 JSON. */
    public byte[] encode(Event event) {
        try {
            return Json.MAPPER.writeValueAsBytes(event);
        } catch (JsonProcessingException e) {
            throw new InvalidEventException(event.type(), Json.problem(e), e);
        }
    }

    /**
     * The event that the bytes hold.
     *
     * @param type one of {@link #types()}
     * @throws InvalidEventException when the type has no record, or the bytes are no JSON of that type
     */
    public Event decode(String type, byte[] json) {
        Class<? extends Event> record = RECORDS.get(type);
        if (record == null) {
            throw new InvalidEventException(type, "is no event type; known are " + RECORDS.keySet(), null);
        }
        try {
            return Json.MAPPER.readValue(json, record);
        } catch (JsonMappingException e) {
            if (e.getCause() instanceof InvalidEventException invalid) {
                throw invalid;
            }
            throw new InvalidEventException(type, Json.problem(e), e);
        } catch (JsonProcessingException e) {
            throw new InvalidEventException(type, Json.problem(e), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

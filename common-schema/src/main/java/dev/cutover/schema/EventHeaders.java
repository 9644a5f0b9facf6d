package dev.cutover.schema;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * The headers of an event's record: CloudEvents 1.0 in the binary content mode of its Kafka protocol binding.
 *
 * @see <a href="https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md">the
 *     binding, section 3.2</a>
 */
public final class EventHeaders {
    public static final String TYPE = "ce_type";

    private EventHeaders() {}

    /**
     * The headers of one event.
     *
     * @param id unique among the events of {@code source}
     * @param source who emits, as a URI reference
     * @param time when it was emitted
     */
    public static Headers of(String type, String id, String source, Instant time) {
        return new RecordHeaders()
                .add("ce_specversion", utf8("1.0"))
                .add(TYPE, utf8(type))
                .add("ce_id", utf8(id))
                .add("ce_source", utf8(source))
                .add("ce_time", utf8(time.toString()))
                .add("content-type", utf8("application/json"));
    }

    /** The event type that the headers name; null where they name none. */
    public static String type(Headers headers) {
        Header header = headers.lastHeader(TYPE);
        return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

package dev.cutover.gateway;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.PoisonException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Turns the records of one feature into frames. The payload's bytes pass through as they are.
 *
 * <p>Owned by the thread that reads: it holds the keys met so far, and where each was seen last.
 */
final class FrameEncoder {
    private static final JsonStringEncoder QUOTE = JsonStringEncoder.getInstance();

    private record KeyName(int partition, String type, String key) {}

    private final int featureIndex;
    private final Feature feature;
    private final ByteBufAllocator alloc;
    private final Map<KeyName, EventKey> keys = new HashMap<>();
    private final ByteBuf envelope = Unpooled.buffer(512);

    FrameEncoder(int featureIndex, Feature feature, ByteBufAllocator alloc) {
        this.featureIndex = featureIndex;
        this.feature = feature;
        this.alloc = alloc;
    }

    /** How many keys of all types were met. */
    int keyCount() {
        return keys.size();
    }

    /** The record as a frame with one reference, the caller's. */
    Frame encode(ConsumerRecord<byte[], byte[]> record) throws PoisonException {
        return encode(record, key -> true);
    }

    /**
     * The record as a frame with one reference, the caller's; null where it is not wanted.
     *
     * @param wanted by key
     */
    Frame encode(ConsumerRecord<byte[], byte[]> record, Predicate<String> wanted) throws PoisonException {
        EventRecord read = EventRecord.of(feature, record.key(), record.value(), record.headers());
        if (!wanted.test(read.key())) {
            return null;
        }
        EventKey key = keys.computeIfAbsent(
                new KeyName(record.partition(), read.type().type(), read.key()),
                name -> new EventKey(
                        featureIndex, feature.name(), keys.size(), read.type(), read.key(), record.partition()));
        writeEnvelope(key, record);
        key.lastOffset = record.offset();
        return Frame.encode(alloc, key, record.offset(), record.timestamp(), read.by(), envelope, record.value());
    }

    private void writeEnvelope(EventKey key, ConsumerRecord<byte[], byte[]> record) {
        envelope.clear();
        ascii("{\"type\":\"").ascii(key.type.type()).ascii("\",\"feature\":\"").ascii(feature.name());
        ascii("\",\"key\":\"");
        envelope.writeBytes(QUOTE.quoteAsUTF8(key.key));
        ascii("\",\"pos\":\"").ascii(Integer.toString(record.partition())).ascii(":");
        ascii(Long.toString(record.offset())).ascii("\"");
        if (key.lastOffset >= 0 && key.lastOffset < record.offset()) { // else it is being read once more
            ascii(",\"prev\":").ascii(Long.toString(key.lastOffset));
        }
        ascii(",\"ts\":\"")
                .ascii(Instant.ofEpochMilli(record.timestamp()).toString())
                .ascii("\"");
    }

    private FrameEncoder ascii(String text) {
        envelope.writeCharSequence(text, StandardCharsets.US_ASCII);
        return this;
    }
}

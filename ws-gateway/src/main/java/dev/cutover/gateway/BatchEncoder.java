package dev.cutover.gateway;

import dev.cutover.schema.DeadLetters;
import dev.cutover.schema.Event;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.PoisonException;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;

/**
 * Makes a batch of what one poll brought: events as frames, heartbeats as they are, and of what nobody can read dead letters.
 *
 * <p>Owned by the tail's thread.
 */
final class BatchEncoder {
    private final List<Feature> features;
    private final ByteBufAllocator alloc;
    private final DeadLetters deadLetters;
    private final TailVitals vitals;
    private final GatewayMetrics metrics;
    private final FrameEncoder[] encoders;
    private final Map<String, Integer> featureByTopic = new HashMap<>();

    BatchEncoder(
            FeatureCatalog catalog,
            ByteBufAllocator alloc,
            DeadLetters deadLetters,
            TailVitals vitals,
            GatewayMetrics metrics) {
        this.features = catalog.features();
        this.alloc = alloc;
        this.deadLetters = deadLetters;
        this.vitals = vitals;
        this.metrics = metrics;
        this.encoders = new FrameEncoder[features.size()];
        for (int i = 0; i < encoders.length; i++) {
            begin(i);
            featureByTopic.put(features.get(i).topic(), i);
        }
    }

    /** The feature's log is another from here on: its keys are numbered anew. */
    void begin(int feature) {
        encoders[feature] = new FrameEncoder(feature, features.get(feature), alloc);
    }

    /** The feature's place in the catalog; null for a topic that is no feature's. */
    Integer feature(String topic) {
        return featureByTopic.get(topic);
    }

    /** How many keys it has met. */
    int keyCount() {
        int count = 0;
        for (FrameEncoder encoder : encoders) {
            count += encoder.keyCount();
        }
        return count;
    }

    /**
     * Encodes records, each with one reference, the caller's.
     *
     * @param moved how far they bring each partition
     */
    TailBatch batch(ConsumerRecords<byte[], byte[]> records, List<TailBatch.Reached> moved) {
        List<Frame> frames = new ArrayList<>(records.count());
        TailBatch batch = new TailBatch(frames, new ArrayList<>(1), moved, List.of(), vitals.condition());
        try {
            records.forEach(record -> encode(record, batch));
        } catch (RuntimeException | Error e) {
            batch.release();
            throw e;
        }
        metrics.eventsRead.increment(frames.size());
        frames.forEach(frame -> vitals.event(frame.key.feature, frame.timestampMs));
        return batch;
    }

    private void encode(ConsumerRecord<byte[], byte[]> record, TailBatch into) {
        Integer feature = feature(record.topic());
        try {
            if (feature == null) {
                into.heartbeats().add(heartbeat(record));
            } else {
                into.frames().add(encoders[feature].encode(record));
            }
        } catch (PoisonException e) {
            deadLetters.send(record, e.getMessage());
        }
    }

    private static byte[] heartbeat(ConsumerRecord<byte[], byte[]> record) throws PoisonException {
        String type = EventHeaders.type(record.headers());
        if (type != null && !type.equals(Event.Heartbeat.TYPE)) {
            throw new PoisonException("its event type '" + type + "' is no heartbeat");
        }
        EventRecord.checkObject(record.value());
        return record.value();
    }
}

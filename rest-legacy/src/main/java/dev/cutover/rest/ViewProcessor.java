package dev.cutover.rest;

import dev.cutover.schema.DeadLetters;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Feature.View;
import dev.cutover.schema.PoisonException;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Puts the events of one partition into the store of views. One for each task, on the stream thread.
 *
 * <p>The store is in memory and has no changelog, so a task that is made anew has an empty one and goes on where the one before
 * it had stopped: whoever reads must know of it. Hence {@link Progress} is told of every opening and closing.
 */
final class ViewProcessor implements Processor<byte[], byte[], Void, Void> {
    /** The store of {@link #topology}: a key's bytes to its {@link KeyView}. */
    static final String STORE = "views";

    private static final String SOURCE = "events";
    private static final String PROCESSOR = "apply";

    /** Is told how far the store is; on the stream thread. */
    interface Progress {
        /** An empty store is there for the partition. */
        void opened(int partition);

        /** What the records up to this offset have changed is in the store. */
        void reached(int partition, long offset);

        /** The partition's store goes; called while it can still be read. */
        void closed(int partition);
    }

    private final Feature feature;
    private final DeadLetters deadLetters;
    private final Progress progress;
    private final KeyView empty;

    // from init on
    private ProcessorContext<Void, Void> context;
    private KeyValueStore<byte[], byte[]> store;

    private ViewProcessor(Feature feature, DeadLetters deadLetters, Progress progress) {
        this.feature = feature;
        this.deadLetters = deadLetters;
        this.progress = progress;
        this.empty = KeyView.empty(feature.events().size());
    }

    /** From the feature's topic into the store {@link #STORE}; by the settings, keys and values are bytes. */
    static Topology topology(StreamsConfig settings, Feature feature, DeadLetters deadLetters, Progress progress) {
        return new Topology(new TopologyConfig(settings))
                // of a record without a timestamp, whose default extractor would end the stream thread
                .addSource(
                        (TimestampExtractor) (record, partitionTime) -> Math.max(0, record.timestamp()),
                        SOURCE,
                        feature.topic())
                .addProcessor(PROCESSOR, () -> new ViewProcessor(feature, deadLetters, progress), SOURCE)
                .addStateStore(
                        Stores.keyValueStoreBuilder(
                                        Stores.inMemoryKeyValueStore(STORE), Serdes.ByteArray(), Serdes.ByteArray())
                                .withLoggingDisabled()
                                .withCachingDisabled(),
                        PROCESSOR);
    }

    @Override
    public void init(ProcessorContext<Void, Void> taskContext) {
        context = taskContext;
        store = taskContext.getStateStore(STORE);
        progress.opened(taskContext.taskId().partition());
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata place = context.recordMetadata().orElseThrow();
        try {
            apply(EventRecord.of(feature, record.key(), record.value(), record.headers()), record, place.offset());
        } catch (PoisonException e) {
            deadLetters.send(consumed(record, place), e.getMessage());
        }
        progress.reached(place.partition(), place.offset());
    }

    private void apply(EventRecord event, Record<byte[], byte[]> record, long offset) {
        EventType type = event.type();
        byte[] known = store.get(record.key());
        KeyView view = known == null ? empty : KeyView.decode(known);
        int depth = type.view() instanceof View.Series series ? series.depth() : 1;
        store.put(
                record.key(),
                view.apply(feature.events().indexOf(type), depth, event.by(), offset, record.value())
                        .encode());
    }

    private static ConsumerRecord<byte[], byte[]> consumed(Record<byte[], byte[]> record, RecordMetadata place) {
        return new ConsumerRecord<>(
                place.topic(),
                place.partition(),
                place.offset(),
                record.timestamp(),
                TimestampType.CREATE_TIME,
                ConsumerRecord.NULL_SIZE,
                ConsumerRecord.NULL_SIZE,
                record.key(),
                record.value(),
                record.headers(),
                Optional.empty());
    }

    @Override
    public void close() {
        progress.closed(context.taskId().partition());
    }
}

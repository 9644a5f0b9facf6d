package dev.cutover.gateway;

import dev.cutover.schema.DeadLetters;
import dev.cutover.schema.Event;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.PoisonException;
import dev.cutover.schema.TailStart;
import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads every partition of every feature, and the heartbeats, and hands what it reads to all hubs. Its thread, {@code
 * gateway-tail}, alone touches the consumer and the encoders. It belongs to no consumer group: each gateway reads everything.
 */
final class TopicTail implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(TopicTail.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long CLOSE_MS = 3_000;

    private final Consumer<byte[], byte[]> consumer;
    private final Admin admin;
    private final DeadLetters deadLetters;
    private final List<Hub> hubs;
    private final GatewayMetrics metrics;
    private final Thread thread;
    private final CompletableFuture<Void> warm = new CompletableFuture<>();
    private volatile boolean closing;

    // owned by the tail's thread
    private final FeatureCatalog catalog;
    private final FrameEncoder[] encoders;
    private final Map<String, Integer> featureByTopic = new HashMap<>();
    private final Map<TopicPartition, Long> reached = new HashMap<>();
    private boolean away;

    TopicTail(
            FeatureCatalog catalog,
            Consumer<byte[], byte[]> consumer,
            Admin admin,
            DeadLetters deadLetters,
            ByteBufAllocator alloc,
            List<Hub> hubs,
            GatewayMetrics metrics) {
        this.catalog = catalog;
        this.consumer = consumer;
        this.admin = admin;
        this.deadLetters = deadLetters;
        this.hubs = hubs;
        this.metrics = metrics;
        this.encoders = new FrameEncoder[catalog.features().size()];
        for (int i = 0; i < encoders.length; i++) {
            Feature feature = catalog.features().get(i);
            encoders[i] = new FrameEncoder(i, feature, alloc);
            featureByTopic.put(feature.topic(), i);
        }
        this.thread = new Thread(this::run, "gateway-tail");
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /**
     * Completes when every hub has all that the log held when the tail began; fails when the tail's thread has ended by an
     * error, also after the start.
     */
    CompletableFuture<Void> warm() {
        return warm;
    }

    private void run() {
        try {
            Map<TopicPartition, Long> ends = seekToStartPatiently();
            while (!closing && !isPast(ends)) {
                pollOnce();
            }
            awaitHubs();
            log.info("warm: {} keys", keyCount());
            warm.complete(null);
            while (!closing) {
                pollOnce();
            }
        } catch (InterruptedException | InterruptException e) {
            log.debug("the tail was told to stop");
        } catch (Throwable e) {
            log.error("the tail has stopped; this gateway serves nothing new any more", e);
            warm.obtrudeException(e);
        } finally {
            Thread.interrupted(); // the interrupt has done its work; closing the consumer must not be cut short by it
            consumer.close();
        }
    }

    /** A broker that is away for a moment must not end a gateway that only begins. */
    private Map<TopicPartition, Long> seekToStartPatiently() throws InterruptedException {
        while (true) {
            try {
                return seekToStart();
            } catch (InterruptException e) {
                throw e;
            } catch (KafkaException e) {
                log.warn("can't find where to begin, and try on: {}", e.getMessage());
                LockSupport.parkNanos(RETRY_NS);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
        }
    }

    /** Puts every partition where its reading must begin, and tells the end that it must reach to be warm. */
    private Map<TopicPartition, Long> seekToStart() throws InterruptedException {
        List<TopicPartition> partitions = new ArrayList<>();
        for (Feature feature : catalog.features()) {
            for (int i = 0; i < feature.partitions(); i++) {
                partitions.add(new TopicPartition(feature.topic(), i));
            }
        }
        TopicPartition heartbeats = new TopicPartition(catalog.heartbeat().topic(), 0);
        partitions.add(heartbeats);
        consumer.assign(partitions); // before it is asked for their ends, or it warns
        Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        Map<TopicPartition, Long> starts = new HashMap<>();
        TailStart start = new TailStart(consumer, admin);
        for (TopicPartition partition : partitions) {
            Integer feature = featureByTopic.get(partition.topic());
            starts.put(
                    partition,
                    feature == null
                            ? ends.get(partition)
                            : start.find(
                                    catalog.features().get(feature),
                                    partition,
                                    begins.get(partition),
                                    ends.get(partition)));
        }
        consumer.assign(partitions);
        starts.forEach(consumer::seek);
        dispatch(begun(starts));
        return ends;
    }

    /** What every hub is told first: what lies before these offsets it will never see. */
    private TailBatch begun(Map<TopicPartition, Long> starts) {
        List<TailBatch.Reached> begun = new ArrayList<>();
        starts.forEach((partition, start) -> {
            Integer feature = featureByTopic.get(partition.topic());
            if (feature != null) {
                begun.add(new TailBatch.Reached(feature, partition.partition(), start - 1));
            }
        });
        return new TailBatch(List.of(), List.of(), begun);
    }

    /** Asked of what was handed over, and not of the consumer, which may not know a position at the moment. */
    private boolean isPast(Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream()
                .filter(end -> featureByTopic.containsKey(end.getKey().topic()))
                .allMatch(end -> reached.getOrDefault(end.getKey(), -1L) >= end.getValue() - 1);
    }

    private int keyCount() {
        int count = 0;
        for (FrameEncoder encoder : encoders) {
            count += encoder.keyCount();
        }
        return count;
    }

    /** Waits until every hub has taken in all the batches that were handed to it. */
    private void awaitHubs() throws InterruptedException {
        for (Hub hub : hubs) {
            hub.awaitIdle();
        }
    }

    private void pollOnce() throws InterruptedException {
        ConsumerRecords<byte[], byte[]> records;
        try {
            records = consumer.poll(POLL);
        } catch (InterruptException e) {
            throw e;
        } catch (KafkaException e) {
            if (!away) {
                away = true;
                log.warn("can't read from Kafka, and try on: {}", e.getMessage());
            }
            LockSupport.parkNanos(RETRY_NS);
            return;
        }
        away = false;
        dispatch(batch(records));
    }

    private TailBatch batch(ConsumerRecords<byte[], byte[]> records) {
        List<TailBatch.Reached> moved = progress();
        List<Frame> frames = new ArrayList<>(records.count());
        List<byte[]> heartbeats = new ArrayList<>(1);
        TailBatch batch = new TailBatch(frames, heartbeats, moved);
        try {
            records.forEach(record -> encode(record, batch));
        } catch (RuntimeException | Error e) {
            batch.release();
            throw e;
        }
        metrics.eventsRead.increment(frames.size());
        return batch;
    }

    private void encode(ConsumerRecord<byte[], byte[]> record, TailBatch into) {
        Integer feature = featureByTopic.get(record.topic());
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

    private byte[] heartbeat(ConsumerRecord<byte[], byte[]> record) throws PoisonException {
        String type = EventHeaders.type(record.headers());
        if (type != null && !type.equals(Event.Heartbeat.TYPE)) {
            throw new PoisonException("its event type '" + type + "' is no heartbeat");
        }
        EventRecord.checkObject(record.value());
        return record.value();
    }

    /** The partitions that have moved since the last batch: past records, and past what no reader sees. */
    private List<TailBatch.Reached> progress() {
        List<TailBatch.Reached> moved = new ArrayList<>();
        for (TopicPartition partition : consumer.assignment()) {
            Integer feature = featureByTopic.get(partition.topic());
            if (feature == null) {
                continue;
            }
            long last;
            try {
                last = consumer.position(partition, Duration.ZERO) - 1;
            } catch (TimeoutException e) {
                continue; // being looked up anew, its log having been cut; a later poll knows it
            }
            Long before = reached.put(partition, last);
            if (before == null || before != last) {
                moved.add(new TailBatch.Reached(feature, partition.partition(), last));
            }
        }
        return moved;
    }

    private void dispatch(TailBatch batch) throws InterruptedException {
        if (batch.frames().isEmpty()
                && batch.heartbeats().isEmpty()
                && batch.reached().isEmpty()) {
            return;
        }
        // the encoder gave one reference; each hub needs its own
        batch.frames().forEach(frame -> frame.retain(hubs.size()).release());
        for (int i = 0; i < hubs.size(); i++) {
            try {
                hubs.get(i).accept(batch);
            } catch (InterruptedException e) {
                for (int rest = i; rest < hubs.size(); rest++) {
                    batch.release();
                }
                throw e;
            }
        }
    }

    @Override
    public void close() {
        closing = true;
        if (thread.getState() == Thread.State.NEW) {
            consumer.close(); // never started, so nobody else has touched it
            return;
        }
        thread.interrupt();
        try {
            thread.join(CLOSE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            log.warn("the tail did not stop within {} ms", CLOSE_MS);
        }
    }
}

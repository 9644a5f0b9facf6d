package dev.cutover.gateway;

import dev.cutover.schema.DeadLetters;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads every partition of every feature, and the heartbeats, and hands what it reads to all hubs. Its thread, {@code
 * gateway-tail}, alone touches the consumer and the encoder. It belongs to no consumer group: each gateway reads everything.
 *
 * <p>The consumer never jumps by itself: where what is next is not in the log, or the log is another one, the feature is read
 * anew by way of {@link Renewals}, and every hub is told so in its turn.
 */
final class TopicTail implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(TopicTail.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long RETRY_NS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final CloseOptions CLOSE = CloseOptions.timeout(Duration.ofSeconds(1));
    private static final long CLOSE_MS = 3_000;

    /**
     * Kafka, as the tail reads it; all of it is the tail's from its start, but the admin client.
     *
     * @param consumer fails where a position is not in the log, and does not reset it
     */
    record Source(Consumer<byte[], byte[]> consumer, Admin admin, Renewals renewals) {}

    private final Consumer<byte[], byte[]> consumer;
    private final Admin admin;
    private final Renewals renewals;
    private final List<Hub> hubs;
    private final TailVitals vitals;
    private final GatewayMetrics metrics;
    private final Thread thread;
    private final CompletableFuture<Void> warm = new CompletableFuture<>();
    private volatile boolean closing;

    // owned by the tail's thread
    private final FeatureCatalog catalog;
    private final BatchEncoder encoder;
    private final TopicPartition heartbeats;
    private final Map<TopicPartition, Long> reached = new HashMap<>();
    /** The offsets behind what each partition held when its reading began. */
    private final Map<TopicPartition, Long> warmEnds = new HashMap<>();

    /** What this poll has shown not to be in the log any more. */
    private final Set<TopicPartition> gone = new HashSet<>();

    private boolean away;

    TopicTail(
            FeatureCatalog catalog,
            Source source,
            DeadLetters deadLetters,
            ByteBufAllocator alloc,
            List<Hub> hubs,
            TailVitals vitals,
            GatewayMetrics metrics) {
        this.catalog = catalog;
        this.consumer = source.consumer();
        this.admin = source.admin();
        this.renewals = source.renewals();
        this.hubs = hubs;
        this.vitals = vitals;
        this.metrics = metrics;
        this.heartbeats = new TopicPartition(catalog.heartbeat().topic(), 0);
        this.encoder = new BatchEncoder(catalog, alloc, deadLetters, vitals, metrics);
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

    /** Any thread: the topic has another id now, and is to be read anew. */
    void onRenewed(String topic, String id) {
        renewals.onRenewed(topic, id);
    }

    private void run() {
        try {
            seekToStartPatiently();
            while (!closing && !isPast(warmEnds)) {
                pollOnce();
            }
            awaitHubs();
            log.info("warm: {} keys", encoder.keyCount());
            vitals.warm();
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
            consumer.close(CLOSE); // the default would wait half a minute for a broker that is away
            renewals.close();
        }
    }

    /** A broker that is away for a moment must not end a gateway that only begins. */
    private void seekToStartPatiently() throws InterruptedException {
        while (true) {
            try {
                seekToStart();
                return;
            } catch (InterruptException e) {
                throw e;
            } catch (KafkaException e) {
                log.warn("can't find where to begin, and try on: {}", e.getMessage());
                pause();
            }
        }
    }

    private static void pause() throws InterruptedException {
        LockSupport.parkNanos(RETRY_NS);
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    /** Puts every partition where its reading must begin. */
    private void seekToStart() throws InterruptedException {
        Beginning beginning = Beginning.find(consumer, admin, catalog.features());
        consumer.assign(List.of(heartbeats));
        consumer.seek(heartbeats, consumer.endOffsets(List.of(heartbeats)).get(heartbeats));
        begin(beginning);
        dispatch(new TailBatch(List.of(), List.of(), begun(beginning.starts())));
    }

    /** Reads these partitions from there on, beside those that are read already. */
    private void begin(Beginning beginning) {
        Set<TopicPartition> all = new HashSet<>(consumer.assignment());
        all.addAll(beginning.starts().keySet());
        consumer.assign(all);
        beginning.starts().forEach(consumer::seek);
        warmEnds.putAll(beginning.ends());
    }

    // features whose log is another

    private void renew() throws InterruptedException {
        for (String topic : renewals.signalled()) {
            if (topic.equals(heartbeats.topic())) {
                consumer.seekToEnd(List.of(heartbeats));
            } else {
                stopReading(encoder.feature(topic));
            }
        }
        Renewals.Renewal renewal;
        while ((renewal = renewals.next()) != null) {
            readAnew(renewal);
        }
    }

    /** What is next is not in the log: retention has taken it, or the log is shorter than it was. */
    private void lost(Set<TopicPartition> partitions) {
        for (TopicPartition partition : partitions) {
            log.warn("what is next of {} is not in the log; reading its feature anew", partition);
            if (partition.equals(heartbeats)) {
                consumer.seekToEnd(List.of(heartbeats));
            } else {
                int feature = encoder.feature(partition.topic());
                if (renewals.begin(feature)) {
                    stopReading(feature);
                }
            }
        }
    }

    /** Until it is known where to go on: what would be read meanwhile may be of either log. */
    private void stopReading(int feature) {
        Set<TopicPartition> others = new HashSet<>(consumer.assignment());
        Beginning.partitions(catalog.features().get(feature)).forEach(others::remove);
        consumer.assign(others);
    }

    private void readAnew(Renewals.Renewal renewal) throws InterruptedException {
        int index = renewal.feature();
        Feature feature = catalog.features().get(index);
        Beginning beginning = renewal.beginning();
        encoder.begin(index);
        begin(beginning);
        vitals.renewed(index);
        metrics.renewed(feature.name());
        log.warn(
                "feature {} is read anew, in topic id {} from {}", feature.name(), renewal.epoch(), beginning.starts());
        List<Long> ends = Beginning.partitions(feature).stream()
                .map(beginning.ends()::get)
                .toList();
        dispatch(new TailBatch(
                List.of(),
                List.of(),
                begun(beginning.starts()),
                List.of(new TailBatch.Renewed(index, renewal.epoch(), ends)),
                TailVitals.Condition.WELL));
    }

    /** What every hub is told first of a log: what lies before these offsets it will never see. */
    private List<TailBatch.Reached> begun(Map<TopicPartition, Long> starts) {
        List<TailBatch.Reached> begun = new ArrayList<>();
        starts.forEach((partition, start) -> {
            reached.put(partition, start - 1);
            begun.add(new TailBatch.Reached(encoder.feature(partition.topic()), partition.partition(), start - 1));
        });
        return begun;
    }

    /** Asked of what was handed over, and not of the consumer, which may not know a position at the moment. */
    private boolean isPast(Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream().allMatch(end -> reached.getOrDefault(end.getKey(), -1L) >= end.getValue() - 1);
    }

    /** Waits until every hub has taken in all the batches that were handed to it. */
    private void awaitHubs() throws InterruptedException {
        for (Hub hub : hubs) {
            hub.awaitIdle();
        }
    }

    private void pollOnce() throws InterruptedException {
        renew();
        ConsumerRecords<byte[], byte[]> records;
        try {
            records = consumer.poll(POLL);
        } catch (InterruptException e) {
            throw e;
        } catch (InvalidOffsetException e) {
            lost(e.partitions());
            return;
        } catch (KafkaException e) {
            if (!away) {
                away = true;
                log.warn("can't read from Kafka, and try on: {}", e.getMessage());
            }
            pause();
            return;
        }
        away = false;
        TailBatch batch = encoder.batch(records, progress());
        vitals.publish();
        dispatch(batch);
        lost(gone);
        gone.clear();
    }

    /** The partitions that have moved since the last batch: past records, and past what no reader sees. */
    private List<TailBatch.Reached> progress() {
        List<TailBatch.Reached> moved = new ArrayList<>();
        for (TopicPartition partition : consumer.assignment()) {
            Integer feature = encoder.feature(partition.topic());
            if (feature == null) {
                continue;
            }
            long last;
            try {
                last = consumer.position(partition, Duration.ZERO) - 1;
                vitals.lag(
                        feature,
                        partition.partition(),
                        consumer.currentLag(partition).orElse(-1));
            } catch (InterruptException e) {
                throw e;
            } catch (InvalidOffsetException e) {
                gone.addAll(e.partitions()); // the records of this poll come first
                continue;
            } catch (KafkaException e) {
                log.debug("the position of {} is not known at the moment", partition, e);
                continue; // it is being looked up anew, after a change of leader for one; a later poll knows it
            }
            Long before = reached.put(partition, last);
            if (before == null || before != last) {
                moved.add(new TailBatch.Reached(feature, partition.partition(), last));
            }
        }
        return moved;
    }

    private void dispatch(TailBatch batch) throws InterruptedException {
        if (batch.isEmpty()) {
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
            consumer.close(CLOSE); // never started, so nobody else has touched it
            renewals.close();
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

package dev.cutover.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Json;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.Reference;
import dev.cutover.schema.ServedRecord;
import dev.cutover.schema.Topics;
import dev.cutover.schema.UsageRecord;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down what REST answered: for each key of an answer a record in {@link Topics#served}, once for each key, offset, query
 * and body, and at most so many a second, but for the prober's; and who asked, in {@link Topics#REST_USAGE}. What is not written
 * is counted. What a service behind answers the prober is written each time.
 *
 * <p>{@link #accept} is safe on any thread and waits for nothing: evidence is dropped, and counted, before an answer is held up.
 * The thread {@code rest-recorder} does the rest, with a producer of its own, whose waiting for Kafka holds up nobody else.
 */
final class ServedRecorder implements Consumer<Served>, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ServedRecorder.class);
    private static final int MOST_WAITING = 1_024;
    private static final int MOST_WAITING_BYTES = 32 << 20;
    private static final int MOST_REMEMBERED = 50_000;
    private static final int MOST_CALLERS = 1_000;
    /** A record beyond it is refused by a broker with the usual settings. */
    private static final int LONGEST_RECORD_BYTES = 900_000;

    private static final int LONGEST_UNPACKED_BYTES = 32 << 20;
    private static final Duration IDLE = Duration.ofMillis(100);
    private static final long USAGE_EVERY_NS = TimeUnit.SECONDS.toNanos(1);
    /** For so long nothing is given to a producer that has refused: each refusal may take its whole patience. */
    private static final long REST_NS = TimeUnit.SECONDS.toNanos(1);

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);
    private static final Map<String, String> IMPATIENT = Map.of(ProducerConfig.MAX_BLOCK_MS_CONFIG, "500");

    private final Producer<byte[], byte[]> producer;
    private final InstantSource clock;
    private final LongSupplier nanoClock;
    private final RestMetrics metrics;
    private final BlockingQueue<Served> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
    private final AtomicLong waitingBytes = new AtomicLong();
    /** Told by the producer's thread. */
    private final Queue<RecordedBefore.Identity> unwritten = new ConcurrentLinkedQueue<>();

    private final Queue<UsageRecord> unwrittenUsage = new ConcurrentLinkedQueue<>();
    private final Thread thread = new Thread(this::run, "rest-recorder");
    private volatile boolean closing;

    // of the recorder's thread
    private final RecordedBefore recorded = new RecordedBefore(MOST_REMEMBERED);
    private final RecordRate rate;
    private final Usage usage;
    private long usageDueNs;
    /** Where the next list begins, so that not always the same keys are those that are over the rate. */
    private int turn;

    private boolean away;
    private boolean saidFailed;
    private long sendAgainNs;

    /**
     * A recorder that is to be {@link #start started}.
     *
     * @param producer is closed with it
     * @param perSecond how many bodies a second, beside the prober's
     * @param instance of this start, under which usage is counted
     * @param nanoClock for the rate, and the cadence within which an answer without an offset is a repetition
     */
    ServedRecorder(
            Producer<byte[], byte[]> producer,
            int perSecond,
            String instance,
            InstantSource clock,
            LongSupplier nanoClock,
            RestMetrics metrics) {
        this.producer = producer;
        this.clock = clock;
        this.nanoClock = nanoClock;
        this.metrics = metrics;
        this.rate = new RecordRate(perSecond, nanoClock.getAsLong());
        this.usage = new Usage(instance, MOST_CALLERS);
        this.sendAgainNs = nanoClock.getAsLong();
        this.usageDueNs = nanoClock.getAsLong() + USAGE_EVERY_NS;
        thread.setDaemon(true);
    }

    /** A producer that a recorder can use. */
    static Producer<byte[], byte[]> producer(KafkaConnection kafka) {
        return kafka.with(IMPATIENT).producer("cutover-rest-recorder");
    }

    void start() {
        thread.start();
    }

    /** Takes an answer that has gone out, or is about to. */
    @Override
    public void accept(Served served) {
        int bytes = served.content().bytes();
        boolean room = waitingBytes.addAndGet(bytes) <= MOST_WAITING_BYTES;
        // without room for its bodies, there may be room to count who asked
        boolean taken = waiting.offer(room ? served : served.withoutContent());
        if (!room || !taken) {
            waitingBytes.addAndGet(-bytes);
            metrics.served(served.feature().name(), "dropped", 1);
        }
    }

    private void run() {
        try {
            while (!closing || !waiting.isEmpty()) {
                step(IDLE);
            }
            tellUsage();
        } catch (InterruptedException | InterruptException e) {
            log.debug("the recorder was told to stop");
        } catch (Throwable e) {
            log.error(
                    "the recorder has stopped, which is a fault of Cutover; REST answers, and nothing is recorded", e);
            throw e;
        }
    }

    /** Records one answer, if one comes in time, and tells usage when it is due. */
    void step(Duration wait) throws InterruptedException {
        Served next = waiting.poll(wait.toNanos(), TimeUnit.NANOSECONDS);
        for (RecordedBefore.Identity each; (each = unwritten.poll()) != null; ) {
            recorded.forget(each);
        }
        if (next != null) {
            waitingBytes.addAndGet(-next.content().bytes());
            record(next);
        }
        if (nanoClock.getAsLong() - usageDueNs >= 0) {
            tellUsage();
        }
    }

    /** How many bodies of one answer went which way. */
    private static final class Tally {
        int recorded;
        int repeated;
        int sampledOut;
    }

    private void record(Served served) {
        Feature feature = served.feature();
        Tally tally = new Tally();
        attempt(feature, () -> {
            ServedBodies all = ServedBodies.of(served, LONGEST_UNPACKED_BYTES);
            all.unusable().forEach((reason, number) -> metrics.served(feature.name(), reason, number));
            fromItsTurn(all.bodies()).forEach(body -> attempt(feature, () -> record(served, body, tally)));
        });
        metrics.served(feature.name(), "recorded", tally.recorded);
        metrics.served(feature.name(), "repeated", tally.repeated);
        metrics.served(feature.name(), "sampled_out", tally.sampledOut);
        if (served.isUse()) {
            usage.count(
                    feature.name(),
                    served.caller(),
                    served.servedAt(),
                    tally.recorded,
                    tally.repeated,
                    tally.sampledOut);
        }
    }

    /**
     * One body that nobody had thought of, such as one with a number that has no plain form, must not end the evidence of all
     * others, nor hide who asked.
     */
    private void attempt(Feature feature, Runnable step) {
        try {
            step.run();
        } catch (InterruptException e) {
            throw e;
        } catch (RuntimeException e) {
            metrics.served(feature.name(), "failed", 1);
            if (!saidFailed) {
                saidFailed = true;
                log.warn("an answer of {} can't be recorded; further ones are only counted", feature.name(), e);
            }
        }
    }

    private List<ServedBodies.Body> fromItsTurn(List<ServedBodies.Body> bodies) {
        if (bodies.size() < 2) {
            return bodies;
        }
        List<ServedBodies.Body> turned = new ArrayList<>(bodies);
        Collections.rotate(turned, turn++ % bodies.size());
        return turned;
    }

    private void record(Served served, ServedBodies.Body body, Tally tally) {
        Feature feature = served.feature();
        long nowNs = nanoClock.getAsLong();
        RecordedBefore.Identity identity = RecordedBefore.Identity.of(feature.name(), body);
        boolean isNews = measuresNoise(served, body)
                || !recorded.has(identity, nowNs, feature.fastestCadence().toNanos());
        if (!isNews) {
            tally.repeated++;
        } else if (!served.caller().isProber() && !rate.take(nowNs)) {
            tally.sampledOut++;
        } else if (write(served, body, identity)) {
            recorded.add(identity, nowNs);
            tally.recorded++;
        }
    }

    /**
     * Whether it may be one of the prober's two reads right after the other, by which is told what a service answers differently each
     * time: that both are equal says as much as that they differ.
     */
    private static boolean measuresNoise(Served served, ServedBodies.Body body) {
        return served.caller().isProber() && body.kind() == ServedRecord.Kind.ENTRY && body.offset() == null;
    }

    private boolean write(Served served, ServedBodies.Body body, RecordedBefore.Identity identity) {
        String feature = served.feature().name();
        JsonNode tree;
        try {
            tree = body.tree() == null ? null : body.tree().read();
        } catch (IOException e) {
            metrics.served(feature, ServedBodies.NOT_JSON, 1);
            return false;
        }
        ServedRecord record = new ServedRecord(
                body.kind(),
                feature,
                body.key(),
                body.epoch(),
                body.epoch() == null ? null : body.partition(),
                body.offset(),
                body.query(),
                served.caller().kind(),
                body.epoch() == null ? Reference.UPSTREAM : Reference.MATERIALISED,
                served.askedAt(),
                served.servedAt(),
                body.hash(),
                tree,
                body.keys());
        byte[] json = record.toJson();
        if (json.length > LONGEST_RECORD_BYTES) {
            metrics.served(feature, ServedBodies.TOO_LARGE, 1);
            return false;
        }
        return send(
                new ProducerRecord<>(Topics.served(served.feature()), body.partition(), record.recordKey(), json),
                () -> {
                    metrics.served(feature, "lost", 1);
                    unwritten.add(identity);
                });
    }

    private void tellUsage() {
        usageDueNs = nanoClock.getAsLong() + USAGE_EVERY_NS;
        for (UsageRecord each; (each = unwrittenUsage.poll()) != null; ) {
            usage.again(each);
        }
        for (UsageRecord record : usage.takeChanged(clock.instant())) {
            try {
                ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(
                        Topics.REST_USAGE, record.recordKey(), Json.MAPPER.writeValueAsBytes(record));
                var unused = send(letter, () -> unwrittenUsage.add(record));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("usage that can't be written: " + record, e);
            }
        }
    }

    /**
     * Gives a record to the producer.
     *
     * @param onLoss called where it did not get to Kafka: by now, or later by the producer's thread
     * @return false where it is known by now that it did not
     */
    private boolean send(ProducerRecord<byte[], byte[]> record, Runnable onLoss) {
        if (away && nanoClock.getAsLong() - sendAgainNs < 0) {
            onLoss.run();
            return false;
        }
        try {
            var unused = producer.send(record, (metadata, failure) -> {
                if (failure != null) {
                    onLoss.run();
                }
            });
            if (away) {
                away = false;
                log.info("what REST answers is recorded again");
            }
            return true;
        } catch (InterruptException e) {
            throw e;
        } catch (KafkaException e) {
            if (!away) {
                away = true;
                log.warn("what REST answers is not recorded until Kafka takes it: {}", e.getMessage());
            }
            sendAgainNs = nanoClock.getAsLong() + REST_NS;
            onLoss.run();
            return false;
        }
    }

    /** Writes what still waits, within two seconds or so. */
    @Override
    public void close() {
        closing = true;
        try {
            if (thread.isAlive()) {
                thread.join(CLOSE_TIMEOUT.toMillis());
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        producer.close(CLOSE_TIMEOUT);
    }
}

package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.FlagChange;
import dev.cutover.schema.Health;
import dev.cutover.schema.PoisonException;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.Settings;
import dev.cutover.schema.Stage;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/**
 * A gateway of one hub without Kafka, sockets or time of its own: everything runs on the test's thread. Its end holds that
 * every frame and every byte of its allocator was given back.
 */
final class GatewayRig implements AutoCloseable {
    static final int SESSION_BYTES = 64 * 1024;
    static final long BACKLOG_BYTES = 64 << 20;
    static final Instant T0 = Instant.parse("2026-01-05T15:30:00.123Z");

    final FeatureCatalog catalog = FeatureCatalog.shipped();
    final AtomicLong nowNs = new AtomicLong(1);
    final GatewayMetrics metrics = new GatewayMetrics();
    final Map<String, Stage> stages = new HashMap<>();
    final List<String> notReady = new ArrayList<>();
    final UnpooledByteBufAllocator alloc = new UnpooledByteBufAllocator(true);
    final RigLog log;
    final Loop loop = new Loop();
    final Hub hub;
    final Admission admission;

    private final List<FrameEncoder> encoders = new ArrayList<>();
    private final Map<String, Long> ends = new HashMap<>();
    private final List<Frame> frames = new ArrayList<>();
    private final List<TestClient> clients = new ArrayList<>();
    private final AtomicLong connections = new AtomicLong();
    private long writtenMs = T0.toEpochMilli();

    GatewayRig() {
        this(Map.of());
    }

    /** @param given settings, instead of the rig's own */
    GatewayRig(Map<String, String> given) {
        log = new RigLog(catalog, alloc);
        Map<String, String> epochs = new HashMap<>();
        for (Feature feature : catalog.features()) {
            encoders.add(new FrameEncoder(encoders.size(), feature, alloc));
            epochs.put(feature.topic(), "epoch-of-" + feature.name());
        }
        GatewaySettings settings = settings(given);
        admission = new Admission(settings, new InetSocketAddress(settings.host(), 0), () -> new Health(notReady));
        hub = new Hub(
                loop,
                new Hub.Shared(
                        settings,
                        catalog,
                        epochs,
                        feature -> stages.getOrDefault(feature, Stage.SHADOW),
                        log,
                        new Semaphore(settings(given).limits().replays()),
                        nowNs::get,
                        metrics));
        Batch start = batch();
        for (Feature feature : catalog.features()) {
            for (int partition = 0; partition < feature.partitions(); partition++) {
                start.reached(feature.name(), partition, -1);
            }
        }
        start.deliver();
    }

    /** Those of the rig, and what is given instead. */
    static GatewaySettings settings(Map<String, String> given) {
        Map<String, String> all = new HashMap<>(Map.of(
                "gateway-name", "gw-1",
                "session-bytes", Integer.toString(SESSION_BYTES),
                "backlog-bytes", Long.toString(BACKLOG_BYTES)));
        all.putAll(given);
        return GatewaySettings.from(Settings.resolve(GatewaySettings.all(), all, Map.of()));
    }

    /** An event loop that runs on the test's thread: a task that is given by a task comes after it. */
    static final class Loop implements Executor {
        private final Queue<Runnable> tasks = new ArrayDeque<>();
        private boolean running;
        private boolean held;

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
            if (!held) {
                runAll();
            }
        }

        private void runAll() {
            if (!running) {
                running = true;
                try {
                    while (!tasks.isEmpty()) {
                        tasks.remove().run();
                    }
                } finally {
                    running = false;
                }
            }
        }

        /** From now on tasks wait for {@link #step} or {@link #go}; what clients say is heard all the same. */
        void hold() {
            held = true;
        }

        /** Runs the one that waits longest. */
        void step() {
            tasks.remove().run();
        }

        /** Runs those that wait, and from now on each at once. */
        void go() {
            held = false;
            runAll();
        }
    }

    // clients

    TestClient connection() {
        return connection("192.0.2.1");
    }

    /** @param from its address */
    TestClient connection(String from) {
        TestClient client = new TestClient(
                new InetSocketAddress(from, 50_000),
                new HttpFront.Backing(
                        new ServiceEndpoints(
                                () -> new Health(notReady),
                                () -> new CutoverStatus(CutoverStatus.Mode.SHADOW, List.of(), 12L),
                                metrics::scrape),
                        metrics,
                        channel -> hub,
                        () -> "c-" + connections.incrementAndGet(),
                        admission,
                        hub.settings().limits().handshakeTimeout()),
                alloc);
        clients.add(client);
        return client;
    }

    /** A client of the protocol that has read its welcome. */
    TestClient client() {
        TestClient client = connection();
        assertThat(client.handshake("Sec-WebSocket-Protocol: cutover.v1"))
                .containsIgnoringCase("sec-websocket-protocol: cutover.v1");
        assertThat(client.summaries()).containsExactly("welcome");
        return client;
    }

    TestClient subscriber(String feature) {
        TestClient client = client().say("{\"type\":\"subscribe\",\"feature\":\"" + feature + "\",\"from\":\"now\"}");
        assertThat(client.summaries()).containsExactly("subscribed");
        client.socket.flushesSinceLastAsked();
        return client;
    }

    /** Forgets a client that is done, so that a test may have thousands. */
    void leave(TestClient client) {
        client.leave();
        clients.remove(client);
    }

    // the log

    /** What one poll brings. */
    final class Batch {
        private final List<Frame> batch = new ArrayList<>();
        private final List<byte[]> heartbeats = new ArrayList<>();
        private final List<TailBatch.Reached> reached = new ArrayList<>();
        private final List<TailBatch.Renewed> renewed = new ArrayList<>();
        private TailVitals.Condition condition = TailVitals.Condition.WELL;

        Batch event(String type, int partition, String key, String data) {
            batch.add(frame(type, partition, key, data));
            return this;
        }

        Batch event(String type, String key, int value) {
            return event(type, 0, key, "{\"v\":" + value + "}");
        }

        Batch bar(String symbol, String minute, int close) {
            return event(
                    "intraday_bar", 0, symbol, "{\"timestamp_minute\":\"" + minute + "\",\"close\":" + close + "}");
        }

        Batch heartbeat(String data) {
            heartbeats.add(data.getBytes(StandardCharsets.UTF_8));
            return this;
        }

        Batch reached(String feature, int partition, long offset) {
            ends.put(feature + partition, offset + 1);
            reached.add(new TailBatch.Reached(index(feature), partition, offset));
            return this;
        }

        /** The feature's topic was made anew, and holds nothing yet of what comes up to these ends. */
        Batch renewed(String feature, String epoch, Long... ends) {
            encoders.set(
                    index(feature),
                    new FrameEncoder(index(feature), catalog.features().get(index(feature)), alloc));
            renewed.add(new TailBatch.Renewed(index(feature), epoch, List.of(ends)));
            for (int partition = 0; partition < ends.length; partition++) {
                reached(feature, partition, -1);
            }
            return this;
        }

        Batch condition(TailVitals.Condition of) {
            condition = of;
            return this;
        }

        void deliver() {
            try {
                hub.accept(new TailBatch(batch, heartbeats, reached, renewed, condition));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    Batch batch() {
        return new Batch();
    }

    private int index(String feature) {
        return catalog.features().indexOf(catalog.feature(feature).orElseThrow());
    }

    /** The offset of the partition's next event. */
    long end(String feature, int partition) {
        return ends.getOrDefault(feature + partition, 0L);
    }

    /** The next event of its partition as a frame with one reference. */
    Frame frame(String type, int partition, String key, String data) {
        Feature feature = catalog.features().stream()
                .filter(each -> each.event(type).isPresent())
                .findFirst()
                .orElseThrow();
        long offset = ends.merge(feature.name() + partition, 1L, Long::sum) - 1;
        ConsumerRecord<byte[], byte[]> record =
                record(feature.topic(), partition, offset, type, utf8(key), utf8(data), writtenMs);
        log.add(record);
        try {
            Frame frame = encoders.get(index(feature.name())).encode(record);
            frames.add(frame);
            return frame;
        } catch (PoisonException e) {
            throw new AssertionError(e);
        }
    }

    /** What is made from now on was written so long after {@link #T0}. */
    void writtenAfterMs(long ms) {
        writtenMs = T0.toEpochMilli() + ms;
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** @param type null for a record without that header */
    static ConsumerRecord<byte[], byte[]> record(
            String topic, int partition, long offset, String type, byte[] key, byte[] value) {
        return record(topic, partition, offset, type, key, value, T0.toEpochMilli());
    }

    private static ConsumerRecord<byte[], byte[]> record(
            String topic, int partition, long offset, String type, byte[] key, byte[] value, long timestampMs) {
        return new ConsumerRecord<>(
                topic,
                partition,
                offset,
                timestampMs,
                TimestampType.CREATE_TIME,
                0,
                0,
                key,
                value,
                type == null ? new RecordHeaders() : EventHeaders.of(type, "1", "/test", T0),
                Optional.empty());
    }

    // flags and time

    void flip(String feature, Stage to) {
        Stage from = stages.getOrDefault(feature, Stage.SHADOW);
        stages.put(feature, to);
        hub.onFlagChange(new FlagChange(flag(feature, from, 3), flag(feature, to, 4)));
    }

    static Flag flag(String feature, Stage stage, long version) {
        return new Flag(
                feature,
                stage,
                version,
                100,
                null,
                Flag.Guard.ON,
                false,
                false,
                "change-" + version,
                "operator-1",
                Instant.parse("2026-01-05T15:31:00Z"),
                "it is \"time\"",
                Instant.parse("2026-01-05T15:31:00Z"));
    }

    void afterMs(long ms) {
        nowNs.addAndGet(ms * 1_000_000);
    }

    double closedBy(String code) {
        return counted("cutover_gateway_closed_total{code=\"" + code + "\"}");
    }

    double subscriptions(String feature) {
        return counted("cutover_gateway_subscriptions{feature=\"" + feature + "\"}");
    }

    double refused(String code) {
        return counted("cutover_gateway_refused_total{code=\"" + code + "\"}");
    }

    /** With whatever code. */
    double refused() {
        return counted("cutover_gateway_refused_total");
    }

    private double counted(String series) {
        return metrics.scrape()
                .lines()
                .filter(line -> line.startsWith(series))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Override
    public void close() {
        clients.forEach(TestClient::leave);
        assertThat(metrics.connections).hasValue(0);
        catalog.features().forEach(feature -> assertThat(subscriptions(feature.name()))
                .as("subscriptions to %s", feature.name())
                .isZero());
        assertThat(admission.streams()).as("places not given back").isZero();
        assertThat(admission.addresses()).as("addresses kept").isZero();
        hub.release();
        log.assertRoomGivenBack();
        assertThat(frames).allSatisfy(frame -> assertThat(frame.references())
                .as("references of %s", frame.key.key + "@" + frame.offset)
                .isZero());
        assertThat(alloc.metric().usedDirectMemory())
                .as("direct bytes not given back")
                .isZero();
        assertThat(alloc.metric().usedHeapMemory())
                .as("heap bytes not given back")
                .isZero();
    }
}

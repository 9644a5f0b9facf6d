package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cutover.schema.DeadLetters;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Stage;
import dev.cutover.schema.Topics;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The tail on empty topics; where it starts on full ones is for a real broker to show. */
class TopicTailTest {
    private static final TopicPartition POSITIONS = new TopicPartition("events.positions", 1);
    private static final TopicPartition HEARTBEATS = new TopicPartition("events.heartbeat", 0);

    private final FeatureCatalog catalog = FeatureCatalog.shipped();
    private final GatewayMetrics metrics = new GatewayMetrics();
    private final UnpooledByteBufAllocator alloc = new UnpooledByteBufAllocator(true);
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final ExecutorService loop = Executors.newSingleThreadExecutor();
    private final ExecutorService otherLoop = Executors.newSingleThreadExecutor();
    private final Hub hub = hub(loop);
    private final Hub otherHub = hub(otherLoop);
    private final TailVitals vitals = new TailVitals(catalog.features(), Clock.systemUTC(), metrics);
    private final BlockingQueue<Object> findings = new LinkedBlockingQueue<>();
    // without an Admin: an empty partition needs none to find its start
    private final TopicTail tail = new TopicTail(
            catalog,
            new TopicTail.Source(consumer, null, new Renewals(catalog.features(), epochs(), this::find)),
            new DeadLetters(producer, metrics.deadLetters, metrics.deadLettersFailed),
            alloc,
            List.of(hub, otherHub),
            vitals,
            metrics);

    /** What the test has in store: a beginning, or how the search fails. */
    private Renewals.Found find(Feature feature) throws InterruptedException {
        assertThat(feature.topic()).isEqualTo(POSITIONS.topic());
        Object finding = findings.take();
        if (finding instanceof KafkaException failure) {
            throw failure;
        }
        return (Renewals.Found) finding;
    }

    private Map<String, String> epochs() {
        Map<String, String> epochs = new HashMap<>();
        catalog.features().forEach(feature -> epochs.put(feature.topic(), "e"));
        return epochs;
    }

    private Hub hub(ExecutorService on) {
        return new Hub(
                on,
                new Hub.Shared(
                        GatewayRig.settings(Map.of()),
                        catalog,
                        epochs(),
                        feature -> Stage.SHADOW,
                        new RigLog(catalog, alloc),
                        new Semaphore(0),
                        System::nanoTime,
                        metrics));
    }

    @BeforeEach
    void start() {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        for (Feature feature : catalog.features()) {
            for (int i = 0; i < feature.partitions(); i++) {
                offsets.put(new TopicPartition(feature.topic(), i), 0L);
            }
        }
        offsets.put(new TopicPartition("events.account-balance", 2), 40L); // retention has taken all that it held
        offsets.put(HEARTBEATS, 7L);
        consumer.updateBeginningOffsets(offsets);
        consumer.updateEndOffsets(offsets);
        tail.start();
        await().until(() -> tail.warm().isDone());
        assertThat(tail.warm()).isCompleted();
    }

    @AfterEach
    void everythingIsGivenBack() throws Exception {
        tail.close();
        assertThat(consumer.closed()).isTrue();
        onLoop(() -> hub.release());
        otherLoop.submit(otherHub::release).get();
        loop.shutdown();
        otherLoop.shutdown();
        assertThat(alloc.metric().usedDirectMemory()).isZero();
    }

    private void onLoop(Runnable action) throws Exception {
        Future<?> done = loop.submit(action);
        done.get();
    }

    private List<String> snapshot(Hub of, ExecutorService on) throws Exception {
        return on.submit(() -> {
                    List<String> keys = new ArrayList<>();
                    of.shard("positions").snapshot(KeyFilter.of(null), 0).forEach(frame -> {
                        keys.add(frame.key.key + "@" + frame.offset);
                        frame.release();
                    });
                    return keys;
                })
                .get();
    }

    private long[] reached(String feature) throws Exception {
        return loop.submit(() -> hub.shard(feature).reached().clone()).get();
    }

    private void records(List<ConsumerRecord<byte[], byte[]>> records) {
        consumer.schedulePollTask(() -> records.forEach(consumer::addRecord));
    }

    private static ConsumerRecord<byte[], byte[]> position(long offset, String key, String data) {
        return GatewayRig.record(
                POSITIONS.topic(),
                POSITIONS.partition(),
                offset,
                "positions",
                GatewayRig.utf8(key),
                GatewayRig.utf8(data));
    }

    @Test
    void emptyTopicsAreWarmAtOnceAndSayWhatTheyReached() throws Exception {
        assertThat(reached("positions")).containsExactly(-1, -1, -1);
        assertThat(reached("account_balance")).containsExactly(-1, -1, 39);
    }

    @Test
    void everyHubGetsEveryEvent() throws Exception {
        records(List.of(position(0, "a", "{}"), position(1, "b", "{}")));
        await().until(() -> snapshot(hub, loop).size() == 2);
        await().until(() -> snapshot(otherHub, otherLoop).equals(List.of("a@0", "b@1")));
        assertThat(metrics.eventsRead.count()).isEqualTo(2);
    }

    @Test
    void poisonGoesToTheDeadLettersOnceAndTheNextRecordArrives() throws Exception {
        records(List.of(
                position(0, "a", "{}"),
                position(1, "b", "{ this is no JSON"),
                GatewayRig.record(POSITIONS.topic(), 1, 2, "positions", null, null),
                position(3, "c", "{}")));
        await().until(() -> snapshot(hub, loop).equals(List.of("a@0", "c@3")));
        assertThat(reached("positions")).containsExactly(-1, 3, -1);
        assertThat(producer.history()).hasSize(2);
        ProducerRecord<byte[], byte[]> letter = producer.history().get(0);
        assertThat(letter.topic()).isEqualTo(Topics.DEAD_LETTERS);
        assertThat(text(letter.key())).isEqualTo("events.positions-1@1");
        assertThat(text(letter.value())).isEqualTo("{ this is no JSON");
        assertThat(header(letter, DeadLetters.REASON)).startsWith("its value is not JSON: ");
        assertThat(header(letter, DeadLetters.KEY)).isEqualTo("b");
        assertThat(header(letter, "ce_type")).isEqualTo("positions");
        ProducerRecord<byte[], byte[]> empty = producer.history().get(1);
        assertThat(empty.value()).as("no tombstone").isEmpty();
        assertThat(empty.headers().lastHeader("cutover_null_value")).isNotNull();
        assertThat(empty.headers().lastHeader(DeadLetters.KEY)).isNull();
        assertThat(header(empty, DeadLetters.REASON)).isEqualTo("it has no key");
        assertThat(metrics.deadLetters.count()).isEqualTo(2);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static String header(ProducerRecord<byte[], byte[]> letter, String name) {
        return text(letter.headers().lastHeader(name).value());
    }

    @Test
    void deadLetterThatCannotBeWrittenIsCountedAndStopsNothing() throws Exception {
        producer.sendException = new KafkaException("no room");
        records(List.of(position(0, "a", "poison"), position(1, "b", "{}")));
        await().until(() -> snapshot(hub, loop).equals(List.of("b@1")));
        assertThat(metrics.deadLettersFailed.count()).isEqualTo(1);
    }

    @Test
    void offsetsThatNoReaderSeesMoveWhatIsReached() throws Exception {
        records(List.of(position(0, "a", "{}")));
        await().until(() -> reached("positions")[1] == 0);
        consumer.schedulePollTask(() -> consumer.seek(POSITIONS, 6)); // markers of transactions
        await().until(() -> reached("positions")[1] == 5);
    }

    @Test
    void heartbeatIsPassedOnAndWhatIsNoneIsADeadLetter() throws Exception {
        byte[] data = GatewayRig.utf8("{\"heartbeat_count\":30}");
        records(List.of(
                GatewayRig.record(HEARTBEATS.topic(), 0, 7, "positions", null, data),
                GatewayRig.record(HEARTBEATS.topic(), 0, 8, "heartbeat", null, GatewayRig.utf8("30")),
                GatewayRig.record(HEARTBEATS.topic(), 0, 9, "heartbeat", null, data)));
        await().until(() -> metrics.deadLetters.count() == 2);
        records(List.of(position(0, "a", "{}")));
        await().until(() -> snapshot(hub, loop).size() == 1);
        assertThat(producer.history())
                .extracting(letter -> header(letter, DeadLetters.REASON))
                .containsExactly("its event type 'positions' is no heartbeat", "its value is no JSON object");
    }

    @Test
    void tailGoesOnWhenKafkaIsBack() throws Exception {
        consumer.schedulePollTask(() -> consumer.setPollException(new KafkaException("away")));
        records(List.of(position(0, "a", "{}")));
        await().until(() -> snapshot(hub, loop).size() == 1);
        assertThat(tail.warm()).isCompleted();
    }

    @Test
    void errorInTheMiddleOfABatchEndsTheTailAndGivesItsFramesBack() {
        producer.sendException = new IllegalStateException("a mistake of ours");
        records(List.of(position(0, "a", "{}"), position(1, "b", "poison")));
        await().until(() -> tail.warm().isCompletedExceptionally());
    }

    @Test
    void errorThatEndsTheTailIsSaid() {
        consumer.schedulePollTask(() -> {
            throw new IllegalStateException("a mistake of ours");
        });
        await().until(() -> tail.warm().isCompletedExceptionally());
    }

    // logs that are others

    private static Renewals.Found beginning(String epoch, long start, long end) {
        Map<TopicPartition, Long> starts = new HashMap<>();
        Map<TopicPartition, Long> ends = new HashMap<>();
        Beginning.partitions(FeatureCatalog.shipped().feature("positions").orElseThrow())
                .forEach(partition -> {
                    starts.put(partition, partition.equals(POSITIONS) ? start : 0L);
                    ends.put(partition, partition.equals(POSITIONS) ? end : 0L);
                });
        return new Renewals.Found(epoch, new Beginning(starts, ends));
    }

    private static ConsumerRecord<byte[], byte[]> balance(long offset) {
        return GatewayRig.record(
                "events.account-balance", 0, offset, "account_balance", GatewayRig.utf8("b"), GatewayRig.utf8("{}"));
    }

    private String epoch() throws Exception {
        return loop.submit(() -> hub.shard("positions").epoch()).get();
    }

    @Test
    void whatRetentionHasPassedIsReadAnewUnderTheSameEpochAndTheOtherFeaturesGoOnMeanwhile() throws Exception {
        records(List.of(position(0, "a", "{}"), position(1, "b", "{}")));
        await().until(() -> snapshot(hub, loop).size() == 2);
        consumer.schedulePollTask(
                () -> consumer.setPollException(new OffsetOutOfRangeException(Map.of(POSITIONS, 2L))));
        await().until(() -> consumer.assignment().stream()
                .noneMatch(partition -> partition.topic().equals(POSITIONS.topic())));
        records(List.of(balance(0)));
        await().until(() -> reached("account_balance")[0] == 0);
        assertThat(snapshot(hub, loop)).as("what is known stays").containsExactly("a@0", "b@1");

        findings.add(new KafkaException("there is no leader yet"));
        findings.add(beginning("e", 700, 702));
        await().until(() -> snapshot(hub, loop).isEmpty());
        assertThat(reached("positions")).containsExactly(-1, 699, -1);
        assertThat(loop.submit(() -> hub.shard("positions").isRenewing()).get()).isTrue();
        records(List.of(position(700, "a", "{}"), position(701, "c", "{}")));
        await().until(() -> snapshot(hub, loop).equals(List.of("a@700", "c@701")));
        await().until(() -> snapshot(otherHub, otherLoop).equals(List.of("a@700", "c@701")));
        assertThat(loop.submit(() -> hub.shard("positions").isRenewing()).get()).isFalse();
        assertThat(loop.submit(() -> hub.shard("positions").backlog().reachesBackTo(1))
                        .get())
                .isEqualTo(699);
        assertThat(epoch()).isEqualTo("e");
        records(List.of(balance(1)));
        await().until(() -> reached("account_balance")[0] == 1);
    }

    @Test
    void topicThatWasMadeAnewIsReadFromWhereItBeginsAndAnIdThatABrokerTellsLateIsNotTaken() throws Exception {
        records(List.of(position(0, "a", "{}")));
        await().until(() -> snapshot(hub, loop).size() == 1);
        tail.onRenewed(POSITIONS.topic(), "e2");
        findings.add(beginning("e", 1, 1));
        findings.add(beginning("e2", 0, 0));
        await().until(() -> epoch().equals("e2"));
        assertThat(snapshot(hub, loop)).isEmpty();
        assertThat(metrics.scrape()).contains("cutover_gateway_renewals_total{feature=\"positions\"} 1.0");
        tail.onRenewed(POSITIONS.topic(), "e2"); // which it has found out itself
        records(List.of(position(0, "z", "{}")));
        await().until(() -> snapshot(hub, loop).equals(List.of("z@0")));
        assertThat(metrics.scrape()).contains("cutover_gateway_renewals_total{feature=\"positions\"} 1.0");
    }

    @Test
    void lagOfEachPartitionIsAGauge() {
        Map<TopicPartition, Long> ends = Map.of(POSITIONS, 40L);
        consumer.schedulePollTask(() -> consumer.updateEndOffsets(ends));
        await().untilAsserted(() -> assertThat(metrics.scrape())
                .contains("cutover_gateway_lag{feature=\"positions\",partition=\"1\"} 40.0")
                .contains("cutover_gateway_lag{feature=\"positions\",partition=\"0\"} 0.0"));
    }
}

package dev.cutover.local;

import static dev.cutover.local.BrokerProbe.HOST;
import static dev.cutover.local.BrokerProbe.SOON;
import static dev.cutover.local.BrokerProbe.accepts;
import static dev.cutover.local.BrokerProbe.assertOneLine;
import static dev.cutover.local.BrokerProbe.clusterId;
import static dev.cutover.local.BrokerProbe.consumer;
import static dev.cutover.local.BrokerProbe.createTopic;
import static dev.cutover.local.BrokerProbe.port;
import static dev.cutover.local.BrokerProbe.producer;
import static dev.cutover.local.BrokerProbe.readToEnd;
import static dev.cutover.local.BrokerProbe.send;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a broker is to its clients. */
final class EmbeddedBrokerTest {
    @TempDir
    Path dir;

    @Test
    void readersOfCommittedDataSeeWholeTransactionsOnly() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, false, HOST, 0)) {
            createTopic(broker.bootstrap(), "payments", Map.of());
            try (KafkaProducer<String, String> producer =
                    producer(broker.bootstrap(), Map.of("transactional.id", "writer"))) {
                producer.initTransactions();
                producer.beginTransaction();
                send(producer, "payments", "k", "aborted");
                producer.abortTransaction();
                producer.beginTransaction();
                send(producer, "payments", "k", "first");
                send(producer, "payments", "k", "second");
                producer.commitTransaction();
            }
            assertThat(readToEnd(broker.bootstrap(), "payments")).containsExactly("first", "second");
        }
    }

    @Test
    void consumerGroupsWorkFromTheFirstPoll() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, false, HOST, 0)) {
            createTopic(broker.bootstrap(), "events", Map.of());
            send(broker.bootstrap(), "events", "k", "v");
            try (KafkaConsumer<String, String> consumer =
                    consumer(broker.bootstrap(), Map.of("group.id", "readers", "auto.offset.reset", "earliest"))) {
                consumer.subscribe(List.of("events"));
                List<String> read = new ArrayList<>();
                await().atMost(SOON).until(() -> {
                    consumer.poll(Duration.ofMillis(100)).forEach(record -> read.add(record.value()));
                    return !read.isEmpty();
                });
                consumer.commitSync();
                assertThat(read).containsExactly("v");
            }
        }
    }

    @Test
    void recordsAndClusterIdAreKeptOverARestart() throws Exception {
        String clusterId;
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, false, HOST, 0)) {
            clusterId = clusterId(broker.bootstrap());
            createTopic(broker.bootstrap(), "kept", Map.of());
            send(broker.bootstrap(), "kept", "k", "before");
        }
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, false, HOST, 0)) {
            assertThat(clusterId(broker.bootstrap())).isEqualTo(clusterId);
            send(broker.bootstrap(), "kept", "k", "after");
            assertThat(readToEnd(broker.bootstrap(), "kept")).containsExactly("before", "after");
        }
    }

    @Test
    void recordsAndClusterIdAreKeptOverAKill() throws Exception {
        Path data = dir.resolve("data");
        Path address = dir.resolve("address");
        String clusterId;
        Process other = startInAnotherProcess(data, address);
        try {
            await().atMost(SOON).until(() -> Files.exists(address));
            String bootstrap = Files.readString(address);
            clusterId = clusterId(bootstrap);
            createTopic(bootstrap, "kept", Map.of());
            send(bootstrap, "kept", "k", "before");

            StartupException refused =
                    catchThrowableOfType(StartupException.class, () -> EmbeddedBroker.start(data, false, HOST, 0));
            assertOneLine(refused, data.toRealPath().toString(), "in use by another running stack", "--data-dir");
        } finally {
            other.destroyForcibly().waitFor();
        }
        try (EmbeddedBroker broker = EmbeddedBroker.start(data, false, HOST, 0)) {
            assertThat(clusterId(broker.bootstrap())).isEqualTo(clusterId);
            send(broker.bootstrap(), "kept", "k", "after");
            assertThat(readToEnd(broker.bootstrap(), "kept")).containsExactly("before", "after");
        }
    }

    @Test
    void twoBrokersRunSideBySide() throws Exception {
        try (EmbeddedBroker one = EmbeddedBroker.start(dir.resolve("one"), false, HOST, 0)) {
            createTopic(one.bootstrap(), "events", Map.of());
            try (EmbeddedBroker two = EmbeddedBroker.start(dir.resolve("two"), false, HOST, 0)) {
                assertThat(clusterId(one.bootstrap())).isNotEqualTo(clusterId(two.bootstrap()));
                createTopic(two.bootstrap(), "events", Map.of());
                send(two.bootstrap(), "events", "k", "of two");
            }
            // The end of the one is not the end of the other.
            send(one.bootstrap(), "events", "k", "of one");
            assertThat(readToEnd(one.bootstrap(), "events")).containsExactly("of one");
        }
    }

    @Test
    void theGivenHostAloneIsBound() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, false, HOST, 0)) {
            assertThat(broker.bootstrap()).startsWith(HOST + ":");
            assertThat(accepts("::1", port(broker))).isFalse();
        }
    }

    @Test
    void aWildcardHostIsAdvertisedAsLoopback() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, false, "0.0.0.0", 0)) {
            assertThat(broker.bootstrap()).startsWith("127.0.0.1:");
            createTopic(broker.bootstrap(), "events", Map.of());
            send(broker.bootstrap(), "events", "k", "v");
            assertThat(readToEnd(broker.bootstrap(), "events")).containsExactly("v");
        }
    }

    @Test
    void topicsAreNeverCreatedByMistakeAndGetOneReplicaByDefault() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, false, HOST, 0);
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()));
                KafkaProducer<String, String> producer = producer(broker.bootstrap(), Map.of("max.block.ms", "500"))) {
            admin.createTopics(List.of(new NewTopic("right", 2, (short) -1)))
                    .all()
                    .get();
            assertThat(catchThrowableOfType(
                            ExecutionException.class, () -> producer.send(new ProducerRecord<>("wrong", "v"))
                                    .get()))
                    .isNotNull();
            assertThat(admin.describeTopics(List.of("right"))
                            .allTopicNames()
                            .get()
                            .get("right")
                            .partitions())
                    .hasSize(2)
                    .allMatch(partition -> partition.replicas().size() == 1);
            assertThat(admin.listTopics().names().get()).containsExactly("right");
        }
    }

    @Test
    void theTrimmedCleanerCompacts() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, false, HOST, 0)) {
            createTopic(
                    broker.bootstrap(),
                    "flags",
                    Map.of("cleanup.policy", "compact", "segment.ms", "100", "min.cleanable.dirty.ratio", "0.01"));
            send(broker.bootstrap(), "flags", "intraday", "shadow");
            await().atMost(Duration.ofMinutes(1))
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> {
                        // The newest segment is never compacted, so each look adds a record that begins a new one.
                        send(broker.bootstrap(), "flags", "intraday", "live");
                        return !readToEnd(broker.bootstrap(), "flags").contains("shadow");
                    });
        }
    }

    /** The main class of a process that is killed: starts a broker and writes its address into the file named last. */
    static final class OtherProcess {

        private OtherProcess() {}

        public static void main(String[] args) throws Exception {
            EmbeddedBroker broker = EmbeddedBroker.start(Path.of(args[0]), false, HOST, 0);
            Path unfinished = Files.writeString(Path.of(args[1] + ".tmp"), broker.bootstrap());
            Files.move(unfinished, Path.of(args[1]));
            new CountDownLatch(1).await();
        }
    }

    private static Process startInAnotherProcess(Path data, Path address) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        OtherProcess.class.getName(),
                        data.toString(),
                        address.toString())
                .redirectErrorStream(true)
                .redirectOutput(Path.of(address + ".log").toFile())
                .start();
    }
}

package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerTest {

    private static final String HOST = "127.0.0.1";
    private static final Duration SOON = Duration.ofSeconds(20);

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
    void aTakenPortIsRefusedInOneLineAndLeavesNothingRunning() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            StartupException refused = catchThrowableOfType(
                    StartupException.class, () -> EmbeddedBroker.start(dir, false, HOST, taken.getLocalPort()));
            assertOneLine(refused, HOST + ":" + taken.getLocalPort(), "--kafka-port");
            assertThat(brokerThreads()).isEmpty();
        }
        // Neither does it keep the directory.
        EmbeddedBroker.start(dir, false, HOST, 0).close();
    }

    @Test
    void anUnknownHostIsRefusedInOneLine() {
        StartupException refused = catchThrowableOfType(
                StartupException.class, () -> EmbeddedBroker.start(dir, false, "no-such-host.invalid", 0));
        assertOneLine(refused, "no-such-host.invalid", "--host");
    }

    @Test
    void aDirectoryInUseIsRefusedInOneLine() throws Exception {
        try (EmbeddedBroker first = EmbeddedBroker.start(dir, false, HOST, 0)) {
            StartupException refused = catchThrowableOfType(
                    StartupException.class, () -> EmbeddedBroker.start(dir, false, HOST, port(first)));
            assertOneLine(refused, dir.toRealPath().toString(), "in use by another running stack", "--data-dir");
            assertThat(clusterId(first.bootstrap())).isNotEmpty();
        }
    }

    @Test
    void aForeignDirectoryIsRefusedAndLeftAlone() throws Exception {
        Path theirs = Files.writeString(dir.resolve("thesis.txt"), "chapter one");
        StartupException refused =
                catchThrowableOfType(StartupException.class, () -> EmbeddedBroker.start(dir, false, HOST, 0));
        assertOneLine(refused, dir.toRealPath().toString(), "--data-dir");
        assertThat(dir).isDirectoryNotContaining(path -> !path.equals(theirs));
    }

    @Test
    void aFileInPlaceOfTheDirectoryIsRefusedInOneLine() throws Exception {
        Path file = Files.createFile(dir.resolve("file"));
        StartupException refused =
                catchThrowableOfType(StartupException.class, () -> EmbeddedBroker.start(file, false, HOST, 0));
        assertOneLine(refused, file.toString(), "--data-dir");
    }

    @Test
    void damagedPropertiesAreReportedInOneLine() throws Exception {
        EmbeddedBroker.start(dir, false, HOST, 0).close();
        Files.writeString(dir.resolve("meta.properties"), "version=1\nnode.id=77\ncluster.id=theirs\n");
        assertDamageIsReported(dir);
    }

    /** Kafka's own answer to this is to halt the JVM. */
    @Test
    void aDamagedMetadataLogIsReportedInOneLineAndDoesNotEndTheJvm() throws Exception {
        Path data = dir.resolve("data");
        EmbeddedBroker.start(data, false, HOST, 0).close();
        Path log = data.resolve("__cluster_metadata-0");
        Files.move(log, dir.resolve("aside"));
        Files.createFile(log);
        assertDamageIsReported(data);
    }

    /** Kafka's own answer to this is to halt the JVM. */
    @Test
    void aDirectoryLostWhileRunningStopsTheBrokerAndNotTheJvm() throws Exception {
        Path data = dir.resolve("data");
        try (EmbeddedBroker broker = EmbeddedBroker.start(data, false, HOST, 0);
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
            Files.move(data, dir.resolve("aside"));
            Files.createFile(data);
            admin.createTopics(List.of(new NewTopic("nowhere", Optional.of(1), Optional.empty())));
            int port = port(broker);
            await().atMost(SOON).until(() -> !accepts(HOST, port));
        }
        await().atMost(SOON).untilAsserted(() -> assertThat(brokerThreads()).isEmpty());
    }

    @Test
    void closeIsBoundedAndRepeatableAndLeavesNoThreadAlsoUnderLoad() throws Exception {
        EmbeddedBroker broker = EmbeddedBroker.start(dir, false, HOST, 0);
        createTopic(broker.bootstrap(), "events", Map.of());
        try (KafkaProducer<String, String> producer = producer(broker.bootstrap(), Map.of("max.block.ms", "1000"));
                KafkaConsumer<String, String> consumer = consumer(broker.bootstrap(), Map.of())) {
            consumer.assign(List.of(new TopicPartition("events", 0)));
            List<Future<RecordMetadata>> sent = IntStream.range(0, 10_000)
                    .mapToObj(i -> producer.send(new ProducerRecord<>("events", "k" + i, "v")))
                    .toList();
            sent.get(0).get(20, TimeUnit.SECONDS);
            consumer.poll(Duration.ofMillis(10));

            long startNs = System.nanoTime();
            broker.close();
            assertThat(Duration.ofNanos(System.nanoTime() - startNs)).isLessThan(EmbeddedBroker.CLOSE_LIMIT);
            assertThat(brokerThreads()).noneMatch(thread -> !thread.isDaemon());
            broker.close();
            producer.close(Duration.ZERO);
        }
        await().atMost(SOON).untilAsserted(() -> assertThat(brokerThreads()).isEmpty());
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

    private static void assertDamageIsReported(Path data) throws IOException {
        StartupException refused =
                catchThrowableOfType(StartupException.class, () -> EmbeddedBroker.start(data, false, HOST, 0));
        assertOneLine(refused, data.toRealPath().toString(), "see the log");
        await().atMost(SOON).untilAsserted(() -> assertThat(brokerThreads()).isEmpty());
    }

    private static void assertOneLine(StartupException refused, String... parts) {
        assertThat(refused).isNotNull();
        assertThat(refused.getMessage()).contains(parts).hasLineCount(1);
    }

    /** Threads that a broker started; but for two daemons of the metrics library, which are the JVM's. */
    private static List<Thread> brokerThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getThreadGroup() != null
                        && thread.getThreadGroup().getName().equals("embedded-broker"))
                .filter(thread -> !thread.getName().startsWith("metrics-meter-tick-thread"))
                .toList();
    }

    private static boolean accepts(String host, int port) {
        try (Socket socket = new Socket(host, port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static int port(EmbeddedBroker broker) {
        return Integer.parseInt(broker.bootstrap().replaceFirst(".*:", ""));
    }

    private static String clusterId(String bootstrap) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            return admin.describeCluster().clusterId().get();
        }
    }

    private static void createTopic(String bootstrap, String topic, Map<String, String> configs) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) -1).configs(configs)))
                    .all()
                    .get();
        }
    }

    private static void send(String bootstrap, String topic, String key, String value) throws Exception {
        try (KafkaProducer<String, String> producer = producer(bootstrap, Map.of())) {
            send(producer, topic, key, value);
        }
    }

    private static void send(KafkaProducer<String, String> producer, String topic, String key, String value)
            throws Exception {
        producer.send(new ProducerRecord<>(topic, key, value)).get(20, TimeUnit.SECONDS);
    }

    private static List<String> readToEnd(String bootstrap, String topic) {
        TopicPartition partition = new TopicPartition(topic, 0);
        try (KafkaConsumer<String, String> consumer =
                consumer(bootstrap, Map.of("isolation.level", "read_committed"))) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            List<String> values = new ArrayList<>();
            await().atMost(SOON).until(() -> {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    values.add(record.value());
                }
                return consumer.position(partition) >= end;
            });
            return values;
        }
    }

    private static KafkaProducer<String, String> producer(String bootstrap, Map<String, String> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put("bootstrap.servers", bootstrap);
        return new KafkaProducer<>(all, new StringSerializer(), new StringSerializer());
    }

    private static KafkaConsumer<String, String> consumer(String bootstrap, Map<String, String> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put("bootstrap.servers", bootstrap);
        return new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
    }
}

package dev.cutover.local;

import static dev.cutover.local.BrokerProbe.HOST;
import static dev.cutover.local.BrokerProbe.SOON;
import static dev.cutover.local.BrokerProbe.accepts;
import static dev.cutover.local.BrokerProbe.assertOneLine;
import static dev.cutover.local.BrokerProbe.brokerThreads;
import static dev.cutover.local.BrokerProbe.clusterId;
import static dev.cutover.local.BrokerProbe.consumer;
import static dev.cutover.local.BrokerProbe.createTopic;
import static dev.cutover.local.BrokerProbe.port;
import static dev.cutover.local.BrokerProbe.producer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a broker that can't start, loses its directory, or is closed under load. */
final class EmbeddedBrokerFailureTest {
    @TempDir
    Path dir;

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

    private static void assertDamageIsReported(Path data) throws IOException {
        StartupException refused =
                catchThrowableOfType(StartupException.class, () -> EmbeddedBroker.start(data, false, HOST, 0));
        assertOneLine(refused, data.toRealPath().toString(), "see the log");
        await().atMost(SOON).untilAsserted(() -> assertThat(brokerThreads()).isEmpty());
    }
}

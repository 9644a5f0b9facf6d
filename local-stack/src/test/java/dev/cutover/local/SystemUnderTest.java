package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cutover.control.Control;
import dev.cutover.control.ControlSettings;
import dev.cutover.control.Targets;
import dev.cutover.gateway.Gateway;
import dev.cutover.gateway.GatewaySettings;
import dev.cutover.rest.RestLegacy;
import dev.cutover.rest.RestSettings;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.Settings;
import dev.cutover.schema.TopicProvisioner;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** A broker of its own, the topics, and whatever a test opens on them; all closed in reverse. */
final class SystemUnderTest implements AutoCloseable {
    private static final Duration READY = Duration.ofSeconds(30);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final FeatureCatalog catalog;
    private final KafkaConnection kafka;
    private final Map<String, String> topicIds;
    private int gateways;

    private SystemUnderTest(FeatureCatalog catalog, TestBroker broker) {
        this.catalog = catalog;
        opened.push(broker);
        this.kafka = new KafkaConnection(broker.bootstrap(), Map.of());
        this.topicIds = TopicProvisioner.ensure(kafka, catalog);
    }

    static SystemUnderTest start() {
        return start(FeatureCatalog.shipped());
    }

    static SystemUnderTest start(FeatureCatalog catalog) {
        return new SystemUnderTest(catalog, TestBroker.start());
    }

    /** On a broker that the test may stop itself. */
    static SystemUnderTest on(TestBroker broker) {
        return new SystemUnderTest(FeatureCatalog.shipped(), broker);
    }

    KafkaConnection kafka() {
        return kafka;
    }

    FeatureCatalog catalog() {
        return catalog;
    }

    <T extends AutoCloseable> T open(T closeable) {
        opened.push(closeable);
        return closeable;
    }

    EventFeed feed() {
        return open(new EventFeed(kafka, catalog));
    }

    /** A gateway that is ready, on a free port. */
    Gateway gateway() {
        return gateway(Map.of());
    }

    /** A gateway on a free port that need not be ready. */
    Gateway startGateway() {
        return open(startGateway("gw-" + ++gateways, Map.of()));
    }

    Gateway gateway(int sessionBytes) {
        return gateway(Map.of("session-bytes", Integer.toString(sessionBytes)));
    }

    /** @param given settings, instead of the usual ones */
    Gateway gateway(Map<String, String> given) {
        Gateway gateway = open(startGateway("gw-" + ++gateways, given));
        await().atMost(READY)
                .untilAsserted(() -> assertThat(gateway.health().reasons()).isEmpty());
        return gateway;
    }

    private Gateway startGateway(String name, Map<String, String> given) {
        Map<String, String> options = new HashMap<>(Map.of(
                "gateway-port", "0",
                "gateway-name", name,
                "gateway-loops", "2",
                "session-bytes", Integer.toString(1 << 20),
                "drain", "1s"));
        options.putAll(given);
        return Gateway.start(
                GatewaySettings.from(Settings.resolve(GatewaySettings.all(), options, Map.of())),
                catalog,
                kafka,
                topicIds);
    }

    /** A REST service that serves, on a free port. */
    RestLegacy rest() {
        RestLegacy rest = open(RestLegacy.start(
                RestSettings.from(Settings.resolve(RestSettings.all(), Map.of("rest-port", "0"), Map.of())),
                catalog,
                kafka));
        await().atMost(READY)
                .untilAsserted(() -> assertThat(rest.health().reasons()).isEmpty());
        return rest;
    }

    /** A control service that is ready, on a free port. */
    Control control() {
        return control(Map.of());
    }

    /** @param environment of its start */
    Control control(Map<String, String> environment) {
        return control(controlSettings("control-0"), environment);
    }

    Control control(ControlSettings settings, Map<String, String> environment) {
        Control control = open(Control.start(settings, catalog, kafka, environment));
        await().atMost(READY)
                .untilAsserted(() -> assertThat(control.health().reasons()).isEmpty());
        return control;
    }

    /** Of a service on a free port that probes nothing. */
    static ControlSettings controlSettings(String name) {
        return controlSettings(Map.of("control-name", name));
    }

    /** @param given settings, beside the port */
    static ControlSettings controlSettings(Map<String, String> given) {
        Map<String, String> options = new HashMap<>(given);
        options.put("control-port", "0");
        return ControlSettings.from(Settings.resolve(ControlSettings.all(), options, Map.of()))
                .probing(Targets.NONE);
    }

    TestClient client(Gateway gateway) throws InterruptedException {
        TestClient client = open(TestClient.connect(gateway));
        client.next("welcome");
        return client;
    }

    /** All that a topic holds now. */
    List<ConsumerRecord<byte[], byte[]>> read(String topic) {
        List<ConsumerRecord<byte[], byte[]>> records = new java.util.ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = kafka.consumer("test-reader")) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                consumer.poll(Duration.ofMillis(200)).forEach(records::add);
            }
        }
        return records;
    }

    @Override
    public void close() {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }
}

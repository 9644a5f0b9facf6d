package dev.cutover.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Assumptions;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.kafka.KafkaContainer;

/**
 * The broker that system tests run on, empty at each start. The system property {@code cutover.test.broker} chooses it:
 * {@code embedded} (default), or {@code container}, the official Kafka image by Testcontainers. Where Docker is missing
 * a test that asks for a container is skipped, and says why.
 */
final class TestBroker implements AutoCloseable {

    private static final String CHOICE = "cutover.test.broker";
    static final String IMAGE = "apache/kafka:4.3.1";

    private final String bootstrap;
    private final Runnable stop;

    private TestBroker(String bootstrap, Runnable stop) {
        this.bootstrap = bootstrap;
        this.stop = stop;
    }

    static TestBroker start() {
        String choice = System.getProperty(CHOICE, "embedded");
        return switch (choice) {
            case "embedded" -> embedded();
            case "container" -> container();
            default ->
                throw new IllegalArgumentException(CHOICE + " is '" + choice + "'; it must be embedded or container");
        };
    }

    /** Always embedded: on data that is kept, for another start. */
    static TestBroker keeping(Path directory) {
        EmbeddedBroker broker = EmbeddedBroker.start(directory, false, "127.0.0.1", 0);
        return new TestBroker(broker.bootstrap(), broker::close);
    }

    /** As {@link #keeping(Path)}, where clients of an earlier one look for it. */
    static TestBroker keeping(Path directory, int port) {
        EmbeddedBroker broker = EmbeddedBroker.start(directory, false, "127.0.0.1", port);
        return new TestBroker(broker.bootstrap(), broker::close);
    }

    int port() {
        return Integer.parseInt(bootstrap.substring(bootstrap.lastIndexOf(":") + 1));
    }

    /** {@code host:port} for clients. */
    String bootstrap() {
        return bootstrap;
    }

    @Override
    public void close() {
        stop.run();
    }

    private static TestBroker embedded() {
        Path directory;
        try {
            directory = Files.createTempDirectory("cutover-test-broker-");
        } catch (IOException e) {
            throw new UncheckedIOException("no temporary directory for the test broker", e);
        }
        EmbeddedBroker broker = EmbeddedBroker.start(directory, false, "127.0.0.1", 0);
        return new TestBroker(broker.bootstrap(), () -> {
            broker.close();
            delete(directory);
        });
    }

    private static void delete(Path directory) {
        try {
            Utils.delete(directory.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + directory + " of the test broker", e);
        }
    }

    private static TestBroker container() {
        try {
            DockerClientFactory.instance().client();
        } catch (IllegalStateException e) {
            return Assumptions.abort(CHOICE + "=container, but Docker is not available: " + e.getMessage());
        }
        // Closed by close(); one whose start fails is removed by Testcontainers.
        @SuppressWarnings("resource")
        KafkaContainer container = new KafkaContainer(IMAGE)
                .withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
                .withEnv("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0");
        container.start();
        return new TestBroker(container.getBootstrapServers(), container::stop);
    }
}

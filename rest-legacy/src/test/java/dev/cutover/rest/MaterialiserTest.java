package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.DeadLetters;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.KafkaConnection;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Its life, told by the test in place of a stream thread: there is no Kafka at the address. */
final class MaterialiserTest {
    private static final Feature POSITIONS =
            FeatureCatalog.shipped().feature("positions").orElseThrow();

    private final ConcurrentLinkedQueue<String> phases = new ConcurrentLinkedQueue<>();
    private final Materialiser materialiser = new Materialiser(
            POSITIONS,
            "epoch-1",
            "test-app",
            new FillRange(List.of(0L, 0L, 5L), List.of(-1L, 3L, 4L)),
            new KafkaConnection("127.0.0.1:1", Map.of()),
            new DeadLetters(
                    new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer()),
                    new SimpleMeterRegistry().counter("written"),
                    new SimpleMeterRegistry().counter("failed")),
            (phase, reason) -> phases.add(phase + ": " + reason));

    @AfterEach
    void close() {
        materialiser.beginClose();
        var unused = materialiser.awaitClosed(Duration.ofSeconds(5));
        assertThat(materialiser.phase()).isEqualTo(Phase.CLOSED);
    }

    private void serve() {
        materialiser.start();
        materialiser.opened(0);
        materialiser.opened(1);
        materialiser.opened(2);
        assertThat(materialiser.phase()).isEqualTo(Phase.FILLING);
        materialiser.reached(1, 2);
        assertThat(materialiser.phase()).isEqualTo(Phase.FILLING);
        materialiser.reached(1, 3);
        assertThat(materialiser.phase()).isEqualTo(Phase.SERVING);
    }

    @Test
    void itServesOnceEveryPartitionHasItsStoreAndItsLastReadableRecord() {
        assertThat(materialiser.phase()).isEqualTo(Phase.NEW);
        serve();
        assertThat(phases).hasSize(2);
    }

    @Test
    void aSecondStoreOfAPartitionMakesItInvalidForGood() {
        serve();
        materialiser.opened(1);
        assertThat(materialiser.phase()).isEqualTo(Phase.INVALID);
        materialiser.reached(1, 9);
        materialiser.opened(2);
        assertThat(materialiser.phase()).isEqualTo(Phase.INVALID);
        assertThat(phases).hasSize(3).last().asString().contains("partition 1 was assigned anew");
        assertThat(materialiser.one("1")).isEmpty();
        assertThat(materialiser.all()).isEmpty();
    }

    @Test
    void aStoreThatGoesMakesItInvalidAlsoWhileItFills() {
        materialiser.start();
        materialiser.opened(0);
        materialiser.closed(0);
        materialiser.opened(1);
        materialiser.opened(2);
        materialiser.reached(1, 3);
        assertThat(materialiser.phase()).isEqualTo(Phase.INVALID);
    }

    @Test
    void aPartitionThatTheCatalogDoesNotKnowMakesItInvalid() {
        serve();
        materialiser.opened(3);
        assertThat(materialiser.phase()).isEqualTo(Phase.INVALID);
    }
}

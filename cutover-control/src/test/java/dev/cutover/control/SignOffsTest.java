package dev.cutover.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.Json;
import dev.cutover.schema.Stage;
import dev.cutover.schema.Topics;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Over Kafka's own mock of a producer. */
final class SignOffsTest {
    private static final SignOff AGREED = new SignOff(
            "positions", Stage.PROMOTED, "Ada", "watched two sessions", Instant.ofEpochMilli(1_736_091_000_123L));

    private long nowNs;
    private volatile boolean known = true;

    private SignOffs over(MockProducer<byte[], byte[]> producer) {
        return new SignOffs(producer, signOff -> known, () -> nowNs += 100_000_000);
    }

    private static MockProducer<byte[], byte[]> producer(boolean acknowledges) {
        return new MockProducer<>(acknowledges, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Test
    void aSignOffIsOneRecordUnderItsFeatureAndStep() throws Exception {
        MockProducer<byte[], byte[]> producer = producer(true);

        over(producer).write(AGREED);

        assertThat(producer.history()).hasSize(1);
        ProducerRecord<byte[], byte[]> record = producer.history().get(0);
        assertThat(record.topic()).isEqualTo(Topics.SIGN_OFFS);
        assertThat(new String(record.key(), UTF_8)).isEqualTo("positions|promoted");
        assertThat(record.timestamp()).isEqualTo(AGREED.at().toEpochMilli());
        assertThat(Json.read(Json.MAPPER, SignOff.class, record.value())).isEqualTo(AGREED);
    }

    @Test
    void itReturnsOnceKafkaHasItAndTheGateKnows() {
        MockProducer<byte[], byte[]> producer = producer(false);
        known = false;
        CompletableFuture<Void> written = CompletableFuture.runAsync(
                () -> new SignOffs(producer, signOff -> known, System::nanoTime).write(AGREED));
        Awaitility.await().until(() -> !producer.history().isEmpty());
        assertThat(written).isNotDone();

        producer.completeNext();
        known = true;

        assertThat(written).succeedsWithin(5, TimeUnit.SECONDS);
    }

    @Test
    void aGateThatDoesNotLearnOfItIsNotWaitedForLongerThanTwoSeconds() {
        known = false;

        over(producer(true)).write(AGREED);

        assertThat(nowNs).isBetween(SignOffs.READ_BACK.toNanos(), SignOffs.READ_BACK.toNanos() + 1_000_000_000L);
    }

    @Test
    void whatKafkaRefusesIsSaid() {
        MockProducer<byte[], byte[]> producer = producer(true);
        producer.sendException = new TimeoutException("no metadata");

        assertThatThrownBy(() -> over(producer).write(AGREED))
                .isInstanceOf(KafkaException.class)
                .hasMessageContaining("no metadata");
    }
}

package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.Event;
import dev.cutover.schema.FeatureCatalog;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;

final class EventPublisherTest {
    private static final Instant BEAT = Instant.parse("2026-01-05T15:30:00Z");

    private final MockProducer<byte[], byte[]> producer = Given.producer(false);
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final ManualClock clock = new ManualClock("2026-01-05T15:30:00.123Z");
    private final EventPublisher publisher = new EventPublisher(
            producer, FeatureCatalog.shipped(), "/cutover/jobs/simulated", clock, new JobsMetrics(registry, clock));

    @Test
    void anEventGoesToItsFeaturesTopicUnderItsKey() {
        publisher.publish(Given.bar("SPY", "2016-04-15T13:30:00Z", "55.30", true));
        publisher.publish(new Event.Heartbeat(BEAT, 30));

        assertThat(producer.history())
                .extracting(ProducerRecord::topic)
                .containsExactly("events.intraday", "events.heartbeat");
        assertThat(producer.history())
                .extracting(record -> new String(record.key(), StandardCharsets.UTF_8))
                .containsExactly("SPY", "heartbeat");
        assertThat(producer.history().get(0).partition()).isNull();
        assertThat(new String(producer.history().get(1).value(), StandardCharsets.UTF_8))
                .isEqualTo("{\"timestamp\":\"2026-01-05T15:30:00Z\",\"heartbeat_count\":30}");
    }

    @Test
    void aRecordIsStampedWithTheWallTimeOfItsEmissionWhateverItsDataSays() {
        publisher.publish(Given.bar("SPY", "2016-04-15T13:30:00Z", "55.30", true));

        assertThat(producer.history().get(0).timestamp())
                .isEqualTo(clock.instant().toEpochMilli());
    }

    @Test
    void headersAreThoseOfACloudEventAndTheIdIsUnique() {
        publisher.publish(new Event.Heartbeat(BEAT, 30));
        publisher.publish(new Event.Heartbeat(BEAT, 30));

        assertThat(header(0, "ce_type")).isEqualTo("heartbeat");
        assertThat(header(0, "ce_source")).isEqualTo("/cutover/jobs/simulated");
        assertThat(header(0, "ce_time")).isEqualTo("2026-01-05T15:30:00.123Z");
        assertThat(header(0, "ce_specversion")).isEqualTo("1.0");
        assertThat(header(0, "content-type")).isEqualTo("application/json");
        assertThat(header(0, "ce_id")).isNotEqualTo(header(1, "ce_id"));
    }

    @Test
    void whatSomebodyElseHasWrittenGoesOutAsItIs() {
        byte[] data = "{ \"account_id\" : 123, \"cash\" : 1E+3 }".getBytes(StandardCharsets.UTF_8);

        var unused = publisher.send("account_balance", "123", data);

        assertThat(producer.history().get(0).topic()).isEqualTo("events.account-balance");
        assertThat(producer.history().get(0).key())
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("123");
        assertThat(producer.history().get(0).value()).isEqualTo(data);
        assertThat(header(0, "ce_type")).isEqualTo("account_balance");
    }

    @Test
    void whatKafkaAcknowledgesIsCounted() {
        publisher.publish(new Event.Heartbeat(BEAT, 30));
        assertThat(publisher.acknowledged()).isZero();

        producer.completeNext();

        assertThat(publisher.acknowledged()).isEqualTo(1);
        assertThat(registry.counter("cutover.jobs.events.published", "type", "heartbeat")
                        .count())
                .isEqualTo(1);
    }

    @Test
    void aFailureIsCountedAndIsAProblemUntilTheNextSuccess() {
        CompletableFuture<Void> answer = publisher.send(new Event.Heartbeat(BEAT, 30));

        producer.errorNext(new TimeoutException("no broker answers"));

        assertThat(answer).isCompletedExceptionally();
        assertThat(publisher.problem()).contains("no broker answers");
        assertThat(registry.counter("cutover.jobs.events.failed", "type", "heartbeat")
                        .count())
                .isEqualTo(1);
        publisher.publish(new Event.Heartbeat(BEAT, 60));
        producer.completeNext();
        assertThat(publisher.problem()).isEmpty();
        assertThat(publisher.acknowledged()).isEqualTo(1);
    }

    @Test
    void progressGoesToItsTopicUnderItsKeyAndIsNoEvent() {
        publisher.publish("IntradayJob|simulated", new Progress(Map.of("SPY", BEAT)));
        producer.completeNext();

        ProducerRecord<byte[], byte[]> record = producer.history().get(0);
        assertThat(record.topic()).isEqualTo("jobs.progress");
        assertThat(new String(record.key(), StandardCharsets.UTF_8)).isEqualTo("IntradayJob|simulated");
        assertThat(new String(record.value(), StandardCharsets.UTF_8))
                .isEqualTo("{\"final_minutes\":{\"SPY\":\"2026-01-05T15:30:00Z\"}}");
        assertThat(publisher.acknowledged()).isZero();
    }

    @Test
    void aProducerThatIsClosedIsHeardOfAtOnce() {
        publisher.close(Duration.ZERO);

        assertThatThrownBy(() -> publisher.publish(new Event.Heartbeat(BEAT, 30)))
                .isInstanceOf(IllegalStateException.class);
    }

    private String header(int record, String name) {
        Header header = producer.history().get(record).headers().lastHeader(name);
        return new String(header.value(), StandardCharsets.UTF_8);
    }
}

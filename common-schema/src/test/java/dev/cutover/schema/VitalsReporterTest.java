package dev.cutover.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

final class VitalsReporterTest {
    private static final Instant START = Instant.parse("2026-01-05T15:30:00Z");

    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final AtomicLong closes = new AtomicLong();
    private Instant now = START;
    private final InstantSource clock = () -> now;
    private final VitalsReporter reporter = new VitalsReporter("rest", "rest-8000", closes::get, clock, producer);

    @AfterEach
    void close() {
        reporter.close();
    }

    private VitalsRecord last() throws JsonFault {
        List<ProducerRecord<byte[], byte[]>> history = producer.history();
        return Json.read(
                Json.MAPPER, VitalsRecord.class, history.get(history.size() - 1).value());
    }

    @Test
    void serviceTellsItsProcessorItsErrorsAndItsClosesSinceTheStart() throws JsonFault {
        now = START.plusSeconds(10);
        closes.set(3);
        reporter.report();
        VitalsRecord before = last();
        LoggerFactory.getLogger("dev.cutover.test").error("an error that a test provokes");
        now = START.plusSeconds(20);
        reporter.report();

        VitalsRecord after = last();
        assertThat(after.instance()).startsWith("rest-8000-");
        assertThat(new String(producer.history().get(0).key(), UTF_8)).isEqualTo(after.instance());
        assertThat(after.service()).isEqualTo("rest");
        assertThat(after.startedAt()).isEqualTo(START);
        assertThat(after.at()).isEqualTo(now);
        assertThat(after.cpuCores()).isGreaterThanOrEqualTo(0);
        assertThat(after.closes()).isEqualTo(3);
        assertThat(after.errorsLogged()).isEqualTo(before.errorsLogged() + 1);
    }

    @Test
    void heapIsWhatACollectionLeft() {
        await().untilAsserted(() -> {
            System.gc();
            reporter.report();
            assertThat(last().heapAfterGcBytes()).isPositive();
        });
    }

    @Test
    void whileKafkaIsAwayAReportIsDroppedAndTheNextGoesOut() throws JsonFault {
        producer.sendException = new KafkaException("away");
        reporter.report();
        assertThat(producer.history()).isEmpty();

        producer.sendException = null;
        reporter.report();
        assertThat(last().service()).isEqualTo("rest");
    }
}

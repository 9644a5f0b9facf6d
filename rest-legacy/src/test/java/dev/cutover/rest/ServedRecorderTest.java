package dev.cutover.rest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.Reference;
import dev.cutover.schema.ServedRecord;
import dev.cutover.schema.Topics;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** What is written of what was answered; the clock is moved by hand, and the test's thread is the recorder's. */
final class ServedRecorderTest {
    private static final Feature POSITIONS =
            FeatureCatalog.shipped().feature("positions").orElseThrow();
    private static final Instant ASKED = Instant.parse("2026-01-05T12:00:00Z");
    private static final Caller CURL = new Caller("curl/8.5 127.0.0.1", "other");
    private static final Caller PROBER = new Caller("prober", "prober");
    private static final Duration AT_ONCE = Duration.ZERO;

    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final RestMetrics metrics = new RestMetrics();
    private long nowNs = 7;
    private final ServedRecorder recorder = recorder(10);

    private ServedRecorder recorder(int perSecond) {
        return new ServedRecorder(producer, perSecond, "rest-1", () -> ASKED.plusNanos(nowNs), () -> nowNs, metrics);
    }

    private static Served.Views view(String key, long offset, String body) {
        byte[] bytes = body.getBytes(UTF_8);
        return new Served.Views(
                "e1",
                List.of(100L, 200L, 300L),
                false,
                "account_id=" + key,
                bytes,
                List.of(new Served.Part(key, 1, offset, 0, bytes.length)));
    }

    private static Served.FromUpstream upstream(String key, String body) {
        return new Served.FromUpstream(key, "account_id=" + key, null, body.getBytes(UTF_8));
    }

    private void serve(Caller caller, int status, Served.Content content) throws InterruptedException {
        recorder.accept(new Served(POSITIONS, caller, status, ASKED, ASKED.plusMillis(5), content));
        recorder.step(AT_ONCE);
    }

    private void pass(Duration time) {
        nowNs += time.toNanos();
    }

    private List<ServedRecord> records() throws JsonFault {
        List<ServedRecord> records = new ArrayList<>();
        for (ProducerRecord<byte[], byte[]> each : producer.history()) {
            if (each.topic().equals(Topics.served(POSITIONS))) {
                records.add(ServedRecord.fromJson(each.value()));
            }
        }
        return records;
    }

    private List<JsonNode> usage() throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        for (ProducerRecord<byte[], byte[]> each : producer.history()) {
            if (each.topic().equals(Topics.REST_USAGE)) {
                rows.add(Json.MAPPER.readTree(each.value()));
            }
        }
        return rows;
    }

    @Test
    void aBodyGoesToItsKeysPartitionWithTheOffsetThatItReflects() throws Exception {
        serve(CURL, 200, view("7", 42, "{\"account_id\":7,\"x\":1.5}"));
        ProducerRecord<byte[], byte[]> sent = producer.history().get(0);
        assertThat(sent.topic()).isEqualTo("rest.served.positions");
        assertThat(sent.partition()).isEqualTo(1);
        assertThat(sent.key()).isEqualTo("7".getBytes(UTF_8));
        assertThat(ServedRecord.fromJson(sent.value()))
                .isEqualTo(new ServedRecord(
                        ServedRecord.Kind.ENTRY,
                        "positions",
                        "7",
                        "e1",
                        1,
                        42L,
                        "account_id=7",
                        "other",
                        Reference.MATERIALISED,
                        ASKED,
                        ASKED.plusMillis(5),
                        records().get(0).bodyHash(),
                        Json.MAPPER.readTree("{\"account_id\":7,\"x\":1.5}"),
                        null));
    }

    @Test
    void aBodyIsRecordedOnceForKeyOffsetQueryAndHash() throws Exception {
        Served.Views body = view("7", 42, "{\"x\":1}");
        for (int i = 0; i < 5; i++) {
            serve(CURL, 200, body);
            pass(Duration.ofHours(1));
        }
        assertThat(records()).hasSize(1);
        serve(CURL, 200, view("8", 42, "{\"x\":1}"));
        serve(CURL, 200, view("7", 43, "{\"x\":1}"));
        serve(CURL, 200, view("7", 42, "{\"x\":2}"));
        serve(CURL, 200, new Served.Views("e1", body.offsets(), false, "limit=3", body.body(), body.parts()));
        serve(CURL, 200, new Served.Views("e2", body.offsets(), false, body.query(), body.body(), body.parts()));
        assertThat(records()).hasSize(6);
        serve(PROBER, 200, body);
        assertThat(records()).as("the prober's as well").hasSize(6);
        assertThat(metrics.scrape())
                .contains("cutover_rest_served_total{feature=\"positions\",outcome=\"repeated\"} 5.0");
    }

    @Test
    void aBodyThatCantBeWrittenIsCountedAndEndsNothing() throws Exception {
        for (String number : List.of("1e999999", "1e99999999999")) {
            serve(CURL, 200, view("7", 42, "{\"x\":" + number + "}"));
            serve(CURL, 200, upstream("7", "{\"x\":" + number + "}"));
        }
        assertThat(records()).isEmpty();
        serve(CURL, 200, view("7", 43, "{\"x\":1}"));
        assertThat(records()).hasSize(1);
        pass(Duration.ofSeconds(1));
        recorder.step(AT_ONCE);
        assertThat(usage()).singleElement().satisfies(row -> assertThat(
                        row.path("answers").asInt())
                .as("who asked is counted all the same")
                .isEqualTo(5));
    }

    @Test
    void anEqualAnswerOfAServiceBehindIsWrittenEachTimeForTheProber() throws Exception {
        serve(PROBER, 200, upstream("7", "{\"x\":1}"));
        serve(PROBER, 200, upstream("7", "{\"x\":1}"));
        assertThat(records()).as("that nothing differs has to be told as well").hasSize(2);
        serve(CURL, 200, upstream("7", "{\"x\":1}"));
        assertThat(records()).hasSize(2);
    }

    @Test
    void aBodyWithoutAnOffsetIsARepetitionForOneCadence() throws Exception {
        Duration cadence = POSITIONS.fastestCadence();
        serve(CURL, 200, upstream("7", "{\"x\":1}"));
        pass(cadence.minusNanos(1));
        serve(CURL, 200, upstream("7", "{ \"x\" : 1 }"));
        assertThat(records()).hasSize(1);
        serve(CURL, 200, upstream("7", "{\"x\":2}"));
        assertThat(records()).hasSize(2);
        pass(Duration.ofNanos(1));
        serve(CURL, 200, upstream("7", "{\"x\":1}"));
        assertThat(records()).hasSize(3).allSatisfy(record -> {
            assertThat(record.reference()).isEqualTo(Reference.UPSTREAM);
            assertThat(record.offset()).isNull();
            assertThat(record.partition()).isNull();
        });
    }

    @Test
    void aboveTheRateBodiesAreCountedAloneButTheProbersAreRecorded() throws Exception {
        for (int i = 0; i < 15; i++) {
            serve(CURL, 200, view("7", i, "{}"));
        }
        assertThat(records()).hasSize(10);
        for (int i = 15; i < 35; i++) {
            serve(PROBER, 200, view("7", i, "{}"));
        }
        assertThat(records()).hasSize(30);
        pass(Duration.ofMillis(500));
        for (int i = 35; i < 50; i++) {
            serve(CURL, 200, view("7", i, "{}"));
        }
        assertThat(records()).hasSize(35);
        assertThat(metrics.scrape())
                .contains("cutover_rest_served_total{feature=\"positions\",outcome=\"sampled_out\"} 15.0");
    }

    @Test
    void ofALongListOtherKeysGetTheirTurn() throws Exception {
        List<Served.Part> parts = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            parts.add(new Served.Part("k" + i, i % 3, 0, 0, 2));
        }
        Set<String> seen = new HashSet<>();
        for (int offset = 0; offset < 40; offset++) {
            int at = offset;
            List<Served.Part> now = parts.stream()
                    .map(part -> new Served.Part(part.key(), part.partition(), at, 0, 2))
                    .toList();
            serve(CURL, 200, new Served.Views("e1", List.of(0L, 0L, 0L), true, "", "{}".getBytes(UTF_8), now));
            pass(Duration.ofMillis(300));
        }
        records().stream().filter(record -> record.key() != null).forEach(record -> seen.add(record.key()));
        assertThat(seen).hasSize(40);
    }

    @Test
    void usageIsToldEachSecondOfAnswersThatAreUse() throws Exception {
        serve(CURL, 200, view("7", 1, "{}"));
        serve(CURL, 304, Served.NOTHING);
        serve(CURL, 410, Served.NOTHING);
        for (int status : new int[] {400, 404, 503, 502, 302}) {
            serve(CURL, status, Served.NOTHING);
        }
        assertThat(usage()).as("before the second is over").isEmpty();
        pass(Duration.ofSeconds(1));
        recorder.step(AT_ONCE);
        assertThat(usage()).singleElement().satisfies(row -> {
            assertThat(row.get("answers").asInt()).isEqualTo(3);
            assertThat(row.get("recorded").asInt()).isEqualTo(1);
            assertThat(row.get("caller").asText()).isEqualTo(CURL.name());
            assertThat(row.get("instance").asText()).isEqualTo("rest-1");
        });
        pass(Duration.ofSeconds(1));
        recorder.step(AT_ONCE);
        assertThat(usage()).as("nothing has changed").hasSize(1);
    }

    @Test
    void whatKafkaRefusesIsLostCountedAndNotRemembered() throws Exception {
        producer.sendException = new TimeoutException("Kafka is away");
        serve(CURL, 200, view("7", 1, "{}"));
        producer.sendException = null;
        serve(CURL, 200, view("7", 2, "{}"));
        assertThat(records()).as("it is left alone for a second").isEmpty();
        pass(Duration.ofSeconds(1));
        serve(CURL, 200, view("7", 1, "{}"));
        assertThat(records()).hasSize(1);
        assertThat(usage()).hasSize(1);
        assertThat(metrics.scrape()).contains("cutover_rest_served_total{feature=\"positions\",outcome=\"lost\"} 2.0");
    }

    @Test
    void whatFailsLaterIsRecordedAgainWhenItIsServedAgain() throws Exception {
        MockProducer<byte[], byte[]> slow =
                new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer());
        ServedRecorder other =
                new ServedRecorder(slow, 10, "rest-1", () -> ASKED.plusNanos(nowNs), () -> nowNs, metrics);
        Served served = new Served(POSITIONS, CURL, 200, ASKED, ASKED, view("7", 1, "{}"));
        other.accept(served);
        other.step(AT_ONCE);
        assertThat(slow.errorNext(new TimeoutException("too late"))).isTrue();
        pass(Duration.ofSeconds(1));
        other.step(AT_ONCE);
        assertThat(slow.errorNext(new TimeoutException("too late"))).as("usage").isTrue();
        other.accept(served);
        other.step(AT_ONCE);
        pass(Duration.ofSeconds(1));
        other.step(AT_ONCE);
        assertThat(slow.history().stream().filter(each -> each.topic().startsWith("rest.served")))
                .hasSize(2);
        assertThat(slow.history().stream().filter(each -> each.topic().equals(Topics.REST_USAGE)))
                .hasSize(2);
    }

    @Test
    void aRecordThatNoBrokerWouldTakeIsCounted() throws Exception {
        serve(CURL, 200, view("7", 1, "\"" + "x".repeat(1_000_000) + "\""));
        assertThat(records()).isEmpty();
        assertThat(metrics.scrape())
                .contains("cutover_rest_served_total{feature=\"positions\",outcome=\"too_large\"} 1.0");
    }

    @Test
    void anAnswerNeverWaitsAndWhatDoesNotFitIsDropped() throws Exception {
        Served small = new Served(POSITIONS, CURL, 200, ASKED, ASKED, view("7", 1, "{}"));
        for (int i = 0; i < 2_000; i++) {
            recorder.accept(small); // and nobody takes them
        }
        assertThat(metrics.scrape())
                .contains("cutover_rest_served_total{feature=\"positions\",outcome=\"dropped\"} 976.0");
        ServedRecorder other = recorder(10);
        Served large = new Served(POSITIONS, CURL, 200, ASKED, ASKED, view("7", 1, "x".repeat(20 << 20)));
        other.accept(large);
        other.accept(large);
        assertThat(metrics.scrape())
                .contains("cutover_rest_served_total{feature=\"positions\",outcome=\"dropped\"} 977.0");
        other.step(AT_ONCE);
        other.step(AT_ONCE);
        pass(Duration.ofSeconds(1));
        other.step(AT_ONCE);
        assertThat(usage()).singleElement().satisfies(row -> assertThat(
                        row.get("answers").asInt())
                .as("both are counted")
                .isEqualTo(2));
    }

    @Test
    void closingWritesWhatStillWaits() throws Exception {
        ServedRecorder other = recorder(1_000);
        other.start();
        for (int i = 0; i < 500; i++) {
            other.accept(new Served(POSITIONS, CURL, 200, ASKED, ASKED, view("7", i, "{}")));
        }
        other.close();
        assertThat(records()).hasSize(500);
        assertThat(usage().get(usage().size() - 1).get("answers").asInt()).isEqualTo(500);
        assertThat(producer.closed()).isTrue();
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().equals("rest-recorder")));
    }
}

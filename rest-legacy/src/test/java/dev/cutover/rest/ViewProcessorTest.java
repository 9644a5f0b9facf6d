package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.DeadLetters;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.KafkaConnection;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ViewProcessorTest {
    private static final Feature INTRADAY =
            FeatureCatalog.shipped().feature("intraday").orElseThrow();
    private static final int BARS = 0;
    private static final int VWAP = 1;

    @TempDir
    private Path stateDirectory;

    private final MockProducer<byte[], byte[]> deadLetters =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final Counter letters = new SimpleMeterRegistry().counter("letters");
    private final List<String> progress = new ArrayList<>();
    private final ViewProcessor.Progress recorded = new ViewProcessor.Progress() {
        @Override
        public void opened(int partition) {
            progress.add("opened " + partition);
        }

        @Override
        public void reached(int partition, long offset) {
            progress.add("reached " + partition + "@" + offset);
        }

        @Override
        public void closed(int partition) {
            progress.add("closed " + partition);
        }
    };
    private TopologyTestDriver driver;
    private TestInputTopic<byte[], byte[]> topic;

    @BeforeEach
    void open() {
        open(recorded);
    }

    private void open(ViewProcessor.Progress told) {
        Properties settings = ViewSettings.of(new KafkaConnection("localhost:1", Map.of()), "test", stateDirectory);
        driver = new TopologyTestDriver(
                ViewProcessor.topology(
                        new StreamsConfig(settings), INTRADAY, new DeadLetters(deadLetters, letters, letters), told),
                settings);
        topic = driver.createInputTopic(INTRADAY.topic(), new ByteArraySerializer(), new ByteArraySerializer());
    }

    @AfterEach
    void close() {
        driver.close();
    }

    private static byte[] utf8(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private void send(String type, String key, String value) {
        Headers headers = type == null
                ? new RecordHeaders()
                : EventHeaders.of(type, "id", "/test", Instant.parse("2026-01-05T10:00:00Z"));
        topic.pipeInput(new TestRecord<>(utf8(key), utf8(value), headers, 0L));
    }

    private List<String> entries(String key, int type) {
        KeyValueStore<byte[], byte[]> store = driver.getKeyValueStore(ViewProcessor.STORE);
        return KeyView.decode(store.get(utf8(key))).entries(type).stream()
                .map(entry -> StandardCharsets.UTF_8.decode(entry.data()).toString())
                .toList();
    }

    @Test
    void theViewOfAKeyHoldsAllEventTypesOfItsFeature() {
        send("intraday_bar", "SPY", "{\"timestamp_minute\":\"2\"}");
        send("vwap_update", "SPY", "{\"vwap\":1}");
        send("intraday_bar", "SPY", "{ \"timestamp_minute\" : \"1\" }");
        send("intraday_bar", "QQQ", "{\"timestamp_minute\":\"3\"}");
        send("vwap_update", "SPY", "{\"vwap\":2}");
        assertThat(entries("SPY", BARS))
                .containsExactly("{\"timestamp_minute\":\"2\"}", "{ \"timestamp_minute\" : \"1\" }");
        assertThat(entries("SPY", VWAP)).containsExactly("{\"vwap\":2}");
        assertThat(entries("QQQ", BARS)).containsExactly("{\"timestamp_minute\":\"3\"}");
        assertThat(progress).startsWith("opened 0").endsWith("reached 0@4").hasSize(6);
    }

    @Test
    void whatCannotBeReadIsADeadLetterAndIsPassed() {
        send("intraday_bar", "SPY", "{\"timestamp_minute\":");
        send("intraday_bar", null, "{\"timestamp_minute\":\"1\"}");
        send("intraday_bar", "SPY", null);
        send("orders", "SPY", "{}");
        send(null, "SPY", "{}");
        send("intraday_bar", "SPY", "{\"no_minute\":1}");
        send("intraday_bar", "SPY", "{\"timestamp_minute\":\"1\"}");
        assertThat(deadLetters.history())
                .extracting(letter -> new String(letter.key(), StandardCharsets.UTF_8))
                .containsExactly(
                        "events.intraday-0@0",
                        "events.intraday-0@1",
                        "events.intraday-0@2",
                        "events.intraday-0@3",
                        "events.intraday-0@4",
                        "events.intraday-0@5");
        assertThat(letters.count()).isEqualTo(6);
        assertThat(entries("SPY", BARS)).containsExactly("{\"timestamp_minute\":\"1\"}");
        assertThat(progress).endsWith("reached 0@5", "reached 0@6");
    }

    @Test
    void theOffsetIsToldAfterTheStoreHasChanged() {
        List<Integer> sizes = new ArrayList<>();
        driver.close();
        open(new ViewProcessor.Progress() {
            @Override
            public void opened(int partition) {}

            @Override
            public void reached(int partition, long offset) {
                sizes.add(entries("SPY", BARS).size());
            }

            @Override
            public void closed(int partition) {}
        });
        send("intraday_bar", "SPY", "{\"timestamp_minute\":\"1\"}");
        send("intraday_bar", "SPY", "{\"timestamp_minute\":\"2\"}");
        assertThat(sizes).containsExactly(1, 2);
    }

    @Test
    void theEndOfATaskIsTold() {
        driver.close();
        assertThat(progress).containsExactly("opened 0", "closed 0");
        open(); // for the test's own end
    }

    @Test
    void aSeriesOfFullDepthTakesEventsByTheTenThousands() {
        int events = 20_000;
        byte[] bar = utf8(
                "{\"symbol\":\"SPY\",\"timestamp_minute\":\"2026-01-05T15:30:00Z\",\"open\":470.11,\"high\":470.12,"
                        + "\"low\":470.1,\"close\":470.11,\"volume\":1200,\"final\":false}");
        List<String> minutes = IntStream.range(0, events)
                .mapToObj("2026-01-05T%05d"::formatted)
                .toList();
        KeyView view = KeyView.empty(2);
        for (int round = 0; round < 3; round++) {
            long startNs = System.nanoTime();
            for (int i = 0; i < events; i++) {
                view = view.apply(BARS, 390, minutes.get(i / 20), i, bar);
            }
            long tookNs = System.nanoTime() - startNs;
            System.out.printf(
                    "%d events/s into a series of 390, %d bytes%n",
                    events * 1_000_000_000L / tookNs, view.encode().length);
        }
        assertThat(view.entries(BARS)).hasSize(390);
    }
}

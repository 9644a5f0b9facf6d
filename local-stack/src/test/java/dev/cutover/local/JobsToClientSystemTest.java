package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.gateway.Gateway;
import dev.cutover.jobs.Jobs;
import dev.cutover.jobs.JobsSettings;
import dev.cutover.local.TestClient.Heard;
import dev.cutover.schema.EventCodec;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Settings;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.InputStream;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From the jobs, over a real broker and a gateway, to a real client. */
final class JobsToClientSystemTest {
    @TempDir
    Path directory;

    private SystemUnderTest system;

    @BeforeEach
    void start() throws Exception {
        system = SystemUnderTest.start(quickCatalog());
    }

    @AfterEach
    void stop() {
        system.close();
    }

    /** The shipped catalog with every cadence at one second. */
    private FeatureCatalog quickCatalog() throws Exception {
        try (InputStream in = FeatureCatalog.class.getResourceAsStream("features.yaml")) {
            String yaml =
                    new String(in.readAllBytes(), StandardCharsets.UTF_8).replaceAll("cadence: \\d+s", "cadence: 1s");
            Path file = Files.writeString(directory.resolve("features.yaml"), yaml);
            return FeatureCatalog.load(file);
        }
    }

    private Jobs jobs(Map<String, String> options) {
        Settings settings = Settings.resolve(JobsSettings.ALL, options, Map.of());
        Jobs jobs = system.open(
                Jobs.start(JobsSettings.from(settings), system.catalog(), system.kafka(), new SimpleMeterRegistry()));
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(jobs.health().reasons()).isEmpty());
        return jobs;
    }

    private static Path excerpt() throws Exception {
        URI uri = JobsToClientSystemTest.class.getResource("/msft-excerpt.tsv").toURI();
        return Path.of(uri);
    }

    @Test
    void anEventOfEachTypeReachesAClientByteForByte() throws Exception {
        Gateway gateway = system.gateway();
        TestClient client = system.client(gateway);
        system.catalog()
                .features()
                .forEach(feature ->
                        client.say("{\"type\":\"subscribe\",\"feature\":\"" + feature.name() + "\",\"from\":\"now\"}"));
        jobs(Map.of());
        Set<String> missing = new HashSet<>(EventCodec.types());
        Map<String, Heard> events = new HashMap<>();
        while (!missing.isEmpty()) {
            Heard frame = client.next(heard -> EventCodec.types().contains(heard.type()), "one of " + missing);
            if (missing.remove(frame.type())) {
                events.put(frame.type(), frame);
            }
        }
        Map<String, String> values = new HashMap<>();
        system.catalog().features().forEach(feature -> system.read(feature.topic())
                .forEach(record ->
                        values.put(record.topic() + record.partition() + ":" + record.offset(), text(record))));
        Set<String> heartbeats = system.read(system.catalog().heartbeat().topic()).stream()
                .map(JobsToClientSystemTest::text)
                .collect(Collectors.toSet());
        EventCodec codec = new EventCodec();
        events.forEach((type, frame) -> {
            String raw;
            if (type.equals("heartbeat")) {
                raw = frame.text()
                        .substring(
                                "{\"type\":\"heartbeat\",\"data\":".length(),
                                frame.text().indexOf(",\"high\""));
                assertThat(heartbeats).contains(raw);
            } else {
                raw = frame.rawData();
                String topic = system.catalog()
                        .feature(frame.json().get("feature").asText())
                        .orElseThrow()
                        .topic();
                assertThat(raw)
                        .isEqualTo(values.get(topic + frame.json().get("pos").asText()));
            }
            assertThat(codec.decode(type, raw.getBytes(StandardCharsets.UTF_8)).type())
                    .isEqualTo(type);
        });
    }

    private static String text(ConsumerRecord<byte[], byte[]> record) {
        return new String(record.value(), StandardCharsets.UTF_8);
    }

    @Test
    void theBarsOfAFileReachAClientValueByValueEachFinalOnceHoweverFast() throws Exception {
        Gateway gateway = system.gateway();
        TestClient client = system.client(gateway);
        client.say("{\"type\":\"subscribe\",\"feature\":\"intraday\",\"keys\":[\"MSFT\"],\"from\":\"now\"}");
        client.next("subscribed");
        jobs(Map.of("source", "file:" + excerpt(), "symbol", "MSFT", "speed", "600"));
        List<String> rows = Files.readAllLines(excerpt());
        for (String row : rows.subList(1, rows.size())) {
            String[] cells = row.split("\t", -1);
            JsonNode bar = client.next(
                            frame -> frame.type().equals("intraday_bar")
                                    && frame.json().get("data").get("final").asBoolean(),
                            "closed bar of " + row)
                    .json()
                    .get("data");
            assertThat(bar.get("symbol").asText()).isEqualTo("MSFT");
            assertThat(Instant.parse(bar.get("timestamp_minute").asText()))
                    .as("in the file's order, and none twice")
                    .isEqualTo(Instant.ofEpochMilli(Long.parseLong(cells[0])));
            List<String> fields = List.of("open", "high", "low", "close", "volume");
            for (int i = 0; i < fields.size(); i++) {
                assertThat(bar.get(fields.get(i)).decimalValue())
                        .as(fields.get(i) + " of " + row)
                        .isEqualByComparingTo(new BigDecimal(cells[i + 1]));
            }
        }
    }

    @Test
    void balancesAndPositionsOfOneMomentHangTogether() throws Exception {
        Gateway gateway = system.gateway();
        TestClient client = system.client(gateway);
        for (String feature : List.of("account_balance", "positions")) {
            client.say("{\"type\":\"subscribe\",\"feature\":\"" + feature + "\",\"keys\":[\"123\"],\"from\":\"now\"}");
        }
        jobs(Map.of());
        Map<String, JsonNode> balances = new HashMap<>();
        Map<String, JsonNode> positions = new HashMap<>();
        Set<String> both = new HashSet<>();
        while (both.size() < 3) {
            Heard frame = client.next(heard -> heard.json().has("pos"), "balances and positions");
            JsonNode data = frame.json().get("data");
            String moment = data.get("timestamp").asText();
            (frame.type().equals("positions") ? positions : balances).put(moment, data);
            if (balances.containsKey(moment) && positions.containsKey(moment)) {
                BigDecimal value = balances.get(moment).get("cash").decimalValue();
                for (JsonNode position : positions.get(moment).get("positions")) {
                    value = value.add(position.get("quantity")
                            .decimalValue()
                            .multiply(position.get("current_price").decimalValue()));
                }
                assertThat(balances.get(moment).get("portfolio_value").decimalValue())
                        .isEqualByComparingTo(value);
                both.add(moment);
            }
        }
    }
}

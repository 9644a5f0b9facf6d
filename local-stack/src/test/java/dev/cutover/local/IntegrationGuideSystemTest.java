package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cutover.gateway.Gateway;
import dev.cutover.rest.RestLegacy;
import dev.cutover.schema.FeatureCatalog;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/integration-guide.md promises: a catalog entry and a Kafka producer, and the feature is on both ways. */
final class IntegrationGuideSystemTest {
    private static final Path GUIDE = Path.of("..", "docs", "integration-guide.md");
    private static final String QUOTE = "{\"symbol\":\"BTC\",\"bid\":64000.5,\"ask\":64001.0}";

    @TempDir
    Path directory;

    @Test
    void theGuidesFeatureIsServedOnBothWays() throws Exception {
        String guide = Files.readString(GUIDE);
        assertThat(guide).contains(QUOTE);
        Matcher yaml = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL).matcher(guide);
        assertThat(yaml.find()).isTrue();
        FeatureCatalog catalog =
                FeatureCatalog.load(Files.writeString(directory.resolve("quotes.yaml"), yaml.group(1)));
        try (SystemUnderTest system = SystemUnderTest.start(catalog)) {
            RestLegacy rest = system.rest();
            Gateway gateway = system.gateway();
            Properties config = new Properties();
            config.put("bootstrap.servers", system.kafka().bootstrap());
            config.put("acks", "all");
            try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
                var quote = new ProducerRecord<>("events.quotes", "BTC", QUOTE);
                quote.headers().add("ce_type", "quote".getBytes(StandardCharsets.UTF_8));
                producer.send(quote).get();
                // the header may be left out where the feature has one type
                producer.send(new ProducerRecord<>("events.quotes", "ETH", "{\"symbol\":\"ETH\"}"))
                        .get();
            }
            TestClient client = system.client(gateway);
            client.say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"quotes\",\"keys\":[\"BTC\"]}");
            assertThat(client.next("quote").rawData()).isEqualTo(QUOTE);
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(TestHttp.get(rest.address(), "/api/quotes?symbol=BTC")
                                    .text())
                            .isEqualTo(QUOTE));
            await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertThat(
                            TestHttp.get(rest.address(), "/api/quotes/").text())
                    .isEqualTo("{\"quotes\":[" + QUOTE + ",{\"symbol\":\"ETH\"}]}"));
        }
    }
}

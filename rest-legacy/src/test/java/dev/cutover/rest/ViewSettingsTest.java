package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.KafkaConnection;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;

final class ViewSettingsTest {

    private static StreamsConfig of(Map<String, String> overrides) {
        return new StreamsConfig(
                ViewSettings.of(new KafkaConnection("broker:9092", overrides), "app", Path.of("state")));
    }

    @Test
    void kafkasOwnSettingsReachEveryClientAlsoThoseThatStreamsDoesNotKnow() {
        StreamsConfig settings = of(Map.of("security.protocol", "SSL", "of.a.plug-in", "x"));
        for (Map<String, Object> client : clients(settings)) {
            assertThat(client)
                    .containsEntry("security.protocol", "SSL")
                    .containsEntry("of.a.plug-in", "x")
                    .extracting(each -> each.get("bootstrap.servers"))
                    .asString()
                    .contains("broker:9092");
        }
    }

    @Test
    void whatTheViewsRestOnCannotBeTakenAway() {
        StreamsConfig settings = of(Map.of("auto.offset.reset", "latest", "group.protocol", "consumer"));
        assertThat(settings.getMainConsumerConfigs("app", "client", 0))
                .containsEntry("isolation.level", "read_committed")
                .containsEntry("auto.offset.reset", "earliest")
                .containsEntry("group.protocol", "classic");
    }

    private static List<Map<String, Object>> clients(StreamsConfig settings) {
        return List.of(
                settings.getMainConsumerConfigs("app", "client", 0),
                settings.getProducerConfigs("client"),
                settings.getAdminConfigs("client"));
    }
}

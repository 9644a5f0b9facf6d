package dev.cutover.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

final class TopicsTest {
    private static final Map<String, String> KEPT_SEVEN_DAYS =
            Map.of("cleanup.policy", "delete", "retention.ms", "604800000");

    private static Map<String, String> soonCompacted(String policy) {
        return Map.of("cleanup.policy", policy, "segment.ms", "600000", "min.cleanable.dirty.ratio", "0.01");
    }

    @Test
    void theTopicsOfTheShippedCatalogAreThese() {
        assertThat(Topics.specs(FeatureCatalog.shipped()))
                .containsExactly(
                        new Topics.Spec("events.account-balance", 3, KEPT_SEVEN_DAYS, false),
                        new Topics.Spec("rest.served.account-balance", 3, KEPT_SEVEN_DAYS, false),
                        new Topics.Spec("events.positions", 3, KEPT_SEVEN_DAYS, false),
                        new Topics.Spec("rest.served.positions", 3, KEPT_SEVEN_DAYS, false),
                        new Topics.Spec("events.intraday", 3, KEPT_SEVEN_DAYS, false),
                        new Topics.Spec("rest.served.intraday", 3, KEPT_SEVEN_DAYS, false),
                        new Topics.Spec("events.global-market", 3, KEPT_SEVEN_DAYS, false),
                        new Topics.Spec("rest.served.global-market", 3, KEPT_SEVEN_DAYS, false),
                        new Topics.Spec("events.heartbeat", 1, KEPT_SEVEN_DAYS, false),
                        new Topics.Spec("events.dead-letter", 1, soonCompacted("compact,delete"), false),
                        new Topics.Spec("config.features", 1, Map.of("cleanup.policy", "compact"), true),
                        new Topics.Spec(
                                "config.features.audit",
                                1,
                                Map.of("cleanup.policy", "delete", "retention.ms", "-1"),
                                true),
                        new Topics.Spec("jobs.progress", 1, Map.of("cleanup.policy", "compact"), true),
                        new Topics.Spec("evidence.signoffs", 1, Map.of("cleanup.policy", "compact"), true),
                        new Topics.Spec("rest.usage", 1, soonCompacted("compact"), true),
                        new Topics.Spec("parity.sessions", 1, soonCompacted("compact"), true),
                        new Topics.Spec("parity.verdicts", 1, KEPT_SEVEN_DAYS, false),
                        new Topics.Spec("evidence.observations", 1, KEPT_SEVEN_DAYS, false),
                        new Topics.Spec("ops.vitals", 1, KEPT_SEVEN_DAYS, false));
    }

    @Test
    void noFeatureCanTakeATopicOfCutoversOwn() {
        List<String> features =
                FeatureCatalog.shipped().features().stream().map(Feature::topic).toList();

        assertThat(Topics.specs(FeatureCatalog.shipped()))
                .extracting(Topics.Spec::name)
                .filteredOn(name -> !features.contains(name) && !name.equals("events.heartbeat"))
                .allMatch(Topics::isOwn)
                .containsAll(Topics.OWN);
    }

    @Test
    void anEventsHeadersAreCloudEvents() {
        Headers headers = EventHeaders.of("positions", "7-42", "jobs/positions", Instant.parse("2026-01-05T15:30:00Z"));

        assertThat(headers)
                .extracting(header -> header.key() + "=" + new String(header.value(), UTF_8))
                .containsExactly(
                        "ce_specversion=1.0",
                        "ce_type=positions",
                        "ce_id=7-42",
                        "ce_source=jobs/positions",
                        "ce_time=2026-01-05T15:30:00Z",
                        "content-type=application/json");
        assertThat(EventHeaders.type(headers)).isEqualTo("positions");
        assertThat(EventHeaders.type(new RecordHeaders())).isNull();
        assertThat(EventHeaders.type(new RecordHeaders().add("ce_type", null))).isNull();
    }
}

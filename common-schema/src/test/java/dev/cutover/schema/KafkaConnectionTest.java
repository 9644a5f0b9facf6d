package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class KafkaConnectionTest {

    @ParameterizedTest
    @CsvSource({
        "acks, 1",
        "enable.idempotence, false",
        "isolation.level, read_uncommitted",
        "enable.auto.commit, true",
    })
    void aSettingThatWouldTakeAGuaranteeAwayIsRefused(String name, String value) {
        assertThatThrownBy(() -> new KafkaConnection("localhost:9092", Map.of(name, value)))
                .isInstanceOf(StartupException.class)
                .hasMessageStartingWith("kafka." + name + " can't be '" + value + "'")
                .hasMessageEndingWith("leave it out");
    }

    @Test
    void aGuaranteeMayBeSaidAgain() {
        assertThat(new KafkaConnection("localhost:9092", Map.of("acks", "all")).overrides())
                .containsEntry("acks", "all");
    }

    @Test
    void whatTheOperatorGaveWinsOverWhatAServiceAdds() {
        KafkaConnection kafka = new KafkaConnection("localhost:9092", Map.of("max.block.ms", "7"));
        assertThat(kafka.with(Map.of("max.block.ms", "1000", "client.rack", "a"))
                        .overrides())
                .isEqualTo(Map.of("max.block.ms", "7", "client.rack", "a"));
    }

    @Test
    void aQuickFetchIsWhatTheOperatorGaveWhereTheyGaveOne() {
        assertThat(new KafkaConnection("localhost:9092", Map.of())
                        .withQuickFetch()
                        .overrides())
                .isEqualTo(Map.of("fetch.max.wait.ms", "20"));
        assertThat(new KafkaConnection("localhost:9092", Map.of("fetch.max.wait.ms", "300"))
                        .withQuickFetch()
                        .overrides())
                .isEqualTo(Map.of("fetch.max.wait.ms", "300"));
    }

    @Test
    void aClientThatCantBeMadeSaysWhyInOneLine() {
        KafkaConnection kafka = new KafkaConnection("nowhere", Map.of());
        assertThatThrownBy(() -> kafka.producer("test"))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("nowhere")
                .hasMessageContaining("--bootstrap");
    }

    @Test
    void aGroupsMemberKeepsItsSessionWhateverTheOperatorGave() {
        KafkaConnection kafka = new KafkaConnection(
                "localhost:9092",
                Map.of("session.timeout.ms", "6000", "group.protocol", "consumer", "group.instance.id", "one"));
        // Kafka itself refuses a session with the other protocol, and a member id that is static
        try (var consumer = kafka.groupConsumer("test", "test-group", Duration.ofSeconds(10))) {
            assertThat(consumer.groupMetadata().groupId()).isEqualTo("test-group");
            assertThat(consumer.groupMetadata().groupInstanceId()).isEmpty();
        }
    }

    @Test
    void aReaderThatMustNotJumpFailsWhereItHasNoPositionWhateverTheOperatorGave() {
        KafkaConnection kafka = new KafkaConnection("127.0.0.1:9", Map.of("auto.offset.reset", "latest"));
        try (var consumer = kafka.exactConsumer("test")) {
            consumer.assign(List.of(new TopicPartition("some", 0)));
            assertThatThrownBy(() -> consumer.poll(Duration.ZERO)).isInstanceOf(NoOffsetForPartitionException.class);
        }
    }
}

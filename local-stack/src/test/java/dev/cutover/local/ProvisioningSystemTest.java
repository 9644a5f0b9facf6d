package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.StartupException;
import dev.cutover.schema.TopicProvisioner;
import dev.cutover.schema.Topics;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Topics over a real broker. */
final class ProvisioningSystemTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final List<Topics.Spec> SPECS = Topics.specs(FeatureCatalog.shipped());

    private TestBroker broker;
    private KafkaConnection kafka;
    private Admin admin;

    @BeforeEach
    void start() {
        broker = TestBroker.start();
        kafka = new KafkaConnection(broker.bootstrap(), Map.of());
        admin = kafka.admin("test");
    }

    @AfterEach
    void stop() {
        admin.close();
        broker.close();
    }

    private void ensure() {
        TopicProvisioner.ensure(kafka, SPECS, TIMEOUT);
    }

    private void create(String name, int partitions, Map<String, String> configs) throws Exception {
        admin.createTopics(List.of(new NewTopic(name, Optional.of(partitions), Optional.empty()).configs(configs)))
                .all()
                .get();
    }

    @Test
    void missingTopicsAreCreatedAndASecondTimeChangesNothing() throws Exception {
        ensure();
        ensure();
        assertThat(admin.listTopics().names().get())
                .containsExactlyInAnyOrderElementsOf(
                        SPECS.stream().map(Topics.Spec::name).toList());
    }

    @Test
    void twoServicesMayCreateTheTopicsAtOnce() throws Exception {
        Thread other = new Thread(this::ensure);
        other.start();
        ensure();
        other.join();
        assertThat(admin.listTopics().names().get()).hasSize(SPECS.size());
    }

    @Test
    void aConfigTopicThatIsNotCompactedIsRefused() throws Exception {
        create(Topics.FLAGS, 1, Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, "delete"));
        assertThatThrownBy(this::ensure)
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("config.features has cleanup.policy=delete, but must have compact");
        assertThat(admin.listTopics().names().get())
                .as("a start that is refused leaves nothing behind")
                .containsExactly(Topics.FLAGS);
    }

    @Test
    void aConfigTopicWithSeveralPartitionsIsRefused() throws Exception {
        create(Topics.FLAGS, 2, Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, "compact"));
        assertThatThrownBy(this::ensure)
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("config.features has 2 partitions, but must have 1");
    }

    @Test
    void anAuditTopicThatForgetsIsRefused() throws Exception {
        create(Topics.FLAG_AUDIT, 1, Map.of(TopicConfig.RETENTION_MS_CONFIG, "604800000"));
        assertThatThrownBy(this::ensure)
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("config.features.audit has retention.ms=604800000, but must have -1");
    }

    @Test
    void aTopicThatIsCompactedLaterThanItWouldBeIsGoodEnough() throws Exception {
        create(Topics.PARITY_SESSIONS, 1, Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, "compact"));
        ensure();
        assertThat(admin.listTopics().names().get()).hasSize(SPECS.size());
    }

    @Test
    void aClusterThatDoesNotAnswerIsNamed() throws Exception {
        int nobody;
        try (ServerSocket free = new ServerSocket(0)) {
            nobody = free.getLocalPort();
        }
        KafkaConnection lost = new KafkaConnection("127.0.0.1:" + nobody, Map.of());
        assertThatThrownBy(() -> TopicProvisioner.ensure(lost, SPECS, Duration.ofSeconds(2)))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining(lost.bootstrap())
                .hasMessageContaining("--bootstrap");
    }

    @Test
    void theTopicsIdsAreTold() throws Exception {
        Map<String, String> ids = TopicProvisioner.ensure(kafka, SPECS, TIMEOUT);
        assertThat(ids).containsOnlyKeys(SPECS.stream().map(Topics.Spec::name).toList());
        assertThat(ids.values()).doesNotHaveDuplicates();
    }
}

package dev.cutover.local;

import static dev.cutover.local.RestSystemRig.BALANCE;
import static dev.cutover.local.RestSystemRig.POSITIONS;
import static dev.cutover.local.RestSystemRig.READY;
import static dev.cutover.local.RestSystemRig.RETIRE_AFTER;
import static dev.cutover.local.RestSystemRig.awaitReady;
import static dev.cutover.local.RestSystemRig.position;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cutover.rest.RestLegacy;
import dev.cutover.schema.Stage;
import dev.cutover.schema.TopicProvisioner;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of REST's views when their topic, their consumer, their stage or the broker changes beneath them. */
final class RestRecoverySystemTest {
    private final RestSystemRig rig = new RestSystemRig();

    @AfterEach
    void stop() {
        rig.close();
    }

    @Test
    void aTopicThatIsMadeAnewIsANewEpochWithoutTheOldViews() throws Exception {
        rig.feed.sendNow("positions", "old", "{\"old\":true}");
        RestLegacy rest = rig.readyRest();
        String oldEpoch = rig.topicId("events.positions");
        assertThat(position(rig.get(rest, POSITIONS))).startsWith(oldEpoch + ";");
        try (Admin admin = rig.system.kafka().admin("test")) {
            admin.deleteTopics(List.of("events.positions")).all().get();
            await().until(() -> !admin.listTopics().names().get().contains("events.positions"));
        }
        TopicProvisioner.ensure(rig.system.kafka(), rig.system.catalog());
        String newEpoch = rig.topicId("events.positions");
        assertThat(newEpoch).isNotEqualTo(oldEpoch);
        try (EventFeed newFeed = new EventFeed(rig.system.kafka(), rig.system.catalog())) {
            newFeed.sendNow("positions", "new", "{\"new\":true}");
        }
        await().atMost(READY).untilAsserted(() -> {
            HttpResponse<String> answer = rig.get(rest, POSITIONS);
            assertThat(answer.body()).isEqualTo("{\"accounts\":[{\"new\":true}]}");
            assertThat(position(answer)).startsWith(newEpoch + ";");
        });
    }

    @Test
    void aMemberThatIsThrownOutOfItsGroupAnswers503AndThenTheWholeStateAgain() throws Exception {
        RestLegacy rest = rig.restWithAccounts(50);
        String whole = rig.body(rest, BALANCE);
        String group = rig.groups("account_balance").get(0);
        try (Admin admin = rig.system.kafka().admin("test")) {
            admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions())
                    .all()
                    .get();
        }
        assertThat503AndThenTheWholeAgain(rest, whole, group);
    }

    @Test
    void aStreamThreadThatDiesAnswers503AndThenTheWholeStateAgain() throws Exception {
        RestLegacy rest = rig.restWithAccounts(50);
        String whole = rig.body(rest, BALANCE);
        String group = rig.groups("account_balance").get(0);
        Thread stream = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(group + "-StreamThread-1"))
                .findFirst()
                .orElseThrow();
        stream.interrupt();
        assertThat503AndThenTheWholeAgain(rest, whole, group);
    }

    private void assertThat503AndThenTheWholeAgain(RestLegacy rest, String whole, String group) {
        List<Integer> statuses = new ArrayList<>();
        await().atMost(READY).pollInterval(Duration.ofMillis(1)).until(() -> {
            HttpResponse<String> answer = rig.get(rest, BALANCE);
            statuses.add(answer.statusCode());
            if (answer.statusCode() == 200) {
                assertThat(answer.body()).as("never a part of it").isEqualTo(whole);
                return statuses.contains(503);
            }
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
            assertThat(answer.headers().firstValue("Retry-After")).isPresent();
            return false;
        });
        awaitReady(rest);
        assertThat(rig.groups("account_balance")).hasSize(1).doesNotContain(group);
    }

    @Test
    void aPromotedFeatureIsGoneAndARollbackWithinItsTimeServesAtOnce() throws Exception {
        rig.feed.sendNow("positions", "1", "{\"a\":1}");
        RestLegacy rest = rig.readyRest();
        rig.move(Stage.LIVE);
        await().untilAsserted(
                        () -> assertThat(rig.get(rest, POSITIONS).headers().firstValue("Deprecation"))
                                .isPresent());
        rig.move(Stage.PROMOTED);
        await().untilAsserted(
                        () -> assertThat(rig.get(rest, POSITIONS).statusCode()).isEqualTo(410));
        String group = rig.groups("positions").get(0);
        rig.now.set(Instant.now().plus(RETIRE_AFTER).minusSeconds(60));
        rig.feed.sendNow("positions", "1", "{\"a\":2}");
        rig.move(Stage.SHADOW);
        List<Integer> statuses = new ArrayList<>();
        await().pollInterval(Duration.ofMillis(1)).until(() -> {
            statuses.add(rig.get(rest, POSITIONS).statusCode());
            return statuses.contains(200);
        });
        assertThat(statuses).doesNotContain(503);
        assertThat(rig.body(rest, POSITIONS)).isEqualTo("{\"accounts\":[{\"a\":2}]}");
        assertThat(rig.groups("positions")).containsExactly(group);
    }

    @Test
    void aRollbackAfterTheViewsHaveRetiredFillsThemAndServes() throws Exception {
        rig.feed.sendNow("positions", "1", "{\"a\":1}");
        RestLegacy rest = rig.readyRest();
        rig.move(Stage.LIVE);
        rig.move(Stage.PROMOTED);
        rig.now.set(Instant.now().plus(RETIRE_AFTER));
        await().atMost(READY)
                .untilAsserted(() -> assertThat(rig.groups("positions")).isEmpty());
        assertThat(rest.health().reasons()).isEmpty();
        RestLegacy startedLater = rig.readyRest();
        assertThat(rig.get(startedLater, POSITIONS).statusCode()).isEqualTo(410);
        assertThat(rig.groups("positions")).as("nobody fills what has retired").isEmpty();
        rig.move(Stage.SHADOW);
        await().atMost(READY)
                .untilAsserted(() -> assertThat(rig.body(rest, POSITIONS)).isEqualTo("{\"accounts\":[{\"a\":1}]}"));
    }

    @Test
    void whileTheBrokerIsAwayItServesFromMemoryAndItsHealthIsDegraded() throws Exception {
        RestLegacy rest = rig.restWithAccounts(20);
        String whole = rig.body(rest, BALANCE);
        rig.broker.close();
        await().atMost(READY).untilAsserted(() -> {
            assertThat(rig.body(rest, BALANCE)).isEqualTo(whole);
            assertThat(rest.health().degraded()).isNotEmpty();
        });
        assertThat(rest.health().ready()).isTrue();
        long startNs = System.nanoTime();
        rest.close();
        long closedMs = (System.nanoTime() - startNs) / 1_000_000;
        System.out.println("closed without a broker in " + closedMs + " ms");
        assertThat(closedMs).isLessThan(20_000);
    }
}

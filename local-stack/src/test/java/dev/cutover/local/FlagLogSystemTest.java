package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.cutover.gateway.Gateway;
import dev.cutover.schema.Flag;
import dev.cutover.schema.FlagChange;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.FlagWriter;
import dev.cutover.schema.FlagWriter.Outcome;
import dev.cutover.schema.Stage;
import dev.cutover.schema.Topics;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The flag log over a real broker. */
final class FlagLogSystemTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private SystemUnderTest system;

    @BeforeEach
    void start() {
        system = SystemUnderTest.start();
    }

    @AfterEach
    void stop() {
        system.close();
    }

    private FlagReader reader() throws Exception {
        FlagReader reader = system.open(new FlagReader(system.kafka(), "test-flags"));
        reader.caughtUp().get(20, TimeUnit.SECONDS);
        return reader;
    }

    private FlagWriter writer(FlagReader reader) {
        return new FlagWriter(
                () -> system.kafka().transactionalProducer("test-flag-writer", FlagWriter.TRANSACTIONAL_ID),
                reader,
                Clock.systemUTC(),
                Duration.ofSeconds(20));
    }

    private static Flag toggled(Flag flag, String by) {
        return flag.at(flag.stage() == Stage.SHADOW ? Stage.LIVE : Stage.SHADOW, by, "race");
    }

    private List<Long> auditedVersions() throws Exception {
        List<Long> versions = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : system.read(Topics.FLAG_AUDIT)) {
            versions.add(JSON.readTree(record.value()).get("version").asLong());
        }
        return versions;
    }

    @Test
    void fourWritersRaceAndNoVersionIsLostOrGivenTwice() throws Exception {
        int writers = 4;
        int changesEach = 5;
        ExecutorService pool = Executors.newFixedThreadPool(writers);
        List<Outcome.Written> written = Collections.synchronizedList(new ArrayList<>());
        List<Future<?>> runs = new ArrayList<>();
        AtomicInteger gaveUp = new AtomicInteger();
        for (int i = 0; i < writers; i++) {
            String by = "operator-" + i;
            FlagReader reader = reader();
            FlagWriter writer = writer(reader);
            runs.add(pool.submit(() -> {
                int done = 0;
                while (done < changesEach) {
                    try {
                        Outcome outcome = writer.write("positions", OptionalLong.empty(), flag -> toggled(flag, by));
                        if (outcome instanceof Outcome.Written success) {
                            written.add(success);
                            done++;
                        }
                    } catch (FlagWriter.FlagWriteException e) {
                        gaveUp.incrementAndGet(); // fenced five times: it says that it does not know, and so do we
                    }
                }
            }));
        }
        for (Future<?> run : runs) {
            run.get(120, TimeUnit.SECONDS);
        }
        pool.shutdown();
        List<Long> audited = auditedVersions();
        assertThat(audited)
                .as("no version is missing or there twice")
                .isEqualTo(LongStream.rangeClosed(1, audited.size()).boxed().toList());
        assertThat((long) audited.size())
                .isBetween((long) writers * changesEach, (long) writers * changesEach + gaveUp.get());
        assertThat(written).extracting(done -> done.flag().changeId()).doesNotHaveDuplicates();
        assertThat(written)
                .extracting(done -> done.flag().version())
                .hasSize(writers * changesEach)
                .doesNotHaveDuplicates()
                .isSubsetOf(audited);
        assertThat(reader().flag("positions").version()).isEqualTo((long) audited.size());
    }

    @Test
    void aVersionThatIsNotTheExpectedOneIsAConflictThatSaysWhoChangedWhat() throws Exception {
        FlagReader reader = reader();
        FlagWriter writer = writer(reader);
        writer.write("positions", OptionalLong.of(0), flag -> flag.at(Stage.LIVE, "alice", "proven"));
        Outcome outcome = writer.write("positions", OptionalLong.of(0), flag -> flag.at(Stage.LIVE, "bob", "proven"));
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Conflict.class, conflict -> {
            assertThat(conflict.current().changedBy()).isEqualTo("alice");
            assertThat(conflict.current().version()).isEqualTo(1);
            assertThat(conflict.expectedVersion()).isZero();
        });
        assertThat(auditedVersions()).containsExactly(1L);
    }

    @Test
    void aChangeThatIsRefusedWritesNothing() throws Exception {
        FlagReader reader = reader();
        FlagWriter writer = writer(reader);
        assertThatThrownBy(() -> writer.write("positions", OptionalLong.empty(), flag -> {
                    throw new IllegalStateException("not from " + flag.stage());
                }))
                .hasMessage("not from SHADOW");
        assertThat(auditedVersions()).isEmpty();
        Outcome next = writer.write("positions", OptionalLong.of(0), flag -> flag.at(Stage.LIVE, "alice", "go"));
        assertThat(next).isInstanceOf(Outcome.Written.class);
    }

    @Test
    void flagAndAuditRecordAreWrittenTogetherWithWhoAndWhy() throws Exception {
        FlagReader reader = reader();
        writer(reader)
                .write("positions", OptionalLong.of(0), flag -> flag.at(Stage.LIVE, "alice", "two clean sessions"));
        assertThat(reader.flag("positions").stage()).isEqualTo(Stage.LIVE);
        JsonNode flag = JSON.readTree(system.read(Topics.FLAGS).get(0).value());
        JsonNode audit = JSON.readTree(system.read(Topics.FLAG_AUDIT).get(0).value());
        assertThat(flag.get("stage").asText()).isEqualTo("live");
        assertThat(flag.get("changed_by").asText()).isEqualTo("alice");
        assertThat(audit.get("from").asText()).isEqualTo("shadow");
        assertThat(audit.get("reason").asText()).isEqualTo("two clean sessions");
        assertThat(audit.get("change_id")).isEqualTo(flag.get("change_id"));
    }

    @Test
    void aTombstoneMeansShadowAndARecordThatCantBeReadIsIgnoredAndCounted() throws Exception {
        FlagReader reader = reader();
        writer(reader).write("positions", OptionalLong.of(0), flag -> flag.at(Stage.LIVE, "alice", "go"));
        EventFeed feed = system.feed();
        feed.sendRaw(Topics.FLAGS, 0, null, EventFeed.utf8("positions"), EventFeed.utf8("{\"stage\":\"live\"}"));
        feed.sendRaw(Topics.FLAGS, 0, null, EventFeed.utf8("intraday"), EventFeed.utf8("no json"));
        reader.readToEnd().get(20, TimeUnit.SECONDS);
        assertThat(reader.unreadable()).isEqualTo(2);
        assertThat(reader.flag("positions").stage()).isEqualTo(Stage.LIVE);
        assertThat(reader.flag("intraday").stage()).isEqualTo(Stage.SHADOW);
        feed.sendRaw(Topics.FLAGS, 0, null, EventFeed.utf8("positions"), null);
        reader.readToEnd().get(20, TimeUnit.SECONDS);
        assertThat(reader.flag("positions")).isEqualTo(Flag.initial("positions"));
    }

    @Test
    void aListenerIsToldOfEveryChangeInOrder() throws Exception {
        FlagReader reader = reader();
        List<FlagChange> changes = Collections.synchronizedList(new ArrayList<>());
        reader.onChange(changes::add);
        FlagWriter writer = writer(reader);
        for (int i = 0; i < 5; i++) {
            writer.write("positions", OptionalLong.of(i), flag -> toggled(flag, "alice"));
        }
        assertThat(changes).extracting(change -> change.after().version()).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(changes)
                .allMatch(change ->
                        change.before().version() + 1 == change.after().version());
    }

    @Test
    void aFlipReachesEveryClientOfEveryGateway() throws Exception {
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Gateway gateway = system.gateway();
            clients.add(system.client(gateway));
            clients.add(system.client(gateway));
        }
        FlagReader reader = reader();
        writer(reader).write("positions", OptionalLong.of(0), flag -> flag.at(Stage.LIVE, "alice", "proven"));
        for (TestClient client : clients) {
            JsonNode told = client.next("stage_changed").json();
            assertThat(told.get("feature").asText()).isEqualTo("positions");
            assertThat(told.get("stage").asText()).isEqualTo("live");
            assertThat(told.get("data").get("from").asText()).isEqualTo("shadow");
            assertThat(told.get("data").get("version").asLong()).isEqualTo(1);
            assertThat(told.get("data").get("changed_by").asText()).isEqualTo("alice");
        }
    }

    @Test
    void theLastKnownFlagsStayAndGrowOldWhileKafkaIsAway() throws Exception {
        TestBroker broker = TestBroker.start();
        SystemUnderTest shortLived = SystemUnderTest.on(broker);
        FlagReader reader = shortLived.open(new FlagReader(shortLived.kafka(), "test-flags"));
        reader.caughtUp().get(20, TimeUnit.SECONDS);
        new FlagWriter(
                        () -> shortLived.kafka().transactionalProducer("w", FlagWriter.TRANSACTIONAL_ID),
                        reader,
                        Clock.systemUTC(),
                        Duration.ofSeconds(20))
                .write("positions", OptionalLong.of(0), flag -> flag.at(Stage.LIVE, "alice", "go"));
        await().atMost(Duration.ofSeconds(10)).until(() -> reader.ageMs().getAsLong() < 2_000);
        broker.close();
        await().atMost(Duration.ofSeconds(20)).until(() -> reader.ageMs().getAsLong() > 3_000);
        assertThat(reader.flag("positions").stage()).isEqualTo(Stage.LIVE);
        shortLived.close();
    }
}

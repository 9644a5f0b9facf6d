package dev.cutover.control;

import static dev.cutover.control.ParityRig.POSITIONS;
import static dev.cutover.control.ParityRig.absent;
import static dev.cutover.control.ParityRig.at;
import static dev.cutover.control.ParityRig.entry;
import static dev.cutover.control.ParityRig.list;
import static dev.cutover.control.ParityRig.upstream;
import static dev.cutover.control.ParityRig.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.MarketCalendar;
import dev.cutover.schema.Reference;
import dev.cutover.schema.ServedRecord;
import dev.cutover.schema.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions are of 30 s, and one begins at {@link ParityRig#START}; positions may be 2 s late and come every 10 s. */
final class ParityTopologyTest {
    @TempDir
    private Path stateDirectory;

    private final ControlMetrics metrics = new ControlMetrics();
    private TopologyTestDriver driver;
    private TestInputTopic<byte[], byte[]> events;
    private TestInputTopic<byte[], byte[]> served;
    private TestOutputTopic<byte[], byte[]> verdicts;
    private TestOutputTopic<byte[], byte[]> sessions;
    private long nowMs;

    @BeforeEach
    void open() {
        open(0);
    }

    private void open(long judgeFrom) {
        Properties settings =
                ParityStreams.settings(new KafkaConnection("localhost:1", Map.of()), "test", stateDirectory);
        Map<TopicPartition, ParityStart.Begin> begins = new HashMap<>();
        for (Feature feature : FeatureCatalog.shipped().features()) {
            begins.put(
                    new TopicPartition(feature.topic(), 0), new ParityStart.Begin(0, judgeFrom, true, ParityRig.EPOCH));
        }
        driver = new TopologyTestDriver(
                ParityTopology.of(
                        FeatureCatalog.shipped(),
                        new StreamsConfig(settings),
                        SessionClock.of("30s", MarketCalendar.shipped()),
                        new ParityStart.Begins(begins),
                        metrics),
                settings,
                at(0));
        ByteArraySerializer bytes = new ByteArraySerializer();
        events = driver.createInputTopic(POSITIONS.topic(), bytes, bytes);
        served = driver.createInputTopic(Topics.served(POSITIONS), bytes, bytes);
        verdicts = driver.createOutputTopic(
                Topics.PARITY_VERDICTS, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        sessions = driver.createOutputTopic(
                Topics.PARITY_SESSIONS, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @AfterEach
    void close() {
        driver.close();
    }

    private void event(String key, long atMs, String data) {
        events.pipeInput(new TestRecord<>(
                utf8(key),
                utf8(data.replace('\'', '"')),
                EventHeaders.of("positions", "id", "/test", at(atMs)),
                at(atMs)));
    }

    private void serve(ServedRecord record) {
        served.pipeInput(new TestRecord<>(record.recordKey(), record.toJson(), new RecordHeaders(), record.servedAt()));
    }

    private void clockTo(long ms) {
        driver.advanceWallClockTime(Duration.ofMillis(ms - nowMs));
        nowMs = ms;
    }

    private static ServedRecord one(long offset, long servedMs, String body) {
        return entry(POSITIONS, "1", offset, servedMs, body);
    }

    private Verdict verdict() throws JsonFault {
        return Verdict.fromJson(verdicts.readValue());
    }

    private Outcome outcome() throws JsonFault {
        return verdict().outcome();
    }

    private SessionTally tally() throws JsonFault {
        List<byte[]> tallies = sessions.readValuesToList();
        return SessionTally.fromJson(tallies.get(tallies.size() - 1));
    }

    private double metric(String name, String... tags) {
        return metrics.registry().get(name).tags(tags).counter().count();
    }

    private double pending() {
        return metrics.registry()
                .get("cutover.control.parity.pending")
                .tag("feature", "positions")
                .gauge()
                .value();
    }

    @Test
    void everyKindOfVerdictIsWrittenAndCounted() throws Exception {
        event("1", 0, "{'n':1}");
        event("1", 1_000, "{'n':2}");
        serve(one(1, 1_100, "{'n':2}"));
        assertThat(outcome()).isEqualTo(Outcome.MATCH);
        serve(one(1, 1_200, "{'n':3}"));
        Verdict mismatch = verdict();
        assertThat(mismatch.outcome()).isEqualTo(Outcome.MISMATCH);
        assertThat(mismatch.differences()).extracting(Difference::pointer).containsExactly("/n");
        serve(one(0, 4_000, "{'n':1}"));
        Verdict lagging = verdict();
        assertThat(lagging.outcome()).isEqualTo(Outcome.LAGGING);
        assertThat(lagging.lateMs()).isEqualTo(3_000);
        serve(entry(POSITIONS, "2", 1, 4_100, "{}"));
        assertThat(outcome()).isEqualTo(Outcome.MISSING_WS);
        serve(absent(POSITIONS, "1", 1, 4_200));
        assertThat(outcome()).isEqualTo(Outcome.MISSING_REST);
        serve(list(POSITIONS, 1, 4_300, "2"));
        assertThat(outcome()).isEqualTo(Outcome.MISSING_REST);
        serve(list(POSITIONS, 1, 4_300, "1"));
        assertThat(verdicts.isEmpty()).isTrue();
        clockTo(5_000);
        SessionTally tally = tally();
        assertThat(tally)
                .isEqualTo(new SessionTally(
                        "positions",
                        "30s@2026-11-30T15:00:00Z",
                        "p0",
                        at(0),
                        at(30_000),
                        1,
                        1,
                        1,
                        2,
                        1,
                        0,
                        0,
                        3_000,
                        Reference.MATERIALISED,
                        tally.updatedAt()));
        for (Outcome outcome : Outcome.values()) {
            assertThat(metric("cutover.control.parity.verdicts", "feature", "positions", "outcome", outcome.wireName()))
                    .isPositive();
        }
    }

    @Test
    void theKeysOfTheRecordsAreThoseThatTheTopicsPromise() {
        event("1", 0, "{}");
        serve(one(0, 100, "{}"));
        clockTo(300);
        assertThat(new String(verdicts.readKeyValue().key, StandardCharsets.UTF_8))
                .isEqualTo("positions|1");
        assertThat(new String(sessions.readKeyValue().key, StandardCharsets.UTF_8))
                .isEqualTo("positions|30s@2026-11-30T15:00:00Z|p0");
    }

    @Test
    void whatRestSaysBeforeItsEventIsHereWaitsForIt() throws Exception {
        event("1", 0, "{'n':1}");
        serve(one(1, 100, "{'n':2}"));
        assertThat(verdicts.isEmpty()).isTrue();
        assertThat(pending()).isEqualTo(1);
        event("1", 50, "{'n':2}");
        assertThat(outcome()).isEqualTo(Outcome.MATCH);
        assertThat(pending()).isZero();
        clockTo(60_000);
        assertThat(verdicts.isEmpty()).as("and once").isTrue();
    }

    @Test
    void onASilentTopicTheWallClockEndsTheWaiting() throws Exception {
        event("1", 0, "{'n':1}");
        serve(one(1, 100, "{'n':2}"));
        clockTo(29_900);
        assertThat(verdicts.isEmpty()).isTrue();
        clockTo(30_300);
        assertThat(outcome()).isEqualTo(Outcome.MISSING_WS);
        assertThat(pending()).isZero();
    }

    @Test
    void anUpstreamsAnswerIsJudgedByTheWallClockAfterTheAllowedLag() throws Exception {
        event("1", 0, "{'n':1}");
        serve(upstream(one(0, 0, "{'n':1}"), "other"));
        serve(upstream(one(0, 0, "{'n':2}"), "other"));
        clockTo(1_750);
        assertThat(verdicts.isEmpty()).isTrue();
        clockTo(2_000);
        assertThat(outcome()).isEqualTo(Outcome.MATCH);
        assertThat(outcome()).isEqualTo(Outcome.MISMATCH);
        clockTo(3_000);
        assertThat(tally().reference()).isEqualTo(Reference.UPSTREAM);
    }

    @Test
    void theNoiseOfAnUpstreamDoesNotCount() throws Exception {
        event("1", 0, "{'n':1}");
        serve(upstream(one(0, 100, "{'n':1,'t':1}"), Noise.PROBER));
        serve(upstream(one(0, 110, "{'n':1,'t':2}"), Noise.PROBER));
        clockTo(3_000);
        assertThat(outcome()).isEqualTo(Outcome.MATCH);
        assertThat(verdict().noise()).containsExactly("/t");
    }

    @Test
    void theSameComparisonIsCountedOnceAndOfItsOutcomesTheWorst() throws Exception {
        event("1", 0, "{'n':1}");
        serve(one(0, 100, "{'n':1}"));
        serve(one(0, 200, "{'n':1}"));
        event("1", 300, "{'n':2}");
        serve(one(0, 5_000, "{'n':1}"));
        serve(one(0, 400, "{'n':1}"));
        clockTo(6_000);
        SessionTally tally = tally();
        assertThat(tally.matches()).isZero();
        assertThat(tally.lagging()).isEqualTo(1);
        assertThat(tally.worstLateMs()).isEqualTo(4_700);
    }

    @Test
    void aVerdictBelongsToTheSessionInWhichItWasServed() throws Exception {
        event("1", 0, "{'n':1}");
        serve(one(0, 29_999, "{'n':1}"));
        serve(one(0, 30_000, "{'n':1}"));
        clockTo(500);
        assertThat(sessions.readValuesToList())
                .extracting(value -> SessionTally.fromJson(value).session())
                .containsExactlyInAnyOrder("30s@2026-11-30T15:00:00Z", "30s@2026-11-30T15:00:30Z");
    }

    @Test
    void aTallyIsToldOnceASecondWhileItChangesAndOnceWhenItsSessionHasEnded() {
        event("1", 0, "{'n':1}");
        for (int i = 0; i < 20; i++) {
            serve(one(0, i, "{'n':" + i + "}"));
            clockTo(100L * (i + 1));
        }
        assertThat(sessions.readValuesToList()).hasSizeBetween(2, 3);
        clockTo(4_000);
        sessions.readValuesToList();
        clockTo(29_000);
        assertThat(sessions.isEmpty()).as("nothing has changed").isTrue();
        clockTo(31_000);
        assertThat(sessions.readValuesToList()).hasSize(1);
        clockTo(90_000);
        assertThat(sessions.isEmpty()).isTrue();
    }

    @Test
    void whatComesWhenTheTallyOfItsSessionIsClosedChangesItNoMore() throws Exception {
        event("1", 0, "{'n':1}");
        serve(one(0, 100, "{'n':1}"));
        clockTo(SessionLedger.OPEN.toMillis() + 120_000);
        sessions.readValuesToList();
        assertThat(driver.getKeyValueStore("positions").approximateNumEntries())
                .as("the event, the standing, and that the session was there")
                .isEqualTo(3);
        serve(one(0, 200, "{'n':2}"));
        clockTo(SessionLedger.OPEN.toMillis() + 130_000);
        assertThat(sessions.isEmpty()).isTrue();
        assertThat(metrics.late.count()).isEqualTo(1);
        assertThat(verdicts.readValuesToList())
                .as("the verdict is there nevertheless")
                .hasSize(2);
    }

    @Test
    void whatStoodInTheLogBeforeItBeganIsPassedAndCounted() {
        driver.close();
        open(2);
        event("1", 0, "{'n':1}");
        event("1", 0, "{'n':1}");
        serve(one(1, 100, "{'n':7}"));
        assertThat(verdicts.isEmpty()).isTrue();
        assertThat(metric("cutover.control.parity.passed", "feature", "positions", "why", "early"))
                .isEqualTo(1);
        event("1", 200, "{'n':1}");
        serve(one(2, 300, "{'n':7}"));
        assertThat(verdicts.isEmpty()).isFalse();
    }

    @Test
    void whatCannotBeReadIsCountedAndPassed() throws Exception {
        events.pipeInput(utf8("1"), utf8("{"));
        events.pipeInput(null, utf8("{}"));
        events.pipeInput(utf8("1"), (byte[]) null);
        served.pipeInput(utf8("1"), utf8("{"));
        served.pipeInput(utf8("1"), (byte[]) null);
        event("1", 0, "{'n':1}");
        serve(one(3, 100, "{'n':1}"));
        assertThat(outcome()).isEqualTo(Outcome.MATCH);
        assertThat(metric("cutover.control.parity.unreadable", "topic", "events.positions"))
                .isEqualTo(3);
        assertThat(metric("cutover.control.parity.unreadable", "topic", "rest.served.positions"))
                .isEqualTo(2);
    }

    @Test
    void numbersThatHaveNoPlainFormAreAMismatchLikeAnyOther() throws Exception {
        event("1", 0, "{'n':1}");
        String json = new String(one(0, 100, "{'n':77}").toJson(), StandardCharsets.UTF_8);
        served.pipeInput(
                new TestRecord<>(utf8("1"), utf8(json.replace(":77", ":1e999999")), new RecordHeaders(), at(100)));
        Verdict verdict = verdict();
        assertThat(verdict.outcome()).isEqualTo(Outcome.MISMATCH);
        assertThat(verdict.differences().get(0).rest().asText()).isEqualTo("1E+999999");
    }

    @Test
    void aTopicThatIsMadeAnewIsJudgedByWhatItHoldsNow() {
        event("1", 0, "{'n':1}");
        serve(one(0, 100, "{'n':1}"));
        ServedRecord old = one(0, 200, "{'n':7}");
        ServedRecord other = new ServedRecord(
                old.kind(),
                old.feature(),
                old.key(),
                "topic-2",
                0,
                5L,
                old.query(),
                old.caller(),
                old.reference(),
                old.askedAt(),
                old.servedAt(),
                old.bodyHash(),
                old.body(),
                null);
        serve(other); // the driver goes on counting offsets, as a consumer does that saw nothing of it
        serve(old);
        assertThat(metric("cutover.control.parity.passed", "feature", "positions", "why", "other_topic"))
                .isEqualTo(1);
        assertThat(verdicts.readValuesToList()).hasSize(1);
        assertThat(pending()).isEqualTo(1);
    }
}

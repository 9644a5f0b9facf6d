package dev.cutover.control;

import static dev.cutover.control.ParityRig.INTRADAY;
import static dev.cutover.control.ParityRig.POSITIONS;
import static dev.cutover.control.ParityRig.at;
import static dev.cutover.control.ParityRig.entry;
import static dev.cutover.control.ParityRig.upstream;
import static dev.cutover.control.ParityRig.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.MarketCalendar;
import dev.cutover.schema.ServedRecord;
import dev.cutover.schema.Topics;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A task that is made anew on the store that the one before it has left, as Streams does it after a restart. */
final class ParityRestartTest {
    @TempDir
    private Path directory;

    private final ControlMetrics metrics = new ControlMetrics();
    private Feature feature = POSITIONS;
    private String session = "30s";
    private ParityStart.Begins begins = begin(0, 0, true);
    private KeyValueStore<byte[], byte[]> store;
    private MockProcessorContext<byte[], byte[]> context;
    private ParityProcessor processor;

    private void restart(long nowMs) {
        if (processor != null) {
            processor.close();
        }
        Properties settings = new Properties();
        settings.put("application.id", "test");
        settings.put("bootstrap.servers", "localhost:1");
        File state = directory.toFile();
        context = new MockProcessorContext<>(settings, new TaskId(0, 0), state);
        context.setCurrentSystemTimeMs(at(nowMs).toEpochMilli());
        if (store == null) {
            store = Stores.keyValueStoreBuilder(
                            Stores.inMemoryKeyValueStore(
                                    ParityTopology.Names.of(feature).store()),
                            Serdes.ByteArray(),
                            Serdes.ByteArray())
                    .withLoggingDisabled()
                    .withCachingDisabled()
                    .build();
            store.init(context.getStateStoreContext(), store);
        }
        context.addStateStore(store);
        processor = new ParityProcessor(feature, SessionClock.of(session, MarketCalendar.shipped()), begins, metrics);
        processor.init(context);
    }

    private void event(String type, String key, long offset, long atMs, String data) {
        context.setRecordMetadata(feature.topic(), 0, offset);
        processor.process(new Record<>(
                utf8(key),
                utf8(data.replace('\'', '"')),
                at(atMs).toEpochMilli(),
                EventHeaders.of(type, "id", "/test", at(atMs))));
    }

    private void serve(long servedOffset, ServedRecord served) {
        context.setRecordMetadata(Topics.served(feature), 0, servedOffset);
        processor.process(new Record<>(
                served.recordKey(), served.toJson(), served.servedAt().toEpochMilli()));
    }

    private void look(long nowMs) {
        context.setCurrentSystemTimeMs(at(nowMs).toEpochMilli());
        context.scheduledPunctuators().get(0).getPunctuator().punctuate(context.currentSystemTimeMs());
    }

    private List<byte[]> values(String topic) {
        List<byte[]> values = new ArrayList<>();
        context.forwarded(topic + "-" + feature.name())
                .forEach(each -> values.add(each.record().value()));
        return values;
    }

    private List<Verdict> verdicts() throws JsonFault {
        List<Verdict> verdicts = new ArrayList<>();
        for (byte[] value : values("verdicts")) {
            verdicts.add(Verdict.fromJson(value));
        }
        return verdicts;
    }

    private SessionTally tally() throws JsonFault {
        List<byte[]> tallies = values("sessions");
        return SessionTally.fromJson(tallies.get(tallies.size() - 1));
    }

    private static ServedRecord one(long offset, long servedMs, String body) {
        return entry(POSITIONS, "1", offset, servedMs, body);
    }

    @Test
    void nothingIsCountedTwiceAndNothingIsLost() throws Exception {
        restart(0);
        event("positions", "1", 0, 0, "{'n':1}");
        event("positions", "1", 1, 10, "{'n':2}");
        serve(0, one(0, 100, "{'n':1}"));
        serve(1, one(1, 100, "{'n':2}"));
        serve(2, one(1, 200, "{'n':9}"));
        restart(1_000);
        // from the last commit on it all comes again
        event("positions", "1", 1, 10, "{'n':2}");
        serve(1, one(1, 100, "{'n':2}"));
        serve(2, one(1, 200, "{'n':9}"));
        serve(3, one(0, 300, "{'n':9}"));
        look(2_000);
        SessionTally tally = tally();
        assertThat(tally.matches()).isEqualTo(2);
        assertThat(tally.mismatches()).isEqualTo(2);
        assertThat(verdicts()).extracting(Verdict::id).doesNotHaveDuplicates().hasSize(3);
        restart(3_000);
        look(3_100);
        assertThat(tally().matches()).isEqualTo(2);
        assertThat(tally().mismatches()).isEqualTo(2);
    }

    @Test
    void whatWaitedWaitsOnAndItsTimeBeginsAnew() throws Exception {
        restart(0);
        event("positions", "1", 0, 0, "{'n':1}");
        serve(0, one(5, 100, "{'n':2}"));
        serve(1, one(6, 100, "{'n':3}"));
        assertThat(pending()).isEqualTo(2);
        restart(100_000);
        assertThat(pending()).isEqualTo(2);
        look(100_250);
        assertThat(verdicts()).as("the events may be on their way").isEmpty();
        event("positions", "1", 5, 50, "{'n':2}");
        assertThat(verdicts()).extracting(Verdict::outcome).containsExactly(Outcome.MATCH);
        look(130_250);
        assertThat(verdicts()).extracting(Verdict::outcome).containsExactly(Outcome.MATCH, Outcome.MISSING_WS);
        assertThat(pending()).isZero();
        restart(140_000);
        look(200_000);
        assertThat(verdicts()).isEmpty();
    }

    private double pending() {
        return metrics.registry()
                .get("cutover.control.parity.pending")
                .tag("feature", "positions")
                .gauge()
                .value();
    }

    @Test
    void theNoiseIsStillKnown() throws Exception {
        restart(0);
        event("positions", "1", 0, 0, "{'n':1}");
        serve(0, upstream(one(0, 100, "{'n':1,'t':1}"), Noise.PROBER));
        serve(1, upstream(one(0, 110, "{'n':1,'t':2}"), Noise.PROBER));
        restart(1_000);
        serve(2, upstream(one(0, 1_000, "{'n':1,'t':3}"), "other"));
        look(1_250);
        look(3_500);
        assertThat(verdicts())
                .extracting(Verdict::outcome)
                .containsOnly(Outcome.MATCH)
                .hasSize(3);
    }

    @Test
    void whereJudgingBeganIsStillKnown() throws Exception {
        begins = begin(0, 5, true);
        restart(0);
        event("positions", "1", 4, 0, "{'n':1}");
        begins = begin(5, 1_000, false);
        restart(1_000);
        serve(0, one(4, 100, "{'n':1}"));
        event("positions", "1", 5, 0, "{'n':1}");
        serve(1, one(5, 100, "{'n':1}"));
        assertThat(verdicts()).extracting(Verdict::position).containsExactly("0:5");
    }

    private static ParityStart.Begins begin(long from, long end, boolean isAnew) {
        return begin(from, end, isAnew, ParityRig.EPOCH);
    }

    private static ParityStart.Begins begin(long from, long end, boolean isAnew, String topicId) {
        ParityStart.Begin begin = new ParityStart.Begin(from, end, isAnew, topicId);
        return new ParityStart.Begins(Map.of(
                new TopicPartition(POSITIONS.topic(), 0), begin, new TopicPartition(INTRADAY.topic(), 0), begin));
    }

    @Test
    void aTopicThatWasMadeAnewMeanwhileIsKnownByItsId() throws Exception {
        restart(0);
        for (int offset = 0; offset < 10; offset++) {
            event("positions", "1", offset, offset, "{'n':1}");
        }
        serve(0, one(20, 100, "{'n':7}"));
        begins = begin(0, 2, true, "topic-2");
        restart(1_000);
        serve(1, one(9, 100, "{'n':7}"));
        event("positions", "1", 2, 5, "{'n':2}");
        ServedRecord old = one(2, 1_100, "{'n':2}");
        serve(
                2,
                new ServedRecord(
                        old.kind(),
                        old.feature(),
                        old.key(),
                        "topic-2",
                        0,
                        2L,
                        old.query(),
                        old.caller(),
                        old.reference(),
                        old.askedAt(),
                        old.servedAt(),
                        old.bodyHash(),
                        old.body(),
                        null));
        look(60_000);
        assertThat(verdicts()).extracting(Verdict::outcome).containsExactly(Outcome.MATCH);
        restart(70_000);
        serve(3, one(9, 70_000, "{'n':7}"));
        assertThat(verdicts()).isEmpty();
    }

    @Test
    void aTaskThatComesBackInTheSameRunKeepsWhatItHadOfANewerTopic() throws Exception {
        restart(0);
        event("positions", "1", 0, 0, "{'n':1}");
        ServedRecord old = one(1, 1_100, "{'n':2}");
        ServedRecord newer = new ServedRecord(
                old.kind(),
                old.feature(),
                old.key(),
                "topic-2",
                0,
                0L,
                old.query(),
                old.caller(),
                old.reference(),
                old.askedAt(),
                old.servedAt(),
                old.bodyHash(),
                old.body(),
                null);
        event("positions", "1", 0, 1_000, "{'n':2}");
        serve(0, newer);
        restart(2_000);
        serve(1, newer);
        assertThat(verdicts()).extracting(Verdict::outcome).containsExactly(Outcome.MATCH);
    }

    @Test
    void whenWhatLiesBetweenWasNotReadAllThatWasKnownIsForgotten() throws Exception {
        restart(0);
        event("positions", "1", 0, 0, "{'n':1}");
        begins = begin(50, 60, true);
        restart(1_000);
        event("positions", "2", 50, 1_000, "{'n':1}");
        serve(0, one(50, 1_100, "{'n':1}"));
        serve(1, one(60, 1_100, "{'n':1}"));
        event("positions", "2", 60, 1_200, "{'n':1}");
        assertThat(verdicts())
                .as("the key is not in what was read now")
                .extracting(Verdict::outcome)
                .containsExactly(Outcome.MISSING_WS);
    }

    @Test
    void aSeriesIsTheSameAfterwardsHoweverMuchHasGone() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        feature = INTRADAY;
        restart(0);
        KeyHistory whole = new KeyHistory(INTRADAY, "SPY");
        BodyForm form = BodyForm.of(INTRADAY, "symbol=SPY").orElseThrow();
        for (int offset = 0; offset < 2_500; offset++) {
            if (offset % 700 == 699) {
                restart(offset);
            }
            String minute = random.nextBoolean() ? "'m%d'" : "%d.0";
            String data = ("{'timestamp_minute':" + minute + ",'c':%d}").formatted(offset / 3, offset);
            event("intraday_bar", "SPY", offset, offset, data);
            EventRecord event = EventRecord.of(
                    INTRADAY,
                    utf8("SPY"),
                    utf8(data.replace('\'', '"')),
                    EventHeaders.of("intraday_bar", "id", "/test", at(offset)));
            whole.add(
                    event.type(),
                    new Version(offset, at(offset).toEpochMilli(), event.by(), utf8(data.replace('\'', '"'))));
        }
        restart(2_500);
        String body = ((KeyHistory.State.Body) whole.at(2_450, form, true, new Payloads()))
                .body()
                .toString();
        serve(0, entry(INTRADAY, "SPY", 2_450, 2_501, body));
        assertThat(verdicts()).extracting(Verdict::outcome).as("seed %s", seed).containsExactly(Outcome.MATCH);
        assertThat(store.approximateNumEntries()).isLessThan(2 * (390 + Track.MOST) + Track.LEAST + 10);
    }

    @Test
    void aSessionWhoseTallyIsClosedStaysClosed() throws Exception {
        restart(0);
        event("positions", "1", 0, 0, "{'n':1}");
        serve(0, one(0, 100, "{'n':1}"));
        look(1_000);
        look(SessionLedger.OPEN.toMillis() + 60_000);
        restart(SessionLedger.OPEN.toMillis() + 70_000);
        serve(1, one(0, 200, "{'n':2}"));
        look(SessionLedger.OPEN.toMillis() + 80_000);
        assertThat(values("sessions")).isEmpty();
        assertThat(metrics.late.count()).isEqualTo(1);
    }

    @Test
    void aLongSessionCountsAllOfItsComparisonsAndKeepsThoseOfItsLastQuarterOfAnHour() throws Exception {
        session = "2h";
        restart(0);
        for (int minute = 0; minute < 50; minute++) {
            if (minute == 20 || minute == 40) {
                restart(minute * 60_000L);
            }
            minute(minute);
            assertThat(comparisons()).isLessThanOrEqualTo(17);
        }
        restart(50 * 60_000L);
        minute(49);
        minute(50);
        SessionTally tally = tally();
        assertThat(tally.matches()).isEqualTo(51 - 6);
        assertThat(tally.mismatches()).isEqualTo(6);
        assertThat(comparisons()).isLessThanOrEqualTo(17);
    }

    /** An event, REST's answer about it, of which every tenth is wrong, and a look. */
    private void minute(int minute) {
        long atMs = minute * 60_000L;
        event("positions", "1", minute, atMs, "{'n':" + minute + "}");
        serve(minute, one(minute, atMs + 100, "{'n':" + (minute % 10 == 0 ? -1 : minute) + "}"));
        look(atMs + 1_000);
    }

    private int comparisons() {
        return kept('c').size();
    }

    /** What the store has of one kind. */
    private List<KeyValue<byte[], byte[]>> kept(char kind) {
        List<KeyValue<byte[], byte[]>> kept = new ArrayList<>();
        try (KeyValueIterator<byte[], byte[]> all =
                store.range(new byte[] {(byte) kind}, new byte[] {(byte) (kind + 1)})) {
            all.forEachRemaining(kept::add);
        }
        return kept;
    }

    @Test
    void aFoldingThatWasCutShortCountsNothingTwice() throws Exception {
        session = "2h";
        restart(0);
        minute(0);
        List<KeyValue<byte[], byte[]>> first = kept('c');
        minute(20);
        assertThat(comparisons()).isEqualTo(1);
        store.putAll(first);
        restart(21 * 60_000L);
        look(21 * 60_000L + 1_000);
        assertThat(tally().mismatches()).isEqualTo(2);
        assertThat(comparisons()).as("the next folding ends it").isEqualTo(1);
    }

    /** A crash leaves the beginning of what was to be written. */
    @Test
    void aSessionWhoseClosingWasCutShortDoesNotTellTheRestOfItsComparisons() throws Exception {
        restart(0);
        event("positions", "1", 0, 0, "{'n':1}");
        serve(0, one(0, 100, "{'n':2}"));
        look(1_000);
        List<KeyValue<byte[], byte[]>> open = kept('t');
        look(SessionLedger.OPEN.toMillis() + 60_000);
        assertThat(open).hasSize(1);
        store.putAll(open);
        restart(SessionLedger.OPEN.toMillis() + 70_000);
        look(SessionLedger.OPEN.toMillis() + 80_000);
        assertThat(values("sessions")).isEmpty();
        assertThat(kept('t')).as("closed now").isEmpty();
    }
}

package dev.cutover.control;

import static dev.cutover.control.ParityRig.INTRADAY;
import static dev.cutover.control.ParityRig.POSITIONS;
import static dev.cutover.control.ParityRig.absent;
import static dev.cutover.control.ParityRig.add;
import static dev.cutover.control.ParityRig.at;
import static dev.cutover.control.ParityRig.entry;
import static dev.cutover.control.ParityRig.list;
import static dev.cutover.control.ParityRig.upstream;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.control.Judgement.Judged;
import dev.cutover.control.Judgement.Nothing;
import dev.cutover.control.Judgement.Passed;
import dev.cutover.control.Judgement.Wait;
import dev.cutover.control.Judgement.Why;
import dev.cutover.schema.Feature;
import dev.cutover.schema.ServedRecord;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The allowed lag is 2 s; positions come every 10 s. */
final class JudgeTest {
    private PartitionHistory log = ParityRig.history(POSITIONS);
    private Feature feature = POSITIONS;
    private final Noise noise = new Noise(Comparison.of(POSITIONS));

    private Judgement judge(ServedRecord served, long nowMs) {
        return new Judge(feature, Judge.TIMEOUT).judge(served, log, noise, served.servedAt(), at(nowMs));
    }

    private Verdict verdict(ServedRecord served, long nowMs) {
        Judgement judgement = judge(served, nowMs);
        assertThat(judgement).isInstanceOf(Judged.class);
        List<Verdict> verdicts = ((Judged) judgement).verdicts();
        assertThat(verdicts).hasSize(1);
        return verdicts.get(0);
    }

    private Outcome outcome(ServedRecord served, long nowMs) {
        return verdict(served, nowMs).outcome();
    }

    private void positions(String key, long offset, long atMs, String data) {
        add(log, "positions", key, offset, atMs, data);
    }

    private static ServedRecord one(long offset, long servedMs, String body) {
        return entry(POSITIONS, "1", offset, servedMs, body);
    }

    // what was made of the log

    @Test
    void whatWasServedIsComparedWithTheLogAtThatVeryOffset() {
        positions("1", 0, 0, "{'n':1}");
        positions("1", 1, 100, "{'n':2}");
        assertThat(outcome(one(0, 150, "{'n':1.0}"), 150)).isEqualTo(Outcome.MATCH);
        assertThat(outcome(one(1, 150, "{'n':2}"), 150)).isEqualTo(Outcome.MATCH);
        assertThat(outcome(one(1, 150, "{'n':1}"), 150)).isEqualTo(Outcome.MISMATCH);
        assertThat(outcome(one(0, 150, "{'n':2}"), 150)).isEqualTo(Outcome.MISMATCH);
    }

    @Test
    void aMismatchSaysWhatDiffersAndItsIdIsThatOfWhatWasServed() {
        positions("1", 7, 0, "{'n':1,'m':[1,2]}");
        ServedRecord served = one(7, 50, "{'n':2,'m':[1,2]}");
        Verdict verdict = verdict(served, 60);
        assertThat(verdict.differences())
                .containsExactly(new Difference("/n", ParityRig.json("2"), ParityRig.json("1")));
        assertThat(verdict.differenceCount()).isEqualTo(1);
        assertThat(verdict.id()).isEqualTo("positions|1|0:7|account_id=1|" + served.bodyHash());
        assertThat(verdict.position()).isEqualTo("0:7");
        assertThat(verdict.lateMs()).isNull();
        assertThat(verdict(served, 9_000).id()).isEqualTo(verdict.id());
    }

    @Test
    void theDifferencesOfAVerdictAreASample() throws Exception {
        StringBuilder many = new StringBuilder("{'long':'" + "x".repeat(5_000) + "'");
        for (int i = 0; i < 100; i++) {
            many.append(",'m").append(i).append("':1");
        }
        positions("1", 0, 0, "{}");
        Verdict verdict = verdict(one(0, 50, many + "}"), 60);
        assertThat(verdict.differenceCount()).isEqualTo(101);
        assertThat(verdict.differences()).hasSize(Verdict.SAMPLE);
        assertThat(verdict.toJson()).hasSizeLessThan(4_000);
        assertThat(Verdict.fromJson(verdict.toJson())).isEqualTo(verdict);
    }

    @Test
    void whatIsRightButOldIsLaggingWithHowLate() {
        positions("1", 0, 0, "{'n':1}");
        positions("1", 1, 1_000, "{'n':2}");
        positions("1", 2, 2_000, "{'n':3}");
        assertThat(outcome(one(0, 3_000, "{'n':1}"), 3_000))
                .as("2 s are allowed")
                .isEqualTo(Outcome.MATCH);
        Verdict lagging = verdict(one(0, 3_001, "{'n':1}"), 3_001);
        assertThat(lagging.outcome()).isEqualTo(Outcome.LAGGING);
        assertThat(lagging.lateMs()).isEqualTo(2_001);
        assertThat(outcome(one(0, 9_000, "{'n':9}"), 9_000)).isEqualTo(Outcome.MISMATCH);
        assertThat(outcome(one(2, 9_000, "{'n':3}"), 9_000)).isEqualTo(Outcome.MATCH);
    }

    @Test
    void anOffsetThatTheLogHasNotReachedIsWaitedForAndThenMissing() {
        positions("1", 0, 0, "{'n':1}");
        ServedRecord served = one(5, 1_000, "{'n':2}");
        assertThat(judge(served, 1_000)).isEqualTo(new Wait(at(31_000)));
        assertThat(judge(served, 30_999)).isInstanceOf(Wait.class);
        assertThat(outcome(served, 31_000)).isEqualTo(Outcome.MISSING_WS);
        positions("2", 4, 1_000, "{}");
        assertThat(judge(served, 1_000)).isInstanceOf(Wait.class);
        positions("1", 5, 1_000, "{'n':2}");
        assertThat(outcome(served, 1_000)).isEqualTo(Outcome.MATCH);
    }

    @Test
    void aKeyThatTheLogDoesNotHaveIsMissingThere() {
        positions("2", 5, 0, "{}");
        assertThat(outcome(one(5, 100, "{}"), 100)).isEqualTo(Outcome.MISSING_WS);
        positions("1", 6, 200, "{}");
        assertThat(outcome(one(5, 100, "{}"), 300)).isEqualTo(Outcome.MISSING_WS);
    }

    @Test
    void whatStoodInTheLogBeforeJudgingBeganIsPassed() {
        log = new PartitionHistory(POSITIONS, 0, PartitionHistory.Standing.from(10, ParityRig.EPOCH));
        positions("1", 9, 0, "{'n':1}");
        positions("1", 10, 0, "{'n':1}");
        assertThat(judge(one(9, 100, "{'n':7}"), 100)).isEqualTo(new Passed(Why.EARLY));
        assertThat(outcome(one(10, 100, "{'n':1}"), 100)).isEqualTo(Outcome.MATCH);
    }

    @Test
    void anOffsetThatIsNotKeptAnyMoreIsPassed() {
        for (int i = 0; i < 2_000; i++) {
            positions("1", i, i, "{'n':" + i + "}");
        }
        assertThat(judge(one(3, 2_000, "{'n':7}"), 2_000)).isEqualTo(new Passed(Why.FORGOTTEN));
        assertThat(outcome(one(1_999 - 200, 2_000, "{'n':1799}"), 2_000)).isEqualTo(Outcome.MATCH);
    }

    @Test
    void whatWasMadeOfAnotherTopicIsPassed() {
        positions("1", 0, 0, "{'n':1}");
        log.isOf("topic-2");
        assertThat(judge(one(0, 100, "{'n':1}"), 100)).isEqualTo(new Passed(Why.OTHER_TOPIC));
    }

    @Test
    void aSeriesIsComparedToItsDepthAndItsLimit() {
        feature = INTRADAY;
        log = ParityRig.history(INTRADAY);
        add(log, "intraday_bar", "SPY", 0, 0, "{'timestamp_minute':'1','c':1}");
        add(log, "intraday_bar", "SPY", 1, 1, "{'timestamp_minute':'2','c':1}");
        add(log, "vwap_update", "SPY", 2, 2, "{'vwap':5}");
        add(log, "intraday_bar", "SPY", 3, 3, "{'timestamp_minute':'2','c':2}");
        String bar1 = "{'timestamp_minute':'1','c':1}";
        String bar2 = "{'timestamp_minute':'2','c':2}";
        String form = "{'vwap':%s,'symbol':'SPY','bars':[%s]}";
        assertThat(outcome(entry(INTRADAY, "SPY", 3, 10, form.formatted("{'vwap':5}", bar2 + "," + bar1)), 10))
                .isEqualTo(Outcome.MATCH);
        Verdict before = verdict(entry(INTRADAY, "SPY", 1, 10, form.formatted("null", bar1 + "," + bar2)), 10);
        assertThat(before.differences()).extracting(Difference::pointer).containsExactly("/bars/1/c");
    }

    @Test
    void anAbsentKeyOfWhichTheLogSpokeOfLateIsMissingOnRest() {
        positions("1", 4, 0, "{}");
        positions("2", 5, 0, "{}");
        Verdict missing = verdict(absent(POSITIONS, "1", 5, 29_000), 29_000);
        assertThat(missing.outcome()).isEqualTo(Outcome.MISSING_REST);
        assertThat(missing.id()).isEqualTo("positions|1|0:5|account_id=1|");
        assertThat(judge(absent(POSITIONS, "1", 5, 30_000), 30_000))
                .as("three cadences")
                .isEqualTo(new Nothing());
        assertThat(judge(absent(POSITIONS, "1", 3, 100), 100))
                .as("not yet at that offset")
                .isEqualTo(new Nothing());
        assertThat(judge(absent(POSITIONS, "9", 5, 100), 100)).isEqualTo(new Nothing());
        assertThat(judge(absent(POSITIONS, "9", 6, 100), 100)).isInstanceOf(Wait.class);
        assertThat(judge(absent(POSITIONS, "9", 6, 100), 30_100)).isEqualTo(new Nothing());
    }

    @Test
    void aListLacksWhatTheLogSpokeOfLate() {
        positions("1", 0, 0, "{}");
        positions("2", 1, 25_000, "{}");
        positions("3", 2, 25_000, "{}");
        positions("4", 3, 25_000, "{}");
        Judgement judgement = judge(list(POSITIONS, 2, 30_000, "2"), 30_000);
        assertThat(((Judged) judgement).verdicts())
                .extracting(Verdict::key, Verdict::outcome)
                .containsExactly(org.assertj.core.groups.Tuple.tuple("3", Outcome.MISSING_REST));
        assertThat(judge(list(POSITIONS, 2, 30_000, "3", "2"), 30_000)).isEqualTo(new Nothing());
    }

    // what an existing service answered

    private static ServedRecord other(long servedMs, String body) {
        return upstream(one(0, servedMs, body), "other");
    }

    @Test
    void whatAnUpstreamAnswersIsJudgedOnlyAfterTheAllowedLag() {
        positions("1", 0, 0, "{'n':1}");
        assertThat(judge(other(10_000, "{'n':1}"), 11_999)).isEqualTo(new Wait(at(12_000)));
        Verdict verdict = verdict(other(10_000, "{'n':1}"), 12_000);
        assertThat(verdict.outcome()).isEqualTo(Outcome.MATCH);
        assertThat(verdict.position()).isNull();
        assertThat(verdict.id()).contains("|" + at(10_000).toEpochMilli() + "|");
    }

    @Test
    void whatComesToHereLateWaitsForTheEventsAroundItAllTheSame() {
        positions("1", 0, 0, "{'n':1}");
        Judgement judgement =
                new Judge(feature, Judge.TIMEOUT).judge(other(10_000, "{'n':1}"), log, noise, at(100_000), at(101_000));
        assertThat(judgement).isEqualTo(new Wait(at(102_000)));
    }

    @Test
    void anUpstreamMayAnswerAnythingThatWasCurrentWithinTheLag() {
        positions("1", 0, 0, "{'n':0}");
        positions("1", 1, 10_000, "{'n':1}");
        positions("1", 2, 12_000, "{'n':2}");
        positions("1", 3, 20_000, "{'n':3}");
        assertThat(outcome(other(12_000, "{'n':0}"), 20_000))
                .as("within the lag")
                .isEqualTo(Outcome.MATCH);
        assertThat(outcome(other(12_500, "{'n':1}"), 20_000)).isEqualTo(Outcome.MATCH);
        assertThat(outcome(other(12_500, "{'n':2}"), 20_000)).isEqualTo(Outcome.MATCH);
        assertThat(outcome(other(10_000, "{'n':2}"), 20_000))
                .as("before its event")
                .isEqualTo(Outcome.MATCH);
        assertThat(outcome(other(9_000, "{'n':2}"), 20_000))
                .as("too long before")
                .isEqualTo(Outcome.MISMATCH);
        Verdict lagging = verdict(other(19_000, "{'n':1}"), 30_000);
        assertThat(lagging.outcome()).isEqualTo(Outcome.LAGGING);
        assertThat(lagging.lateMs()).isEqualTo(7_000);
        assertThat(verdict(other(19_000, "{'n':0}"), 30_000).lateMs()).isEqualTo(9_000);
        Verdict mismatch = verdict(other(19_000, "{'n':9}"), 30_000);
        assertThat(mismatch.outcome()).isEqualTo(Outcome.MISMATCH);
        assertThat(mismatch.differences())
                .as("from what was current when it was served")
                .containsExactly(new Difference("/n", ParityRig.json("9"), ParityRig.json("2")));
    }

    @Test
    void anUpstreamsKeyThatTheLogDoesNotHaveIsMissingThere() {
        positions("2", 0, 0, "{}");
        assertThat(outcome(other(10_000, "{}"), 12_000)).isEqualTo(Outcome.MISSING_WS);
        positions("1", 1, 12_000, "{}");
        assertThat(outcome(other(10_000, "{}"), 12_000))
                .as("its event came within the lag")
                .isEqualTo(Outcome.MATCH);
        assertThat(outcome(other(9_000, "{}"), 12_000)).as("it came later").isEqualTo(Outcome.MISSING_WS);
    }

    @Test
    void anUpstreamsAnswerOfATimeThatIsNotKeptAnyMoreIsPassed() {
        for (int i = 0; i < 2_000; i++) {
            positions("1", i, 100_000 + i, "{'n':" + i + "}");
        }
        assertThat(judge(other(50_000, "{'n':-1}"), 200_000)).isEqualTo(new Passed(Why.FORGOTTEN));
        assertThat(outcome(other(150_000, "{'n':-1}"), 200_000)).isEqualTo(Outcome.MISMATCH);
        assertThat(outcome(other(150_000, "{'n':1999}"), 200_000)).isEqualTo(Outcome.MATCH);
    }

    @Test
    void anUpstreamLacksOnlyWhatWasThereLongEnough() {
        positions("1", 0, 5_000, "{}");
        ServedRecord asked = upstream(absent(POSITIONS, "1", 0, 7_000), "other");
        assertThat(judge(asked, 9_000)).as("it was there for less than the lag").isEqualTo(new Nothing());
        assertThat(outcome(upstream(absent(POSITIONS, "1", 0, 8_000), "other"), 10_000))
                .isEqualTo(Outcome.MISSING_REST);
        assertThat(judge(upstream(absent(POSITIONS, "1", 0, 35_000), "other"), 40_000))
                .as("three cadences")
                .isEqualTo(new Nothing());
        assertThat(outcome(upstream(list(POSITIONS, 0, 8_000, "2"), "other"), 10_000))
                .isEqualTo(Outcome.MISSING_REST);
    }

    private ServedRecord probe(long servedMs, String body) {
        ServedRecord served = upstream(one(0, servedMs, body), Noise.PROBER);
        noise.read(served);
        return served;
    }

    @Test
    void whatDiffersBetweenTwoReadsBackToBackIsNoise() {
        positions("1", 0, 0, "{'n':1}");
        ServedRecord first = probe(10_000, "{'n':1,'server_time':1,'id':'a'}");
        probe(10_005, "{'n':1,'server_time':2,'id':'a'}");
        Verdict verdict = verdict(first, 13_000);
        assertThat(verdict.differences()).extracting(Difference::pointer).containsExactly("/id");
        assertThat(verdict.noise()).containsExactly("/server_time");
        Verdict clean = verdict(other(12_000, "{'n':1,'server_time':7}"), 14_000);
        assertThat(clean.outcome()).isEqualTo(Outcome.MATCH);
        assertThat(clean.noise()).containsExactly("/server_time");
    }

    @Test
    void whatAnEventChangedBetweenTwoReadsIsNoNoise() {
        positions("1", 0, 0, "{'n':1,'m':1}");
        positions("1", 1, 10_010, "{'n':2,'m':1}");
        probe(10_000, "{'n':1,'m':1,'t':1}");
        probe(10_005, "{'n':2,'m':1,'t':2}");
        Verdict verdict = verdict(other(20_000, "{'n':3,'m':1,'t':3}"), 22_000);
        assertThat(verdict.differences()).extracting(Difference::pointer).containsExactly("/n");
        assertThat(verdict.noise()).containsExactly("/t");
    }

    @Test
    void whatAnEventChangedBetweenTwoReadsIsNoNoiseEitherWhenThatEventIsNotKeptAnyMore() {
        positions("1", 0, 0, "{'n':1,'m':1}");
        positions("1", 1, 10_010, "{'n':2,'m':1}");
        probe(10_000, "{'n':1,'m':1,'t':1}");
        ServedRecord second = probe(10_005, "{'n':2,'m':1,'t':2}");
        assertThat(outcome(second, 12_005)).isEqualTo(Outcome.MATCH);
        for (int i = 0; i < 3 * Track.MOST; i++) {
            positions("1", 2 + i, 400_000 + 1_000L * i, "{'n':2,'m':1}");
        }
        long later = 400_000 + 3_000L * Track.MOST;
        Verdict verdict = verdict(other(later, "{'n':3,'m':1,'t':3}"), later + 2_000);
        assertThat(verdict.differences()).extracting(Difference::pointer).containsExactly("/n");
        assertThat(verdict.noise()).containsExactly("/t");
    }

    @Test
    void readsThatAreFarApartOrNotTheProbersMeasureNoNoise() {
        positions("1", 0, 0, "{'n':1}");
        probe(10_000, "{'n':1}");
        assertThat(noise.read(other(10_010, "{'n':7}"))).isNull();
        probe(13_000, "{'n':2}");
        assertThat(outcome(other(20_000, "{'n':3}"), 22_000)).isEqualTo(Outcome.MISMATCH);
    }

    @Test
    void noiseIsMeasuredAnewWithEachPair() {
        positions("1", 0, 0, "{'n':1}");
        probe(10_000, "{'n':1,'t':1}");
        probe(10_005, "{'n':1,'t':2}");
        probe(12_006, "{'n':1,'t':2}");
        assertThat(outcome(other(12_100, "{'n':1,'t':2}"), 20_000)).isEqualTo(Outcome.MISMATCH);
    }

    // a topic that is made anew

    @Test
    void anEventWithAnOffsetThatWasPassedAndANewerTimeForgetsTheOldTopic() {
        positions("1", 0, 0, "{'n':1}");
        positions("1", 1, 1, "{'n':2}");
        PartitionHistory.Change change = add(log, "positions", "1", 0, 5_000, "{'n':9}");
        assertThat(change.cleared()).isTrue();
        assertThat(log.reached()).isZero();
        assertThat(log.isOf(ParityRig.EPOCH)).as("the old one's id").isFalse();
        assertThat(judge(one(0, 6_000, "{'n':1}"), 6_000)).isEqualTo(new Passed(Why.OTHER_TOPIC));
        assertThat(log.isOf("topic-2")).isTrue();
        assertThat(log.standing().whole()).as("read from its beginning").isTrue();
    }

    @Test
    void anEventThatComesAgainForgetsNothing() {
        positions("1", 0, 5_000, "{'n':1}");
        positions("1", 1, 4_000, "{'n':2}");
        assertThat(add(log, "positions", "1", 0, 5_000, "{'n':1}").cleared()).isFalse();
        assertThat(add(log, "positions", "1", 1, 4_000, "{'n':2}").cleared()).isFalse();
        assertThat(outcome(one(1, 5_100, "{'n':2}"), 5_100)).isEqualTo(Outcome.MATCH);
    }

    @Test
    void aNewTopicThatGrewUnseenIsKnownByItsIdAndJudgedWhereAllIsKnown() {
        positions("1", 0, 0, "{'n':1}");
        assertThat(log.isOf("topic-2")).isTrue();
        positions("1", 7, 5_000, "{'n':9}");
        assertThat(log.standing().whole()).isFalse();
        assertThat(log.standing().judgeFrom()).isEqualTo(7);
        ServedRecord seven = one(7, 5_100, "{'n':9}");
        ServedRecord served = new ServedRecord(
                seven.kind(),
                seven.feature(),
                seven.key(),
                "topic-2",
                0,
                7L,
                seven.query(),
                seven.caller(),
                seven.reference(),
                seven.askedAt(),
                seven.servedAt(),
                seven.bodyHash(),
                seven.body(),
                null);
        assertThat(outcome(served, 5_100)).isEqualTo(Outcome.MATCH);
        ServedRecord unknown = new ServedRecord(
                seven.kind(),
                seven.feature(),
                "5",
                "topic-2",
                0,
                7L,
                "account_id=5",
                seven.caller(),
                seven.reference(),
                seven.askedAt(),
                seven.servedAt(),
                seven.bodyHash(),
                seven.body(),
                null);
        assertThat(judge(unknown, 5_100)).as("it may have come before").isEqualTo(new Passed(Why.FORGOTTEN));
    }
}

package dev.cutover.control;

import static dev.cutover.control.ParityRig.EPOCH;
import static dev.cutover.control.ParityRig.POSITIONS;
import static dev.cutover.control.ParityRig.at;
import static dev.cutover.control.ParityRig.entry;
import static dev.cutover.control.ParityRig.upstream;
import static dev.cutover.control.ParityRig.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.control.PartitionHistory.Standing;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.ServedRecord;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

/** The allowed lag is 2 s. */
final class PartitionJudgingTest {
    private final ParityReport report = new ParityReport(POSITIONS, Set.of());
    private final Comparison comparison = Comparison.of(POSITIONS);
    private final PartitionJudging judging = new PartitionJudging(
            POSITIONS, 0, new Standing(0, EPOCH, null, true), new Judge(POSITIONS, Judge.TIMEOUT), comparison, report);

    private void event(long offset, long atMs, String data) {
        judging.event(record(
                POSITIONS.topic(),
                offset,
                atMs,
                utf8(data.replace('\'', '"')),
                EventHeaders.of("positions", "id", "/test", at(atMs))));
    }

    private static ConsumerRecord<byte[], byte[]> record(
            String topic, long offset, long atMs, byte[] value, org.apache.kafka.common.header.Headers headers) {
        return new ConsumerRecord<>(
                topic,
                0,
                offset,
                at(atMs).toEpochMilli(),
                TimestampType.CREATE_TIME,
                1,
                value == null ? 0 : value.length,
                utf8("1"),
                value,
                headers,
                Optional.empty());
    }

    private void served(ServedRecord served) {
        judging.served(served, 100, served.servedAt());
    }

    private static ServedRecord one(long offset, long servedMs, String body) {
        return entry(POSITIONS, "1", offset, servedMs, body);
    }

    @Test
    void whatIsServedIsJudgedOnceTheLogHasReachedItsOffset() {
        served(one(3, 100, "{'n':1}"));
        judging.settle(at(200));
        assertThat(judging.waiting()).isEqualTo(1);
        event(3, 50, "{'n':2}");
        judging.settle(at(201));
        assertThat(judging.waiting()).isZero();
        assertThat(report.faults()).isEqualTo(1);
    }

    @Test
    void anOffsetThatNeverComesIsMissingAfterTheTimeout() {
        served(one(3, 100, "{'n':1}"));
        judging.settle(at(100));
        assertThat(judging.due()).isEqualTo(at(30_100));
        judging.settle(at(30_099));
        assertThat(report.compared()).isZero();
        judging.settle(at(30_100));
        assertThat(report.faults()).isEqualTo(1);
        assertThat(judging.due()).isNull();
    }

    @Test
    void whatAnExistingServiceAnsweredIsJudgedAfterTheLagAndItsNoiseIsNotCounted() {
        event(0, 0, "{'n':1}");
        served(upstream(one(0, 1_000, "{'n':1,'server_time':1}"), "prober"));
        judging.settle(at(1_000));
        served(upstream(one(0, 1_010, "{'n':1,'server_time':2}"), "prober"));
        judging.settle(at(2_900));
        assertThat(report.compared()).isZero();
        judging.settle(at(3_010));
        assertThat(report.compared()).isEqualTo(2);
        assertThat(report.isGood()).isTrue();
        assertThat(report.findings(new Span(false, null, at(0), false, java.util.Map.of()))
                        .remarks())
                .anyMatch(remark -> remark.contains("/server_time"));
    }

    @Test
    void whatAnExistingServiceAnsweredJustNowIsNotJudged() {
        event(0, 0, "{'n':1}");
        served(upstream(one(0, 1_000, "{'n':2}"), "other"));
        judging.settle(at(1_000));
        judging.giveUpUpstream(at(2_000));
        judging.settle(at(60_000));
        assertThat(report.compared()).isZero();
        assertThat(report.notJudged()).containsExactly("1 not judged: too recent to be judged yet");
    }

    @Test
    void whatNobodyCanReadIsCountedAndHoldsNothingUp() {
        judging.event(record(POSITIONS.topic(), 0, 0, utf8("{"), EventHeaders.of("positions", "i", "/t", at(0))));
        event(1, 10, "{'n':1}");
        assertThat(judging.read(
                        record("rest.served.positions", 0, 0, utf8("[]"), EventHeaders.of("x", "i", "/t", at(0)))))
                .isNull();
        assertThat(judging.read(record("rest.served.positions", 1, 0, null, EventHeaders.of("x", "i", "/t", at(0)))))
                .isNull();
        served(one(1, 20, "{'n':1}"));
        judging.settle(at(20));
        assertThat(report.isGood()).isTrue();
        assertThat(report.notJudged()).hasSize(2);
    }
}

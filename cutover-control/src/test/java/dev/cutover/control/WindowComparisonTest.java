package dev.cutover.control;

import static dev.cutover.control.ParityRig.INTRADAY;
import static dev.cutover.control.ParityRig.POSITIONS;
import static dev.cutover.control.ParityRig.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.Pairing.Side;
import dev.cutover.control.WindowComparison.Row;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.EventRecord;
import dev.cutover.schema.Feature;
import dev.cutover.schema.PoisonException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The second window begins a day after the first. */
final class WindowComparisonTest {
    private static final Instant FIRST = Instant.parse("2026-11-30T15:00:00Z");
    private static final Duration DAY = Duration.ofDays(1);

    private WindowComparison comparison = comparison(POSITIONS, Duration.ZERO);
    private Feature feature = POSITIONS;

    private static WindowComparison comparison(Feature feature, Duration within) {
        return new WindowComparison(
                feature,
                Set.of(),
                type -> new ShiftedComparison(
                        new CompareRules.Applied(feature.parity(), List.of()).comparison(feature, type), DAY, within));
    }

    private void event(Side side, String type, String key, long atMs, String data) {
        byte[] value = utf8(data.replace('\'', '"'));
        Instant at = FIRST.plusMillis(atMs).plus(side == Side.FIRST ? Duration.ZERO : DAY);
        try {
            EventRecord event = EventRecord.of(feature, utf8(key), value, EventHeaders.of(type, "id", "/test", at));
            comparison.add(side, event, at.toEpochMilli(), value);
        } catch (PoisonException e) {
            throw new IllegalArgumentException(data, e);
        }
    }

    private void positions(Side side, String key, long atMs, String data) {
        event(side, "positions", key, atMs, data);
    }

    private void intraday() {
        feature = INTRADAY;
        comparison = comparison(INTRADAY, Duration.ZERO);
    }

    private void bar(Side side, long atMs, String minute, String close) {
        event(side, "intraday_bar", "SPY", atMs, "{'timestamp_minute':'" + minute + "','close':" + close + "}");
    }

    private WindowReport report() {
        return new WindowReport(
                feature.name(),
                new WindowReport.Window(FIRST, FIRST.plusSeconds(60)),
                new WindowReport.Window(FIRST.plus(DAY), FIRST.plus(DAY).plusSeconds(60)),
                false,
                comparison.result());
    }

    private Row row() {
        List<Row> rows = comparison.result().rows();
        assertThat(rows).hasSize(1);
        return rows.get(0);
    }

    @Test
    void theSameWindowADayLaterIsEqual() {
        for (Side side : Side.values()) {
            String day = side == Side.FIRST ? "2026-11-30" : "2026-12-01";
            positions(side, "1", 0, "{'n':1,'timestamp':'" + day + "T15:00:00Z'}");
            positions(side, "1", 10_000, "{'n':2,'timestamp':'" + day + "T15:00:10Z'}");
        }
        assertThat(report().isGood()).isTrue();
        assertThat(report().compared()).isEqualTo(2);
        assertThat(comparison.result().fields()).isEmpty();
    }

    @Test
    void theNthChangeIsComparedWithTheNthWhateverWasOnlySaidAgain() {
        positions(Side.FIRST, "1", 0, "{'n':1,'timestamp':'2026-11-30T15:00:00Z'}");
        positions(Side.FIRST, "1", 10_000, "{'n':1.0,'timestamp':'2026-11-30T15:00:10Z'}");
        positions(Side.FIRST, "1", 20_000, "{'n':2,'timestamp':'2026-11-30T15:00:20Z'}");
        positions(Side.SECOND, "1", 0, "{'n':1,'timestamp':'2026-12-01T15:00:00Z'}");
        positions(Side.SECOND, "1", 20_000, "{'n':2.5,'timestamp':'2026-12-01T15:00:20Z'}");

        Row row = row();
        assertThat(row.events()).isEqualTo(Map.of(Side.FIRST, 3L, Side.SECOND, 2L));
        assertThat(row.values()).isEqualTo(Map.of(Side.FIRST, 2L, Side.SECOND, 2L));
        assertThat(row.compared()).isEqualTo(2);
        assertThat(row.differing()).isEqualTo(1);
        List<FieldTally.Field> fields = comparison.result().fields();
        assertThat(fields).extracting(FieldTally.Field::name).containsExactly("/n");
        FieldTally.Sample sample = fields.get(0).samples().get(0);
        assertThat(sample.one()).isEqualTo(ParityRig.json("2"));
        assertThat(sample.other()).isEqualTo(ParityRig.json("2.5"));
        assertThat(sample.where()).contains("change 2 at 2026-11-30T15:00:20Z", "change 2 at 2026-12-01T15:00:20Z");
    }

    @Test
    void anInstantThatIsShiftedByAnythingElseThanTheDistanceDiffers() {
        positions(Side.FIRST, "1", 0, "{'n':1,'timestamp':'2026-11-30T15:00:00Z'}");
        positions(Side.SECOND, "1", 0, "{'n':1,'timestamp':'2026-12-01T15:00:00.100Z'}");
        assertThat(comparison.result().fields())
                .extracting(FieldTally.Field::name)
                .containsExactly("/timestamp");

        comparison = comparison(POSITIONS, Duration.ofMillis(100));
        positions(Side.FIRST, "1", 0, "{'n':1,'timestamp':'2026-11-30T15:00:00Z'}");
        positions(Side.SECOND, "1", 0, "{'n':1,'timestamp':'2026-12-01T15:00:00.100Z'}");
        assertThat(comparison.result().fields()).isEmpty();
    }

    @Test
    void anInstantThatIsNoInstantInTheOtherWindowDiffers() {
        positions(Side.FIRST, "1", 0, "{'timestamp':'2026-11-30T15:00:00Z'}");
        positions(Side.SECOND, "1", 0, "{'timestamp':1764601200}");
        assertThat(row().differing()).isEqualTo(1);
    }

    @Test
    void elementsOfAnArrayGoByTheirKeyAsInParity() {
        positions(Side.FIRST, "1", 0, "{'positions':[{'symbol':'A','q':1},{'symbol':'B','q':2}]}");
        positions(Side.SECOND, "1", 0, "{'positions':[{'symbol':'B','q':2},{'symbol':'A','q':3}]}");
        List<FieldTally.Field> fields = comparison.result().fields();
        assertThat(fields).extracting(FieldTally.Field::name).containsExactly("/positions/*/q");
        assertThat(fields.get(0).count()).isEqualTo(1);
    }

    @Test
    void aKeyOfOneWindowAloneIsSaidAndNotGood() {
        positions(Side.FIRST, "1", 0, "{'n':1}");
        positions(Side.SECOND, "1", 0, "{'n':1}");
        positions(Side.SECOND, "2", 0, "{'n':1}");
        assertThat(report().isGood()).isFalse();
        assertThat(report().onlyIn(Side.FIRST)).isEmpty();
        assertThat(report().onlyIn(Side.SECOND)).containsExactly("2");
    }

    @Test
    void oneChangeMoreAtAWindowsEdgeIsNoDifferenceAndTwoAre() {
        for (int i = 0; i < 3; i++) {
            positions(Side.FIRST, "1", i, "{'n':" + i + "}");
            positions(Side.SECOND, "1", i, "{'n':" + i + "}");
        }
        positions(Side.SECOND, "1", 3, "{'n':3}");
        assertThat(report().isGood()).isTrue();
        positions(Side.SECOND, "1", 4, "{'n':4}");
        assertThat(report().isGood()).isFalse();
    }

    @Test
    void aSeriesIsMatchedByItsFieldShiftedByTheDistanceAndTheLastVersionOfAnEntryCounts() {
        intraday();
        bar(Side.FIRST, 0, "2026-11-30T15:00:00Z", "1");
        bar(Side.FIRST, 1_000, "2026-11-30T15:00:00Z", "2");
        bar(Side.FIRST, 60_000, "2026-11-30T15:01:00Z", "3");
        bar(Side.SECOND, 0, "2026-12-01T15:00:00.000Z", "2");
        bar(Side.SECOND, 60_000, "2026-12-01T15:01:00Z", "3.5");

        Row row = row();
        assertThat(row.values()).isEqualTo(Map.of(Side.FIRST, 2L, Side.SECOND, 2L));
        assertThat(row.compared()).isEqualTo(2);
        assertThat(comparison.result().fields())
                .extracting(FieldTally.Field::name)
                .containsExactly("/close");
        assertThat(comparison.result().fields().get(0).count()).isEqualTo(1);
    }

    @Test
    void aSeriesOfTheSameSourceIsMatchedByItsOwnValue() {
        intraday();
        for (Side side : Side.values()) {
            for (int i = 10; i < 40; i++) {
                bar(side, i, "2016-01-05T15:" + i + ":00Z", Integer.toString(i));
            }
        }
        assertThat(row().compared()).isEqualTo(30);
        assertThat(report().isGood()).isTrue();
    }

    @Test
    void anEntryOfOneWindowAloneHasNoCounterpart() {
        intraday();
        bar(Side.FIRST, 0, "2026-11-30T15:00:00Z", "1");
        bar(Side.FIRST, 0, "2026-11-30T15:01:00Z", "1");
        bar(Side.FIRST, 0, "2026-11-30T15:02:00Z", "1");
        bar(Side.SECOND, 0, "2026-12-01T15:01:00Z", "1");
        assertThat(row().compared()).isEqualTo(1);
        assertThat(row().values()).isEqualTo(Map.of(Side.FIRST, 3L, Side.SECOND, 1L));
        assertThat(report().isGood()).isFalse();
    }

    @Test
    void aSeriesOfAnyLengthIsComparedWholeAndHeldInBoundedSize() {
        intraday();
        Instant minute = Instant.parse("2026-11-01T00:00:00Z");
        for (int i = 0; i < 5_000; i++) {
            Instant of = minute.plusSeconds(60L * i);
            bar(Side.FIRST, i, of.toString(), "1");
            bar(Side.SECOND, i, of.plus(DAY).toString(), i == 4_321 ? "2" : "1");
        }
        assertThat(row().compared()).isEqualTo(5_000);
        assertThat(row().differing()).isEqualTo(1);
    }

    @Test
    void aWindowFarAheadOfTheOtherIsCutAndItIsSaid() {
        int more = Pairing.OfChanges.MOST_PENDING + 5;
        for (int i = 0; i < more; i++) {
            positions(Side.FIRST, "1", i, "{'n':" + i + "}");
        }
        for (int i = 0; i < more; i++) {
            positions(Side.SECOND, "1", i, "{'n':" + i + "}");
        }
        assertThat(row().cut()).isTrue();
        assertThat(row().compared()).isEqualTo(Pairing.OfChanges.MOST_PENDING);
        assertThat(row().differing()).isZero();
        assertThat(report().toJson().path("capped")).hasSize(1);
    }

    @Test
    void samplesAreCappedAndAllAreCounted() {
        for (int i = 0; i < 100; i++) {
            positions(Side.FIRST, "1", i, "{'n':" + i + "}");
            positions(Side.SECOND, "1", i, "{'n':-" + (i + 1) + "}");
        }
        FieldTally.Field field = comparison.result().fields().get(0);
        assertThat(field.count()).isEqualTo(100);
        assertThat(field.samples()).hasSize(FieldTally.MOST_SAMPLES);
        assertThat(comparison.result().capped()).hasSize(1);
    }

    @Test
    void theDocumentHasCountsCadenceAndValuesOfBothWindows() {
        positions(Side.FIRST, "1", 0, "{'n':1,'m':null}");
        positions(Side.FIRST, "1", 10_000, "{'n':1,'m':null}");
        positions(Side.SECOND, "1", 0, "{'n':2}");
        JsonNode document = report().toJson();
        JsonNode key = document.path("keys").path(0);
        assertThat(key.path("first").path("events").asInt()).isEqualTo(2);
        assertThat(key.path("first").path("median_ms").asInt()).isEqualTo(10_000);
        assertThat(key.path("second").path("worst_ms").isNull()).isTrue();
        assertThat(document.path("equal").asBoolean()).isFalse();
        JsonNode gone = document.path("fields").path(0);
        assertThat(gone.path("field").asText()).isEqualTo("/m");
        assertThat(gone.path("samples").path(0).path("first").isNull()).isTrue();
        assertThat(gone.path("samples").path(0).has("second")).isFalse();
    }
}

package dev.cutover.control;

import static dev.cutover.control.ParityRig.POSITIONS;
import static dev.cutover.control.ParityRig.at;
import static dev.cutover.control.ParityRig.entry;
import static dev.cutover.control.ParityRig.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.Judgement.Why;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ParityReportTest {
    private static final Span SPAN = new Span(true, at(0), at(60_000), false, Map.of("200", 4));

    private final ParityReport report = new ParityReport(POSITIONS, Set.of());

    private static Verdict verdict(String key, long offset, Outcome outcome, Long lateMs, Difference... differences) {
        return Verdict.of(
                entry(POSITIONS, key, offset, offset, "{}"),
                key,
                outcome,
                lateMs,
                new Comparison.Result(List.of(differences), List.of()),
                at(offset));
    }

    private static Difference price(int index, String rest, String log) {
        return new Difference("/positions/" + index + "/current_price", json(rest), json(log));
    }

    @Test
    void nothingComparedIsNotGood() {
        assertThat(report.isGood()).isFalse();
        assertThat(report.findings(SPAN).headline()).isEqualTo("nothing could be compared");
    }

    @Test
    void latenessIsSaidAndIsNoFault() {
        report.add(verdict("1", 1, Outcome.MATCH, null));
        report.add(verdict("1", 2, Outcome.LAGGING, 2_500L));
        report.add(verdict("1", 3, Outcome.LAGGING, 2_200L));
        assertThat(report.isGood()).isTrue();
        assertThat(report.findings(SPAN).headline())
                .isEqualTo("3 compared: 1 match, 2 lagging (2500 ms at worst), 0 mismatch, 0 missing");
    }

    @Test
    void whatComesTwiceCountsOnce() {
        report.add(verdict("1", 1, Outcome.MISMATCH, null, price(0, "1", "2")));
        report.add(verdict("1", 1, Outcome.MISMATCH, null, price(0, "1", "2")));
        assertThat(report.compared()).isEqualTo(1);
        assertThat(report.toJson(SPAN).path("fields").path(0).path("count").asInt())
                .isEqualTo(1);
    }

    @Test
    void aFieldIsOneWhateverTheElementsPlaceAndTheWorstKeyComesFirst() {
        report.add(verdict("1", 1, Outcome.MATCH, null));
        report.add(verdict("7", 2, Outcome.MISMATCH, null, price(0, "455.01", "455"), price(12, "1", "2")));

        JsonNode document = report.toJson(SPAN);
        assertThat(document.path("fields")).hasSize(1);
        JsonNode field = document.path("fields").path(0);
        assertThat(field.path("field").asText()).isEqualTo("/positions/*/current_price");
        assertThat(field.path("count").asInt()).isEqualTo(2);
        JsonNode sample = field.path("samples").path(0);
        assertThat(sample.path("rest")).isEqualTo(json("455.01"));
        assertThat(sample.path("log")).isEqualTo(json("455"));
        assertThat(sample.path("pointer").asText()).isEqualTo("/positions/0/current_price");
        assertThat(sample.path("where").asText()).startsWith("0:2, served ").endsWith("?account_id=7");
        assertThat(report.findings(SPAN).rows()).extracting(row -> row.get(0)).containsExactly("7", "1");
    }

    @Test
    void onlyTheKeysThatWereAskedForCount() {
        ParityReport some = new ParityReport(POSITIONS, Set.of("7"));
        some.add(verdict("1", 1, Outcome.MISMATCH, null, price(0, "1", "2")));
        some.add(verdict("7", 2, Outcome.MATCH, null));
        assertThat(some.compared()).isEqualTo(1);
        assertThat(some.isGood()).isTrue();
    }

    @Test
    void keysBeyondWhatThereIsRoomForAreCountedTogetherAndItIsSaid() {
        for (int i = 0; i < ParityReport.MOST_KEYS + 3; i++) {
            report.add(verdict("k" + i, i, Outcome.MATCH, null));
        }
        JsonNode document = report.toJson(SPAN);
        assertThat(document.path("compared").asInt()).isEqualTo(ParityReport.MOST_KEYS + 3);
        assertThat(document.path("keys")).hasSize(ParityReport.MOST_KEYS + 1);
        assertThat(document.path("keys").path(0).path("key").asText()).isEqualTo("(other keys)");
        assertThat(document.path("keys").path(0).path("compared").asInt()).isEqualTo(3);
        assertThat(document.path("capped")).hasSize(1);
    }

    @Test
    void whatWasNotJudgedIsSaidWithTheReason() {
        report.passed(Why.EARLY);
        report.passed(Why.EARLY);
        report.passed(Why.OTHER_TOPIC);
        report.undecided(3);
        assertThat(report.notJudged())
                .containsExactly(
                        "2 not judged: made of events before those that were read",
                        "1 not judged: made of another topic than events.positions is now",
                        "3 not judged: too recent to be judged yet");
        JsonNode left = report.toJson(SPAN).path("not_judged");
        assertThat(left.path("early").asInt()).isEqualTo(2);
        assertThat(left.path("undecided").asInt()).isEqualTo(3);
    }
}

package dev.cutover.control;

import static dev.cutover.control.ControlCaller.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.ControlCaller.Answer;
import dev.cutover.schema.Reference;
import dev.cutover.schema.Stage;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked, signed and reported, over real sockets; the evidence behind it is in memory. */
final class EvidenceHttpTest {
    private static final String STAGE = "/cutover/features/positions/stage";
    private static final String FORCED = "{\"to\":\"live\",\"reason\":\"compared\",\"by\":\"alice\",\"force\":true}";

    private final ControlRig rig = new ControlRig();
    private final ControlCaller http = new ControlCaller(rig.port());

    @AfterEach
    void stop() {
        rig.close();
    }

    @Test
    void aSignOffIsAnsweredAsItIsKeptAndShownWithTheEvidence() throws Exception {
        Answer answer = http.post(
                "/cutover/features/positions/sign-off",
                "{\"to\":\"promoted\",\"by\":\"Ada\",\"note\":\"watched two sessions\"}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body())
                .isEqualTo("{\"feature\":\"positions\",\"to\":\"promoted\",\"by\":\"Ada\","
                        + "\"note\":\"watched two sessions\",\"at\":\"2026-01-05T15:30:00.123Z\"}");
        assertThat(rig.signOffs)
                .containsExactly(
                        new SignOff("positions", Stage.PROMOTED, "Ada", "watched two sessions", ControlRig.NOW));
        assertThat(http.get("/cutover/features/positions")
                        .json()
                        .path("evidence")
                        .path("sign_offs")
                        .path(0))
                .isEqualTo(answer.json());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"by\":\"Ada\"}                                        | to must be",
                "{\"to\":\"shadow\",\"by\":\"Ada\"}                      | to must be live or promoted",
                "{\"to\":\"promoted\"}                                   | by must be there",
                "{\"to\":\"promoted\",\"by\":\"Ada\",\"note\":\" \"}     | note must be there, and not blank",
                "{\"to\":\"promoted\",\"by\":\"Ada\",\"reason\":\"r\"}   | 'reason' is no field here",
            })
    void aBadSignOffIsAnsweredWithTheFieldAndWhatItMustBe(String body, String said) throws Exception {
        assertProblem(http.post("/cutover/features/positions/sign-off", body), 400, said);
        assertThat(rig.signOffs).isEmpty();
    }

    @Test
    void aSignOffWithoutANoteHasNone() throws Exception {
        assertThat(http.post("/cutover/features/positions/sign-off", "{\"to\":\"live\",\"by\":\"Ada\",\"note\":null}")
                        .json()
                        .path("note")
                        .isNull())
                .isTrue();
    }

    @Test
    void aFeatureHasItsFlagWhatIsKnownOfItAndTheChecklistOfTheNextStep() throws Exception {
        rig.sessions.add(session(3, 0));

        JsonNode shadow = http.get("/cutover/features/positions").json();

        assertThat(shadow.properties()).extracting(Map.Entry::getKey).containsExactly("flag", "evidence", "checklist");
        assertThat(shadow.path("checklist").path("stage").asText()).isEqualTo("shadow");
        assertThat(shadow.path("checklist").path("to").asText()).isEqualTo("live");
        assertThat(shadow.path("checklist").path("passes").asBoolean()).isFalse();
        assertThat(shadow.path("checklist").path("lines").findValuesAsText("line"))
                .contains("messages", "parity", "hold")
                .doesNotContain("sign-off");
        assertThat(shadow.path("evidence")
                        .path("sessions")
                        .path(0)
                        .path("matches")
                        .asLong())
                .isEqualTo(3);
        assertThat(shadow.path("evidence").path("guard").path("state").asText()).isEqualTo("watching");
        http.post(STAGE, FORCED);
        assertThat(http.get("/cutover/features/positions")
                        .json()
                        .path("checklist")
                        .path("to")
                        .asText())
                .isEqualTo("promoted");
        assertThat(http.get("/cutover/features/positions?to=live")
                        .json()
                        .path("checklist")
                        .path("to")
                        .asText())
                .isEqualTo("live");
        assertProblem(
                http.get("/cutover/features/positions?to=shadow"), 400, "to must be live or promoted", "'shadow'");
    }

    @Test
    void aPromotedFeatureHasNoStepUp() throws Exception {
        http.post(STAGE, FORCED);
        http.post(STAGE, FORCED.replace("live", "promoted"));

        JsonNode checklist = http.get("/cutover/features/positions").json().path("checklist");

        assertThat(checklist.path("to").isNull()).isTrue();
        assertThat(checklist.path("lines")).isEmpty();
    }

    private static SessionSum session(long matches, long mismatches) {
        return new SessionSum(
                "30s@2026-01-05T15:29:00Z",
                Instant.parse("2026-01-05T15:29:00Z"),
                Instant.parse("2026-01-05T15:29:30Z"),
                true,
                true,
                matches,
                0,
                mismatches,
                0,
                0,
                0,
                0,
                0,
                Set.of(Reference.MATERIALISED));
    }

    @Test
    void sessionsSayWhetherTheyAreClean() throws Exception {
        rig.sessions.add(new SessionSum(
                "30s@2026-01-05T15:30:00Z",
                Instant.parse("2026-01-05T15:30:00Z"),
                Instant.parse("2026-01-05T15:30:30Z"),
                true,
                true,
                1,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                Set.of()));
        rig.sessions.addAll(List.of(session(4, 0), session(3, 1), session(0, 0)));

        JsonNode sessions = http.get("/cutover/features/positions/sessions").json();

        assertThat(sessions.findValuesAsText("state")).containsExactly("open", "clean", "dirty", "empty");
        assertThat(sessions.path(1).path("session").asText()).isEqualTo("30s@2026-01-05T15:29:00Z");
        assertThat(sessions.path(1).path("matches").asLong()).isEqualTo(4);
        assertThat(sessions.path(1).path("references").path(0).asText()).isEqualTo("materialised");
        assertThat(http.get("/cutover/features/positions/sessions?limit=2").json())
                .hasSize(2);
    }

    @Test
    void verdictsComeAsTheyWereRecordedAndFiftyUnlessMoreAreWanted() throws Exception {
        for (int i = 0; i < 60; i++) {
            rig.verdicts.add(("{\"id\":  " + i + "}").getBytes(StandardCharsets.UTF_8));
        }

        assertThat(http.get("/cutover/features/positions/verdicts").json()).hasSize(50);
        assertThat(http.get("/cutover/features/positions/verdicts?limit=60").json())
                .hasSize(60);
        assertThat(http.get("/cutover/features/positions/verdicts?limit=1").body())
                .isEqualTo("[{\"id\":  0}]");
        rig.failure = new TimeoutException("no answer");
        assertProblem(http.get("/cutover/features/positions/verdicts"), 503, "no answer", "try again");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "1001", "many", "1.5", "", "99999999999"})
    void aLimitIsAWholeNumberFromOneToAThousand(String limit) throws Exception {
        for (String list : List.of("sessions", "verdicts")) {
            assertProblem(
                    http.get("/cutover/features/positions/" + list + "?limit=" + limit), 400, "limit must be", "1000");
        }
        assertThat(http.get("/cutover/features/positions/verdicts?limit=1000").status())
                .isEqualTo(200);
    }

    @Test
    void usageHasARowForEachFeatureDayAndCaller() throws Exception {
        rig.callers.add(new Caller("curl/8.5 127.0.0.1", "other", "2026-01-05", 12, ControlRig.NOW, ControlRig.NOW));
        rig.callers.add(new Caller("prober", "prober", "2026-01-05", 3, ControlRig.NOW, ControlRig.NOW));

        JsonNode all = http.get("/cutover/usage").json();
        JsonNode one = http.get("/cutover/usage?feature=intraday").json();

        assertThat(all.findValuesAsText("feature"))
                .containsExactly(rig.catalog.features().stream()
                        .flatMap(feature -> Stream.of(feature.name(), feature.name()))
                        .toArray(String[]::new));
        assertThat(one).hasSize(2);
        assertThat(one.path(0).toString())
                .isEqualTo("{\"feature\":\"intraday\",\"caller\":\"curl/8.5 127.0.0.1\",\"kind\":\"other\","
                        + "\"day\":\"2026-01-05\",\"answers\":12,\"first_at\":\"2026-01-05T15:30:00.123Z\","
                        + "\"last_at\":\"2026-01-05T15:30:00.123Z\"}");
        assertProblem(http.get("/cutover/usage?feature=nope"), 404, "'nope'", "positions");
    }

    @Test
    void aPageOfThisMachineMayReportAndMayChangeNothing() throws Exception {
        String page = "http://localhost:5173";
        Answer preflight = http.send(
                http.to("/cutover/parity-reports").header("Origin", page).method("OPTIONS", BodyPublishers.noBody()));
        assertThat(preflight.status()).isEqualTo(204);
        assertThat(preflight.response().headers().map())
                .containsEntry("access-control-allow-origin", List.of(page))
                .containsEntry("access-control-allow-methods", List.of("POST"))
                .containsEntry("access-control-allow-headers", List.of("Content-Type"));

        Answer answer = http.send(http.to("/cutover/parity-reports")
                .header("Origin", page)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"seen\":1}")));

        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
        assertThat(answer.response().headers().firstValue("Access-Control-Allow-Origin"))
                .contains(page);
        assertThat(rig.reports).singleElement().satisfies(report -> assertThat(
                        new String(report, StandardCharsets.UTF_8))
                .isEqualTo("{\"seen\":1}"));
        assertThat(http.send(http.to(STAGE).header("Origin", page).method("OPTIONS", BodyPublishers.noBody()))
                        .response()
                        .headers()
                        .firstValue("Access-Control-Allow-Origin"))
                .isEmpty();
        assertThat(http.send(http.to("/cutover/parity-reports")
                                .header("Origin", "http://elsewhere.example")
                                .method("OPTIONS", BodyPublishers.noBody()))
                        .status())
                .isEqualTo(403);
    }
}

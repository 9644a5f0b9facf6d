package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Health;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Json;
import dev.cutover.schema.Reference;
import dev.cutover.schema.Stage;
import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
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

/** Over real sockets; the flags behind it are in memory. */
final class ControlHttpTest {
    private static final String STAGE = "/cutover/features/positions/stage";
    private static final String FORCED = "{\"to\":\"live\",\"reason\":\"compared\",\"by\":\"alice\",\"force\":true}";

    private final ControlRig rig = new ControlRig();
    private final HttpClient client = HttpClient.newHttpClient();

    @AfterEach
    void stop() {
        rig.close();
    }

    private record Answer(int status, String type, String body, HttpResponse<String> response) {
        JsonNode json() throws IOException {
            return Json.MAPPER.readTree(body);
        }
    }

    private Answer send(HttpRequest.Builder request) throws Exception {
        HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
        return new Answer(
                response.statusCode(),
                response.headers().firstValue("Content-Type").orElse(""),
                response.body(),
                response);
    }

    private HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + rig.port() + path));
    }

    private Answer get(String path) throws Exception {
        return send(to(path));
    }

    private Answer post(String path, String body) throws Exception {
        return send(to(path).header("Content-Type", "application/json").POST(BodyPublishers.ofString(body)));
    }

    private static void assertProblem(Answer answer, int status, String... said) throws IOException {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.type()).startsWith(HttpAnswer.PROBLEM);
        assertThat(answer.json().path("status").intValue()).isEqualTo(status);
        assertThat(answer.json().path("title").asText()).isNotBlank();
        assertThat(answer.json().path("detail").asText()).contains(said);
    }

    @Test
    void aForcedMoveIsAnsweredWithTheNewFlag() throws Exception {
        Answer answer = post(STAGE, FORCED.replace("}", ",\"sunset\":\"2026-12-01T00:00:00Z\",\"expect_version\":0}"));

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.type()).startsWith(HttpAnswer.JSON);
        assertThat(answer.body()).isEqualTo(new String(rig.flag("positions").toJson(), StandardCharsets.UTF_8));
        assertThat(answer.json().path("stage").asText()).isEqualTo("live");
        assertThat(answer.json().path("version").asLong()).isEqualTo(1);
        assertThat(answer.json().path("forced").asBoolean()).isTrue();
        assertThat(answer.json().path("sunset").asText()).isEqualTo("2026-12-01T00:00:00Z");
        assertThat(get("/cutover/features/positions").json().path("flag")).isEqualTo(answer.json());
    }

    @Test
    void withoutForceTheGateRefusesAndNamesTheLinesThatFail() throws Exception {
        Answer answer = post(STAGE, FORCED.replace(",\"force\":true", ""));

        assertProblem(answer, 422, "stays shadow", "parity", "force");
        JsonNode checklist = answer.json().path("checklist");
        assertThat(checklist.findValuesAsText("line"))
                .contains("messages", "parity")
                .doesNotContain("hold", "rules");
        assertThat(checklist.findValuesAsText("state")).isSubsetOf("fail", "wait");
        assertThat(checklist.findValuesAsText("needed")).allMatch(needed -> !needed.isBlank());
        assertThat(rig.flag("positions").version()).isZero();
    }

    @Test
    void whereTheChecklistHoldsNoForceIsNeeded() throws Exception {
        rig.gate = List.of(ChecklistLine.ok("parity", "values match", "2 clean sessions"));

        Answer answer = post(STAGE, FORCED.replace(",\"force\":true", ""));

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json().path("forced").asBoolean()).isFalse();
    }

    @Test
    void aConflictSaysWhoChangedWhatWhenAndWhyEvenWhereItIsForced() throws Exception {
        post(STAGE, FORCED);

        Answer answer = post(STAGE, FORCED.replace("}", ",\"expect_version\":0}"));

        assertProblem(
                answer, 409, "not at version 0", "alice", "live", "version 1", "2026-01-05T15:30:00.123Z", "compared");
        assertThat(answer.json().path("expected_version").asLong()).isZero();
        assertThat(answer.json().path("flag").path("version").asLong()).isEqualTo(1);
    }

    @Test
    void aStageThatItHasAlreadyIsAConflictAndTwoStagesUpAreRefused() throws Exception {
        assertProblem(post(STAGE, FORCED.replace("live", "promoted")), 422, "one stage up at a time");
        post(STAGE, FORCED);
        assertProblem(post(STAGE, FORCED), 409, "live already", "alice", "compared");
    }

    @Test
    void aRollbackNeedsNeitherForceNorEvidence() throws Exception {
        post(STAGE, FORCED);
        post(STAGE, FORCED.replace("live", "promoted"));

        Answer answer = post("/cutover/features/positions/rollback", "{\"reason\":\"bad\",\"by\":\"bob\"}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(rig.flag("positions").stage()).isEqualTo(Stage.SHADOW);
        assertThat(rig.flag("positions").forced()).isFalse();
        assertProblem(
                post(
                        "/cutover/features/positions/rollback",
                        "{\"reason\":\"bad\",\"by\":\"bob\",\"expect_version\":1}"),
                409,
                "not at version 1");
    }

    private static final String REASONED = "{\"reason\":\"found it\",\"by\":\"bob\"}";

    private void hold(String feature) {
        rig.change(feature, flag -> flag.at(Stage.SHADOW, "guard", "silent for 31 s")
                .withHold(true, "guard", "silent for 31 s"));
    }

    @Test
    void whatTheGuardHoldsIsLiftedByClearAndByNothingElse() throws Exception {
        hold("positions");
        Answer forced = post(STAGE, FORCED);
        assertProblem(forced, 422, "held", "silent for 31 s");
        assertThat(forced.json().path("checklist").findValuesAsText("line")).contains("hold");

        Answer cleared = post("/cutover/features/positions/clear", REASONED);

        assertThat(cleared.status()).as(cleared.body()).isEqualTo(200);
        assertThat(cleared.json().path("hold").asBoolean()).isFalse();
        assertThat(cleared.json().path("stage").asText()).isEqualTo("shadow");
        assertThat(cleared.json().path("changed_by").asText()).isEqualTo("bob");
        assertThat(post(STAGE, FORCED).status()).isEqualTo(200);
    }

    @Test
    void clearingWhatNothingHoldsIsAConflictThatSaysWhoWasThere() throws Exception {
        hold("positions");
        post("/cutover/features/positions/clear", REASONED);

        Answer again = post("/cutover/features/positions/clear", REASONED);

        assertProblem(again, 409, "nothing holds positions", "bob", "found it");
        assertThat(again.json().path("flag").path("version").asLong()).isEqualTo(2);
        assertProblem(
                post("/cutover/features/positions/clear", REASONED.replace("}", ",\"expect_version\":1}")),
                409,
                "not at version 1");
    }

    @Test
    void theGuardIsSetForEachFeature() throws Exception {
        String warn = REASONED.replace("}", ",\"guard\":\"warn\"}");

        Answer answer = post("/cutover/features/positions/guard", warn);

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(rig.flag("positions").guard()).isEqualTo(Flag.Guard.WARN);
        assertThat(rig.flag("intraday").guard()).isEqualTo(Flag.Guard.ON);
        assertProblem(post("/cutover/features/positions/guard", warn), 409, "is warn already", "bob");
        assertProblem(post("/cutover/features/positions/guard", REASONED), 400, "guard must be on, warn or off");
        assertProblem(
                post("/cutover/features/positions/guard", warn.replace("warn", "ON")), 400, "guard must be", "'ON'");
    }

    @Test
    void aSignOffIsAnsweredAsItIsKeptAndShownWithTheEvidence() throws Exception {
        Answer answer = post(
                "/cutover/features/positions/sign-off",
                "{\"to\":\"promoted\",\"by\":\"Ada\",\"note\":\"watched two sessions\"}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body())
                .isEqualTo("{\"feature\":\"positions\",\"to\":\"promoted\",\"by\":\"Ada\","
                        + "\"note\":\"watched two sessions\",\"at\":\"2026-01-05T15:30:00.123Z\"}");
        assertThat(rig.signOffs)
                .containsExactly(
                        new SignOff("positions", Stage.PROMOTED, "Ada", "watched two sessions", ControlRig.NOW));
        assertThat(get("/cutover/features/positions")
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
        assertProblem(post("/cutover/features/positions/sign-off", body), 400, said);
        assertThat(rig.signOffs).isEmpty();
    }

    @Test
    void aSignOffWithoutANoteHasNone() throws Exception {
        assertThat(post("/cutover/features/positions/sign-off", "{\"to\":\"live\",\"by\":\"Ada\",\"note\":null}")
                        .json()
                        .path("note")
                        .isNull())
                .isTrue();
    }

    @Test
    void aFeatureHasItsFlagWhatIsKnownOfItAndTheChecklistOfTheNextStep() throws Exception {
        rig.sessions.add(session(3, 0));

        JsonNode shadow = get("/cutover/features/positions").json();

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
        post(STAGE, FORCED);
        assertThat(get("/cutover/features/positions")
                        .json()
                        .path("checklist")
                        .path("to")
                        .asText())
                .isEqualTo("promoted");
        assertThat(get("/cutover/features/positions?to=live")
                        .json()
                        .path("checklist")
                        .path("to")
                        .asText())
                .isEqualTo("live");
        assertProblem(get("/cutover/features/positions?to=shadow"), 400, "to must be live or promoted", "'shadow'");
    }

    @Test
    void aPromotedFeatureHasNoStepUp() throws Exception {
        post(STAGE, FORCED);
        post(STAGE, FORCED.replace("live", "promoted"));

        JsonNode checklist = get("/cutover/features/positions").json().path("checklist");

        assertThat(checklist.path("to").isNull()).isTrue();
        assertThat(checklist.path("lines")).isEmpty();
    }

    private static SessionSum session(long matches, long mismatches) {
        return new SessionSum(
                "30s@2026-01-05T15:29:00Z",
                Instant.parse("2026-01-05T15:29:00Z"),
                Instant.parse("2026-01-05T15:29:30Z"),
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

        JsonNode sessions = get("/cutover/features/positions/sessions").json();

        assertThat(sessions.findValuesAsText("state")).containsExactly("open", "clean", "dirty", "empty");
        assertThat(sessions.path(1).path("session").asText()).isEqualTo("30s@2026-01-05T15:29:00Z");
        assertThat(sessions.path(1).path("matches").asLong()).isEqualTo(4);
        assertThat(sessions.path(1).path("references").path(0).asText()).isEqualTo("materialised");
        assertThat(get("/cutover/features/positions/sessions?limit=2").json()).hasSize(2);
    }

    @Test
    void verdictsComeAsTheyWereRecordedAndFiftyUnlessMoreAreWanted() throws Exception {
        for (int i = 0; i < 60; i++) {
            rig.verdicts.add(("{\"id\":  " + i + "}").getBytes(StandardCharsets.UTF_8));
        }

        assertThat(get("/cutover/features/positions/verdicts").json()).hasSize(50);
        assertThat(get("/cutover/features/positions/verdicts?limit=60").json()).hasSize(60);
        assertThat(get("/cutover/features/positions/verdicts?limit=1").body()).isEqualTo("[{\"id\":  0}]");
        rig.failure = new TimeoutException("no answer");
        assertProblem(get("/cutover/features/positions/verdicts"), 503, "no answer", "try again");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "1001", "many", "1.5", "", "99999999999"})
    void aLimitIsAWholeNumberFromOneToAThousand(String limit) throws Exception {
        for (String list : List.of("sessions", "verdicts")) {
            assertProblem(get("/cutover/features/positions/" + list + "?limit=" + limit), 400, "limit must be", "1000");
        }
        assertThat(get("/cutover/features/positions/verdicts?limit=1000").status())
                .isEqualTo(200);
    }

    @Test
    void usageHasARowForEachFeatureDayAndCaller() throws Exception {
        rig.callers.add(new Caller("curl/8.5 127.0.0.1", "other", "2026-01-05", 12, ControlRig.NOW, ControlRig.NOW));
        rig.callers.add(new Caller("prober", "prober", "2026-01-05", 3, ControlRig.NOW, ControlRig.NOW));

        JsonNode all = get("/cutover/usage").json();
        JsonNode one = get("/cutover/usage?feature=intraday").json();

        assertThat(all.findValuesAsText("feature"))
                .containsExactly(rig.catalog.features().stream()
                        .flatMap(feature -> Stream.of(feature.name(), feature.name()))
                        .toArray(String[]::new));
        assertThat(one).hasSize(2);
        assertThat(one.path(0).toString())
                .isEqualTo("{\"feature\":\"intraday\",\"caller\":\"curl/8.5 127.0.0.1\",\"kind\":\"other\","
                        + "\"day\":\"2026-01-05\",\"answers\":12,\"first_at\":\"2026-01-05T15:30:00.123Z\","
                        + "\"last_at\":\"2026-01-05T15:30:00.123Z\"}");
        assertProblem(get("/cutover/usage?feature=nope"), 404, "'nope'", "positions");
    }

    @Test
    void aPageOfThisMachineMayReportAndMayChangeNothing() throws Exception {
        String page = "http://localhost:5173";
        Answer preflight =
                send(to("/cutover/parity-reports").header("Origin", page).method("OPTIONS", BodyPublishers.noBody()));
        assertThat(preflight.status()).isEqualTo(204);
        assertThat(preflight.response().headers().map())
                .containsEntry("access-control-allow-origin", List.of(page))
                .containsEntry("access-control-allow-methods", List.of("POST"))
                .containsEntry("access-control-allow-headers", List.of("Content-Type"));

        Answer answer = send(to("/cutover/parity-reports")
                .header("Origin", page)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"seen\":1}")));

        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
        assertThat(answer.response().headers().firstValue("Access-Control-Allow-Origin"))
                .contains(page);
        assertThat(rig.reports).singleElement().satisfies(report -> assertThat(
                        new String(report, StandardCharsets.UTF_8))
                .isEqualTo("{\"seen\":1}"));
        assertThat(send(to(STAGE).header("Origin", page).method("OPTIONS", BodyPublishers.noBody()))
                        .response()
                        .headers()
                        .firstValue("Access-Control-Allow-Origin"))
                .isEmpty();
        assertThat(send(to("/cutover/parity-reports")
                                .header("Origin", "http://elsewhere.example")
                                .method("OPTIONS", BodyPublishers.noBody()))
                        .status())
                .isEqualTo(403);
    }

    @Test
    void theHistoryIsAnArrayOldestFirst() throws Exception {
        assertThat(get("/cutover/features/positions/history").body()).isEqualTo("[]");
        post(STAGE, FORCED);
        post(STAGE, FORCED.replace("live", "promoted"));
        post("/cutover/features/intraday/stage", FORCED);

        JsonNode history = get("/cutover/features/positions/history").json();

        assertThat(history).hasSize(2);
        assertThat(history.findValuesAsText("from")).containsExactly("shadow", "live");
        assertThat(history.findValuesAsText("stage")).containsExactly("live", "promoted");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{                                                        | the body",
                "[]                                                      | must be a JSON object",
                "{\"reason\":\"r\",\"by\":\"b\"}                            | to must be shadow, live or promoted",
                "{\"to\":\"up\",\"reason\":\"r\",\"by\":\"b\"}              | but is 'up'",
                "{\"to\":1,\"reason\":\"r\",\"by\":\"b\"}                   | to must be a text",
                "{\"to\":\"live\",\"by\":\"b\"}                             | reason must be there",
                "{\"to\":\"live\",\"reason\":\" \",\"by\":\"b\"}            | reason must be there, and not blank",
                "{\"to\":\"live\",\"reason\":\"r\"}                         | by must be there",
                "{\"to\":\"live\",\"reason\":\"r\\u0007\",\"by\":\"b\"}     | reason must hold no control characters",
                "{\"to\":\"live\",\"reason\":\"r\\ud800\",\"by\":\"b\"}     | reason must hold no control characters",
                "{\"to\":\"live\",\"reason\":\"r\",\"by\":\"b\",\"force\":1} | force must be true or false",
                "{\"to\":\"live\",\"reason\":\"r\",\"by\":\"b\",\"Force\":true} | 'Force' is no field here",
                "{\"to\":\"live\",\"reason\":\"r\",\"by\":\"b\",\"expect_version\":\"3\"} | expect_version must be a whole",
                "{\"to\":\"live\",\"reason\":\"r\",\"by\":\"b\",\"expect_version\":-1} | expect_version must be a whole",
                "{\"to\":\"live\",\"reason\":\"r\",\"by\":\"b\",\"expect_version\":1.5} | expect_version must be a whole",
                "{\"to\":\"live\",\"reason\":\"r\",\"by\":\"b\",\"sunset\":\"soon\"} | sunset must be a UTC instant",
                "{\"to\":\"shadow\",\"reason\":\"r\",\"by\":\"b\",\"sunset\":\"2026-12-01T00:00:00Z\"} | sunset must be left out",
                "{\"to\":\"live\",\"reason\":\"r\",\"by\":\"b\",\"force\":true,\"sunset\":\"2026-01-05T15:30:00.123Z\"} | sunset must lie in the future",
                "{\"to\":\"live\",\"to\":\"live\",\"reason\":\"r\",\"by\":\"b\"} | the body",
            })
    void aBadBodyIsAnsweredWithTheFieldAndWhatItMustBe(String body, String said) throws Exception {
        assertProblem(post(STAGE, body.replace("`", "")), 400, said);
        assertThat(rig.flag("positions").version()).isZero();
    }

    @Test
    void namesAndReasonsThatAreTooLongAreRefusedAndThoseThatJustFitAreNot() throws Exception {
        assertProblem(post(STAGE, FORCED.replace("alice", "a".repeat(201))), 400, "by must have 200");
        assertProblem(post(STAGE, FORCED.replace("compared", "r".repeat(1001))), 400, "reason must have 1000");
        String fits = FORCED.replace("alice", "ä".repeat(200)).replace("compared", "😀".repeat(1000));
        assertThat(post(STAGE, fits).status()).isEqualTo(200);
    }

    @Test
    void anUnknownFeatureIsAnsweredWithTheKnownOnes() throws Exception {
        assertProblem(
                get("/cutover/features/nope"), 404, "'nope'", "account_balance, positions, intraday, global_market");
        for (String list : List.of("history", "sessions", "verdicts")) {
            assertProblem(get("/cutover/features/nope/" + list), 404, "positions");
        }
        for (String change : List.of("clear", "guard", "sign-off")) {
            assertProblem(post("/cutover/features/nope/" + change, "{}"), 404, "positions");
        }
        assertProblem(post("/cutover/features/nope/stage", FORCED), 404, "positions");
    }

    @Test
    void whenKafkaFailsAChangeSaysThatItsOutcomeIsUnknown() throws Exception {
        rig.failure = ControlRig.writeFailure("no answer");
        assertProblem(post(STAGE, FORCED), 503, "outcome is unknown", "no answer", "./cutover status");
        assertProblem(post("/cutover/features/positions/clear", REASONED), 503, "outcome is unknown");
        rig.failure = new TimeoutException("no answer");
        assertProblem(
                post("/cutover/features/positions/sign-off", "{\"to\":\"promoted\",\"by\":\"Ada\"}"),
                503,
                "no answer",
                "try again");
        assertProblem(get("/cutover/features/positions/history"), 503, "no answer", "try again");
        assertThat(get("/cutover/features/positions").status()).isEqualTo(200);
    }

    @Test
    void anythingElseThatFailsIsAProblemWithoutInnards() throws Exception {
        rig.failure = new IllegalStateException("secret");
        Answer answer = post(STAGE, FORCED);
        assertProblem(answer, 500, "fault of Cutover");
        assertThat(answer.body()).doesNotContain("secret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""})
    void aChangeThatIsNotJsonIsRefused(String type) throws Exception {
        HttpRequest.Builder request = to(STAGE).POST(BodyPublishers.ofString(FORCED));
        assertProblem(send(type.isEmpty() ? request : request.header("Content-Type", type)), 415, "application/json");
        assertThat(rig.flag("positions").version()).isZero();
    }

    @Test
    void jsonWithACharsetIsJson() throws Exception {
        assertThat(send(to(STAGE)
                                .header("Content-Type", "Application/JSON; charset=utf-8")
                                .POST(BodyPublishers.ofString(FORCED)))
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({
        "http://localhost:3000, 200",
        "http://127.0.0.1:8070, 200",
        "http://evil.example, 403",
        "http://localhost.evil.example, 403",
        "null, 403",
    })
    void pagesOfOtherSitesAreRefused(String origin, int status) throws Exception {
        Answer answer = send(to(STAGE)
                .header("Content-Type", "application/json")
                .header("Origin", origin)
                .POST(BodyPublishers.ofString(FORCED)));

        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(rig.flag("positions").version()).isEqualTo(status == 200 ? 1 : 0);
        assertThat(send(to("/cutover/status").header("Origin", origin)).status())
                .isEqualTo(status);
    }

    @Test
    void aServiceOnAllInterfacesTakesPagesOfTheAddressThatIsAskedAndOneOnLoopbackDoesNot() throws Exception {
        try (ControlRig everywhere = new ControlRig("0.0.0.0", 0)) {
            assertThat(fromItself(everywhere.port(), "192.0.2.7:8070")).startsWith("HTTP/1.1 200");
            assertThat(fromItself(everywhere.port(), "[2001:db8::7]:8070")).startsWith("HTTP/1.1 200");
            // a site whose name was made to resolve to this machine
            assertThat(fromItself(everywhere.port(), "ops.example:8070")).startsWith("HTTP/1.1 403");
        }
        assertThat(fromItself(rig.port(), "ops.example:8070")).startsWith("HTTP/1.1 403");
        assertThat(fromItself(rig.port(), "192.0.2.7:8070")).startsWith("HTTP/1.1 403");
    }

    @Test
    void onTheLoopbackInterfaceARequestForAnotherHostIsRefusedThoughItHasNoOrigin() throws Exception {
        String rest = "\r\nConnection: close\r\n\r\n";
        for (String path : List.of("/cutover/control", "/health/live", "/nope")) {
            assertThat(raw(rig.port(), "GET " + path + " HTTP/1.1\r\nHost: evil.example:8070" + rest))
                    .startsWith("HTTP/1.1 403")
                    .contains("\"code\":\"foreign_host\"");
        }
        assertThat(raw(rig.port(), "GET /health/live HTTP/1.1\r\nHost: localhost." + rest))
                .startsWith("HTTP/1.1 200");
        assertThat(raw(rig.port(), "GET /health/live HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200");
        try (ControlRig everywhere = new ControlRig("0.0.0.0", 0)) {
            assertThat(raw(everywhere.port(), "GET /cutover/control HTTP/1.1\r\nHost: ops.example" + rest))
                    .startsWith("HTTP/1.1 200");
        }
    }

    /** A page of that host asks it; our client would not let us say which host it means. */
    private static String fromItself(int port, String host) throws IOException {
        return raw(
                port,
                "GET /cutover/control HTTP/1.1\r\nHost: " + host + "\r\nOrigin: http://" + host
                        + "\r\nConnection: close\r\n\r\n");
    }

    private static String raw(int port, String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void aBodyThatIsTooLargeIsRefusedWithAndWithoutItsLength() throws Exception {
        byte[] large = new byte[ControlApi.LONGEST_BODY_BYTES + 1];
        assertProblem(
                send(to(STAGE).header("Content-Type", "application/json").POST(BodyPublishers.ofByteArray(large))),
                413,
                "65536");
        assertProblem(
                send(to(STAGE)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofByteArrays(List.of(large)))),
                413,
                "65536");
    }

    @Test
    void anUnknownPathAndAWrongMethodAreProblemsToo() throws Exception {
        assertProblem(get("/nope"), 404, "/cutover/control", "/health/ready");
        Answer wrong = get(STAGE);
        assertProblem(wrong, 405, "POST");
        assertThat(wrong.response().headers().firstValue("Allow")).contains("POST");
        Answer delete = send(to("/cutover/features/positions").DELETE());
        assertProblem(delete, 405, "GET");
        assertThat(delete.response().headers().firstValue("Allow")).contains("GET, HEAD");
    }

    @Test
    void aRequestThatIsNoHttpIsAProblemToo() throws Exception {
        String answer =
                raw(rig.port(), "GET /cutover/features/%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 400").containsIgnoringCase("content-type: application/problem+json");
    }

    @Test
    void itAnswersForHealthMetricsAndStatus() throws Exception {
        assertThat(get("/health/live").status()).isEqualTo(200);
        assertThat(get("/health/ready").status()).isEqualTo(200);
        rig.health = new Health(List.of("not yet"));
        assertThat(get("/health/ready").status()).isEqualTo(503);
        assertThat(get("/health/ready").response().headers().firstValue("Retry-After"))
                .contains("1");
        assertThat(send(to("/health/ready").method("HEAD", BodyPublishers.noBody()))
                        .status())
                .isEqualTo(503);
        post(STAGE, FORCED);
        post(STAGE, FORCED.replace("}", ",\"expect_version\":0}"));
        post(STAGE, FORCED);
        assertThat(get("/metrics").body())
                .contains("cutover_control_changes_total{feature=\"positions\",stage=\"live\"} 1.0")
                .contains("cutover_control_conflicts_total 1.0")
                .contains("cutover_control_refusals_total{kind=\"already_there\"} 1.0");
        assertThat(get("/cutover/status").json().path("mode").asText()).isEqualTo("PARTIAL");
    }

    @Test
    void itSaysWhetherItIsTheActiveInstance() throws Exception {
        assertThat(get("/cutover/control").body()).isEqualTo("{\"name\":\"control-test\",\"active\":true}");
        rig.active = false;
        assertThat(get("/cutover/control").json().path("active").asBoolean()).isFalse();
    }

    @Test
    void aTakenPortIsSaidInOneLineThatNamesTheOption() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> new ControlRig("127.0.0.1", taken.getLocalPort()))
                    .isInstanceOf(StartupException.class)
                    .hasMessageContaining("--control-port")
                    .hasMessageContaining(Integer.toString(taken.getLocalPort()))
                    .hasMessageNotContaining("\n");
        }
    }
}

package dev.cutover.control;

import static dev.cutover.control.ControlCaller.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.ControlCaller.Answer;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Health;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Stage;
import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
    private final ControlCaller http = new ControlCaller(rig.port());

    @AfterEach
    void stop() {
        rig.close();
    }

    @Test
    void aForcedMoveIsAnsweredWithTheNewFlag() throws Exception {
        Answer answer =
                http.post(STAGE, FORCED.replace("}", ",\"sunset\":\"2026-12-01T00:00:00Z\",\"expect_version\":0}"));

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.type()).startsWith(HttpAnswer.JSON);
        assertThat(answer.body()).isEqualTo(new String(rig.flag("positions").toJson(), StandardCharsets.UTF_8));
        assertThat(answer.json().path("stage").asText()).isEqualTo("live");
        assertThat(answer.json().path("version").asLong()).isEqualTo(1);
        assertThat(answer.json().path("forced").asBoolean()).isTrue();
        assertThat(answer.json().path("sunset").asText()).isEqualTo("2026-12-01T00:00:00Z");
        assertThat(http.get("/cutover/features/positions").json().path("flag")).isEqualTo(answer.json());
    }

    @Test
    void withoutForceTheGateRefusesAndNamesTheLinesThatFail() throws Exception {
        Answer answer = http.post(STAGE, FORCED.replace(",\"force\":true", ""));

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

        Answer answer = http.post(STAGE, FORCED.replace(",\"force\":true", ""));

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json().path("forced").asBoolean()).isFalse();
    }

    @Test
    void aConflictSaysWhoChangedWhatWhenAndWhyEvenWhereItIsForced() throws Exception {
        http.post(STAGE, FORCED);

        Answer answer = http.post(STAGE, FORCED.replace("}", ",\"expect_version\":0}"));

        assertProblem(
                answer, 409, "not at version 0", "alice", "live", "version 1", "2026-01-05T15:30:00.123Z", "compared");
        assertThat(answer.json().path("expected_version").asLong()).isZero();
        assertThat(answer.json().path("flag").path("version").asLong()).isEqualTo(1);
    }

    @Test
    void aStageThatItHasAlreadyIsAConflictAndTwoStagesUpAreRefused() throws Exception {
        assertProblem(http.post(STAGE, FORCED.replace("live", "promoted")), 422, "one stage up at a time");
        http.post(STAGE, FORCED);
        assertProblem(http.post(STAGE, FORCED), 409, "live already", "alice", "compared");
    }

    @Test
    void aRollbackNeedsNeitherForceNorEvidence() throws Exception {
        http.post(STAGE, FORCED);
        http.post(STAGE, FORCED.replace("live", "promoted"));

        Answer answer = http.post("/cutover/features/positions/rollback", "{\"reason\":\"bad\",\"by\":\"bob\"}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(rig.flag("positions").stage()).isEqualTo(Stage.SHADOW);
        assertThat(rig.flag("positions").forced()).isFalse();
        assertProblem(
                http.post(
                        "/cutover/features/positions/rollback",
                        "{\"reason\":\"bad\",\"by\":\"bob\",\"expect_version\":1}"),
                409,
                "not at version 1");
    }

    @Test
    void theWayBackDoesNotDependOnEvidence() throws Exception {
        http.post(STAGE, FORCED);
        rig.evidenceFailure = new IllegalStateException("a fault");

        assertThat(http.post("/cutover/features/positions/rollback", REASONED).status())
                .isEqualTo(200);
        assertThat(rig.flag("positions").stage()).isEqualTo(Stage.SHADOW);
    }

    private static final String REASONED = "{\"reason\":\"found it\",\"by\":\"bob\"}";

    private void hold(String feature) {
        rig.change(feature, flag -> flag.at(Stage.SHADOW, "guard", "silent for 31 s")
                .withHold(true, "guard", "silent for 31 s"));
    }

    @Test
    void whatTheGuardHoldsIsLiftedByClearAndByNothingElse() throws Exception {
        hold("positions");
        Answer forced = http.post(STAGE, FORCED);
        assertProblem(forced, 422, "held", "silent for 31 s");
        assertThat(forced.json().path("checklist").findValuesAsText("line")).contains("hold");

        Answer cleared = http.post("/cutover/features/positions/clear", REASONED);

        assertThat(cleared.status()).as(cleared.body()).isEqualTo(200);
        assertThat(cleared.json().path("hold").asBoolean()).isFalse();
        assertThat(cleared.json().path("stage").asText()).isEqualTo("shadow");
        assertThat(cleared.json().path("changed_by").asText()).isEqualTo("bob");
        assertThat(http.post(STAGE, FORCED).status()).isEqualTo(200);
    }

    @Test
    void clearingWhatNothingHoldsIsAConflictThatSaysWhoWasThere() throws Exception {
        hold("positions");
        http.post("/cutover/features/positions/clear", REASONED);

        Answer again = http.post("/cutover/features/positions/clear", REASONED);

        assertProblem(again, 409, "nothing holds positions", "bob", "found it");
        assertThat(again.json().path("flag").path("version").asLong()).isEqualTo(2);
        assertProblem(
                http.post("/cutover/features/positions/clear", REASONED.replace("}", ",\"expect_version\":1}")),
                409,
                "not at version 1");
    }

    @Test
    void theGuardIsSetForEachFeature() throws Exception {
        String warn = REASONED.replace("}", ",\"guard\":\"warn\"}");

        Answer answer = http.post("/cutover/features/positions/guard", warn);

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(rig.flag("positions").guard()).isEqualTo(Flag.Guard.WARN);
        assertThat(rig.flag("intraday").guard()).isEqualTo(Flag.Guard.ON);
        assertProblem(http.post("/cutover/features/positions/guard", warn), 409, "is warn already", "bob");
        assertProblem(http.post("/cutover/features/positions/guard", REASONED), 400, "guard must be on, warn or off");
        assertProblem(
                http.post("/cutover/features/positions/guard", warn.replace("warn", "ON")),
                400,
                "guard must be",
                "'ON'");
    }

    @Test
    void theHistoryIsAnArrayOldestFirst() throws Exception {
        assertThat(http.get("/cutover/features/positions/history").body()).isEqualTo("[]");
        http.post(STAGE, FORCED);
        http.post(STAGE, FORCED.replace("live", "promoted"));
        http.post("/cutover/features/intraday/stage", FORCED);

        JsonNode history = http.get("/cutover/features/positions/history").json();

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
        assertProblem(http.post(STAGE, body.replace("`", "")), 400, said);
        assertThat(rig.flag("positions").version()).isZero();
    }

    @Test
    void namesAndReasonsThatAreTooLongAreRefusedAndThoseThatJustFitAreNot() throws Exception {
        assertProblem(http.post(STAGE, FORCED.replace("alice", "a".repeat(201))), 400, "by must have 200");
        assertProblem(http.post(STAGE, FORCED.replace("compared", "r".repeat(1001))), 400, "reason must have 1000");
        String fits = FORCED.replace("alice", "ä".repeat(200)).replace("compared", "😀".repeat(1000));
        assertThat(http.post(STAGE, fits).status()).isEqualTo(200);
    }

    @Test
    void anUnknownFeatureIsAnsweredWithTheKnownOnes() throws Exception {
        assertProblem(
                http.get("/cutover/features/nope"),
                404,
                "'nope'",
                "account_balance, positions, intraday, global_market");
        for (String list : List.of("history", "sessions", "verdicts")) {
            assertProblem(http.get("/cutover/features/nope/" + list), 404, "positions");
        }
        for (String change : List.of("clear", "guard", "sign-off")) {
            assertProblem(http.post("/cutover/features/nope/" + change, "{}"), 404, "positions");
        }
        assertProblem(http.post("/cutover/features/nope/stage", FORCED), 404, "positions");
    }

    @Test
    void whenKafkaFailsAChangeSaysThatItsOutcomeIsUnknown() throws Exception {
        rig.failure = ControlRig.writeFailure("no answer");
        assertProblem(http.post(STAGE, FORCED), 503, "outcome is unknown", "no answer", "./cutover status");
        assertProblem(http.post("/cutover/features/positions/clear", REASONED), 503, "outcome is unknown");
        rig.failure = new TimeoutException("no answer");
        assertProblem(
                http.post("/cutover/features/positions/sign-off", "{\"to\":\"promoted\",\"by\":\"Ada\"}"),
                503,
                "no answer",
                "try again");
        assertProblem(http.get("/cutover/features/positions/history"), 503, "no answer", "try again");
        assertThat(http.get("/cutover/features/positions").status()).isEqualTo(200);
    }

    @Test
    void anythingElseThatFailsIsAProblemWithoutInnards() throws Exception {
        rig.failure = new IllegalStateException("secret");
        Answer answer = http.post(STAGE, FORCED);
        assertProblem(answer, 500, "fault of Cutover");
        assertThat(answer.body()).doesNotContain("secret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""})
    void aChangeThatIsNotJsonIsRefused(String type) throws Exception {
        HttpRequest.Builder request = http.to(STAGE).POST(BodyPublishers.ofString(FORCED));
        assertProblem(
                http.send(type.isEmpty() ? request : request.header("Content-Type", type)), 415, "application/json");
        assertThat(rig.flag("positions").version()).isZero();
    }

    @Test
    void jsonWithACharsetIsJson() throws Exception {
        assertThat(http.send(http.to(STAGE)
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
        Answer answer = http.send(http.to(STAGE)
                .header("Content-Type", "application/json")
                .header("Origin", origin)
                .POST(BodyPublishers.ofString(FORCED)));

        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(rig.flag("positions").version()).isEqualTo(status == 200 ? 1 : 0);
        assertThat(http.send(http.to("/cutover/status").header("Origin", origin))
                        .status())
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
                http.send(http.to(STAGE)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofByteArray(large))),
                413,
                "65536");
        assertProblem(
                http.send(http.to(STAGE)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofByteArrays(List.of(large)))),
                413,
                "65536");
    }

    @Test
    void anUnknownPathAndAWrongMethodAreProblemsToo() throws Exception {
        assertProblem(http.get("/nope"), 404, "/cutover/control", "/health/ready");
        Answer wrong = http.get(STAGE);
        assertProblem(wrong, 405, "POST");
        assertThat(wrong.response().headers().firstValue("Allow")).contains("POST");
        Answer delete = http.send(http.to("/cutover/features/positions").DELETE());
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
        assertThat(http.get("/health/live").status()).isEqualTo(200);
        assertThat(http.get("/health/ready").status()).isEqualTo(200);
        rig.health = new Health(List.of("not yet"));
        assertThat(http.get("/health/ready").status()).isEqualTo(503);
        assertThat(http.get("/health/ready").response().headers().firstValue("Retry-After"))
                .contains("1");
        assertThat(http.send(http.to("/health/ready").method("HEAD", BodyPublishers.noBody()))
                        .status())
                .isEqualTo(503);
        http.post(STAGE, FORCED);
        http.post(STAGE, FORCED.replace("}", ",\"expect_version\":0}"));
        http.post(STAGE, FORCED);
        assertThat(http.get("/metrics").body())
                .contains("cutover_control_changes_total{feature=\"positions\",stage=\"live\"} 1.0")
                .contains("cutover_control_conflicts_total 1.0")
                .contains("cutover_control_refusals_total{kind=\"already_there\"} 1.0");
        assertThat(http.get("/cutover/status").json().path("mode").asText()).isEqualTo("PARTIAL");
    }

    @Test
    void itSaysWhetherItIsTheActiveInstance() throws Exception {
        assertThat(http.get("/cutover/control").body()).isEqualTo("{\"name\":\"control-test\",\"active\":true}");
        rig.active = false;
        assertThat(http.get("/cutover/control").json().path("active").asBoolean())
                .isFalse();
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

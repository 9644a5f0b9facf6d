package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Health;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Json;
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

        assertProblem(answer, 422, "needs evidence");
        assertThat(answer.json().path("checklist").path(0).path("line").asText())
                .isEqualTo("evidence");
        assertThat(answer.json().path("checklist").path(0).path("state").asText())
                .isEqualTo("missing");
        assertThat(rig.flag("positions").version()).isZero();
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
        assertProblem(get("/cutover/features/nope/history"), 404, "positions");
        assertProblem(post("/cutover/features/nope/stage", FORCED), 404, "positions");
    }

    @Test
    void whenKafkaFailsAChangeSaysThatItsOutcomeIsUnknown() throws Exception {
        rig.failure = ControlRig.writeFailure("no answer");
        assertProblem(post(STAGE, FORCED), 503, "outcome is unknown", "no answer", "./cutover status");
        rig.failure = new TimeoutException("no answer");
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

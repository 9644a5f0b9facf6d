package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Json;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.Stage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** The commands against the real HTTP surface. */
final class OperatorCommandsTest {
    private final ControlRig rig = new ControlRig();

    @AfterEach
    void stop() {
        rig.close();
    }

    private record Ran(int code, String out, String err) {
        List<String> lines() {
            return out.lines().toList();
        }

        JsonNode json() throws IOException {
            return Json.MAPPER.readTree(out);
        }
    }

    private Ran run(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--control-port", Integer.toString(rig.port()), "--kafka-port", "1"));
        return execute(Ansi.OFF, all.toArray(String[]::new));
    }

    private static Ran execute(Ansi ansi, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = OperatorMain.command()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setColorScheme(CommandLine.Help.defaultColorScheme(ansi))
                .execute(args);
        return new Ran(code, out.toString(), err.toString());
    }

    private Ran promoteByForce(String feature, String... more) {
        List<String> args =
                new ArrayList<>(List.of("promote", feature, "--reason", "compared", "--by", "alice", "--force"));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    @Test
    void theStatusBeginsWithItsHeadlineAndHasALineForEachFeature() {
        Ran shadow = run("status");
        assertThat(shadow.code()).isEqualTo(ServiceCommand.OK);
        assertThat(shadow.lines()).hasSize(5).first().isEqualTo("⚪ SHADOW MODE");
        assertThat(shadow.lines().get(1)).startsWith("⚪  account_balance  shadow  v0  -");
        promoteByForce("positions");
        promoteByForce("positions");
        promoteByForce("intraday");

        Ran partial = run("status");

        assertThat(partial.lines().get(0)).isEqualTo("⚡ PARTIAL CUTOVER (2/4)");
        assertThat(partial.lines().get(2))
                .isEqualTo("✅  positions        promoted  v2  2026-01-05T15:30:00Z  alice  forced  compared");
        assertThat(partial.lines().get(3))
                .isEqualTo("⚡  intraday         live      v1  2026-01-05T15:30:00Z  alice  forced  compared");
        rig.catalog.features().forEach(feature -> promoteByForce(feature.name()));
        assertThat(run("status").lines().get(0)).isEqualTo("✅ FULL CUTOVER (4/4)");
    }

    @Test
    void theStatusWarnsOfFlagsThatMayBeStale() {
        rig.flagsAgeMs = 7_400L;
        assertThat(run("status").lines()).hasSize(6).last().asString().contains("⚠", "stale", "7.4 s");
        rig.flagsAgeMs = null;
        assertThat(run("status").lines()).last().asString().contains("not read them");
    }

    @Test
    void theStatusAsJsonIsTheServicesAnswer() throws Exception {
        assertThat(run("status", "--json").json().path("mode").asText()).isEqualTo("SHADOW");
    }

    @Test
    void aPromotionWithoutAStageGoesOneUpAndSaysHowToGoBack() {
        Ran live = promoteByForce("positions", "--sunset", "2026-12-01");

        assertThat(live.code()).as(live.err()).isEqualTo(ServiceCommand.OK);
        assertThat(live.out())
                .contains("⚡ positions: shadow → live, version 1, forced past the gate, by alice")
                .contains("./cutover rollback positions --reason");
        assertThat(rig.flag("positions").sunset()).hasToString("2026-12-01T00:00:00Z");
        assertThat(promoteByForce("positions").out()).contains("live → promoted, version 2");
        Ran beyond = promoteByForce("positions");
        assertThat(beyond.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(beyond.err()).contains("promoted already", "alice");
    }

    @Test
    void aSunsetThatHasPassedIsWrongUsageAndChangesNothing() {
        Ran past = promoteByForce("positions", "--sunset", "2026-01-05");

        assertThat(past.code()).isEqualTo(ServiceCommand.USAGE);
        assertThat(past.err()).contains("sunset must lie in the future", "2026-01-05T00:00:00Z");
        assertThat(rig.flag("positions").version()).isZero();
        assertThat(promoteByForce("positions", "--sunset", "2026-01-06").code()).isEqualTo(ServiceCommand.OK);
    }

    @Test
    void aHintRepeatsTheAddressThatWasGiven() {
        String port = Integer.toString(rig.port());

        assertThat(promoteByForce("positions").out())
                .contains("./cutover rollback positions --reason R --control-port " + port + System.lineSeparator());
        assertThat(run("rollback", "positions", "--reason", "bad", "--host", "127.0.0.1")
                        .out())
                .contains("./cutover promote positions --reason R --host 127.0.0.1 --control-port " + port
                        + System.lineSeparator());
    }

    @Test
    void aPromotionWithoutEvidenceIsRefusedAndNamesTheLinesAndForce() {
        Ran refused = run("promote", "positions", "--reason", "hope");

        assertThat(refused.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(refused.out()).isEmpty();
        assertThat(refused.err()).contains("✗ evidence missing", "no evidence of parity yet", "--force");
        assertThat(rig.flag("positions").version()).isZero();
    }

    @Test
    void aRefusalAsJsonIsTheProblemOnStdoutAndItsTextOnStderr() throws Exception {
        Ran refused = run("promote", "positions", "--reason", "hope", "--json");

        assertThat(refused.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(refused.json().path("status").asInt()).isEqualTo(422);
        assertThat(refused.err()).contains("--force");
    }

    @Test
    void aConflictSaysWhoChangedWhatAndWhichVersionToExpect() {
        promoteByForce("positions");

        Ran conflict = promoteByForce("positions", "--expect-version", "0");

        assertThat(conflict.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(conflict.err())
                .contains("alice", "compared", "--expect-version 1")
                .doesNotContain("--force");
    }

    @Test
    void twoStagesUpAreRefusedWithoutTheAdviceToForce() {
        Ran refused = promoteByForce("positions", "--to", "promoted");

        assertThat(refused.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(refused.err()).contains("one stage up at a time").doesNotContain("--force");
    }

    @Test
    void aRollbackNeedsAReasonAlone() throws Exception {
        promoteByForce("positions");
        promoteByForce("positions");

        Ran back = run("rollback", "positions", "--reason", "bad", "--json");

        assertThat(back.code()).as(back.err()).isEqualTo(ServiceCommand.OK);
        assertThat(back.json().path("stage").asText()).isEqualTo("shadow");
        assertThat(back.json().path("changed_by").asText()).isEqualTo(System.getProperty("user.name"));
        assertThat(rig.flag("positions").stage()).isEqualTo(Stage.SHADOW);
        assertThat(run("rollback", "positions", "--reason", "bad").err()).contains("shadow already");
    }

    @Test
    void theHistoryIsATableOldestFirst() throws Exception {
        assertThat(run("history", "positions").out()).contains("never changed");
        promoteByForce("positions");
        run("rollback", "positions", "--reason", "bad", "--by", "bob");

        Ran history = run("history", "positions");

        assertThat(history.lines())
                .containsExactly(
                        "2026-01-05T15:30:00Z  shadow → live  v1  alice  forced  compared",
                        "2026-01-05T15:30:00Z  live → shadow  v2  bob            bad");
        assertThat(run("history", "positions", "--json").json()).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({"promote nope --reason r", "rollback nope --reason r", "history nope"})
    void anUnknownFeatureIsAnsweredWithTheKnownOnes(String args) {
        Ran ran = run(args.split(" ", -1));

        assertThat(ran.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(ran.err()).contains("'nope'", "account_balance", "global_market");
    }

    @Test
    void aServiceThatCantBeReachedIsOneLineThatSaysWhereAndHowToStartOne() throws Exception {
        int nobody;
        try (ServerSocket free = new ServerSocket(0)) {
            nobody = free.getLocalPort();
        }

        Ran ran = execute(Ansi.OFF, "status", "--control-port", Integer.toString(nobody));

        assertThat(ran.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(ran.err().lines()).singleElement().asString().contains("127.0.0.1:" + nobody, "./cutover up");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "promote positions                                        | --reason",
                "promote --reason r                                       | FEATURE",
                "promote positions --reason r --to shadow                 | must be live or promoted",
                "promote positions --reason r --sunset soon               | must be a date",
                "promote positions --reason r --expect-version x          | --expect-version",
                "promote positions --reason r --expect-version -1         | must be 0 or more",
                "promote positions --reason=                              | must not be blank",
                "rollback positions                                       | --reason",
                "history                                                  | FEATURE",
                "status --nope                                            | --nope",
                "status --control-port many                               | control-port must be a whole number",
                "nope                                                     | nope",
            })
    void wrongUsageIsOneLineAndExitsWithTwo(String args, String said) {
        Ran ran = execute(Ansi.OFF, args.split(" ", -1));

        assertThat(ran.code()).as(ran.err()).isEqualTo(ServiceCommand.USAGE);
        assertThat(ran.err().lines()).singleElement().asString().contains(said);
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void whatTheServiceCallsABadRequestIsWrongUsage() {
        Ran ran = run("rollback", "positions", "--reason", "r".repeat(1001));

        assertThat(ran.code()).isEqualTo(ServiceCommand.USAGE);
        assertThat(ran.err()).contains("reason must have 1000 characters at most");
    }

    @Test
    void stagesHaveColoursWhereTheTerminalShowsThem() {
        promoteByForce("positions");
        String[] status = {"status", "--control-port", Integer.toString(rig.port())};

        assertThat(execute(Ansi.ON, status).out()).contains("\u001b[33m");
        assertThat(execute(Ansi.OFF, status).out()).doesNotContain("\u001b");
    }

    @Test
    void helpNamesEveryCommandAndTheAddressesThatItNeeds() {
        assertThat(execute(Ansi.OFF, "--help").out())
                .contains("status", "promote", "rollback", "history", "tail", "replay", "generate-completion");
        assertThat(execute(Ansi.OFF, "promote", "--help").out())
                .contains("--to", "--force", "--reason", "--expect-version", "--sunset", "--by", "--control-port")
                .doesNotContain("--gateway-port");
        assertThat(execute(Ansi.OFF, "tail", "--help").out())
                .contains("--gateway-port")
                .doesNotContain("--control-port");
    }

    @Test
    void theCompletionScriptIsShellAndKnowsTheFeatures(@TempDir Path directory) throws Exception {
        Ran completion = execute(Ansi.OFF, "generate-completion");
        assertThat(completion.code()).isEqualTo(ServiceCommand.OK);
        assertThat(completion.out()).contains("\"account_balance\"", "\"promoted\"", "--expect-version");
        Path script = Files.writeString(directory.resolve("completion.sh"), completion.out(), StandardCharsets.UTF_8);

        Process bash = new ProcessBuilder("bash", "-n", script.toString())
                .redirectErrorStream(true)
                .start();

        assertThat(bash.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(bash.exitValue())
                .as(new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isZero();
    }
}

package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.Flag;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.Stage;
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
import picocli.CommandLine.Help.Ansi;

/** The commands against the real HTTP surface. */
final class OperatorCommandsTest {
    private final ControlRig rig = new ControlRig();

    @AfterEach
    void stop() {
        rig.close();
    }

    private Ran run(String... args) {
        return Ran.against(rig.port(), args);
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

    private static final List<ChecklistLine> GATE = List.of(
            ChecklistLine.ok("messages", "messages appear", "12 in 30 s"),
            ChecklistLine.fail("parity", "values match REST", "1 mismatch", "2 clean sessions in a row"),
            ChecklistLine.waiting("sign-off", "the team has signed off", "", "./cutover sign-off positions"),
            ChecklistLine.fail("reference", "what REST is made of", "materialised", "")
                    .informing());

    @Test
    void aRefusedPromotionNamesTheLinesThatFailWhatTheyTakeAndForce() {
        rig.gate = List.of(GATE.get(1), GATE.get(2));

        Ran refused = run("promote", "positions", "--reason", "hope");

        assertThat(refused.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(refused.out()).isEmpty();
        assertThat(refused.err().lines())
                .containsExactly(
                        "positions stays shadow: the gate to live lacks parity, sign-off; force goes past it, which"
                                + " the audit records",
                        "  ✗ parity: values match REST – 1 mismatch",
                        "      it takes: 2 clean sessions in a row",
                        "  … sign-off: the team has signed off",
                        "      it takes: ./cutover sign-off positions",
                        "to wait for it: ./cutover checklist positions --watch --control-port " + rig.port()
                                + "; to go past the gate, give --force as well");
        assertThat(rig.flag("positions").version()).isZero();
    }

    @Test
    void whereTheChecklistHoldsAPromotionNeedsNoForce() {
        rig.gate = GATE.subList(0, 1);

        assertThat(run("promote", "positions", "--reason", "two clean sessions", "--by", "alice")
                        .out())
                .contains("⚡ positions: shadow → live, version 1, not forced, by alice");
    }

    private void hold(String feature) {
        rig.change(feature, flag -> flag.at(Stage.LIVE, "alice", "go").pastTheGate());
        rig.change(feature, flag -> flag.at(Stage.SHADOW, "guard", "no event for 31 s")
                .withHold(true, "guard", "no event for 31 s"));
    }

    @Test
    void whatTheGuardHoldsIsPromotedNeitherByForceNorAdvisedTo() {
        hold("positions");

        for (Ran refused : List.of(run("promote", "positions", "--reason", "hope"), promoteByForce("positions"))) {
            assertThat(refused.code()).isEqualTo(ServiceCommand.FAILED);
            assertThat(refused.err())
                    .contains("positions is held", "no event for 31 s", "… parity")
                    .contains("./cutover clear positions --reason R --control-port " + rig.port())
                    .doesNotContain("--force", "✗ hold");
        }
    }

    @Test
    void theStatusSaysWhatTheGuardHoldsAndHowToClearIt() {
        hold("positions");
        run("guard", "intraday", "off", "--reason", "noisy", "--by", "bob");

        Ran status = run("status");

        assertThat(status.lines())
                .contains(
                        "⚪  positions        shadow  v2  2026-01-05T15:30:00Z  guard  held       no event for 31 s",
                        "⚪  intraday         shadow  v1  2026-01-05T15:30:00Z  bob    guard off  noisy")
                .last()
                .isEqualTo("⚠ positions is held by the guard: no event for 31 s; once the fault is found:"
                        + " ./cutover clear positions --reason R --control-port " + rig.port());
        run("guard", "positions", "warn", "--reason", "noisy");
        assertThat(run("status").lines()).last().asString().contains("held by the guard: ./cutover history positions");
    }

    @Test
    void theStatusSaysWhatTheGuardCantOrWouldDo() {
        promoteByForce("positions");
        assertThat(run("status").lines()).hasSize(5);

        rig.guard = new GuardState(GuardState.Doing.ABSTAINING, "no heartbeat for 90 s", ControlRig.NOW);
        assertThat(run("status").lines()).last().isEqualTo("⚠ the guard of positions abstains: no heartbeat for 90 s");
        rig.guard = new GuardState(GuardState.Doing.BREACH, "silent for 31 s", ControlRig.NOW);
        assertThat(run("status").lines()).last().isEqualTo("⚠ the guard of positions sees it as bad: silent for 31 s");
    }

    @Test
    void clearLiftsTheHoldOnceAndSaysHowToGoOn() throws Exception {
        hold("positions");

        Ran cleared = run("clear", "positions", "--reason", "feed restarted", "--by", "bob");

        assertThat(cleared.code()).as(cleared.err()).isEqualTo(ServiceCommand.OK);
        assertThat(cleared.lines())
                .containsExactly(
                        "⚪ positions: the guard's hold is lifted, version 3, by bob",
                        "what it takes to go up again: ./cutover checklist positions --control-port " + rig.port());
        assertThat(rig.flag("positions").hold()).isFalse();
        Ran again = run("clear", "positions", "--reason", "once more");
        assertThat(again.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(again.err()).contains("nothing holds positions", "bob", "feed restarted");
        hold("intraday");
        assertThat(run("clear", "intraday", "--reason", "r", "--json")
                        .json()
                        .path("hold")
                        .asBoolean(true))
                .isFalse();
    }

    @Test
    void theGuardOfAFeatureIsSet() {
        Ran set = run("guard", "positions", "warn", "--reason", "noisy feed", "--by", "bob");

        assertThat(set.code()).as(set.err()).isEqualTo(ServiceCommand.OK);
        assertThat(set.lines()).containsExactly("⚪ positions: its guard is warn, version 1, by bob");
        assertThat(rig.flag("positions").guard()).isEqualTo(Flag.Guard.WARN);
        assertThat(run("guard", "positions", "warn", "--reason", "noisy feed").code())
                .isEqualTo(ServiceCommand.FAILED);
    }

    @Test
    void aSignOffSaysHowToGoOnAndWhenItCountsForNothing() throws Exception {
        assertThat(run("sign-off", "positions", "--to", "promoted", "--by", "Ada")
                        .out())
                .contains("✍ positions: Ada signed off the step to promoted", "⚠ positions is shadow");
        promoteByForce("positions");

        Ran signed = run("sign-off", "positions", "--to", "promoted", "--by", "Ada", "--note", "two sessions");

        assertThat(signed.code()).as(signed.err()).isEqualTo(ServiceCommand.OK);
        assertThat(signed.lines())
                .containsExactly(
                        "✍ positions: Ada signed off the step to promoted",
                        "to go on: ./cutover checklist positions --watch --control-port " + rig.port());
        assertThat(rig.signOffs).hasSize(2).last().satisfies(last -> {
            assertThat(last.by()).isEqualTo("Ada");
            assertThat(last.note()).isEqualTo("two sessions");
        });
        assertThat(run("sign-off", "positions", "--to", "promoted", "--by", "Ada", "--json")
                        .json()
                        .path("to")
                        .asText())
                .isEqualTo("promoted");
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
        hold("intraday");
        run("clear", "intraday", "--reason", "found it", "--by", "bob");
        run("guard", "intraday", "off", "--reason", "noisy", "--by", "bob");
        assertThat(run("history", "intraday").lines())
                .containsExactly(
                        "2026-01-05T15:30:00Z  shadow → live        v1  alice  forced  go",
                        "2026-01-05T15:30:00Z  live → shadow, held  v2  guard          no event for 31 s",
                        "2026-01-05T15:30:00Z  hold lifted          v3  bob            found it",
                        "2026-01-05T15:30:00Z  guard off            v4  bob            noisy");
        assertThat(run("history", "positions", "--json").json()).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({
        "promote nope --reason r",
        "rollback nope --reason r",
        "history nope",
        "checklist nope",
        "clear nope --reason r",
        "guard nope off --reason r",
        "sign-off nope --to promoted --by Ada",
        "sessions nope",
        "verdicts nope",
        "usage nope"
    })
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

        Ran ran = Ran.of(Ansi.OFF, "status", "--control-port", Integer.toString(nobody));

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
                "checklist                                                | FEATURE",
                "checklist positions --to shadow                          | must be live or promoted",
                "clear positions                                          | --reason",
                "clear positions --reason=                                | must not be blank",
                "guard positions                                          | Missing required",
                "guard positions sometimes --reason r                     | must be on, warn or off",
                "sign-off positions --to promoted                         | --by",
                "sign-off positions --by Ada                              | --to",
                "verdicts positions --limit many                          | --limit",
                "status --nope                                            | --nope",
                "status --control-port many                               | control-port must be a whole number",
                "nope                                                     | nope",
            })
    void wrongUsageIsOneLineAndExitsWithTwo(String args, String said) {
        Ran ran = Ran.of(Ansi.OFF, args.split(" ", -1));

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

        assertThat(Ran.of(Ansi.ON, status).out()).contains("\u001b[33m");
        assertThat(Ran.of(Ansi.OFF, status).out()).doesNotContain("\u001b");
    }

    @Test
    void helpNamesEveryCommandAndTheAddressesThatItNeeds() {
        assertThat(Ran.of(Ansi.OFF, "--help").out())
                .contains("status", "checklist", "promote", "rollback", "sign-off", "clear", "guard")
                .contains("history", "sessions", "verdicts", "usage", "tail", "replay", "generate-completion");
        assertThat(Ran.of(Ansi.OFF, "promote", "--help").out())
                .contains("--to", "--force", "--reason", "--expect-version", "--sunset", "--by", "--control-port")
                .doesNotContain("--gateway-port");
        assertThat(Ran.of(Ansi.OFF, "tail", "--help").out())
                .contains("--gateway-port")
                .doesNotContain("--control-port");
    }

    @Test
    void theCompletionScriptIsShellAndKnowsTheFeatures(@TempDir Path directory) throws Exception {
        Ran completion = Ran.of(Ansi.OFF, "generate-completion");
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

package dev.cutover.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.Reference;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.Stage;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

/** The commands that show the evidence, against the real HTTP surface. */
final class EvidenceCommandsTest {
    private static final List<ChecklistLine> GATE = List.of(
            ChecklistLine.ok("messages", "messages appear", "12 in 30 s"),
            ChecklistLine.fail("parity", "values match REST", "1 mismatch", "2 clean sessions in a row"),
            ChecklistLine.waiting("sign-off", "the team has signed off", "", "a sign-off"));

    private final ControlRig rig = new ControlRig();

    @AfterEach
    void stop() {
        rig.close();
    }

    private Ran run(String... args) {
        return Ran.against(rig.port(), args);
    }

    @Test
    void theChecklistHasALineForEachFigureAndWhatItWouldTake() throws Exception {
        rig.gate = GATE;

        Ran checklist = run("checklist", "positions");

        assertThat(checklist.code()).as(checklist.err()).isEqualTo(ServiceCommand.OK);
        assertThat(checklist.lines())
                .containsExactly(
                        "positions, shadow → live: 1 of 3 lines hold",
                        "✓ messages: messages appear – 12 in 30 s",
                        "✗ parity: values match REST – 1 mismatch",
                        "    it takes: 2 clean sessions in a row",
                        "… sign-off: the team has signed off",
                        "    it takes: a sign-off");
        assertThat(run("checklist", "positions", "--to", "promoted").lines().get(0))
                .startsWith("positions, shadow → promoted");
        assertThat(run("checklist", "positions", "--json").json().path("lines")).hasSize(3);
        assertThat(Ran.of(Ansi.ON, "checklist", "positions", "--control-port", Integer.toString(rig.port()))
                        .out())
                .contains("\u001b[32m✓", "\u001b[31m✗", "\u001b[33m…");
    }

    @Test
    void aChecklistThatPassesSaysHowToGoOn() {
        rig.gate = GATE.subList(0, 1);

        assertThat(run("checklist", "positions").lines())
                .last()
                .isEqualTo("to go on: ./cutover promote positions --to live --reason R --control-port " + rig.port());
    }

    @Test
    void aPromotedFeatureHasNoStepUp() {
        rig.change("positions", flag -> flag.at(Stage.PROMOTED, "alice", "done"));

        assertThat(run("checklist", "positions").lines()).containsExactly("positions is promoted: there is no step up");
    }

    @Test
    void watchingEndsOnceTheChecklistPasses() {
        rig.gate = GATE;
        CompletableFuture<Ran> watching = CompletableFuture.supplyAsync(() -> run("checklist", "positions", "-w"));
        rig.awaitAsked();
        assertThat(watching).isNotDone();

        rig.gate = GATE.subList(0, 1);

        assertThat(watching).succeedsWithin(10, TimeUnit.SECONDS).satisfies(ran -> {
            assertThat(ran.code()).isEqualTo(ServiceCommand.OK);
            assertThat(ran.lines())
                    .contains("positions, shadow → live: 1 of 3 lines hold")
                    .contains("positions, shadow → live: 1 of 1 lines hold");
        });
    }

    @Test
    void sessionsAreATableWithTheNewestFirst() throws Exception {
        assertThat(run("sessions", "positions").out()).contains("no session yet");
        rig.sessions.add(new SessionSum(
                "30s@2026-01-05T15:29:00Z",
                Instant.parse("2026-01-05T15:29:00Z"),
                Instant.parse("2026-01-05T15:29:30Z"),
                true,
                true,
                14,
                1,
                2,
                3,
                4,
                5,
                6,
                700,
                Set.of(Reference.MATERIALISED)));

        Ran sessions = run("sessions", "positions", "--limit", "3");

        assertThat(sessions.code()).as(sessions.err()).isEqualTo(ServiceCommand.OK);
        assertThat(sessions.lines()).hasSize(2);
        assertThat(sessions.lines().get(1).split(" +", -1))
                .containsExactly(
                        "30s@2026-01-05T15:29:00Z",
                        "2026-01-05T15:29:30Z",
                        "dirty",
                        "14",
                        "1",
                        "2",
                        "3",
                        "4",
                        "5",
                        "6",
                        "materialised");
        assertThat(run("sessions", "positions", "--json")
                        .json()
                        .path(0)
                        .path("worst_late_ms")
                        .asLong())
                .isEqualTo(700);
    }

    @Test
    void verdictsShowTheFirstValueThatDiffers() throws Exception {
        assertThat(run("verdicts", "positions").out()).contains("not compared yet");
        String served = "\"served_at\":\"2026-01-05T15:30:00.5Z\",\"caller\":\"prober\",\"key\":\"123\"";
        rig.verdicts.add(("{\"id\":\"3\",\"outcome\":\"mismatch\",\"position\":\"0:9\",\"late_ms\":null," + served
                        + ",\"differences\":[{\"pointer\":\"/cash\",\"rest\":1.5,\"log\":2}],\"difference_count\":4}")
                .getBytes(UTF_8));
        rig.verdicts.add(("{\"id\":\"2\",\"outcome\":\"lagging\",\"position\":\"0:8\",\"late_ms\":250," + served
                        + ",\"differences\":[],\"difference_count\":0}")
                .getBytes(UTF_8));
        rig.verdicts.add(("{\"id\":\"1\",\"outcome\":\"match\",\"position\":null,\"late_ms\":null," + served
                        + ",\"differences\":[],\"difference_count\":0}")
                .getBytes(UTF_8));

        Ran verdicts = run("verdicts", "positions");

        assertThat(verdicts.code()).as(verdicts.err()).isEqualTo(ServiceCommand.OK);
        assertThat(verdicts.lines())
                .containsExactly(
                        "2026-01-05T15:30:00Z  mismatch  123  0:9  prober  /cash: REST 1.5, log 2, and 3 more",
                        "2026-01-05T15:30:00Z  lagging   123  0:8  prober  250 ms late",
                        "2026-01-05T15:30:00Z  match     123  -    prober");
        assertThat(run("verdicts", "positions", "--limit", "2", "--json").json())
                .hasSize(2);
        Ran tooMany = run("verdicts", "positions", "--limit", "1001");
        assertThat(tooMany.code()).isEqualTo(ServiceCommand.USAGE);
        assertThat(tooMany.err()).contains("limit must be a whole number from 1 to 1000");
    }

    @Test
    void usageShowsWhoPollsWhatWithTheKindApart() throws Exception {
        assertThat(run("usage").out()).contains("nobody polls REST");
        assertThat(run("usage", "positions").out()).contains("nobody polls positions");
        rig.callers.add(new Caller("curl/8.5 127.0.0.1", "other", "2026-01-05", 12, ControlRig.NOW, ControlRig.NOW));
        rig.callers.add(new Caller("prober", "prober", "2026-01-05", 300, ControlRig.NOW, ControlRig.NOW));

        Ran usage = run("usage", "positions");

        assertThat(usage.code()).as(usage.err()).isEqualTo(ServiceCommand.OK);
        assertThat(usage.lines())
                .containsExactly(
                        "FEATURE    DAY         KIND    ANSWERS  LAST                  CALLER",
                        "positions  2026-01-05  other   12       2026-01-05T15:30:00Z  curl/8.5 127.0.0.1",
                        "positions  2026-01-05  prober  300      2026-01-05T15:30:00Z  prober");
        assertThat(run("usage").lines()).hasSize(9);
        assertThat(run("usage", "--json").json()).hasSize(8);
    }
}

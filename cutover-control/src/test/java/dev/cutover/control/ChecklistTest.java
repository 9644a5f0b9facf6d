package dev.cutover.control;

import static dev.cutover.control.GivenEvidence.FLIP;
import static dev.cutover.control.GivenEvidence.NOW;
import static dev.cutover.control.GivenEvidence.live;
import static dev.cutover.control.GivenEvidence.seen;
import static dev.cutover.control.GivenEvidence.session;
import static dev.cutover.control.GivenEvidence.shadow;
import static dev.cutover.control.GivenEvidence.vitals;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.cutover.control.ChecklistLine.State;
import dev.cutover.control.Observation.Freshness;
import dev.cutover.control.ServiceVitals.Figures;
import dev.cutover.control.Watch.TypeWatch;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.ParityRules;
import dev.cutover.schema.Stage;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class ChecklistTest {

    private static Arguments to(Stage to, String what, Consumer<GivenEvidence> change, String expected) {
        return arguments(to, what, change, expected);
    }

    static Stream<Arguments> wholeChecklists() {
        String live = "messages ✓, frequency ✓, fields ✓, drops ✓, gaps ✓, parity ✓, reference ✓, rules ✓, hold ✓";
        String promoted = live + ", errors ✓, load ✓, callers ✓, sign-off ✓";
        return Stream.of(
                to(Stage.LIVE, "all is well", given -> {}, live),
                to(Stage.PROMOTED, "all is well", given -> {}, promoted),
                to(
                        Stage.LIVE,
                        "nothing was ever seen",
                        given -> {
                            given.sessions();
                            given.types.clear();
                            given.watchUntil = null;
                        },
                        "messages …, frequency …, fields …, drops …, gaps …, parity …, reference …, rules ✓, hold ✓"),
                to(
                        Stage.LIVE,
                        "Kafka is away",
                        given -> given.ageMs = OptionalLong.of(10_001),
                        "messages …, frequency …, fields …, drops …, gaps …, parity …, reference …, rules ✓, hold ✓"),
                to(
                        Stage.LIVE,
                        "REST differs",
                        given -> given.sessions(
                                session(10).mismatches(2).of(3), session(40).of(3)),
                        live.replace("parity ✓", "parity ✗")),
                to(
                        Stage.LIVE,
                        "an event was lost",
                        given -> given.sessions(
                                session(10).gaps(1).of(3), session(40).of(3)),
                        live.replace("parity ✓", "parity ✗").replace("gaps ✓", "gaps ✗")),
                to(
                        Stage.PROMOTED,
                        "the flip was a moment ago",
                        given -> {
                            given.sessions(session(610).of(3), session(640).of(3));
                            given.type("positions", seen(8_000, 8));
                            given.vitals.replaceAll(
                                    (service, vitals) -> new ServiceVitals(service, vitals.before(), null, 0, null));
                            given.signOffs.clear();
                        },
                        "messages ✓, frequency …, fields ✓, drops …, gaps …, parity …, reference …, rules ✓, hold ✓,"
                                + " errors …, load …, callers …, sign-off …"),
                to(
                        Stage.PROMOTED,
                        "it goes badly",
                        given -> {
                            given.sessions(
                                    session(10).drops(1).mismatches(1).gaps(1).of(3));
                            given.type("positions", seen(100_000, 0));
                            given.missingFields = List.of("positions: total");
                            given.flag = given.flag.withHold(true, "guard", "bad");
                            given.rules(new ParityRules.Rule("/pnl", null, null, null, null));
                            given.vitals.put("rest", vitals("rest", 0.9, 100, 2));
                            given.callers.add(new Caller("curl", "other", "2026-01-05", 1, NOW, NOW));
                            given.signOffs.clear();
                        },
                        "messages ✗, frequency ✗, fields ✗, drops ✗, gaps ✗, parity ✗, reference ✓, rules ✗, hold ✗,"
                                + " errors ✗, load ✗, callers ✗, sign-off …"));
    }

    @ParameterizedTest(name = "to {0}: {1}")
    @MethodSource
    void wholeChecklists(Stage to, String what, Consumer<GivenEvidence> change, String expected) {
        GivenEvidence given = to == Stage.LIVE ? shadow() : live();
        change.accept(given);

        List<ChecklistLine> lines = given.lines();

        assertThat(lines.stream()
                        .map(line -> line.line() + " " + line.state().mark)
                        .collect(Collectors.joining(", ")))
                .isEqualTo(expected);
        assertThat(Checklist.passes(lines))
                .isEqualTo(lines.stream().noneMatch(line -> line.blocks() && line.state() != State.OK));
        assertThat(lines).allSatisfy(line -> assertThat(line.needed().isEmpty()).isEqualTo(line.state() == State.OK));
    }

    @Test
    void aChecklistWithoutLinesLetsNothingPass() {
        assertThat(Checklist.of(shadow().made(), Stage.SHADOW)).isEmpty();
        assertThat(Checklist.passes(List.of())).isFalse();
    }

    @Test
    void aFeatureInShadowIsNotReadyToBePromotedWhateverItsSessions() {
        GivenEvidence given = shadow();

        List<ChecklistLine> lines = Checklist.of(given.made(), Stage.PROMOTED);

        assertThat(Checklist.inTheWay(lines))
                .extracting(ChecklistLine::line)
                .contains("parity", "drops", "gaps", "callers", "sign-off");
    }

    @Test
    void theJsonHasEveryLineWithItsFigures() {
        GivenEvidence given = shadow();
        given.flag = given.flag.withHold(true, "guard", "12 of 40 differed");

        String json = Checklist.toJson(given.flag, Stage.LIVE, given.lines()).toString();

        assertThat(json)
                .startsWith(
                        "{\"feature\":\"positions\",\"stage\":\"shadow\",\"to\":\"live\",\"passes\":false,\"lines\":[")
                .contains("{\"line\":\"parity\",\"state\":\"ok\",\"text\":\"values match REST over 2 clean sessions\","
                        + "\"measured\":\"30s@2026-01-05T15:29:20Z: 3 matched; 30s@2026-01-05T15:28:50Z: 3 matched\","
                        + "\"needed\":\"\",\"blocks\":true}")
                .contains("\"line\":\"hold\",\"state\":\"fail\"")
                .contains("./cutover clear positions --reason R");
        assertThat(Checklist.toJson(given.flag, null, List.of()).toString())
                .endsWith("\"to\":null,\"passes\":false,\"lines\":[]}");
    }

    @Test
    void evidenceThatHasNotBeenReadOrIsOldTurnsWhatHoldsIntoWaitingAndLeavesWhatFails() {
        GivenEvidence given = shadow();
        given.missingFields = List.of("positions: total");
        given.ageMs = OptionalLong.empty();

        assertThat(given.line("parity")).satisfies(line -> {
            assertThat(line.state()).isEqualTo(State.WAIT);
            assertThat(line.needed()).contains("still being read");
        });
        assertThat(given.line("fields").state()).isEqualTo(State.FAIL);
        given.ageMs = OptionalLong.of(12_500);
        assertThat(given.line("parity").needed()).contains("12 s ago", "Kafka does not answer");
        given.ageMs = OptionalLong.of(10_000);
        assertThat(given.line("parity").state()).isEqualTo(State.OK);
    }

    // messages

    @Test
    void messagesAppearWhenEachTypeHasCome() {
        assertThat(shadow().line("messages")).satisfies(line -> {
            assertThat(line.state()).isEqualTo(State.OK);
            assertThat(line.measured())
                    .isEqualTo(
                            "positions: 100 in 100 s, the last 2 s ago; who polls REST at the cadence sees them 430 ms"
                                    + " later at the median, 900 ms at most");
        });
    }

    @Test
    void withoutAProberAtWorkMessagesAreAwaited() {
        GivenEvidence given = shadow();
        given.watchUntil = NOW.minusSeconds(15);
        assertThat(given.line("messages").state()).isEqualTo(State.OK);
        given.watchUntil = NOW.minusMillis(15_001);
        assertThat(given.line("messages"))
                .extracting(ChecklistLine::state, ChecklistLine::measured)
                .containsExactly(State.WAIT, "the prober last looked 15 s ago");
        given.watchUntil = NOW;
        given.connectionsUp = 0;
        assertThat(given.line("messages").measured()).contains("connected to no gateway");
    }

    @Test
    void aTypeThatHasNotComeIsAwaitedForThreeCadencesAndThenFails() {
        TypeWatch none = new TypeWatch(true, 29_999, 1, 0, 0, 0, 0, null);
        assertThat(shadow().type("positions", none).line("messages"))
                .extracting(ChecklistLine::state, ChecklistLine::needed)
                .containsExactly(State.WAIT, "the first positions");
        TypeWatch silent = new TypeWatch(true, 30_000, 1, 0, 0, 0, 0, null);
        assertThat(shadow().type("positions", silent).line("messages").state()).isEqualTo(State.FAIL);
    }

    @Test
    void aTypeThatHasStoppedComingFails() {
        GivenEvidence given = shadow();
        given.watchUntil = NOW;
        given.type("positions", new TypeWatch(true, 100_000, 1, 100, 70, 10, 0, NOW.minusSeconds(30)));
        assertThat(given.line("messages").state()).isEqualTo(State.OK);
        given.type("positions", new TypeWatch(true, 100_000, 1, 100, 70, 10, 0, NOW.minusMillis(30_001)));
        assertThat(given.line("messages").state()).isEqualTo(State.FAIL);
    }

    @Test
    void outsideOfTheActiveHoursTheLastOfThemCountAndWithoutThemItWaits() {
        GivenEvidence given = shadow();
        given.type("positions", new TypeWatch(false, 100_000, 1, 100, 100, 10, 3, NOW.minus(Duration.ofHours(9))));
        assertThat(given.line("messages").state()).isEqualTo(State.OK);
        assertThat(given.line("frequency").state()).isEqualTo(State.OK);
        given.type("positions", TypeWatch.none(false));
        assertThat(given.line("messages").needed()).isEqualTo("the first positions within its active hours");
        assertThat(given.line("frequency"))
                .extracting(ChecklistLine::state, ChecklistLine::needed)
                .containsExactly(State.WAIT, "to watch positions for 30 s of its active hours");
    }

    @Test
    void everyTypeOfAFeatureMustCome() {
        GivenEvidence given = shadow();
        given.feature = FeatureCatalog.shipped().feature("intraday").orElseThrow();
        given.type("intraday_bar", new TypeWatch(true, 100_000, 1, 500, 500, 5, 0, NOW));
        given.type("vwap_update", new TypeWatch(true, 100_000, 1, 8, 0, 5, 0, null));

        assertThat(given.line("messages"))
                .extracting(ChecklistLine::state, ChecklistLine::needed)
                .containsExactly(State.WAIT, "the first vwap_update");
        assertThat(given.line("frequency").needed()).isEqualTo("to watch vwap_update for 180 s");
    }

    // frequency

    static Stream<Arguments> frequencies() {
        return Stream.of(
                arguments("as expected", seen(100_000, 100), State.OK),
                arguments("one off for each key", seen(100_000, 90), State.OK),
                arguments("two off for one key", seen(100_000, 89), State.FAIL),
                arguments("more often, on changes", seen(100_000, 700), State.OK),
                arguments("the last cadence is not over", seen(109_000, 90), State.OK),
                arguments("it is over", seen(110_000, 99), State.FAIL),
                arguments("not watched for long enough", seen(29_999, 20), State.WAIT),
                arguments("just long enough", seen(30_000, 20), State.OK),
                arguments(
                        "two stretches, one off in each",
                        new TypeWatch(true, 100_000, 2, 100, 80, 10, 0, NOW),
                        State.OK),
                arguments("a key is overdue", new TypeWatch(true, 100_000, 1, 100, 100, 10, 1, NOW), State.FAIL),
                arguments(
                        "a key is overdue before there is enough to count",
                        new TypeWatch(true, 20_000, 1, 20, 20, 10, 1, NOW),
                        State.FAIL),
                arguments(
                        "half of the keys came half way",
                        new TypeWatch(true, 100_000, 1, 75, 66, 10, 0, NOW),
                        State.OK),
                arguments("no key is known", new TypeWatch(true, 100_000, 1, 0, 0, 0, 0, null), State.WAIT));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void frequencies(String what, TypeWatch seen, State expected) {
        ChecklistLine line = shadow().type("positions", seen).line("frequency");

        assertThat(line.state()).as(line.toString()).isEqualTo(expected);
    }

    @Test
    void theFrequencySaysWhatWasExpected() {
        assertThat(shadow().type("positions", seen(100_000, 89)).line("frequency"))
                .extracting(ChecklistLine::measured, ChecklistLine::needed)
                .containsExactly(
                        "positions: 89 events of 10 keys in 100 s, expected 100",
                        "positions every 10 s of each key, one event off at most");
    }

    // fields

    @Test
    void fieldsThatAreMissingFailAndThoseThatNobodyHasSeenAreAwaited() {
        GivenEvidence given = shadow();
        assertThat(given.line("fields").measured()).isEqualTo("none is missing");
        given.missingFields = List.of("positions: total", "positions: pnl");
        assertThat(given.line("fields"))
                .extracting(ChecklistLine::state, ChecklistLine::measured)
                .containsExactly(State.FAIL, "missing: positions: total, positions: pnl");
        given.missingFields = List.of();
        given.types.clear();
        assertThat(given.line("fields").state()).isEqualTo(State.WAIT);
    }

    // drops and gaps

    @Test
    void dropsAndGapsFailInTheSessionsThatCountAndInTheOneThatIsOn() {
        for (String line : List.of("drops", "gaps")) {
            GivenEvidence given = shadow();
            assertThat(given.line(line).measured()).isEqualTo("none in 2 sessions");
            given.sessions(bad(line, 10), session(40).of(3));
            assertThat(given.line(line).state()).isEqualTo(State.FAIL);
            assertThat(given.line(line).measured()).isEqualTo("2 in 30s@2026-01-05T15:29:20Z");
            given.sessions(bad(line, -20), session(10).of(3), session(40).of(3));
            assertThat(given.line(line).state()).as("still on").isEqualTo(State.FAIL);
            given.sessions(session(10).of(3), session(40).of(3), bad(line, 70));
            assertThat(given.line(line).state()).as("long over").isEqualTo(State.OK);
            given.sessions(session(10).of(3));
            assertThat(given.line(line).state()).as("too few").isEqualTo(State.WAIT);
        }
    }

    private static SessionSum bad(String line, long endedSecondsAgo) {
        GivenEvidence.Session session = session(endedSecondsAgo);
        return (line.equals("drops") ? session.drops(2) : session.gaps(2)).of(3);
    }

    @Test
    void sessionsInWhichNobodyListenedProveNoLackOfDropsAndGaps() {
        GivenEvidence given = shadow();
        given.sessions(session(10).of(3), session(40).unwatched().of(3));

        assertThat(given.line("gaps"))
                .extracting(ChecklistLine::state, ChecklistLine::measured)
                .containsExactly(State.WAIT, "nobody listened to the gateways in 30s@2026-01-05T15:28:50Z");
        assertThat(given.line("parity").state()).isEqualTo(State.OK);
    }

    // parity

    static Stream<Arguments> sessions() {
        SessionSum good = session(40).of(3);
        return Stream.of(
                arguments("two clean", List.of(session(10).of(1), good), State.OK),
                arguments(
                        "late, but within what is allowed",
                        List.of(session(10).lagging(2).of(0), good),
                        State.OK),
                arguments("a mismatch", List.of(session(10).mismatches(1).of(99), good), State.FAIL),
                arguments("missing on REST", List.of(session(10).missingRest(1).of(99), good), State.FAIL),
                arguments(
                        "missing on the WebSocket",
                        List.of(session(10).missingWs(1).of(99), good),
                        State.FAIL),
                arguments("a gap", List.of(session(10).gaps(1).of(99), good), State.FAIL),
                arguments(
                        "a drop is another line's", List.of(session(10).drops(1).of(99), good), State.OK),
                arguments("one is not enough", List.of(good), State.WAIT),
                arguments("the last has just ended", List.of(session(2).of(3), good), State.WAIT),
                arguments("its verdicts are in", List.of(session(3).of(3), good), State.OK),
                arguments(
                        "one without comparisons counts neither way",
                        List.of(session(10).of(0), good, session(70).of(1)),
                        State.OK),
                arguments(
                        "one that parity did not bring to its end counts neither way",
                        List.of(session(10).cutShort().of(3), good, session(70).of(1)),
                        State.OK),
                arguments(
                        "two of which one was cut short are one",
                        List.of(session(10).cutShort().of(3), good),
                        State.WAIT),
                arguments(
                        "cut short, but bad already",
                        List.of(
                                session(10).cutShort().mismatches(1).of(3),
                                good,
                                session(70).of(1)),
                        State.FAIL),
                arguments(
                        "the newest is of today still",
                        List.of(session(600).of(3), session(630).of(3)),
                        State.OK),
                arguments(
                        "nothing was compared for twenty sessions",
                        List.of(session(601).of(3), session(631).of(3)),
                        State.WAIT),
                arguments(
                        "what was bad before two clean ones is forgiven",
                        List.of(
                                session(10).of(3),
                                good,
                                session(70).mismatches(9).of(1)),
                        State.OK),
                arguments(
                        "the bad one is among the last two",
                        List.of(
                                session(10).of(3),
                                session(40).mismatches(9).of(1),
                                session(70).of(1)),
                        State.FAIL),
                arguments(
                        "the one that is on is bad already",
                        List.of(session(-20).mismatches(1).of(1), session(10).of(3), good),
                        State.FAIL),
                arguments(
                        "the one that is on is good so far",
                        List.of(session(-20).of(1), session(10).of(3), good),
                        State.OK));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void sessions(String what, List<SessionSum> sessions, State expected) {
        GivenEvidence given = shadow();
        given.sessions.clear();
        given.sessions.addAll(sessions);

        ChecklistLine line = given.line("parity");

        assertThat(line.state()).as(line.toString()).isEqualTo(expected);
    }

    @Test
    void asManySessionsMustBeCleanAsTheSettingSays() {
        GivenEvidence given = shadow();
        given.thresholds = new Thresholds(3, 1.5, 3, 5, 3);
        given.sessions(session(-20).of(1), session(10).of(3), session(40).of(3));
        assertThat(given.line("parity"))
                .extracting(ChecklistLine::state, ChecklistLine::needed)
                .containsExactly(State.WAIT, "1 more clean session; one ends at 2026-01-05T15:30:23Z");
        given.thresholds = new Thresholds(1, 1.5, 3, 5, 3);
        assertThat(given.line("parity").state()).isEqualTo(State.OK);
    }

    @Test
    void ofAFeatureThatIsLiveOnlySessionsThatBeganSinceTheFlipCount() {
        GivenEvidence given = live();
        given.sessions(session(540).of(3), session(570).of(3));
        assertThat(given.line("parity").state())
                .as("the older one began at the flip")
                .isEqualTo(State.OK);
        given.sessions(session(540).of(3), session(571).of(3));
        assertThat(given.line("parity"))
                .extracting(ChecklistLine::state, ChecklistLine::needed)
                .containsExactly(State.WAIT, "1 more clean session since the flip at " + FLIP);
        given.sessions(
                session(10).of(3), session(40).of(3), session(571).mismatches(1).of(3));
        assertThat(given.line("parity").state()).isEqualTo(State.OK);
    }

    @Test
    void aSessionOfAnExistingServiceHasEndedOnceTheAllowedLagHasPassedAsWell() {
        GivenEvidence given = shadow();
        assertThat(given.feature.parity().lag()).isEqualTo(Duration.ofSeconds(2));
        given.sessions(session(4).upstream().of(3), session(40).upstream().of(3));
        assertThat(given.line("parity").state()).isEqualTo(State.WAIT);
        given.sessions(session(5).upstream().of(3), session(40).upstream().of(3));
        assertThat(given.line("parity").state()).isEqualTo(State.OK);
        given.sessions(session(3).of(3), session(40).of(3));
        assertThat(given.line("parity").state()).isEqualTo(State.OK);
    }

    @Test
    void whatDifferedIsSaidInFigures() {
        GivenEvidence given = shadow();
        given.sessions(
                session(10)
                        .lagging(2)
                        .mismatches(3)
                        .missingRest(4)
                        .missingWs(5)
                        .gaps(6)
                        .of(1),
                session(40).of(3));

        assertThat(given.line("parity").measured())
                .startsWith("30s@2026-01-05T15:29:20Z: 1 matched, 2 lagged, by 250 ms at most, 3 differed,"
                        + " 4 missing on REST, 5 missing on the WebSocket, 6 lost on the way; ");
    }

    // reference

    @Test
    void theReferenceIsSaidAndNeverBlocks() {
        GivenEvidence given = shadow();
        assertThat(given.line("reference").measured()).startsWith("materialised");
        given.sessions(session(10).upstream().of(3), session(40).of(3));
        assertThat(given.line("reference").measured()).contains("materialised", "upstream");
        given.sessions();
        assertThat(given.line("reference"))
                .extracting(ChecklistLine::state, ChecklistLine::blocks)
                .containsExactly(State.WAIT, false);
    }

    // rules

    static Stream<Arguments> rules() {
        Instant ahead = NOW.plusSeconds(1);
        return Stream.of(
                arguments(new ParityRules.Rule("/pnl", BigDecimal.ONE, "team-a", ahead, "rounding"), State.OK),
                arguments(new ParityRules.Rule("/pnl", null, null, ahead, null), State.FAIL),
                arguments(new ParityRules.Rule("/pnl", null, "team-a", null, null), State.FAIL),
                arguments(new ParityRules.Rule("/pnl", null, "team-a", NOW, null), State.FAIL));
    }

    @ParameterizedTest
    @MethodSource
    void rules(ParityRules.Rule rule, State expected) {
        ChecklistLine line = shadow().rules(rule).line("rules");

        assertThat(line.state()).isEqualTo(expected);
        assertThat(line.measured()).contains("/pnl");
    }

    // hold

    @Test
    void aHoldFailsAndSaysWhoHoldsItAndWhy() {
        GivenEvidence given = live();
        given.flag = given.flag.withHold(true, "guard", "12 of 40 differed");

        assertThat(given.line("hold")).satisfies(line -> {
            assertThat(line.state()).isEqualTo(State.FAIL);
            assertThat(line.measured()).contains("guard", "12 of 40 differed");
        });
    }

    // errors

    @Test
    void errorsSinceTheFlipFailAndServicesThatAreNotHeardOfAreAwaited() {
        GivenEvidence given = live();
        given.vitals.put("rest", vitals("rest", 0.5, 100, 2));
        assertThat(given.line("errors"))
                .extracting(ChecklistLine::state, ChecklistLine::measured)
                .containsExactly(State.FAIL, "rest logged 2");
        given.vitals.remove("rest");
        assertThat(given.line("errors"))
                .extracting(ChecklistLine::state, ChecklistLine::measured)
                .containsExactly(State.WAIT, "nothing was heard of rest");
        given.vitals.put("rest", heardAt(NOW.minusSeconds(60)));
        assertThat(given.line("errors").state()).isEqualTo(State.OK);
        given.vitals.put("rest", heardAt(NOW.minusSeconds(61)));
        assertThat(given.line("errors").state()).isEqualTo(State.WAIT);
    }

    private static ServiceVitals heardAt(Instant at) {
        ServiceVitals vitals = vitals("rest", 0.5, 100, 0);
        return new ServiceVitals("rest", vitals.before(), vitals.after(), 0, at);
    }

    // load

    static Stream<Arguments> loads() {
        long mib = 1024 * 1024;
        return Stream.of(
                arguments("as before", load(0.5, 100, 0.5, 100), State.OK),
                arguments("CPU just at the factor", load(0.5, 100, 0.75, 100), State.OK),
                arguments("CPU above it", load(0.5, 100, 0.76, 100), State.FAIL),
                arguments("heap just at the factor", load(0.5, 100, 0.5, 150), State.OK),
                arguments("heap above it", load(0.5, 100, 0.5, 151), State.FAIL),
                arguments("a little of nearly nothing is noise", load(0.01, 10, 0.11, 42), State.OK),
                arguments("more is not", load(0.01, 10, 0.12, 42), State.FAIL),
                arguments("nor is heap", load(0.01, 10, 0.11, 43), State.FAIL),
                arguments(
                        "nothing is known of before",
                        new ServiceVitals("rest", null, new Figures(0.5, mib, 3, false), 0, NOW),
                        State.WAIT),
                arguments(
                        "no full minute since",
                        new ServiceVitals("rest", new Figures(0.5, mib, 3, false), null, 0, NOW),
                        State.WAIT),
                arguments(
                        "no collection before, and one since",
                        new ServiceVitals(
                                "rest", new Figures(0.5, -1, 3, false), new Figures(0.5, mib, 3, false), 0, NOW),
                        State.WAIT),
                arguments(
                        "no collection at all",
                        new ServiceVitals(
                                "rest", new Figures(0.5, -1, 3, false), new Figures(0.5, -1, 3, false), 0, NOW),
                        State.OK),
                arguments(
                        "a system that does not tell the CPU",
                        new ServiceVitals(
                                "rest", new Figures(-1, mib, 3, false), new Figures(-1, mib, 3, false), 0, NOW),
                        State.OK));
    }

    private static ServiceVitals load(double coresBefore, long mibBefore, double coresAfter, long mibAfter) {
        long mib = 1024 * 1024;
        return new ServiceVitals(
                "rest",
                new Figures(coresBefore, mibBefore * mib, 8, false),
                new Figures(coresAfter, mibAfter * mib, 8, false),
                0,
                NOW);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void loads(String what, ServiceVitals vitals, State expected) {
        GivenEvidence given = live();
        given.vitals.put("rest", vitals);

        ChecklistLine line = given.line("load");

        assertThat(line.state()).as(line.toString()).isEqualTo(expected);
    }

    @Test
    void theLoadSaysBothFiguresAndThatTheyAreOfAWarmUp() {
        GivenEvidence given = live();
        given.vitals.put(
                "rest",
                new ServiceVitals(
                        "rest", new Figures(0.5, 100 << 20, 1, true), new Figures(0.626, 61 << 20, 8, false), 0, NOW));

        assertThat(given.line("load").text()).contains("1.5 times");
        assertThat(given.line("load").measured())
                .contains("rest 0.63 cores and 61 MiB (before: 0.5 cores and 100 MiB, of its first minutes alone)");
    }

    @Test
    void theFactorIsASetting() {
        GivenEvidence given = live();
        given.thresholds = new Thresholds(2, 2, 3, 5, 3);
        given.vitals.put("rest", load(0.5, 100, 1, 200));

        assertThat(given.line("load").state()).isEqualTo(State.OK);
    }

    // callers

    @Test
    void aCallerSinceTheFirstOfTheSessionsFailsAndOneBeforeItDoesNot() {
        GivenEvidence given = live();
        Instant first = NOW.minusSeconds(70);
        given.callers.add(new Caller("curl/8.5 127.0.0.1", "other", "2026-01-05", 7, FLIP, first.minusMillis(1)));
        assertThat(given.line("callers"))
                .extracting(ChecklistLine::state, ChecklistLine::measured)
                .containsExactly(State.OK, "none since " + first);
        given.callers.add(new Caller("wget/1 10.0.0.7", "other", "2026-01-05", 7, FLIP, first));
        assertThat(given.line("callers"))
                .extracting(ChecklistLine::state, ChecklistLine::measured)
                .containsExactly(State.FAIL, "wget/1 10.0.0.7 (last at " + first + ")");
    }

    @Test
    void pagesThatFallBackDoNotHoldTheEndpointBack() {
        GivenEvidence given = live();
        given.callers.add(new Caller("fallback", "fallback", "2026-01-05", 7, FLIP, NOW));

        assertThat(given.line("callers").state()).isEqualTo(State.OK);
    }

    @Test
    void aRestThatTellsOfNobodyAtAllProvesNothing() {
        GivenEvidence given = live();
        given.callers.clear();

        assertThat(given.line("callers")).extracting(ChecklistLine::state).isEqualTo(State.WAIT);
        assertThat(given.line("callers").measured()).contains("not even of the prober");
    }

    @Test
    void manyCallersAreNamedInPart() {
        GivenEvidence given = live();
        for (int i = 0; i < 7; i++) {
            given.callers.add(new Caller("page-" + i, "other", "2026-01-05", 1, NOW, NOW));
        }

        assertThat(given.line("callers").measured()).contains("page-4").endsWith(" and 2 more");
    }

    @Test
    void aCallerSinceTheFlipFailsBeforeThereAreSessions() {
        GivenEvidence given = live();
        given.sessions();
        assertThat(given.line("callers").state()).isEqualTo(State.WAIT);
        given.callers.add(new Caller("curl", "other", "2026-01-05", 1, FLIP, FLIP));
        assertThat(given.line("callers").state()).isEqualTo(State.FAIL);
    }

    // sign-off

    @Test
    void aSignOffCountsWhenItWasGivenSinceTheFlip() {
        GivenEvidence given = live();
        assertThat(given.line("sign-off").measured()).isEqualTo("by bob at 2026-01-05T15:29:55Z");
        given.signOffs.put(Stage.PROMOTED, new SignOff("positions", Stage.PROMOTED, "bob", null, FLIP.minusMillis(1)));
        assertThat(given.line("sign-off"))
                .extracting(ChecklistLine::state, ChecklistLine::needed)
                .containsExactly(State.WAIT, "./cutover sign-off positions --to promoted --by NAME");
        assertThat(given.line("sign-off").measured()).endsWith("which was before the flip");
        given.signOffs.clear();
        given.signOffs.put(Stage.LIVE, new SignOff("positions", Stage.LIVE, "bob", null, NOW));
        assertThat(given.line("sign-off").measured()).as("of another step").isEqualTo("not yet");
    }

    @Test
    void whereRestIsNotLaterNothingIsSaidOfIt() {
        GivenEvidence given = shadow();
        given.freshness = Freshness.NONE;

        assertThat(given.line("messages").measured()).doesNotContain("REST");
    }
}

package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.fasterxml.jackson.databind.node.IntNode;
import dev.cutover.control.GuardDecision.Abstain;
import dev.cutover.control.GuardDecision.Blind;
import dev.cutover.control.GuardDecision.Breach;
import dev.cutover.control.GuardDecision.Fine;
import dev.cutover.control.GuardDecision.Idle;
import dev.cutover.control.GuardDecision.Kind;
import dev.cutover.control.GuardInput.Seen;
import dev.cutover.control.GuardInput.TypeState;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Reference;
import dev.cutover.schema.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GuardDecisionTest {
    private static final Instant NOW = GivenGuarded.NOW;

    private final GivenGuarded given = new GivenGuarded();

    private GuardDecision decision() {
        return GuardDecision.of(given.made());
    }

    private Breach breach() {
        assertThat(decision()).isInstanceOf(Breach.class);
        return (Breach) decision();
    }

    private void assertAbstains(Blind why, String said) {
        assertThat(decision()).asInstanceOf(type(Abstain.class)).satisfies(abstain -> {
            assertThat(abstain.why()).isEqualTo(why);
            assertThat(abstain.detail()).contains(said);
        });
    }

    @Test
    void aLiveFeatureThatIsWellIsFine() {
        given.comparisons(40, 0);

        assertThat(decision()).isInstanceOf(Fine.class);
    }

    @Test
    void aLiveFeatureThatNothingIsComparedOfIsSaidToBeHalfSeen() {
        given.comparisons(2, 0);
        assertThat(decision()).asInstanceOf(type(Fine.class)).satisfies(fine -> assertThat(fine.blindTo())
                .startsWith("only 2 comparisons with REST within 30 s"));

        given.comparisons(3, 0);
        assertThat(decision()).isEqualTo(new Fine(""));
    }

    @Test
    void whatIsNotLiveOrHasItsGuardOffIsNotJudgedHoweverBadItIs() {
        given.comparisons(40, 40);
        for (Stage stage : List.of(Stage.SHADOW, Stage.PROMOTED)) {
            given.flag = GivenGuarded.flag(stage, Flag.Guard.ON);
            assertThat(decision()).isInstanceOf(Idle.class);
        }
        given.flag = GivenGuarded.flag(Stage.LIVE, Flag.Guard.OFF);
        assertThat(decision()).isInstanceOf(Idle.class);
        given.flag = GivenGuarded.flag(Stage.LIVE, Flag.Guard.WARN);
        assertThat(decision()).isInstanceOf(Breach.class);
    }

    // mismatches

    @ParameterizedTest
    @CsvSource({
        // comparisons, failed, breach
        "2,   2,  false", // fewer than three
        "3,   0,  false",
        "3,   1,  true",
        "19,  1,  true", // 5.3 %
        "20,  1,  false", // 5 % is not over 5 %
        "21,  1,  false",
        "40,  2,  false",
        "40,  3,  true",
        "1000, 50, false",
        "1000, 51, true",
    })
    void moreThanFivePercentOfThreeComparisonsOrMoreIsABreach(int comparisons, int failed, boolean breach) {
        given.comparisons(comparisons, failed);

        assertThat(decision()).isInstanceOf(breach ? Breach.class : Fine.class);
    }

    @ParameterizedTest
    @CsvSource({"0, 1, true", "0, 0, false", "12.5, 5, false", "12.5, 6, true", "100, 40, false"})
    void theShareIsASetting(double percent, int failedOfForty, boolean breach) {
        given.thresholds = new Thresholds(2, 1.5, 3, percent, 3);
        given.comparisons(40, failedOfForty);

        assertThat(decision()).isInstanceOf(breach ? Breach.class : Fine.class);
    }

    @Test
    void soIsTheNumberOfComparisons() {
        given.thresholds = new Thresholds(2, 1.5, 3, 5, 10);
        given.comparisons(9, 9);
        assertThat(decision()).isInstanceOf(Fine.class);
        given.comparisons(10, 1);
        assertThat(decision()).isInstanceOf(Breach.class);
    }

    @Test
    void whatIsMissingOnEitherSideFailsAndWhatLagsDoesNot() {
        for (Outcome outcome : Outcome.values()) {
            given.verdicts.clear();
            given.comparisons(10, 0);
            given.verdict(outcome, List.of());
            assertThat(decision())
                    .as(outcome.toString())
                    .isInstanceOf(outcome == Outcome.MATCH || outcome == Outcome.LAGGING ? Fine.class : Breach.class);
        }
    }

    @Test
    void aBreachSaysHowManyFailedWithAnExampleAndKeepsSamplesAsEvidence() {
        given.comparisons(10, 8);

        Breach breach = breach();

        assertThat(breach.breaches()).containsExactly(Kind.MISMATCH);
        assertThat(breach.reason())
                .isEqualTo("8 of 10 comparisons with REST failed within 30 s, which is over 5 %; for example key 0:"
                        + " /cash is 101 on REST, 100 in the log");
        assertThat(breach.evidence().path("breaches").toString()).isEqualTo("[\"mismatch\"]");
        assertThat(breach.evidence().path("comparisons").intValue()).isEqualTo(10);
        assertThat(breach.evidence().path("failed").intValue()).isEqualTo(8);
        assertThat(breach.evidence().path("window_ms").intValue()).isEqualTo(30_000);
        assertThat(breach.evidence().path("verdicts")).hasSize(5);
        assertThat(breach.evidence().path("verdicts").get(0).toString())
                .contains("\"outcome\":\"mismatch\"", "\"difference_count\":2")
                .contains("\"differences\":[{\"pointer\":\"/cash\",\"rest\":101,\"log\":100}");
    }

    @Test
    void aValueOfAnyLengthIsClippedInTheReason() {
        given.comparisons(10, 0);
        String text = "x".repeat(10_000);
        given.verdict(
                Outcome.MISMATCH,
                List.of(new Difference("/note", com.fasterxml.jackson.databind.node.TextNode.valueOf(text), null)));

        assertThat(breach().reason()).hasSizeLessThan(500).contains("not there in the log");
    }

    // gaps and failures

    @Test
    void aGapOrAFailureOfDeliveryIsABreach() {
        given.gaps = 1;
        assertThat(breach().breaches()).containsExactly(Kind.GAPS);
        assertThat(breach().reason()).isEqualTo("1 losses on the way to the client within 30 s");
        given.failures = 2;
        given.comparisons(10, 8);
        assertThat(breach().breaches()).containsExactly(Kind.MISMATCH, Kind.GAPS, Kind.FAILURES);
        assertThat(breach().evidence().path("failures").intValue()).isEqualTo(2);
    }

    // silence

    private void silentFor(Duration silence) {
        given.lastAt = given.until().minus(silence);
    }

    @Test
    void moreThanThreeCadencesOfSilenceAreABreachWhileOtherThingsCome() {
        silentFor(Duration.ofSeconds(30));
        assertThat(decision()).isInstanceOf(Fine.class);
        silentFor(Duration.ofMillis(30_001));
        assertThat(breach().breaches()).containsExactly(Kind.SILENCE);
        assertThat(breach().reason()).isEqualTo("positions has not come for 30 s, which is over 3 times its cadence");
        assertThat(breach().evidence().path("types").get(0).path("silent_ms").intValue())
                .isEqualTo(30_001);
    }

    @Test
    void howManyCadencesIsASetting() {
        given.thresholds = new Thresholds(2, 1.5, 1, 5, 3);
        silentFor(Duration.ofSeconds(10));
        assertThat(decision()).isInstanceOf(Fine.class);
        silentFor(Duration.ofMillis(10_001));
        given.arrivals.put("account_balance", NOW.minusMillis(500));
        assertThat(decision()).isInstanceOf(Breach.class);
    }

    @Test
    void aTypeThatNeverCameIsSilentSinceTheProberLooksOrTheFlip() {
        given.lastAt = null;
        given.watchedSince = given.until().minusSeconds(31);
        assertThat(breach().breaches()).containsExactly(Kind.SILENCE);
        given.watchedSince = given.until().minusSeconds(30);
        assertThat(decision()).as("the prober looks since then").isInstanceOf(Fine.class);
    }

    @Test
    void silenceOutsideOfTheActiveHoursIsNone() {
        silentFor(Duration.ofHours(9));
        given.activeNow = false;
        assertThat(decision()).isInstanceOf(Fine.class);
        given.activeNow = true;
        given.watchedSince = given.until().minusSeconds(30);
        assertThat(decision()).as("they have just begun").isInstanceOf(Fine.class);
    }

    @Test
    void whileNothingElseComesEitherTheGuardAbstainsFromSilence() {
        silentFor(Duration.ofSeconds(31));
        // all that came, came before the last cadence of the patience
        given.arrivals.replaceAll((type, at) -> given.until().minusSeconds(11));
        given.heartbeatAt = given.until().minusSeconds(11);
        assertAbstains(Blind.PRODUCERS, "the producers seem to be down");
        given.heartbeatAt = given.until().minusMillis(10_999);
        assertThat(decision()).isInstanceOf(Breach.class);
        given.heartbeatAt = given.until().minusSeconds(11);
        given.arrivals.put("market_status", given.until().minusMillis(10_999));
        assertThat(decision()).isInstanceOf(Breach.class);
    }

    @Test
    void itsOwnEventsAreNoSignThatSomethingElseCame() {
        given.arrivals.clear();
        given.heartbeatAt = given.until().minusSeconds(40);
        silentFor(Duration.ofSeconds(31));
        given.arrivals.put("positions", given.until());

        assertAbstains(Blind.PRODUCERS, "positions has not come");
    }

    @Test
    void anotherBreachIsOneThoughTheProducersSeemToBeDown() {
        silentFor(Duration.ofSeconds(31));
        given.arrivals.clear();
        given.heartbeatAt = given.until().minusSeconds(40);
        given.comparisons(10, 8);

        assertThat(breach().breaches()).containsExactly(Kind.MISMATCH);
    }

    @Test
    void withinHalfAMinuteOfTheFlipOrOfBecomingActiveSilenceSaysNothing() {
        silentFor(Duration.ofMinutes(5));
        given.watchedSince = given.until().minusSeconds(300);
        given.thresholds = new Thresholds(2, 1.5, 1, 5, 3);
        given.flag = GivenGuarded.flagSince(NOW.minusSeconds(30));
        assertThat(decision()).isInstanceOf(Fine.class);
        given.flag = GivenGuarded.flagSince(NOW.minusMillis(30_001));
        assertThat(decision()).isInstanceOf(Breach.class);
        given.activeSince = NOW.minusSeconds(30);
        assertThat(decision()).isInstanceOf(Fine.class);
        given.activeSince = NOW.minusMillis(30_001);
        assertThat(decision()).isInstanceOf(Breach.class);
    }

    @Test
    void eachTypeHasItsOwnCadence() {
        given.feature("intraday");
        List<TypeState> states = new ArrayList<>();
        given.feature
                .events()
                .forEach(each -> states.add(new TypeState(
                        each, true, NOW.minusSeconds(500), given.until().minusSeconds(4))));
        given.seen = new Seen(given.until(), 1, 0, 0, states);
        given.arrivals.put("vwap_update", given.until().minusSeconds(1));

        assertThat(breach().reason())
                .startsWith("intraday_bar has not come for 4 s")
                .doesNotContain("vwap_update");
    }

    // abstentions, each with a feature that would be bad

    @Test
    void itAbstainsWhileTheEvidenceMayNotBeTheNewest() {
        given.comparisons(10, 8);
        given.evidenceAgeMs = OptionalLong.empty();
        assertAbstains(Blind.EVIDENCE, "not been read yet");
        given.evidenceAgeMs = OptionalLong.of(5_001);
        assertAbstains(Blind.EVIDENCE, "Kafka has not answered for 5 s");
        given.evidenceAgeMs = OptionalLong.of(5_000);
        assertThat(decision()).isInstanceOf(Breach.class);
    }

    @Test
    void itAbstainsWhileTheFlagsMayNotBeTheNewest() {
        given.comparisons(10, 8);
        given.flagsAgeMs = OptionalLong.of(5_001);
        assertAbstains(Blind.FLAGS, "Kafka has not answered for 5 s");
        given.flagsAgeMs = OptionalLong.of(5_000);
        assertThat(decision()).isInstanceOf(Breach.class);
    }

    @Test
    void itAbstainsWhileTheProberDoesNotLook() {
        given.comparisons(10, 8);
        given.seen = Seen.NOTHING;
        assertAbstains(Blind.PROBER, "has not looked yet");
        given.seen = new Seen(NOW.minusMillis(5_001), 1, 0, 0, List.of());
        assertAbstains(Blind.PROBER, "last looked at");
        given.seen = new Seen(NOW.minusSeconds(5), 1, 0, 0, List.of());
        assertThat(decision()).isInstanceOf(Breach.class);
    }

    @Test
    void itAbstainsWhileEveryConnectionOfTheProberIsDown() {
        given.comparisons(10, 8);
        given.connectionsUp = 0;

        assertAbstains(Blind.CONNECTIONS, "connected to no gateway");
    }

    @Test
    void itAbstainsWhileHeartbeatsAreDown() {
        given.comparisons(10, 8);
        given.heartbeatAt = null;
        assertAbstains(Blind.HEARTBEAT, "no heartbeat has come yet");
        given.heartbeatAt = NOW.minusMillis(75_001);
        assertAbstains(Blind.HEARTBEAT, "the newest heartbeat came at");
        given.heartbeatAt = NOW.minusSeconds(75);
        assertThat(decision()).isInstanceOf(Breach.class);
    }

    @Test
    void noVerdictNamesAnUpstreamsPosition() {
        given.comparisons(10, 0);
        given.verdicts.add(new Verdict(
                "id",
                "positions",
                "123",
                Outcome.MISSING_REST,
                Reference.UPSTREAM,
                null,
                "",
                "other",
                NOW,
                NOW,
                null,
                List.of(new Difference("/pnl", null, IntNode.valueOf(1))),
                1,
                List.of()));

        assertThat(breach().evidence().path("verdicts").get(0).path("position").isNull())
                .isTrue();
        assertThat(breach().reason()).contains("/pnl is not there on REST, 1 in the log");
    }
}

package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.cutover.control.Observation.Freshness;
import dev.cutover.control.Observation.Source;
import dev.cutover.control.Observation.TypeSeen;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.MarketCalendar;
import dev.cutover.schema.Reference;
import dev.cutover.schema.Stage;
import dev.cutover.schema.Topics;
import dev.cutover.schema.UsageRecord;
import dev.cutover.schema.VitalsRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class EvidenceBookTest {
    private static final Instant NOW = Instant.parse("2026-01-05T15:30:00Z");

    private final Map<String, Flag> flags = new HashMap<>();
    private long nanos = -5;
    private final EvidenceBook book = new EvidenceBook(
            FeatureCatalog.shipped(),
            Thresholds.standard(),
            SessionClock.of("30s", MarketCalendar.shipped()),
            feature -> flags.getOrDefault(feature, Flag.initial(feature)),
            (type, at) -> true,
            () -> NOW,
            () -> nanos);

    private void add(String topic, Object record) throws JsonFault, JsonProcessingException {
        book.add(topic, Json.MAPPER.writeValueAsBytes(record));
    }

    private Evidence positions() {
        return book.of("positions", NOW);
    }

    private static SessionTally tally(Instant from, String part, long matches, long gaps, Reference reference) {
        return new SessionTally(
                "positions",
                "30s@" + from,
                part,
                from,
                from.plusSeconds(30),
                matches,
                1,
                2,
                3,
                4,
                gaps,
                0,
                matches * 10,
                reference,
                NOW);
    }

    private static Verdict verdict(String id, Outcome outcome, Instant servedAt, Instant judgedAt) {
        return new Verdict(
                id,
                "positions",
                "123",
                outcome,
                Reference.MATERIALISED,
                "0:1",
                "",
                "prober",
                servedAt,
                judgedAt,
                null,
                List.of(),
                0,
                List.of());
    }

    private GuardInput guarded(String feature) {
        return book.guarded(
                flags.getOrDefault(feature, Flag.initial(feature)),
                NOW,
                new GuardInput.Surroundings(OptionalLong.of(0), Duration.ofSeconds(30), NOW));
    }

    @Test
    void itsAgeIsUnknownBeforeItWasReadAndGrowsFromThenOn() {
        assertThat(book.ageMs()).isEmpty();
        assertThat(positions().ageMs()).isEmpty();
        book.isNewestOf(nanos);
        nanos += TimeUnit.MILLISECONDS.toNanos(1_500);

        assertThat(positions().ageMs()).hasValue(1_500);
    }

    @Test
    void evidenceThatIsNotReadOrOldIsDegradedAndNoReasonAgainstBeingReady() {
        assertThat(book.health().ready()).isTrue();
        assertThat(book.health().degraded()).containsExactly("the evidence is still being read from Kafka");
        book.isNewestOf(nanos);
        nanos += TimeUnit.SECONDS.toNanos(10);
        assertThat(book.health().degraded()).isEmpty();
        nanos += TimeUnit.SECONDS.toNanos(1);
        assertThat(book.health().degraded()).singleElement().asString().contains("11 s ago");
    }

    @Test
    void sessionsOfAnotherSettingDoNotCount() throws Exception {
        SessionTally window = tally(NOW, "p0", 5, 0, Reference.MATERIALISED);
        for (String other : List.of("10s@" + NOW, "1h30s@" + NOW, "USA@" + NOW)) {
            add(
                    Topics.PARITY_SESSIONS,
                    new SessionTally(
                            window.feature(),
                            other,
                            window.part(),
                            window.from(),
                            window.until(),
                            9,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            window.reference(),
                            NOW));
        }
        add(Topics.PARITY_SESSIONS, window);

        assertThat(positions().sessions()).extracting(SessionSum::session).containsExactly(window.session());
    }

    @Test
    void theTalliesOfASessionsPartsAddUpAndTheNewestOfEachPartCounts() throws Exception {
        Instant from = NOW.minusSeconds(60);
        add(Topics.PARITY_SESSIONS, tally(from, "p0", 5, 0, Reference.MATERIALISED));
        add(Topics.PARITY_SESSIONS, tally(from, "p0", 6, 0, Reference.MATERIALISED));
        add(Topics.PARITY_SESSIONS, tally(from, "p1", 7, 0, Reference.UPSTREAM));
        add(
                Topics.PARITY_SESSIONS,
                new SessionTally(
                        "positions",
                        "30s@" + from,
                        "prober-control-1-5f2a",
                        from,
                        from.plusSeconds(30),
                        0,
                        0,
                        0,
                        0,
                        0,
                        9,
                        8,
                        0,
                        null,
                        NOW));

        assertThat(positions().sessions())
                .containsExactly(new SessionSum(
                        "30s@" + from,
                        from,
                        from.plusSeconds(30),
                        true,
                        true,
                        13,
                        2,
                        4,
                        6,
                        8,
                        9,
                        8,
                        70,
                        Set.of(Reference.MATERIALISED, Reference.UPSTREAM)));
    }

    @Test
    void aSessionIsWatchedOnlyWithTheProbersPart() throws Exception {
        add(Topics.PARITY_SESSIONS, tally(NOW, "p0", 5, 0, Reference.MATERIALISED));

        assertThat(positions().sessions()).singleElement().satisfies(session -> assertThat(session.watched())
                .isFalse());
    }

    @Test
    void aSessionIsClosedOnceEveryPartitionHasToldItsTallySinceItsEnd() throws Exception {
        Instant from = NOW.minusSeconds(60);
        add(Topics.PARITY_SESSIONS, tally(from, "p0", 5, 0, Reference.MATERIALISED));
        assertThat(positions().sessions()).singleElement().satisfies(session -> assertThat(session.closed())
                .isTrue());

        // begins now: what was told of it was told before its end
        add(Topics.PARITY_SESSIONS, tally(NOW, "p0", 5, 0, Reference.MATERIALISED));
        assertThat(positions().sessions())
                .filteredOn(session -> session.from().equals(NOW))
                .singleElement()
                .satisfies(session -> assertThat(session.closed()).isFalse());
    }

    @Test
    void theNewestTwoHundredSessionsAreKeptNewestFirst() throws Exception {
        for (int i = 0; i < 250; i++) {
            add(Topics.PARITY_SESSIONS, tally(NOW.plusSeconds(30L * i), "p0", 1, 0, null));
        }
        add(Topics.PARITY_SESSIONS, tally(NOW, "p0", 1, 0, null));

        assertThat(positions().sessions()).hasSize(200);
        assertThat(positions().sessions().get(0).from()).isEqualTo(NOW.plusSeconds(30 * 249));
        assertThat(positions().sessions().get(199).from()).isEqualTo(NOW.plusSeconds(30 * 50));
    }

    @Test
    void verdictsCountOnceByTheirIdAndTheNewestThousandAreKept() throws Exception {
        flags.put("positions", live(NOW.minusSeconds(600)));
        for (int i = 0; i < 1_200; i++) {
            add(Topics.PARITY_VERDICTS, verdict("id-" + i, Outcome.MATCH, NOW.minusSeconds(5), NOW));
        }
        add(Topics.PARITY_VERDICTS, verdict("id-1199", Outcome.MATCH, NOW.minusSeconds(5), NOW));

        assertThat(guarded("positions").verdicts()).hasSize(1_000);
        assertThat(guarded("positions").verdicts().get(0).id()).isEqualTo("id-1199");
        assertThat(guarded("positions").verdicts().get(999).id()).isEqualTo("id-200");
    }

    @Test
    void theGuardIsGivenVerdictsOnWhatWasServedSinceTheFlipAndJudgedWithinThreeCadences() throws Exception {
        Instant flip = NOW.minusSeconds(20);
        flags.put("positions", live(flip));
        add(Topics.PARITY_VERDICTS, verdict("before the flip", Outcome.MISMATCH, flip.minusMillis(1), NOW));
        add(Topics.PARITY_VERDICTS, verdict("at the flip", Outcome.MATCH, flip, NOW));
        add(Topics.PARITY_VERDICTS, verdict("now", Outcome.MATCH, NOW, NOW));
        assertThat(guarded("positions").verdicts()).extracting(Verdict::id).containsExactly("now", "at the flip");

        flags.put("positions", live(NOW.minusSeconds(600)));
        Instant served = NOW.minusSeconds(60);
        add(Topics.PARITY_VERDICTS, verdict("too old", Outcome.MATCH, served, NOW.minusMillis(30_001)));
        add(Topics.PARITY_VERDICTS, verdict("just in", Outcome.MATCH, served, NOW.minusSeconds(30)));
        assertThat(guarded("positions").verdicts())
                .extracting(Verdict::id)
                .containsExactly("just in", "now", "at the flip", "before the flip");
    }

    private static Flag live(Instant since) {
        return new Flag(
                "positions",
                Stage.LIVE,
                1,
                100,
                null,
                Flag.Guard.ON,
                false,
                false,
                "c-1",
                "alice",
                since,
                "why",
                since);
    }

    @Test
    void theGuardSeesHeartbeatsAndArrivalsOfAllFeatures() throws Exception {
        add(Topics.OBSERVATIONS, observation("positions", "positions", NOW.minusSeconds(9), NOW.minusSeconds(40)));
        add(
                Topics.OBSERVATIONS,
                observation("account_balance", "account_balance", NOW.minusSeconds(2), NOW.minusSeconds(10)));

        assertThat(guarded("positions")).satisfies(input -> {
            assertThat(input.heartbeatAt()).isEqualTo(NOW.minusSeconds(10));
            assertThat(input.arrivals())
                    .containsOnly(
                            Map.entry("positions", NOW.minusSeconds(9)),
                            Map.entry("account_balance", NOW.minusSeconds(2)));
            assertThat(input.seen().until()).isEqualTo(NOW);
        });
        assertThat(guarded("intraday").seen()).isEqualTo(GuardInput.Seen.NOTHING);
    }

    private static Observation observation(String feature, String type, Instant lastAt, Instant heartbeatAt) {
        return new Observation(
                feature,
                Source.PROBER,
                "control-1",
                NOW.minusSeconds(1),
                NOW,
                1,
                0,
                Map.of(type, new TypeSeen(1, 10, 0, lastAt)),
                0,
                0,
                0,
                0,
                0,
                Freshness.NONE,
                List.of(),
                heartbeatAt);
    }

    @Test
    void usageIsSummedOverInstancesByCallerAndDayWhoAskedLastFirst() throws Exception {
        add(Topics.REST_USAGE, usage("curl", "2026-01-05", "rest-1", 3, NOW.minusSeconds(50), NOW.minusSeconds(20)));
        add(Topics.REST_USAGE, usage("curl", "2026-01-05", "rest-1", 4, NOW.minusSeconds(50), NOW.minusSeconds(10)));
        add(Topics.REST_USAGE, usage("curl", "2026-01-05", "rest-2", 5, NOW.minusSeconds(60), NOW.minusSeconds(30)));
        add(Topics.REST_USAGE, usage("wget", "2026-01-05", "rest-2", 1, NOW, NOW));

        assertThat(positions().callers())
                .containsExactly(
                        new Caller("wget", "other", "2026-01-05", 1, NOW, NOW),
                        new Caller("curl", "other", "2026-01-05", 9, NOW.minusSeconds(60), NOW.minusSeconds(10)));
    }

    @Test
    void eightDaysOfUsageAreKept() throws Exception {
        add(Topics.REST_USAGE, usage("curl", "2026-01-05", "rest-1", 3, NOW, NOW));
        add(Topics.REST_USAGE, usage("curl", "2026-01-12", "rest-1", 3, NOW, NOW));
        assertThat(positions().callers()).extracting(Caller::day).contains("2026-01-05");

        add(Topics.REST_USAGE, usage("curl", "2026-01-13", "rest-1", 3, NOW, NOW));

        assertThat(positions().callers()).extracting(Caller::day).containsExactlyInAnyOrder("2026-01-12", "2026-01-13");
    }

    private static UsageRecord usage(
            String caller, String day, String instance, long answers, Instant firstAt, Instant lastAt) {
        return new UsageRecord("positions", caller, "other", day, instance, answers, 0, 0, 0, firstAt, lastAt);
    }

    @Test
    void theNewestSignOffOfAStageStands() throws Exception {
        SignOff first = new SignOff("positions", Stage.PROMOTED, "alice", null, NOW.minusSeconds(9));
        SignOff second = new SignOff("positions", Stage.PROMOTED, "bob", "fine", NOW);
        add(Topics.SIGN_OFFS, first);
        add(Topics.SIGN_OFFS, second);

        assertThat(positions().signOffs()).containsOnly(Map.entry(Stage.PROMOTED, second));
    }

    @Test
    void whatItGaveOutDoesNotChangeWithWhatIsReadAfter() throws Exception {
        add(Topics.SIGN_OFFS, new SignOff("positions", Stage.LIVE, "alice", null, NOW));
        Evidence before = positions();
        add(Topics.SIGN_OFFS, new SignOff("positions", Stage.LIVE, "bob", null, NOW));
        add(Topics.PARITY_SESSIONS, tally(NOW, "p0", 1, 0, null));

        assertThat(before.signOffs().get(Stage.LIVE).by()).isEqualTo("alice");
        assertThat(before.sessions()).isEmpty();
    }

    @Test
    void vitalsAreSeenFromTheFlipOfTheFeature() throws Exception {
        flags.put("positions", live(NOW.minusSeconds(120)));
        add(
                Topics.VITALS,
                new VitalsRecord("rest-1", "rest", NOW.minusSeconds(900), NOW.minusSeconds(30), 0.5, 100, 0, 0));
        add(
                Topics.VITALS,
                new VitalsRecord("rest-1", "rest", NOW.minusSeconds(900), NOW.minusSeconds(20), 0.5, 100, 2, 0));

        assertThat(positions().vitals().get("rest").errors()).isEqualTo(2);
        assertThat(book.of("intraday", NOW).vitals().get("rest").errors()).isZero();
    }

    @Test
    void recordsOfFeaturesThatTheCatalogDoesNotHaveArePassed() throws Exception {
        add(Topics.SIGN_OFFS, new SignOff("orders", Stage.LIVE, "alice", null, NOW));
        add(Topics.OBSERVATIONS, observation("orders", "orders", NOW, NOW));

        assertThat(guarded("positions").arrivals()).isEmpty();
    }

    @Test
    void whatCannotBeReadIsRefusedAndChangesNothing() {
        byte[] garbage = "{\"feature\":\"positions\"}".getBytes(StandardCharsets.UTF_8);
        for (String topic : List.of(
                Topics.PARITY_VERDICTS,
                Topics.PARITY_SESSIONS,
                Topics.OBSERVATIONS,
                Topics.SIGN_OFFS,
                Topics.REST_USAGE,
                Topics.VITALS)) {
            assertThatThrownBy(() -> book.add(topic, garbage)).as(topic).isInstanceOf(JsonFault.class);
        }
        assertThatThrownBy(() -> add(Topics.REST_USAGE, usage("curl", "today", "rest-1", 3, NOW, NOW)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'today'");
        assertThatThrownBy(() -> book.add(Topics.FLAGS, garbage)).isInstanceOf(IllegalArgumentException.class);
        assertThat(positions().callers()).isEmpty();
    }

    @Test
    void itsJsonIsForPeopleAndPages() throws Exception {
        Instant from = NOW.minusSeconds(60);
        add(Topics.PARITY_SESSIONS, tally(from, "p0", 5, 0, Reference.MATERIALISED));
        add(Topics.OBSERVATIONS, observation("positions", "positions", NOW, NOW));
        add(Topics.REST_USAGE, usage("curl", "2026-01-05", "rest-1", 3, NOW, NOW));
        add(Topics.SIGN_OFFS, new SignOff("positions", Stage.LIVE, "alice", null, NOW));

        assertThat(positions().toJson().toString())
                .startsWith("{\"age_ms\":null,\"sessions\":[{\"session\":\"30s@2026-01-05T15:29:00Z\"")
                .contains("\"references\":[\"materialised\"]")
                .contains("\"watch\":{\"until\":\"2026-01-05T15:30:00Z\",\"connections_up\":1")
                .contains("\"callers\":[{\"caller\":\"curl\",\"kind\":\"other\",\"day\":\"2026-01-05\",\"answers\":3")
                .contains("\"sign_offs\":[{\"feature\":\"positions\",\"to\":\"live\",\"by\":\"alice\"");
    }
}

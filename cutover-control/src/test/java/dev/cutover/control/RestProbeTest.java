package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.control.RestProbe.Answer;
import dev.cutover.control.RestProbe.Question;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is asked, with time moved by hand. */
final class RestProbeTest {
    private static final int KEYS = 3;

    private long nowNs = 7;

    private FeatureWatch watch;
    private RestProbe probe;

    private Feature use(String name, String... keys) {
        Feature feature = FeatureCatalog.shipped().feature(name).orElseThrow();
        AnswerForm form = new AnswerForm(feature);
        watch = new FeatureWatch(
                feature,
                new FreshnessWatch(event -> form.hash(event.type(), event.data()), RestProbe.interval(feature)),
                (hours, instant) -> true);
        for (String key : keys) {
            watch.known(feature.events().get(0).type(), key, nowNs);
        }
        probe = new RestProbe(feature, form, watch, KEYS, nowNs, new Random(1));
        nowNs += RestProbe.interval(feature).toNanos();
        return feature;
    }

    private Answer answer(Question question, int status, String body) {
        return new Answer(question, status, false, body, null, nowNs);
    }

    /** All that is asked in a round, each answered at once. */
    private List<String> round() {
        List<String> asked = new ArrayList<>();
        for (Optional<Question> next = probe.next(nowNs, true); next.isPresent(); next = probe.next(nowNs, true)) {
            asked.add(next.get().path());
            assertThat(probe.answered(answer(next.get(), 200, "{}"))).isTrue();
        }
        return asked;
    }

    private List<String> nextRound(Feature feature) {
        nowNs += RestProbe.interval(feature).toNanos();
        return round();
    }

    private long restErrors() {
        return watch.observe(
                        "control-test", Instant.EPOCH, Instant.EPOCH, nowNs, new FeatureWatch.Connections(1, 0), null)
                .restErrors();
    }

    @Test
    void aRoundAsksForAFewKeysAndOneOfThemTwiceInARow() {
        Feature feature = use("account_balance", "1", "2", "3", "4", "5");

        assertThat(round())
                .containsExactly(
                        "/api/account/balance/?account_id=1",
                        "/api/account/balance/?account_id=1",
                        "/api/account/balance/?account_id=2",
                        "/api/account/balance/?account_id=3",
                        "/api/account/balance/");
        assertThat(nextRound(feature))
                .containsExactly(
                        "/api/account/balance/?account_id=1",
                        "/api/account/balance/?account_id=2",
                        "/api/account/balance/?account_id=2",
                        "/api/account/balance/?account_id=3");
    }

    @Test
    void everyKeyHasItsTurn() {
        String[] keys = IntStream.range(0, 50).mapToObj(i -> "k" + i).toArray(String[]::new);
        Feature feature = use("positions", keys);
        Set<String> asked = new HashSet<>(round());
        for (int i = 1; i < 50 / KEYS * RestProbe.ROUNDS_OF_A_SAMPLE + RestProbe.ROUNDS_OF_A_SAMPLE; i++) {
            asked.addAll(nextRound(feature));
        }
        Set<String> expected = new TreeSet<>(Set.of("/api/positions/"));
        for (String key : keys) {
            expected.add("/api/positions/?account_id=" + key);
        }
        assertThat(asked).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void aSeriesIsAskedForWholeAtFirstAndForItsNewestEntriesAfterwards() {
        Feature feature = use("intraday", "BRK B&C");

        assertThat(round())
                .containsExactly("/api/intraday/bars/?symbol=BRK%20B%26C", "/api/intraday/bars/?symbol=BRK%20B%26C");
        assertThat(nextRound(feature))
                .hasSize(2)
                .containsOnly("/api/intraday/bars/?symbol=BRK%20B%26C&limit=" + RestProbe.NEWEST_ENTRIES);
    }

    @Test
    void whereThereIsTheListAloneItIsAskedForAtEachCadence() {
        Feature feature = use("global_market", "1");

        assertThat(round()).containsExactly("/api/global-market/status/", "/api/global-market/status/");
        assertThat(nextRound(feature)).containsExactly("/api/global-market/status/");
        assertThat(probe.next(nowNs, true)).as("before the next cadence").isEmpty();
    }

    @Test
    void aPromotedFeatureIsNotAskedFor() {
        use("positions", "1");
        assertThat(probe.next(nowNs, false)).isEmpty();
        assertThat(probe.next(nowNs, true)).isPresent();
    }

    @Test
    void aSlowRestIsNotAskedForMoreThanItAnswers() {
        Feature feature = use("positions", "1", "2", "3");
        Question first = probe.next(nowNs, true).orElseThrow();
        for (int i = 0; i < 10; i++) {
            nowNs += RestProbe.interval(feature).toNanos();
            assertThat(probe.next(nowNs, true)).isEmpty();
        }
        probe.answered(answer(first, 200, "{}"));

        assertThat(round()).as("the rest of that round, and no more").hasSize(4);
    }

    @Test
    void onlyAnswersThatAreNoneAreErrors() {
        Feature feature = use("positions", "1");
        for (int status : new int[] {200, 404, 410}) {
            assertThat(probe.answered(answer(probe.next(nowNs, true).orElseThrow(), status, "{}")))
                    .as("%s", status)
                    .isTrue();
            round();
            nowNs += RestProbe.interval(feature).toNanos();
        }
        assertThat(restErrors()).isZero();

        for (int status : new int[] {503, 500, 400, 302}) {
            assertThat(probe.answered(answer(probe.next(nowNs, true).orElseThrow(), status, "{}")))
                    .as("%s", status)
                    .isFalse();
            round();
            nowNs += RestProbe.interval(feature).toNanos();
        }
        assertThat(probe.answered(answer(probe.next(nowNs, true).orElseThrow(), 200, "{\"a\":")))
                .isFalse();
        assertThat(probe.answered(
                        new Answer(probe.next(nowNs, true).orElseThrow(), 0, false, null, "ConnectException", nowNs)))
                .isFalse();
        assertThat(restErrors()).isEqualTo(6);
    }

    @Test
    void anAnswerIsComparedWithWhatTheWebSocketBrought() {
        Feature feature = use("positions", "1");
        round();
        event(1, "{\"account_id\":1,\"positions\":[{\"price\":1.5}]}");
        nowNs += Duration.ofSeconds(1).toNanos();
        event(2, "{\"account_id\":1,\"positions\":[{\"price\":1.6}]}");
        nowNs += RestProbe.interval(feature).toNanos();
        Question question = probe.next(nowNs, true).orElseThrow();
        assertThat(watch.freshness().take().samples()).isZero();

        probe.answered(answer(question, 200, "{\"positions\":[{\"price\":1.60}],\"account_id\":1}"));

        assertThat(watch.freshness().take()).isEqualTo(new Observation.Freshness(1, 10_000L, 10_000L));
    }

    private void event(long offset, String data) {
        watch.arrived(
                new FeatureWatch.Arrived(
                        "positions",
                        "1",
                        "e1",
                        0,
                        offset,
                        GatewayFrame.read(data).json(),
                        true),
                nowNs);
    }

    @Test
    void aListThatIsTooLargeIsNotAskedForAgain() {
        Feature feature = use("positions", "1");
        Question question = probe.next(nowNs, true).orElseThrow();
        while (question.key() != null) {
            probe.answered(answer(question, 200, "{}"));
            question = probe.next(nowNs, true).orElseThrow();
        }
        probe.listIsTooLarge();

        for (int i = 0; i < 2 * RestProbe.ROUNDS_OF_A_LIST; i++) {
            assertThat(nextRound(feature)).isNotEmpty().doesNotContain("/api/positions/");
        }
    }
}

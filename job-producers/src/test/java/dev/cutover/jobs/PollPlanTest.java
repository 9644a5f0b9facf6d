package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PollPlanTest {
    private static final URI SERVICE = URI.create("http://legacy:8080/app");

    @TempDir
    Path dir;

    @Test
    void aListIsOneRequestAndKeysAreOneEach() {
        List<PollPlan> plans = plans(FeatureCatalog.shipped(), "poll-keys", "intraday=SPY,BRK/B A");

        assertThat(plans)
                .extracting(plan -> plan.feature().name())
                .containsExactly("account_balance", "positions", "intraday", "global_market");
        assertThat(plans.get(1).polls()).singleElement().satisfies(poll -> {
            assertThat(poll.uri()).hasToString("http://legacy:8080/app/api/positions/");
            assertThat(poll.at()).hasToString("/accounts");
        });
        assertThat(plans.get(2).polls())
                .extracting(poll -> poll.key() + " " + poll.uri())
                .containsExactly(
                        "SPY http://legacy:8080/app/api/intraday/bars/?symbol=SPY",
                        "BRK/B A http://legacy:8080/app/api/intraday/bars/?symbol=BRK%2FB%20A");
        assertThat(PollPlan.types(plans))
                .containsExactlyInAnyOrder(
                        "account_balance", "positions", "intraday_bar", "vwap_update", "market_status");
        assertThat(plans).allSatisfy(plan -> assertThat(plan.missingTypes()).isEmpty());
    }

    @Test
    void keysThatAreNamedAreAskedForInPlaceOfTheList() {
        List<PollPlan> plans = plans(FeatureCatalog.shipped(), "poll-keys", "intraday=SPY;positions=123");

        assertThat(plans.get(1).polls())
                .extracting(poll -> poll.uri().toString())
                .containsExactly("http://legacy:8080/app/api/positions/?account_id=123");
    }

    @Test
    void aFeatureIsPolledAtItsShortestCadenceOrMoreOftenButNotLess() {
        String keys = "intraday=SPY";

        assertThat(plans(FeatureCatalog.shipped(), "poll-keys", keys))
                .extracting(plan -> plan.period().toMillis())
                .containsExactly(10_000L, 10_000L, 1_000L, 10_000L);
        assertThat(plans(FeatureCatalog.shipped(), "poll-keys", keys, "poll-every", "2s"))
                .extracting(PollPlan::period)
                .containsExactly(
                        Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(1), Duration.ofSeconds(2));
    }

    @Test
    void whatCannotBePolledIsNamedWithWhatToSet() throws IOException {
        FeatureCatalog none = catalog("""
                features:
                  - name: quotes
                    topic: events.quotes
                    partitions: 1
                    delivery: latest
                    events: [{type: quote, key: symbol, cadence: 1s, view: latest}]
                heartbeat: {topic: events.heartbeat, cadence: 30s}
                """);

        assertRefused(
                FeatureCatalog.shipped(),
                "positions=1",
                "the feature intraday can't be polled: its REST endpoint answers by symbol alone, so name the keys:"
                        + " --poll-keys 'intraday=KEY,…'");
        assertRefused(
                FeatureCatalog.shipped(),
                "intraday=SPY;global_market=1",
                "--poll-keys names keys of global_market, but its REST endpoint has the list alone; leave the feature out");
        assertRefused(
                FeatureCatalog.shipped(),
                "intraday=SPY;intradau=SPY",
                "--poll-keys names intradau, but the features that have a REST endpoint are account_balance, positions,"
                        + " intraday, global_market");
        assertThatThrownBy(() -> plans(none))
                .isInstanceOf(StartupException.class)
                .hasMessageStartingWith("no feature of the catalog has a REST endpoint that could be polled");
    }

    @Test
    void theCatalogSaysWhereTheServiceHasItsBodiesAndTypesThatNoAnswerHoldsAreKnown() throws IOException {
        FeatureCatalog catalog = catalog("""
                features:
                  - name: quotes
                    topic: events.quotes
                    partitions: 1
                    delivery: latest
                    events:
                      - {type: quote, key: symbol, cadence: 1s, view: latest}
                      - {type: halt, key: symbol, cadence: 500ms, view: latest}
                    rest:
                      path: /api/quotes
                      parameter: symbol
                      one: quote
                      all: {quotes: quote}
                      upstream: {one: {path: '/v1/quote/{key}?full=1', at: /data}, all: {path: /v1/quotes, at: /items}}
                heartbeat: {topic: events.heartbeat, cadence: 30s}
                """);

        PollPlan list = plans(catalog).get(0);
        PollPlan keys = plans(catalog, "poll-keys", "quotes=SPY").get(0);

        assertThat(list.polls().get(0).uri()).hasToString("http://legacy:8080/app/v1/quotes");
        assertThat(list.polls().get(0).at()).hasToString("/items");
        assertThat(keys.polls().get(0).uri()).hasToString("http://legacy:8080/app/v1/quote/SPY?full=1");
        assertThat(keys.polls().get(0).at()).hasToString("/data");
        assertThat(list.missingTypes()).containsExactly("halt");
        assertThat(list.period()).as("of what is polled").isEqualTo(Duration.ofSeconds(1));
    }

    private static void assertRefused(FeatureCatalog catalog, String keys, String message) {
        assertThatThrownBy(() -> plans(catalog, "poll-keys", keys))
                .isInstanceOf(StartupException.class)
                .hasMessage(message);
    }

    private static List<PollPlan> plans(FeatureCatalog catalog, String... settings) {
        return PollPlan.of(catalog, SERVICE, Given.settings(settings).poll());
    }

    private FeatureCatalog catalog(String yaml) throws IOException {
        return FeatureCatalog.load(Files.writeString(dir.resolve("features.yaml"), yaml));
    }
}

package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.FreshnessWatch.Shown;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AnswerFormTest {
    @TempDir
    private Path directory;

    private static JsonNode json(String text) {
        return GatewayFrame.read(text.replace('\'', '"')).json();
    }

    private static AnswerForm shipped(String feature) {
        return new AnswerForm(FeatureCatalog.shipped().feature(feature).orElseThrow());
    }

    @Test
    void equalDataHasOneHashWhateverItsForm() {
        AnswerForm form = shipped("positions");

        long hash = form.hash("positions", json("{'a':1.50,'b':[{'x':1},{'x':2}],'c':{'d':null,'e':true}}"));

        assertThat(form.hash("positions", json("{'c':{'e':true,'d':null},'b':[{'x':2.0},{'x':1e0}],'a':1.5}")))
                .isEqualTo(hash);
        for (String other : List.of(
                "{'a':1.51,'b':[{'x':1},{'x':2}],'c':{'d':null,'e':true}}",
                "{'a':1.50,'b':[{'x':1},{'x':3}],'c':{'d':null,'e':true}}",
                "{'a':1.50,'b':[{'x':1},{'x':1}],'c':{'d':null,'e':true}}",
                "{'a':1.50,'b':[{'x':1},{'x':2}],'c':{'d':null,'e':false}}",
                "{'a':1.50,'b':[{'x':1},{'x':2}],'c':{'e':null,'d':true}}",
                "{'a':'1.5','b':[{'x':1},{'x':2}],'c':{'d':null,'e':true}}",
                "{'a':1.50,'b':[{'x':1},{'x':2}],'c':{'d':null}}")) {
            assertThat(form.hash("positions", json(other))).as(other).isNotEqualTo(hash);
        }
    }

    @Test
    void theBodyOfOneKeyIsItsNewestData() {
        AnswerForm form = shipped("positions");
        JsonNode data = json("{'account_id':1,'positions':[]}");

        assertThat(form.one(data, false)).containsExactly(new Shown("positions", form.hash("positions", data)));
    }

    @Test
    void aBodyThatIsPutTogetherHoldsEventsOfEachType() {
        AnswerForm form = shipped("intraday");
        assertThat(form.hasSeries()).isTrue();

        List<Shown> shown = form.one(
                json("{'symbol':'SPY','bars':[{'timestamp_minute':1},{'timestamp_minute':2}],'vwap':null}"), false);

        assertThat(shown)
                .containsExactly(
                        new Shown("intraday_bar", form.hash("intraday_bar", json("{'timestamp_minute':1}"))),
                        new Shown("intraday_bar", form.hash("intraday_bar", json("{'timestamp_minute':2}"))));
    }

    @Test
    void ofTheListTheWantedKeysAreFound() {
        AnswerForm form = shipped("global_market");

        Map<String, List<Shown>> shown = form.all(
                json("{'markets':[{'market_id':1,'status':'OPEN'},{'market_id':2,'status':'CLOSED'}]}"),
                false,
                "2"::equals);

        assertThat(shown)
                .isEqualTo(Map.of(
                        "2",
                        List.of(new Shown(
                                "market_status",
                                form.hash("market_status", json("{'market_id':2,'status':'CLOSED'}"))))));
    }

    @Test
    void anAnswerOfAnotherFormShowsNothing() {
        assertThat(shipped("positions").one(json("[1]"), false)).isEmpty();
        assertThat(shipped("intraday").one(json("{'bars':5}"), false)).isEmpty();
        assertThat(shipped("global_market").all(json("{'markets':{}}"), false, key -> true))
                .isEmpty();
    }

    private Feature ruled() throws IOException {
        Path file = directory.resolve("features.yaml");
        Files.writeString(file, """
                features:
                  - name: prices
                    topic: events.prices
                    partitions: 1
                    delivery: latest
                    events:
                      - {type: price, key: symbol, cadence: 1s, view: {series: {by: minute, depth: 10}}}
                      - {type: total, key: symbol, cadence: 1s, view: latest}
                    rest:
                      path: /api/prices
                      parameter: symbol
                      one: {symbol: $key, prices: price, total: total}
                      upstream: {one: {path: "/v1/prices/{key}", at: /payload}}
                    parity:
                      ignore: [{field: /prices/*/asked_at, owner: me, until: 2030-01-01, why: it differs}]
                      tolerances: [{field: /total/*/mean, within: 0.1, owner: me, until: 2030-01-01, why: rounded}]
                heartbeat: {topic: events.heartbeat, cadence: 30s}
                """);
        return FeatureCatalog.load(file).feature("prices").orElseThrow();
    }

    @Test
    void fieldsThatTheParityRulesExcuseAreNotLookedAt() throws IOException {
        AnswerForm form = new AnswerForm(ruled());

        assertThat(form.hash("price", json("{'price':1,'asked_at':7}")))
                .isEqualTo(form.hash("price", json("{'price':1}")));
        assertThat(form.hash("total", json("{'price':1,'asked_at':7}")))
                .isNotEqualTo(form.hash("total", json("{'price':1}")));
        assertThat(form.hash("total", json("{'day':{'mean':7,'sum':1}}")))
                .isEqualTo(form.hash("total", json("{'day':{'mean':8,'sum':1}}")))
                .isNotEqualTo(form.hash("total", json("{'day':{'mean':7,'sum':2}}")));
    }

    @Test
    void anExistingServiceHasTheBodyInItsOwnPlace() throws IOException {
        AnswerForm form = new AnswerForm(ruled());
        JsonNode answer = json("{'payload':{'prices':[{'price':1}],'total':{'sum':1}}}");

        assertThat(form.one(answer, true)).extracting(Shown::type).containsExactly("price", "total");
        assertThat(form.one(answer, false)).isEmpty();
    }
}

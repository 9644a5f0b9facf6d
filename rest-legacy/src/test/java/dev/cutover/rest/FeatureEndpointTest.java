package dev.cutover.rest;

import static dev.cutover.rest.RestRig.BALANCE;
import static dev.cutover.rest.RestRig.BARS;
import static dev.cutover.rest.RestRig.GATEWAY;
import static dev.cutover.rest.RestRig.MARKETS;
import static dev.cutover.rest.RestRig.SINCE;
import static dev.cutover.rest.RestRig.header;
import static dev.cutover.rest.RestRig.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.Stage;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a feature's endpoint answers, by its stage, its views and what it is asked. */
final class FeatureEndpointTest {
    private final RestRig rig = new RestRig();

    @AfterEach
    void stop() {
        rig.close();
    }

    @Test
    void shadowAnswersTheProducersBytesAsTheyAre() throws Exception {
        rig.snapshots.put("account_balance", "1", 0, 1, null, 5, "{ \"balance\" : 1.50 }");
        for (String path : List.of(BALANCE, "/api/account/balance")) {
            HttpResponse<String> answer = rig.get(path + "?account_id=1&_=cachebuster");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("{ \"balance\" : 1.50 }");
            assertThat(header(answer, "content-type")).isEqualTo("application/json");
            assertThat(header(answer, "cache-control")).isEqualTo("no-cache");
            assertThat(header(answer, "cutover-position")).isEqualTo("epoch-1;0:1050,1:77,2:-1");
            assertThat(header(answer, "etag")).matches("\"[A-Za-z0-9_-]{22}\"");
            assertThat(header(answer, "vary")).isEqualTo("Origin");
            for (String absent : List.of("deprecation", "sunset", "link", "server", "content-encoding")) {
                assertThat(header(answer, absent)).as(absent).isNull();
            }
        }
    }

    @Test
    void liveSaysThatItIsDeprecatedSinceWhenUntilWhenAndWhatComesAfter() throws Exception {
        rig.snapshots.put("account_balance", "1", 0, 1, null, 5, "{}");
        rig.stage("account_balance", Stage.LIVE, Instant.parse("2026-03-01T09:05:07Z"));
        HttpResponse<String> answer = rig.get(BALANCE + "?account_id=1");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(header(answer, "deprecation")).isEqualTo("@" + SINCE.getEpochSecond());
        assertThat(header(answer, "sunset")).isEqualTo("Sun, 01 Mar 2026 09:05:07 GMT");
        assertThat(header(answer, "link")).isEqualTo("<" + GATEWAY + ">; rel=\"successor-version\"");
        rig.stage("account_balance", Stage.LIVE, null);
        assertThat(header(rig.get(BALANCE), "sunset")).isNull();
    }

    @Test
    void promotedIsGoneWhateverTheParametersAndTheState() throws Exception {
        rig.stage("account_balance", Stage.PROMOTED, null);
        rig.snapshots.views.remove("account_balance");
        for (String query : List.of("", "?account_id=1", "?account_id=", "?account_id=1&account_id=2")) {
            HttpResponse<String> answer = rig.get(BALANCE + query);
            JsonNode body = problem(answer, 410);
            assertThat(body.get("feature").asText()).isEqualTo("account_balance");
            assertThat(body.get("websocket").asText()).isEqualTo(GATEWAY);
            assertThat(body.get("since").asText()).isEqualTo(SINCE.toString());
            assertThat(header(answer, "link")).isEqualTo("<" + GATEWAY + ">; rel=\"successor-version\"");
        }
    }

    @Test
    void whileItsViewsAreNotThereAFeatureIsNotReady() throws Exception {
        rig.snapshots.views.remove("account_balance");
        HttpResponse<String> answer = rig.get(BALANCE);
        assertThat(problem(answer, 503).get("feature").asText()).isEqualTo("account_balance");
        assertThat(header(answer, "retry-after")).isEqualTo("1");
    }

    @Test
    void aStageIsNeverGuessed() throws Exception {
        rig.snapshots.put("account_balance", "1", 0, 1, null, 5, "{}");
        rig.flags.remove("account_balance");
        HttpResponse<String> answer = rig.get(BALANCE + "?account_id=1");
        assertThat(problem(answer, 503).get("detail").asText()).contains("stage");
        assertThat(header(answer, "retry-after")).isEqualTo("1");
    }

    @Test
    void membersAreTheKeyTheSeriesByItsFieldAndTheNewest() throws Exception {
        rig.snapshots.put("intraday", "S\"PY", 0, 390, "b", 7, "{\"n\":2}");
        rig.snapshots.put("intraday", "S\"PY", 0, 390, "c", 8, "{\"n\":3}");
        rig.snapshots.put("intraday", "S\"PY", 0, 390, "a", 9, "{\"n\":1}");
        String path = BARS + "?symbol=S%22PY";
        String all = "{\"symbol\":\"S\\\"PY\",\"bars\":[{\"n\":1},{\"n\":2},{\"n\":3}],\"vwap\":null}";
        assertThat(rig.get(path).body()).isEqualTo(all);
        rig.snapshots.put("intraday", "S\"PY", 1, 1, null, 10, "{\"vwap\":1}");
        assertThat(rig.get(path + "&limit=2").body())
                .isEqualTo("{\"symbol\":\"S\\\"PY\",\"bars\":[{\"n\":2},{\"n\":3}],\"vwap\":{\"vwap\":1}}");
        for (String limit : List.of("3", "391", "99999999999999999999", "003")) {
            assertThat(rig.get(path + "&limit=" + limit).body()).as(limit).contains("[{\"n\":1},{\"n\":2},{\"n\":3}]");
        }
        rig.snapshots.put("intraday", "QQQ", 1, 1, null, 11, "{\"vwap\":2}");
        assertThat(rig.get(BARS + "?symbol=QQQ").body())
                .isEqualTo("{\"symbol\":\"QQQ\",\"bars\":[],\"vwap\":{\"vwap\":2}}");
    }

    @Test
    void listsAreInTheOrderOfKeysNumbersFirst() throws Exception {
        for (String key : List.of("10", "9", "b", "-1", "a", "100")) {
            rig.snapshots.put("global_market", key, 0, 1, null, 5, "\"" + key + "\"");
        }
        assertThat(rig.get(MARKETS).body()).isEqualTo("{\"markets\":[\"-1\",\"9\",\"10\",\"100\",\"a\",\"b\"]}");
        assertThat(rig.get(BALANCE).body()).isEqualTo("{\"accounts\":[]}");
    }

    @Test
    void anUnknownKeyIsNotFoundAndNamed() throws Exception {
        JsonNode body = problem(rig.get(BALANCE + "?account_id=77"), 404);
        assertThat(body.get("detail").asText()).contains("account_id").contains("77");
        assertThat(body.get("parameter").asText()).isEqualTo("account_id");
        assertThat(body.get("feature").asText()).isEqualTo("account_balance");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                BALANCE + "?account_id=",
                BALANCE + "?account_id",
                BALANCE + "?account_id=%20",
                BALANCE + "?account_id=1&account_id=1",
                BARS,
                BARS + "?symbol=SPY&limit=0",
                BARS + "?symbol=SPY&limit=-1",
                BARS + "?symbol=SPY&limit=1.5",
                BARS + "?symbol=SPY&limit=",
                BARS + "?symbol=SPY&limit=1&limit=2",
                BARS + "?symbol=SPY&limit=ten"
            })
    void aBadParameterIsNamed(String path) throws Exception {
        JsonNode body = problem(rig.get(path), 400);
        assertThat(body.get("parameter").asText()).isIn("account_id", "symbol", "limit");
        assertThat(body.get("detail").asText()).contains(body.get("parameter").asText());
    }

    @Test
    void aLimitMeansNothingWhereThereIsNoSeries() throws Exception {
        assertThat(rig.get(BALANCE + "?limit=x").statusCode()).isEqualTo(200);
    }

    @Test
    void theTagChangesWithTheEventsOfTheBodyAlone() throws Exception {
        rig.snapshots.put("account_balance", "1", 0, 1, null, 5, "{}");
        rig.snapshots.put("account_balance", "2", 0, 1, null, 6, "{}");
        String one = header(rig.get(BALANCE + "?account_id=1"), "etag");
        String all = header(rig.get(BALANCE), "etag");
        rig.snapshots.put("account_balance", "2", 0, 1, null, 7, "{}");
        assertThat(header(rig.get(BALANCE + "?account_id=1"), "etag")).isEqualTo(one);
        assertThat(header(rig.get(BALANCE), "etag")).isNotEqualTo(all);
        rig.snapshots.put("account_balance", "1", 0, 1, null, 8, "{}");
        assertThat(header(rig.get(BALANCE + "?account_id=1"), "etag")).isNotEqualTo(one);
        assertThat(header(rig.get(BALANCE + "?account_id=2"), "etag")).isNotEqualTo(one);
    }

    @Test
    void whoHasTheBodyIsToldSoInAllFormsOfTheHeader() throws Exception {
        rig.snapshots.put("account_balance", "1", 0, 1, null, 5, "{}");
        rig.stage("account_balance", Stage.LIVE, SINCE);
        String tag = header(rig.get(BALANCE), "etag");
        for (String known : List.of(tag, "W/" + tag, "\"x\", " + tag + " , W/\"y\"", "*", " * ")) {
            HttpResponse<String> answer = rig.get(BALANCE, "If-None-Match", known);
            assertThat(answer.statusCode()).as(known).isEqualTo(304);
            assertThat(answer.body()).isEmpty();
            for (String name :
                    List.of("etag", "cutover-position", "cache-control", "deprecation", "sunset", "link", "vary")) {
                assertThat(header(answer, name)).as(name).isNotNull();
            }
            assertThat(header(answer, "content-type")).isNull();
        }
        for (String other : List.of("\"x\"", tag.replace("\"", ""), "\"" + tag.substring(2))) {
            assertThat(rig.get(BALANCE, "If-None-Match", other).statusCode())
                    .as(other)
                    .isEqualTo(200);
        }
        assertThat(rig.get(BALANCE, "If-None-Match", "\"x\"", "If-None-Match", tag)
                        .statusCode())
                .isEqualTo(304);
    }

    /** Adds a member to each event, as wrong as a change can be. */
    private record Marked(String tag) implements BodyChange {
        @Override
        public byte[] apply(byte[] data) {
            String text = new String(data, StandardCharsets.UTF_8);
            return ("{\"drift\":\"" + tag + "\"," + text.substring(1)).getBytes(StandardCharsets.UTF_8);
        }
    }

    @Test
    void aChangeIsServedAndShownAndHasATagOfItsOwnForAsLongAsItIsOn() throws Exception {
        rig.snapshots.put("account_balance", "1", 0, 1, null, 5, "{\"a\":1}");
        rig.snapshots.put("account_balance", "2", 0, 1, null, 6, "{\"a\":2}");
        String before = header(rig.get(BALANCE), "etag");
        rig.changes.put("account_balance", new Marked("x"));
        HttpResponse<String> changed = rig.get(BALANCE, "If-None-Match", before);
        assertThat(changed.statusCode()).isEqualTo(200);
        assertThat(changed.body()).isEqualTo("{\"accounts\":[{\"drift\":\"x\",\"a\":1},{\"drift\":\"x\",\"a\":2}]}");
        Served.Views shown = (Served.Views) rig.served.get(1).content();
        assertThat(shown.parts())
                .extracting(part -> new String(shown.body(), part.from(), part.length(), StandardCharsets.UTF_8))
                .containsExactly("{\"drift\":\"x\",\"a\":1}", "{\"drift\":\"x\",\"a\":2}");
        rig.changes.put("account_balance", new Marked("y"));
        assertThat(header(rig.get(BALANCE), "etag")).isNotIn(before, header(changed, "etag"));
        rig.changes.clear();
        HttpResponse<String> after = rig.get(BALANCE, "If-None-Match", header(changed, "etag"));
        assertThat(after.statusCode()).isEqualTo(200);
        assertThat(header(after, "etag")).isEqualTo(before);
    }

    @Test
    void whatIsShownOfAnAnswerIsEachKeysOwnBodyAndItsOffset() throws Exception {
        rig.snapshots.put("intraday", "SPY", 0, 390, "a", 9, "{\"n\":1}");
        rig.snapshots.put("intraday", "SPY", 1, 1, null, 12, "{\"vwap\":1}");
        HttpResponse<String> one = rig.get(BARS + "?limit=003&symbol=SPY&other=1");
        Served.Views shown = (Served.Views) rig.served.get(0).content();
        assertThat(shown.query()).isEqualTo("limit=3&symbol=SPY");
        assertThat(shown.list()).isFalse();
        assertThat(shown.epoch()).isEqualTo("epoch-1");
        assertThat(new String(shown.body(), StandardCharsets.UTF_8)).isEqualTo(one.body());
        assertThat(shown.parts()).containsExactly(new Served.Part("SPY", 1, 12, 0, shown.body().length));

        rig.snapshots.put("global_market", "2", 0, 1, null, 5, "{\"m\":2}");
        rig.snapshots.put("global_market", "1", 0, 1, null, 6, "{ \"m\":1 }");
        HttpResponse<String> all = rig.get(MARKETS);
        Served.Views list = (Served.Views) rig.served.get(1).content();
        assertThat(list.list()).isTrue();
        assertThat(list.parts())
                .extracting(Served.Part::key, Served.Part::offset, part -> all.body()
                        .substring(part.from(), part.from() + part.length()))
                .containsExactly(tuple("1", 6L, "{ \"m\":1 }"), tuple("2", 5L, "{\"m\":2}"));

        rig.get(BALANCE + "?account_id=77").body();
        assertThat(rig.served.get(2).content())
                .isEqualTo(new Served.Unknown("77", "account_id=77", "epoch-1", List.of(1050L, 77L, -1L)));
        rig.send("HEAD", BALANCE + "?account_id=77").body();
        rig.get(BALANCE + "?account_id=").body();
        assertThat(rig.served.get(3).content()).isEqualTo(Served.NOTHING);
        assertThat(rig.served.get(4).content()).isEqualTo(Served.NOTHING);
        assertThat(rig.served).extracting(Served::status).containsExactly(200, 200, 404, 404, 400);
    }
}

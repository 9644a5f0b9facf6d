package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.fasterxml.jackson.core.JsonPointer;
import dev.cutover.jobs.PollFault.Kind;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PolledBodyTest {
    private static final URI ANY = URI.create("http://legacy/");

    @Test
    void aListGivesAnEventOfEachElementAsItWasWritten() throws PollFault {
        PolledBody body = read(
                poll("positions", null, "/result/accounts"),
                "{\"result\":{\"accounts\":[{\"account_id\":123, \"pnl\":1.50},{\"account_id\":\"x 7\",\"pnl\":1E+3}]}}");

        assertThat(body.faults()).isEmpty();
        assertThat(body.events())
                .extracting(event -> event.type().type() + " " + event.key() + " " + text(event) + " " + event.newest())
                .containsExactly(
                        "positions 123 {\"account_id\":123, \"pnl\":1.50} true",
                        "positions x 7 {\"account_id\":\"x 7\",\"pnl\":1E+3} true");
    }

    @Test
    void badElementsAreNamedAndTheGoodOnesStay() throws PollFault {
        PolledBody body = read(
                poll("positions", null, "/accounts"),
                "{\"accounts\":[7,{\"account_id\":1},null,{\"id\":2},{\"account_id\":{}},{\"account_id\":\"\"},"
                        + "{\"account_id\":1,\"again\":true},{\"account_id\":3}]}");

        assertThat(body.events()).extracting(PolledEvent::key).containsExactly("1", "3");
        assertThat(body.faults())
                .allSatisfy(fault -> assertThat(fault.kind()).isEqualTo(Kind.BAD_ELEMENT))
                .extracting(PollFault::getMessage)
                .containsExactly(
                        "/accounts/0 must be an object, but is a number",
                        "/accounts/2 must be an object, but is null",
                        "/accounts/3 has no text or whole number 'account_id', the key of positions",
                        "/accounts/4 has no text or whole number 'account_id', the key of positions",
                        "/accounts/5 has no text or whole number 'account_id', the key of positions",
                        "/accounts/6 is another element of the key '1'");
    }

    @Test
    void aBodyOfOneKeyIsItsEvent() throws PollFault {
        PolledBody body = read(poll("account_balance", "123", ""), " {\"account_id\":123,\"cash\":50000.00}\n");

        assertThat(body.events()).singleElement().satisfies(event -> {
            assertThat(event.key()).isEqualTo("123");
            assertThat(text(event)).isEqualTo("{\"account_id\":123,\"cash\":50000.00}");
        });
    }

    @Test
    void aBodyOfAnotherKeyThanWasAskedForIsNotUsed() throws PollFault {
        PolledBody body = read(poll("account_balance", "123", ""), "{\"account_id\":124,\"cash\":1}");

        assertThat(body.events()).isEmpty();
        assertThat(body.faults())
                .extracting(PollFault::getMessage)
                .containsExactly("the answer is of the key '124', but '123' was asked for");
    }

    @Test
    void aSeriesGivesAnEventOfEachEntryOldestFirstOfWhichTheLastIsTheNewest() throws PollFault {
        PolledBody body = read(
                poll("intraday", "SPY", ""),
                "{\"symbol\":\"SPY\",\"bars\":[" + bar("15:31", 3, false) + "," + bar("15:29", 1, true) + ","
                        + bar("15:30", 2, true) + "],\"vwap\":{\"symbol\":\"SPY\",\"vwap\":452.1875}}");

        assertThat(body.faults()).isEmpty();
        assertThat(body.events())
                .extracting(event -> event.type().type() + " " + event.by() + " " + event.newest())
                .containsExactly(
                        "intraday_bar 2026-01-05T15:29:00Z false",
                        "intraday_bar 2026-01-05T15:30:00Z false",
                        "intraday_bar 2026-01-05T15:31:00Z true",
                        "vwap_update null true");
        assertThat(text(body.events().get(2))).isEqualTo(bar("15:31", 3, false));
    }

    @Test
    void ofTwoEntriesWithOneValueOfTheirFieldTheLastOneCounts() throws PollFault {
        PolledBody body = read(
                poll("intraday", "SPY", ""),
                "{\"bars\":[" + bar("15:30", 1, false) + "," + bar("15:30", 2, true) + "],\"vwap\":null}");

        assertThat(body.events()).extracting(PolledBodyTest::text).containsExactly(bar("15:30", 2, true));
        assertThat(body.faults()).isEmpty();
    }

    @Test
    void aMemberThatIsWrongCostsItselfAlone() throws PollFault {
        PolledBody noVwap = read(poll("intraday", "SPY", ""), "{\"bars\":[" + bar("15:30", 1, false) + "]}");
        PolledBody noBars = read(poll("intraday", "SPY", ""), "{\"bars\":{},\"vwap\":{\"symbol\":\"SPY\",\"vwap\":1}}");
        PolledBody badBar = read(
                poll("intraday", "SPY", ""),
                "{\"bars\":[{\"symbol\":\"SPY\"}," + bar("15:30", 1, false) + "],\"vwap\":null}");

        assertThat(noVwap.events()).hasSize(1);
        assertThat(noVwap.faults()).extracting(PollFault::getMessage).containsExactly("/vwap is not there");
        assertThat(noBars.events()).hasSize(1);
        assertThat(noBars.faults())
                .extracting(PollFault::getMessage)
                .containsExactly("/bars must be a list, but is an object");
        assertThat(badBar.events()).hasSize(1);
        assertThat(badBar.faults())
                .extracting(PollFault::getMessage)
                .containsExactly("/bars/0 is no intraday_bar: its value has no text or number 'timestamp_minute'");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    positions | | /accounts | {"items":[]}                | WRONG_SHAPE | nothing is at '/accounts'
                    positions | | /accounts | {"accounts":{"1":{}}}       | WRONG_SHAPE | /accounts must be a list, but is an object
                    positions | | /accounts | {"accounts":12}             | WRONG_SHAPE | /accounts must be a list, but is a number
                    positions | | ``        | {"accounts":[]}             | WRONG_SHAPE | the answer must be a list, but is an object
                    intraday  | SPY | ``    | []                          | WRONG_SHAPE | the answer must be an object, but is a list
                    positions | | /accounts | <html><body>log in          | NOT_JSON    | the answer is not JSON: Unexpected character ('<' (code 60)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
                    positions | | /accounts | {"accounts":[{"account_id":1},{"acc | NOT_JSON | the answer is not JSON: Unexpected end-of-input in field name
                    """)
    void nothingIsTakenOfABodyThatIsNotTheCatalogs(
            String feature, String key, String at, String body, Kind kind, String message) {
        assertThatThrownBy(() -> read(poll(feature, key, at), body))
                .hasMessage(message)
                .asInstanceOf(type(PollFault.class))
                .extracting(PollFault::kind)
                .isEqualTo(kind);
    }

    @Test
    void bytesThatAreNotUtf8AreNoEvent() throws PollFault {
        byte[] latin1 = "{\"account_id\":1,\"name\":\"M\u00fcller\"}".getBytes(StandardCharsets.ISO_8859_1);

        assertThatThrownBy(() -> {
                    PolledBody body = PolledBody.read(poll("positions", "1", ""), latin1);
                    throw body.faults().get(0);
                })
                .isInstanceOf(PollFault.class);
    }

    @Test
    void whatAServiceWroteGetsIntoAMessageAsOneShortLine() throws PollFault {
        PolledBody body = read(
                poll("positions", "1", ""),
                "{\"account_id\":\"2\\n2026-01-01 ERROR all is lost" + "x".repeat(1000) + "\"}");

        assertThat(body.faults().get(0).getMessage()).hasLineCount(1).hasSizeLessThan(302);
    }

    private static Poll poll(String feature, String key, String at) {
        Feature of = FeatureCatalog.shipped().feature(feature).orElseThrow();
        return new Poll(of, key, ANY, JsonPointer.compile(at == null ? "" : at));
    }

    private static PolledBody read(Poll poll, String body) throws PollFault {
        return PolledBody.read(poll, body.getBytes(StandardCharsets.UTF_8));
    }

    private static String bar(String minute, int close, boolean closed) {
        return "{\"symbol\":\"SPY\",\"timestamp_minute\":\"2026-01-05T" + minute + ":00Z\",\"close\":" + close
                + ".00,\"final\":" + closed + "}";
    }

    private static String text(PolledEvent event) {
        return new String(event.data(), StandardCharsets.UTF_8);
    }
}

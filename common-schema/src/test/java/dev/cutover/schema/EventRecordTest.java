package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every reader refuses, so that no subscriber meets it. */
final class EventRecordTest {
    private static final Feature POSITIONS =
            FeatureCatalog.shipped().feature("positions").orElseThrow();
    private static final Feature INTRADAY =
            FeatureCatalog.shipped().feature("intraday").orElseThrow();

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** @param type null for a record without that header */
    private static ProducerRecord<byte[], byte[]> record(String type, byte[] key, byte[] value) {
        Headers headers = new RecordHeaders();
        if (type != null) {
            headers.add(EventHeaders.TYPE, utf8(type));
        }
        return new ProducerRecord<>("t", 0, key, value, headers);
    }

    private static ProducerRecord<byte[], byte[]> bar(byte[] value) {
        return record("intraday_bar", utf8("SPY"), value);
    }

    private static EventRecord read(Feature feature, ProducerRecord<byte[], byte[]> raw) throws PoisonException {
        return EventRecord.of(feature, raw.key(), raw.value(), raw.headers());
    }

    private static void assertPoison(Feature feature, ProducerRecord<byte[], byte[]> raw, String why) {
        assertThatThrownBy(() -> read(feature, raw))
                .isInstanceOf(PoisonException.class)
                .hasMessageContaining(why);
    }

    @Test
    void aSoundRecordHasItsTypeItsKeyAndItsSeriesField() throws Exception {
        EventRecord bar =
                read(INTRADAY, bar(utf8("{\"timestamp_minute\":\"2026-01-05T15:30:00Z\",\"note\":\"Zürich €😀\"}")));

        assertThat(bar.type().type()).isEqualTo("intraday_bar");
        assertThat(bar.key()).isEqualTo("SPY");
        assertThat(bar.by()).isEqualTo("2026-01-05T15:30:00Z");
        assertThat(read(POSITIONS, record(null, utf8("ключ"), utf8("{}"))).key())
                .isEqualTo("ключ");
    }

    @Test
    void seriesFieldIsATextOrANumberWhoseScaleMeansNothing() throws Exception {
        assertThat(read(INTRADAY, bar(utf8("{\"x\":{\"timestamp_minute\":1},\"timestamp_minute\":\"a\"}")))
                        .by())
                .isEqualTo("a");
        assertThat(read(INTRADAY, bar(utf8("{\"timestamp_minute\":100}"))).by()).isEqualTo(new BigDecimal("1E+2"));
        assertThat(read(INTRADAY, bar(utf8("{\"timestamp_minute\":1.50}"))).by())
                .isEqualTo(new BigDecimal("1.5"));
        assertThat(read(POSITIONS, record("positions", utf8("a"), utf8("{\"by\":1}")))
                        .by())
                .isNull();
    }

    @Test
    void entriesAreOrderedByNumberThenByText() {
        List<Object> entries = new ArrayList<>(List.of("b", "a", new BigDecimal("10"), new BigDecimal("9.5")));
        entries.sort(EventRecord.BY_FIELD);

        assertThat(entries).containsExactly(new BigDecimal("9.5"), new BigDecimal("10"), "a", "b");
    }

    @Test
    void recordWithoutKeyOrValueIsPoison() {
        assertPoison(POSITIONS, record("positions", null, utf8("{}")), "it has no key");
        assertPoison(POSITIONS, record("positions", utf8("k"), null), "it has no value");
    }

    @Test
    void keyThatIsNotUtf8IsPoison() {
        byte[] latin1 = "é".getBytes(StandardCharsets.ISO_8859_1);
        assertPoison(POSITIONS, record("positions", latin1, utf8("{}")), "its key is not UTF-8");
    }

    @Test
    void valueInAnotherEncodingIsPoison() {
        String json = "{\"timestamp_minute\":\"é\"}";
        assertPoison(INTRADAY, bar(json.getBytes(StandardCharsets.ISO_8859_1)), "its value is not UTF-8 text");
        assertPoison(INTRADAY, bar(json.getBytes(StandardCharsets.UTF_16LE)), "its value is not UTF-8 text");
        assertPoison(INTRADAY, bar(json.getBytes(StandardCharsets.UTF_16BE)), "its value is not UTF-8 text");
        assertPoison(INTRADAY, bar(json.getBytes(java.nio.charset.Charset.forName("UTF-32"))), "not UTF-8 text");
        assertPoison(INTRADAY, bar(utf8("\uFEFF" + json)), "its value is not UTF-8 text");
        assertPoison(INTRADAY, bar(new byte[0]), "its value is not UTF-8 text");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "1", "\"text\"", "null", "true", "  "})
    void valueThatIsNoObjectIsPoison(String json) {
        assertPoison(INTRADAY, bar(utf8(json)), "its value is no JSON object");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"timestamp_minute\":1} x",
                "{\"timestamp_minute\":1}}",
                "{\"timestamp_minute\":1",
                "{\"timestamp_minute\":[1",
                "{\"timestamp_minute\":\"a",
                "{",
                "{]",
                "{\"a\":}",
                "{a:1}",
                "{'a':1}",
                "{\"a\":NaN}",
                "{\"a\":01}",
                "{\"a\":1,}",
                "{\"a\":\"\n\"}",
                "{\"a\":\"\\x\"}",
                "{\"a\":tru}",
                "nonsense",
                "{\"timestamp_minute\":1e99999999999}",
                "{\"timestamp_minute\":1000E2147483647}"
            })
    void valueThatIsNotJsonIsPoison(String json) {
        assertPoison(INTRADAY, bar(utf8(json)), "its value is not JSON: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{\"timestamp_minute\":1} {}", "{\"timestamp_minute\":1}[]", "{\"timestamp_minute\":1}null"})
    void valueWithSomethingBehindTheObjectIsPoison(String json) {
        assertPoison(INTRADAY, bar(utf8(json)), "something follows the JSON object in its value");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"timestamp_minute\":null}",
                "{\"timestamp_minute\":true}",
                "{\"timestamp_minute\":{\"timestamp_minute\":1}}",
                "{\"timestamp_minute\":[1]}",
                "{\"inner\":{\"timestamp_minute\":1}}"
            })
    void entryOfASeriesWithoutTextOrNumberInItsFieldIsPoison(String json) {
        assertPoison(INTRADAY, bar(utf8(json)), "its value has no text or number 'timestamp_minute'");
    }

    @Test
    void eventTypeMustBeOneOfTheFeature() {
        assertPoison(
                POSITIONS,
                record("market_status", utf8("k"), utf8("{}")),
                "its event type 'market_status' is none of feature positions");
        assertPoison(
                INTRADAY,
                record(null, utf8("k"), utf8("{}")),
                "it has no header ce_type, and feature intraday has several event types");
    }
}

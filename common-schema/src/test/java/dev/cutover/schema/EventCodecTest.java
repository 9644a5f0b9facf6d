package dev.cutover.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EventCodecTest {
    private static final int MUTANTS = 10_000;

    private final EventCodec codec = new EventCodec();

    static Stream<String> files() {
        return Golden.events().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("files")
    void theWireFormIsTheGoldenFile(String file) {
        byte[] encoded = codec.encode(Golden.events().get(file));

        // as text first, since the diff of two texts can be read
        assertThat(new String(encoded, UTF_8)).isEqualTo(Golden.event(file));
        assertThat(encoded).isEqualTo(Golden.event(file).getBytes(UTF_8));
    }

    @ParameterizedTest
    @MethodSource("files")
    void whatIsEncodedIsDecodedToAnEqualEvent(String file) {
        Event event = Golden.events().get(file);

        assertThat(codec.decode(event.type(), codec.encode(event))).isEqualTo(event);
    }

    @Test
    void everyGoldenFileHasItsEventAndEveryTypeAFile() throws IOException, URISyntaxException {
        URI folder = EventCodecTest.class.getResource("/golden").toURI();
        try (Stream<Path> found = Files.list(Path.of(folder))) {
            assertThat(found.map(file -> file.getFileName().toString().replace(".json", "")))
                    .containsExactlyInAnyOrderElementsOf(Golden.events().keySet());
        }
        assertThat(Golden.events().values().stream().map(Event::type)).containsAll(EventCodec.types());
        Golden.events().forEach((file, event) -> assertThat(file).startsWith(event.type()));
    }

    @Test
    void everyEventTypeHasACodec() {
        assertThat(Arrays.stream(Event.class.getPermittedSubclasses()).map(Class::getSimpleName))
                .hasSameSizeAs(EventCodec.types());
    }

    @Test
    void aFieldOfANewerProducerIsIgnored() {
        String newer = Golden.event("positions")
                .replace("\"account_id\":123", "\"account_id\":123,\"desk\":{\"name\":\"NY\",\"seats\":[1,null]}")
                .replace("\"symbol\":\"SPY\"", "\"symbol\":\"SPY\",\"isin\":\"US78462F1030\"");

        assertThat(codec.decode("positions", newer.getBytes(UTF_8)))
                .isEqualTo(Golden.events().get("positions"));
    }

    @Test
    void theOrderOfFieldsAndBlanksDoNotMatter() {
        byte[] json = "\n{ \"heartbeat_count\" : 30 , \"timestamp\" : \"2025-12-19T15:30:00Z\" }\n".getBytes(UTF_8);

        assertThat(codec.decode("heartbeat", json)).isEqualTo(Golden.events().get("heartbeat"));
    }

    @Test
    void numbersInScientificFormAreTakenAsTheirPlainForm() {
        Event event = codec.decode("vwap_update", altered("vwap_update", "1250000", "1.25E+6"));

        assertThat(event).isEqualTo(Golden.events().get("vwap_update"));
    }

    /** The type, what stands in its golden file, what is put there instead, the field, and what is said of it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "account_balance|\"account_id\":123|\"account_id\":\"123\"|account_id|must be a whole number, but is '123'",
                "account_balance|\"account_id\":123|\"account_id\":\"\"|account_id|must be a whole number, but is ''",
                "account_balance|\"account_id\":123|\"account_id\":123.5|account_id|must be a whole number, but is 123.5",
                "account_balance|\"account_id\":123|\"account_id\":1e2|account_id|must be a whole number, but is 1e2",
                "account_balance|\"account_id\":123|\"account_id\":null|account_id|must be a whole number, but is null",
                "account_balance|\"account_id\":123|\"account_id\":true|account_id|must be a whole number, but is true",
                "account_balance|\"account_id\":123|\"account_id\":{}|account_id|must be a whole number, but is an object",
                "account_balance|\"account_id\":123|\"account_id\":[123]|account_id|must be a whole number, but is a list",
                "account_balance|\"account_id\":123|\"account_id\":9223372036854775808|account_id|is out of range of long",
                "account_balance|\"ACC12345\"|12345|account_number|must be a text, but is 12345",
                "account_balance|\"ACC12345\"|1.5|account_number|must be a text, but is 1.5",
                "account_balance|\"ACC12345\"|true|account_number|must be a text, but is true",
                "account_balance|\"ACC12345\"|[]|account_number|must be a text, but is a list",
                "account_balance|\"ACC12345\"|null|account_number|must be a text that is not blank, but is null",
                "account_balance|50000.00|\"50000.00\"|cash|must be a number, but is '50000.00'",
                "account_balance|50000.00|\"NaN\"|cash|must be a number, but is 'NaN'",
                "account_balance|50000.00|\"\"|cash|must be a number, but is ''",
                "account_balance|50000.00|false|cash|must be a number, but is false",
                "account_balance|50000.00|{\"a\":1}|cash|must be a number, but is an object",
                "account_balance|50000.00|null|cash|must be there, but is null",
                "account_balance|50000.00|1e999999999|cash|must have at most 40 digits",
                "account_balance|50000.00|1e-999999999|cash|must have at most 40 digits",
                "account_balance|100000.00|-0.01|buying_power|must not be negative, but is -0.01",
                "account_balance|\"2025-12-19T15:30:00Z\"|1766158200|timestamp|must be a UTC instant",
                "account_balance|\"2025-12-19T15:30:00Z\"|1766158200.5|timestamp|must be a UTC instant",
                "account_balance|\"2025-12-19T15:30:00Z\"|\"1766158200\"|timestamp|but is '1766158200'",
                "account_balance|\"2025-12-19T15:30:00Z\"|\"2025-12-19T15:30:00+01:00\"|timestamp|must be a UTC instant",
                "account_balance|\"2025-12-19T15:30:00Z\"|\"2025-12-19T15:30Z\"|timestamp|must be a UTC instant",
                "account_balance|\"2025-12-19T15:30:00Z\"|\"2025-02-30T15:30:00Z\"|timestamp|must be a UTC instant",
                "account_balance|\"2025-12-19T15:30:00Z\"|\"\"|timestamp|must be a UTC instant",
                "account_balance|\"2025-12-19T15:30:00Z\"|null|timestamp|must be there, but is null",
                "intraday_bar|false|\"false\"|final|must be true or false, but is 'false'",
                "intraday_bar|false|0|final|must be true or false, but is 0",
                "intraday_bar|false|null|final|must be true or false, but is null",
                "intraday_bar|15:30:00Z|15:30:01Z|timestamp_minute|must be on a whole minute, but is 2025-12-19T15:30:01Z",
                "intraday_bar|455.50|452.99|high|must not be below open or close, but is 452.99",
                "intraday_bar|449.50|450.01|low|must not be above open or close, but is 450.01",
                "market_status|\"OPEN\"|\"open\"|status|must be one of [OPEN, CLOSED, PREOPEN, PRECLOSE], but is 'open'",
                "market_status|\"OPEN\"|\" OPEN\"|status|must be one of",
                "market_status|\"OPEN\"|\"0\"|status|must be one of",
                "market_status|\"OPEN\"|\"\"|status|must be one of",
                "market_status|\"OPEN\"|0|status|must be one of",
                "market_status|\"OPEN\"|[]|status|must be one of",
                "market_status|\"OPEN\"|null|status|must be there, but is null",
                "market_status|\"market_id\":1|\"market_id\":2147483648|market_id|is out of range of int",
                "positions|500.00|\"500\"|positions[0].pnl|must be a number, but is '500'",
                "positions|450.00|-1|positions.entry_price|must not be negative, but is -1",
                "positions|[{|[null,{|positions[]|must be there, but is null",
                "positions|[{|[7,{|positions[0]|must be an object, but is 7",
            })
    void aWrongValueIsRefusedByTypeFieldAndValue(String type, String stands, String put, String field, String problem) {
        assertThatExceptionOfType(InvalidEventException.class)
                .isThrownBy(() -> codec.decode(type, altered(type, stands, put)))
                .withMessageStartingWith(type + "." + field + " ")
                .withMessageContaining(problem)
                .satisfies(e -> assertThat(e.field()).isEqualTo(field));
    }

    @ParameterizedTest
    @CsvSource({
        "account_balance, '\"account_id\":123,', account_id",
        "account_balance, '\"cash\":50000.00,', cash",
        "account_balance, ',\"timestamp\":\"2025-12-19T15:30:00Z\"', timestamp",
        "intraday_bar, ',\"final\":false', final",
        "positions, ',\"pnl\":500.00', positions[0].pnl",
        "market_status, '\"status\":\"OPEN\",', status",
        "heartbeat, ',\"heartbeat_count\":30', heartbeat_count",
    })
    void aMissingFieldIsRefusedByName(String type, String field, String name) {
        assertThatExceptionOfType(InvalidEventException.class)
                .isThrownBy(() -> codec.decode(type, altered(type, field, "")))
                .withMessage(type + "." + name + " must be there")
                .satisfies(e -> assertThat(e.field()).isEqualTo(name));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|is empty",
                "' '|is empty",
                "null|must be an object, but is null",
                "[]|must be an object, but is a list",
                "7|must be an object, but is 7",
                "'\"text\"'|must be an object, but is 'text'",
                "{|is not well-formed: Unexpected end-of-input: expected close marker for Object",
                "'{\"heartbeat_count\":NaN}'|is not well-formed: Non-standard token 'NaN'",
                "'{\"heartbeat_count\":Infinity}'|is not well-formed",
                "'{\"heartbeat_count\":01}'|is not well-formed",
                "'{\"heartbeat_count\":1,}'|is not well-formed",
                "'{\"heartbeat_count\":1,\"heartbeat_count\":1}'|is not well-formed: Duplicate field 'heartbeat_count'",
                "'{\"unknown\":1,\"unknown\":1}'|is not well-formed: Duplicate field 'unknown'",
                "'{\"timestamp\":\"2025-12-19T15:30:00Z\",\"heartbeat_count\":1} x'|is not well-formed",
                "'{\"timestamp\":\"2025-12-19T15:30:00Z\",\"heartbeat_count\":1}{}'|goes on after its end",
            })
    void aDocumentThatIsNoJsonObjectIsRefused(String json, String problem) {
        assertThatThrownBy(() -> codec.decode("heartbeat", json.getBytes(UTF_8)))
                .isInstanceOf(InvalidEventException.class)
                .hasMessageStartingWith("heartbeat: " + problem);
    }

    @Test
    void bytesInAnotherEncodingThanUtf8AreRefused() {
        String json = Golden.event("account_balance-overdrawn");

        for (var charset : List.of(
                StandardCharsets.ISO_8859_1,
                StandardCharsets.UTF_16LE,
                StandardCharsets.UTF_16BE,
                StandardCharsets.UTF_16)) {
            assertThatThrownBy(() -> codec.decode("account_balance", json.getBytes(charset)))
                    .as(charset.name())
                    .isInstanceOf(InvalidEventException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"no_such_type", "", "Heartbeat"})
    void anUnknownTypeIsRefusedWithThoseThatAreKnown(String type) {
        assertThatThrownBy(() -> codec.decode(type, "{}".getBytes(UTF_8)))
                .isInstanceOf(InvalidEventException.class)
                .hasMessage(type + ": is no event type; known are [account_balance, heartbeat, intraday_bar,"
                        + " market_status, positions, vwap_update]");
    }

    @Test
    void noTypeAndNoValueAreRefusedLikeAnyOther() {
        assertThatThrownBy(() -> codec.decode(null, "{}".getBytes(UTF_8))).isInstanceOf(InvalidEventException.class);
        assertThatThrownBy(() -> codec.decode("heartbeat", null))
                .isInstanceOf(InvalidEventException.class)
                .hasMessage("heartbeat: has no value");
    }

    @Test
    void whateverTheBytesAreTheyAreAnEventOrRefused() {
        long seed = Long.getLong("cutover.test.seed", System.nanoTime());
        System.out.println("mutants of the golden files: -Dcutover.test.seed=" + seed);
        Random random = new Random(seed);
        List<String> files = List.copyOf(Golden.events().keySet());
        int refused = 0;
        for (int i = 0; i < MUTANTS; i++) {
            String file = files.get(random.nextInt(files.size()));
            String type = Golden.events().get(file).type();
            byte[] mutant = mutate(Golden.event(file).getBytes(UTF_8), random);
            try {
                Event event = codec.decode(type, mutant);
                assertThat(codec.decode(type, codec.encode(event))).isEqualTo(event);
            } catch (InvalidEventException e) {
                assertThat(e).hasMessageStartingWith(type);
                assertThat(e.getMessage().lines()).hasSize(1);
                refused++;
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ", " + type + ": " + new String(mutant, UTF_8), e);
            }
        }
        assertThat(refused).as("refused of " + MUTANTS + ", seed " + seed).isBetween(MUTANTS / 2, MUTANTS - 1);
    }

    private static final List<String> INSERTS = List.of(
            "null",
            "NaN",
            "-",
            "1e999999999",
            "1e-2147483648",
            "99999999999999999999999",
            "\"",
            "\\ud800",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"cash\":1,",
            "\u0000",
            "0",
            ".",
            "true",
            "é",
            "\n");

    /** One to three changes: a byte flipped, a slice cut, doubled or moved, something put in. */
    private static byte[] mutate(byte[] original, Random random) {
        byte[] bytes = original;
        for (int changes = random.nextInt(3); changes >= 0 && bytes.length > 0; changes--) {
            int from = random.nextInt(bytes.length);
            int to = Math.min(bytes.length, from + random.nextInt(12));
            byte[] slice = Arrays.copyOfRange(bytes, from, to);
            bytes = switch (random.nextInt(5)) {
                case 0 -> {
                    byte[] flipped = bytes.clone();
                    flipped[from] = (byte) random.nextInt(256);
                    yield flipped;
                }
                case 1 -> join(Arrays.copyOf(bytes, from), Arrays.copyOfRange(bytes, to, bytes.length));
                case 2 -> join(Arrays.copyOf(bytes, to), slice, Arrays.copyOfRange(bytes, to, bytes.length));
                case 3 -> Arrays.copyOf(bytes, from);
                default -> {
                    byte[] insert = INSERTS.get(random.nextInt(INSERTS.size())).getBytes(UTF_8);
                    yield join(Arrays.copyOf(bytes, from), insert, Arrays.copyOfRange(bytes, to, bytes.length));
                }
            };
        }
        return bytes;
    }

    private static byte[] join(byte[]... parts) {
        int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        byte[] all = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    private static byte[] altered(String file, String what, String by) {
        String json = Golden.event(file);
        int at = json.indexOf(what);
        assertThat(at).as(what + " in " + json).isNotNegative();
        return (json.substring(0, at) + by + json.substring(at + what.length())).getBytes(UTF_8);
    }
}

package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.cutover.gateway.ClientMessage.From;
import dev.cutover.gateway.ClientMessage.Ping;
import dev.cutover.gateway.ClientMessage.Refused;
import dev.cutover.gateway.ClientMessage.Subscribe;
import dev.cutover.gateway.ClientMessage.Unsubscribe;
import java.time.Instant;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClientMessageTest {

    private static Refused refused(String text) {
        return (Refused) ClientMessage.parse(text);
    }

    private static void assertBadRequest(String text, String message) {
        assertThat(refused(text).code()).isEqualTo(ErrorCode.BAD_REQUEST);
        assertThat(refused(text).message()).isEqualTo(message);
    }

    private static String subscribe(String members) {
        return "{\"type\":\"subscribe\",\"feature\":\"positions\"," + members + "}";
    }

    @Test
    void subscribeIsReadInAllItsForms() {
        assertThat(ClientMessage.parse("{\"type\":\"subscribe\",\"feature\":\"positions\"}"))
                .isEqualTo(new Subscribe(null, "positions", null, new From.Snapshot(0)));
        assertThat(ClientMessage.parse(subscribe("\"id\":1,\"keys\":[\"123\",456,\"123\"],\"from\":\"snapshot\"")))
                .isEqualTo(new Subscribe(new IntNode(1), "positions", Set.of("123", "456"), new From.Snapshot(0)));
        assertThat(ClientMessage.parse(subscribe("\"id\":\"a\",\"depth\":390")))
                .isEqualTo(new Subscribe(new TextNode("a"), "positions", null, new From.Snapshot(390)));
        assertThat(ClientMessage.parse(subscribe("\"from\":\"now\",\"keys\":null,\"depth\":null")))
                .isEqualTo(new Subscribe(null, "positions", null, new From.Now()));
        assertThat(ClientMessage.parse(subscribe("\"depth\":99999999999")))
                .isEqualTo(new Subscribe(null, "positions", null, new From.Snapshot(Integer.MAX_VALUE)));
        assertThat(ClientMessage.parse(subscribe("\"from\":null,\"more\":{\"is\":\"ignored\"}")))
                .isEqualTo(new Subscribe(null, "positions", null, new From.Snapshot(0)));
    }

    @Test
    void unsubscribeAndPingAreRead() {
        assertThat(ClientMessage.parse("{\"type\":\"unsubscribe\",\"id\":3,\"feature\":\"positions\"}"))
                .isEqualTo(new Unsubscribe(new IntNode(3), "positions", null));
        assertThat(ClientMessage.parse("{\"type\":\"unsubscribe\",\"feature\":\"positions\",\"keys\":[\"1\"]}"))
                .isEqualTo(new Unsubscribe(null, "positions", Set.of("1")));
        assertThat(ClientMessage.parse("{\"type\":\"ping\",\"timestamp\":1736091000000}"))
                .isEqualTo(new Ping(new LongNode(1736091000000L)));
        assertThat(ClientMessage.parse("{\"type\":\"ping\"}")).isEqualTo(new Ping(null));
    }

    @Test
    void anIdThatCannotBeGivenBackIsRefused() {
        assertThat(refused("{\"id\":1}").id()).isEqualTo(new IntNode(1));
        assertThat(refused("{\"id\":null}").id()).isNull();
        assertThat(refused("{\"id\":\"" + "x".repeat(64) + "\"}").id()).isNotNull();
        for (String id : new String[] {"[1]", "1.5", "true", "\"" + "x".repeat(65) + "\""}) {
            Refused refused = refused("{\"type\":\"ping\",\"id\":" + id + "}");
            assertThat(refused.id()).isNull();
            assertThat(refused.message()).isEqualTo("id must be a whole number or a text of at most 64 characters");
        }
    }

    @Test
    void textThatIsNoJsonObjectIsRefused() {
        assertThat(refused("{\"type\":").message()).startsWith("the message is not JSON: ");
        assertThat(refused("{} {}").message()).startsWith("the message is not JSON: ");
        assertThat(refused("{\"a\":1,\"a\":2}").message()).startsWith("the message is not JSON: Duplicate field");
        assertThat(refused("[".repeat(5000)).message()).startsWith("the message is not JSON: ");
        for (String text : new String[] {"", " ", "[]", "1", "null", "\"subscribe\""}) {
            assertBadRequest(text, "the message must be a JSON object with a type");
        }
    }

    @Test
    void typeIsHeldToItsForms() {
        assertBadRequest("{}", "type must be a text, such as \"subscribe\"");
        assertBadRequest("{\"type\":1}", "type must be a text, such as \"subscribe\"");
        Refused unknown = refused("{\"type\":\"dance\",\"id\":7}");
        assertThat(unknown)
                .isEqualTo(new Refused(
                        new IntNode(7),
                        ErrorCode.UNKNOWN_TYPE,
                        "\"dance\" is no type; there are subscribe, unsubscribe and ping"));
        assertThat(refused("{\"type\":\"" + "x".repeat(60_000) + "\"}").message())
                .hasSizeLessThan(200)
                .contains("x… is no type");
    }

    @Test
    void featureIsHeldToItsForms() {
        String message = "feature must be a text, the name of a feature";
        assertBadRequest("{\"type\":\"subscribe\"}", message);
        assertBadRequest("{\"type\":\"subscribe\",\"feature\":null}", message);
        assertBadRequest("{\"type\":\"unsubscribe\",\"feature\":[\"positions\"]}", message);
        assertBadRequest("{\"type\":\"subscribe\",\"feature\":\"" + "x".repeat(65) + "\"}", message);
    }

    @Test
    void keysAreHeldToTheirForms() {
        String message = "keys must be a list of at least one key; leave it out for all keys";
        assertBadRequest(subscribe("\"keys\":[]"), message);
        assertBadRequest(subscribe("\"keys\":\"123\""), message);
        assertBadRequest(subscribe("\"keys\":{}"), message);
        assertBadRequest(subscribe("\"keys\":[\"a\",null]"), "keys must hold texts, but holds null");
        assertBadRequest(subscribe("\"keys\":[1.5]"), "keys must hold texts, but holds 1.5");
        assertBadRequest(subscribe("\"keys\":[[\"a\"]]"), "keys must hold texts, but holds [\"a\"]");
    }

    @Test
    void fromIsHeldToItsForms() {
        assertBadRequest(
                subscribe("\"from\":7"),
                "from must be \"snapshot\", \"now\", \"earliest\", a time, or a position, its epoch and offsets, but is 7");
        for (String time : new String[] {"7", "null", "\"soon\"", "\"2026-01-05\"", "\"2026-01-05T14:30:00\"", "{}"}) {
            assertBadRequest(
                    subscribe("\"from\":{\"time\":" + time + "}"),
                    "the time of from must be an ISO-8601 time such as 2026-01-05T15:30:00Z, but is " + time);
        }
        assertThat(refused(subscribe("\"from\":\"" + "x".repeat(60_000) + "\"")).message())
                .hasSizeLessThan(200);
    }

    @Test
    void positionIsReadAndItsOffsetsAreLeftForLater() throws Exception {
        Subscribe read = (Subscribe)
                ClientMessage.parse(subscribe("\"from\":{\"epoch\":\"kq3\",\"offsets\":{\"0\":1050,\"1\":-1}}"));
        From.Position position = (From.Position) read.from();
        assertThat(position.epoch()).isEqualTo("kq3");
        assertThat(position.seen(2)).containsExactly(1050, -1);
        assertThat(refused(subscribe("\"from\":{\"epoch\":7,\"offsets\":{}}")).message())
                .isEqualTo("the epoch of a position must be a text, as subscribed gives it");
        assertThat(refused(subscribe("\"from\":{\"offsets\":{}}")).message())
                .isEqualTo("the epoch of a position must be a text, as subscribed gives it");
        for (String rest : new String[] {"", ",\"offsets\":[1]", ",\"offsets\":null"}) {
            assertBadRequest(
                    subscribe("\"from\":{\"epoch\":\"e\"" + rest + "}"),
                    "the offsets of a position must be an object, such as {\"0\":1050,\"1\":-1}");
        }
        assertBadRequest(
                subscribe("\"depth\":3,\"from\":{\"epoch\":\"e\",\"offsets\":{}}"),
                "depth goes with from \"snapshot\" alone");
        assertThat(refused(subscribe("\"from\":{}")).message()).startsWith("from must be ");
    }

    @Test
    void pastIsReadFromTheEarliestAndFromATime() throws Exception {
        Instant at = Instant.parse("2026-01-05T14:30:00Z");
        assertThat(ClientMessage.parse(subscribe("\"from\":\"earliest\"")))
                .isEqualTo(new Subscribe(null, "positions", null, new From.Earliest()));
        for (String time : new String[] {"2026-01-05T14:30:00Z", "2026-01-05T15:30:00+01:00"}) {
            assertThat(ClientMessage.parse(subscribe("\"from\":{\"time\":\"" + time + "\"}")))
                    .isEqualTo(new Subscribe(null, "positions", null, new From.Time(at)));
        }
        assertThat(ClientMessage.parse(
                        subscribe("\"from\":\"earliest\",\"until\":\"2026-01-05T14:30:00Z\",\"speed\":10")))
                .isEqualTo(new ClientMessage.Replay(null, "positions", null, new From.Earliest(), at, 10));
        assertThat(ClientMessage.parse("{\"type\":\"unsubscribe\",\"id\":4,\"feature\":\"positions\",\"sub\":2}"))
                .isEqualTo(new ClientMessage.EndReplay(new IntNode(4), "positions", new IntNode(2)));
    }

    @Test
    void replayIsHeldToItsForms() {
        String until = "\"until\":\"2026-01-05T15:00:00Z\"";
        assertBadRequest(subscribe(until), "until goes with from \"earliest\", a time or a position");
        assertBadRequest(
                subscribe("\"from\":\"now\"," + until), "until goes with from \"earliest\", a time or a position");
        assertBadRequest(
                subscribe("\"from\":\"earliest\",\"speed\":10"),
                "speed goes with until: it is a replay that has a pace");
        for (String speed : new String[] {"0", "-1", "\"1\"", "10000000"}) {
            assertBadRequest(
                    subscribe("\"from\":\"earliest\",\"speed\":" + speed + "," + until),
                    "speed must be a number from 0.000001 to 1000000, but is " + speed);
        }
        assertBadRequest(
                subscribe("\"from\":{\"time\":\"2026-01-05T15:00:00Z\"}," + until),
                "until must be later than from, but is \"2026-01-05T15:00:00Z\"");
        assertBadRequest(
                subscribe("\"from\":\"earliest\",\"until\":7"),
                "until must be an ISO-8601 time such as 2026-01-05T15:30:00Z, but is 7");
        assertBadRequest(
                "{\"type\":\"unsubscribe\",\"feature\":\"positions\",\"keys\":[\"a\"],\"sub\":2}",
                "sub ends a whole replay: leave keys out");
        assertBadRequest(
                subscribe("\"keys\":[\"" + "x".repeat(1025) + "\"]"),
                "a key may have 1024 characters, but one has 1025");
    }

    @Test
    void depthIsHeldToItsForms() {
        String message = "depth must be a whole number of at least 1";
        for (String depth : new String[] {"0", "-1", "1.5", "\"3\"", "[]", "-99999999999999999999"}) {
            assertBadRequest(subscribe("\"depth\":" + depth), message);
        }
        assertBadRequest(subscribe("\"depth\":3,\"from\":\"now\""), "depth goes with from \"snapshot\" alone");
    }

    @Test
    void timestampIsANumber() {
        assertBadRequest("{\"type\":\"ping\",\"timestamp\":\"now\"}", "timestamp must be a number");
        assertBadRequest("{\"type\":\"ping\",\"timestamp\":{}}", "timestamp must be a number");
        assertBadRequest(
                "{\"type\":\"ping\",\"timestamp\":1e99999999999}", "the message holds a number that is too big");
    }

    @Test
    void noTextMakesTheParserThrow() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String sound =
                "{\"type\":\"subscribe\",\"id\":1,\"feature\":\"intraday\",\"keys\":[\"a\",2],\"from\":\"snapshot\","
                        + "\"depth\":1e3,\"timestamp\":-0.5}";
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder(sound);
            for (int change = random.nextInt(5); change >= 0; change--) {
                int at = random.nextInt(text.length());
                if (random.nextInt(3) == 0) {
                    text.deleteCharAt(at);
                } else {
                    text.setCharAt(at, (char) (random.nextBoolean() ? random.nextInt(128) : random.nextInt(65536)));
                }
            }
            assertThat(ClientMessage.parse(text.toString()))
                    .as("seed %s: %s", seed, text)
                    .isNotNull();
        }
    }
}

package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.Control;
import dev.cutover.gateway.Gateway;
import dev.cutover.local.TestClient.Heard;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** docs/asyncapi.yaml against what is really said: every documented message is provoked, and none other comes. */
final class AsyncApiSystemTest {
    private static final List<String> FEATURES = List.of("account_balance", "positions", "intraday", "global_market");
    private static final List<String> EVENTS =
            List.of("account_balance", "positions", "intraday_bar", "vwap_update", "market_status");
    /** Of a replay that does not end by itself while a test runs. */
    private static final String SLOW = ",\"speed\":0.000001}";

    private final AsyncApi document = new AsyncApi();
    private final List<TestClient> clients = new ArrayList<>();

    private TestClient client(SystemUnderTest system, Gateway gateway) throws InterruptedException {
        TestClient client = system.client(gateway);
        clients.add(client);
        return client;
    }

    /** An event of each type, as the document's examples have them. */
    private void feed(EventFeed feed) {
        for (String type : EVENTS) {
            JsonNode example = document.examples(type).get(0);
            feed.sendNow(
                    type, example.path("key").asText(), example.path("data").toString());
        }
    }

    private static void beat(SystemUnderTest system, EventFeed feed) {
        feed.sendRaw(
                system.catalog().heartbeat().topic(),
                0,
                "heartbeat",
                EventFeed.utf8("heartbeat"),
                EventFeed.utf8("{\"timestamp\":\"2026-01-05T15:30:00Z\",\"heartbeat_count\":30}"));
    }

    private static String subscribe(int id, String feature, String more) {
        return "{\"type\":\"subscribe\",\"id\":" + id + ",\"feature\":\"" + feature + "\"" + more;
    }

    private static String untilNow() {
        return ",\"until\":\"" + Instant.now().truncatedTo(ChronoUnit.MILLIS) + "\"";
    }

    @Test
    void everyDocumentedMessageIsSentAsDocumentedAndNoOther() throws Exception {
        TestBroker broker = TestBroker.start();
        try (SystemUnderTest system = SystemUnderTest.on(broker)) {
            EventFeed feed = system.feed();
            feed(feed);
            feed(feed);
            Gateway gateway = system.gateway();
            TestClient client = client(system, gateway);
            live(client, feed);
            caughtUp(client(system, gateway));
            replays(client);
            refusals(client(system, gateway));
            beat(system, feed);
            client.next("heartbeat");
            flip(system.control());
            client.next("stage_changed");
            client.say("{\"type\":\"ping\",\"timestamp\":1736091000000}").next("pong");
            client.say("{\"type\":\"unsubscribe\",\"id\":9,\"feature\":\"positions\"}")
                    .next("unsubscribed");
            tooFast(client(system, gateway));
            broker.close();
            client.next(frame -> code(frame).equals("upstream_unavailable"), "word that Kafka is away");
        }
        check();
    }

    private void live(TestClient client, EventFeed feed) throws InterruptedException {
        for (String feature : FEATURES) {
            client.say(subscribe(1, feature, ",\"from\":\"snapshot\"}")).next("snapshot_complete");
        }
        feed(feed);
        for (String type : EVENTS) {
            client.next(type);
        }
    }

    private static void caughtUp(TestClient client) throws InterruptedException {
        client.say(subscribe(2, "positions", ",\"from\":\"earliest\"}")).next("caught_up");
        client.say(subscribe(3, "account_balance", ",\"from\":{\"epoch\":\"another\",\"offsets\":{}}}"));
        client.next(frame -> code(frame).equals("position_expired"), "position_expired");
        assertThat(client.next("subscribed").json().path("gap").asBoolean()).isTrue();
    }

    private static void replays(TestClient client) throws InterruptedException {
        for (String feature : FEATURES) {
            client.say(subscribe(7, feature, ",\"from\":\"earliest\"" + untilNow() + "}"));
            Heard end = client.next("replay_complete");
            assertThat(end.json().path("count").asInt()).as(feature).isPositive();
        }
        int most = 4;
        for (int sub = 0; sub <= most; sub++) {
            client.say(subscribe(20 + sub, "intraday", ",\"from\":\"earliest\"" + untilNow() + SLOW));
        }
        client.next(frame -> code(frame).equals("too_many_subscriptions"), "too_many_subscriptions");
        client.say("{\"type\":\"unsubscribe\",\"id\":30,\"feature\":\"intraday\",\"sub\":20}");
        assertThat(client.next("unsubscribed").json().path("sub").asInt()).isEqualTo(20);
    }

    private static void refusals(TestClient client) throws InterruptedException {
        client.say("nonsense").next(frame -> code(frame).equals("bad_request"), "bad_request");
        client.say("{\"type\":\"another\"}").next(frame -> code(frame).equals("unknown_type"), "unknown_type");
        client.say(subscribe(4, "nothing", "}"))
                .next(frame -> code(frame).equals("unknown_feature"), "unknown_feature");
    }

    private static void tooFast(TestClient client) throws InterruptedException {
        for (int i = 0; i < 2_000; i++) {
            client.say("{\"type\":\"ping\"}");
        }
        client.next(frame -> code(frame).equals("rate_limited"), "rate_limited");
    }

    private static void flip(Control control) {
        assertThat(TestHttp.post(
                                control.address(),
                                "/cutover/features/positions/stage",
                                "{\"to\":\"live\",\"reason\":\"a test\",\"by\":\"operator-1\",\"force\":true}")
                        .status())
                .isEqualTo(200);
    }

    private static String code(Heard frame) {
        return frame.type().equals("error_message")
                ? frame.json().path("data").path("code").asText()
                : "";
    }

    /** Holds all that was heard to the document. */
    private void check() {
        Set<String> types = new TreeSet<>();
        Set<String> codes = new TreeSet<>();
        Set<String> kinds = new TreeSet<>();
        for (TestClient client : clients) {
            for (Heard frame : client.heard()) {
                assertThat(document.faults(frame.json())).as(frame.text()).isEmpty();
                types.add(frame.type());
                if (!code(frame).isEmpty()) {
                    codes.add(code(frame));
                }
                for (String mark : List.of("snapshot", "replay", "gap", "sub")) {
                    if (frame.json().has(mark)) {
                        kinds.add(mark + " " + frame.type());
                    }
                }
            }
        }
        assertThat(types).isEqualTo(document.messagesOf("say"));
        assertThat(codes).isEqualTo(documentedCodes());
        assertThat(kinds).contains("gap subscribed", "replay subscribed", "sub unsubscribed");
        for (String type : EVENTS) {
            assertThat(kinds).contains("snapshot " + type, "replay " + type, "sub " + type);
        }
    }

    private Set<String> documentedCodes() {
        Set<String> codes = new TreeSet<>();
        document.at("#/components/schemas/ErrorMessage/properties/data/properties/code/enum")
                .forEach(code -> codes.add(code.asText()));
        return codes;
    }

    @Test
    void whatTheDocumentSaysThatAClientMaySayIsUnderstood() throws Exception {
        try (SystemUnderTest system = SystemUnderTest.start()) {
            EventFeed feed = system.feed();
            feed(feed);
            feed(feed);
            TestClient client = client(system, system.gateway());
            client.say(subscribe(1, "positions", "}"));
            String epoch = client.next("subscribed").json().path("epoch").asText();
            for (JsonNode example : document.examples("subscribe")) {
                client.say(here(example, epoch));
                assertAnswered(client, "subscribed", example);
            }
            for (JsonNode example : document.examples("unsubscribe")) {
                client.say(example.toString());
                assertAnswered(client, "unsubscribed", example);
            }
            for (JsonNode example : document.examples("ping")) {
                client.say(example.toString());
                assertThat(client.next("pong").json().path("timestamp")).isEqualTo(example.path("timestamp"));
            }
        }
    }

    /** The message as documented but for the place and the time, and for a replay's pace: it is to last. */
    private static String here(JsonNode example, String epoch) {
        ObjectNode message = example.deepCopy();
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        if (message.path("from").has("epoch")) {
            ((ObjectNode) message.path("from")).put("epoch", epoch);
        }
        if (message.path("from").has("time")) {
            ((ObjectNode) message.path("from"))
                    .put("time", now.minus(1, ChronoUnit.HOURS).toString());
        }
        if (message.has("until")) {
            message.put("until", now.toString());
        }
        if (message.has("speed")) {
            message.put("speed", 0.000001);
        }
        return message.toString();
    }

    private static void assertAnswered(TestClient client, String type, JsonNode asked) throws InterruptedException {
        Heard answer = client.next(
                frame -> frame.type().equals(type) || frame.type().equals("error_message"), "answer to " + asked);
        assertThat(answer.type()).as("%s to %s", answer.text(), asked).isEqualTo(type);
        assertThat(answer.json().path("id")).isEqualTo(asked.path("id"));
    }

    @Test
    void serverSentEventsCarryTheSameMessages() throws Exception {
        try (SystemUnderTest system = SystemUnderTest.start()) {
            EventFeed feed = system.feed();
            feed(feed);
            Gateway gateway = system.gateway();
            Set<String> types = new TreeSet<>();
            String id = null;
            boolean fed = false;
            try (SseStream stream =
                    SseStream.open(gateway, "/sse?feature=positions&feature=intraday&key=123&key=SPY", null)) {
                while (id == null) {
                    SseStream.Sent sent = stream.next();
                    JsonNode frame = document.read(sent.data());
                    assertThat(document.faults(frame)).as(sent.data()).isEmpty();
                    assertThat(sent.event()).isEqualTo(frame.path("type").asText());
                    assertThat(document.messagesOf("stream")).contains(sent.event());
                    types.add(sent.event());
                    if (frame.has("snapshot")) {
                        assertThat(sent.id()).as("of an event of a snapshot").isNull();
                    }
                    if (types.contains("snapshot_complete") && !fed) {
                        fed = true;
                        feed(feed);
                    }
                    if (fed && types.contains("vwap_update") && sent.id() != null) {
                        id = sent.id();
                    }
                }
            }
            assertThat(id)
                    .matches("(positions|intraday)=[^;]+;0:-?\\d+,1:-?\\d+,2:-?\\d+(&intraday=.*|&positions=.*)?");
            assertThat(types).contains("subscribed", "positions", "intraday_bar", "vwap_update", "snapshot_complete");
        }
    }
}

package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams of server-sent events: the session of a WebSocket in another form. */
class SseTest {
    private final GatewayRig rig = new GatewayRig();

    @AfterEach
    void everythingIsGivenBack() {
        rig.close();
    }

    private static String get(String path, String... headers) {
        StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        return request.append("\r\n").toString();
    }

    private void positions(String key, int value) {
        rig.batch().event("positions", key, value).deliver();
    }

    @Test
    void snapshotThenLiveWithAnIdThatSaysWhereToGoOn() {
        positions("a", 1);
        TestClient client = rig.connection();
        String head = client.http(get("/sse?feature=positions&feature=intraday"));
        assertThat(head)
                .startsWith("HTTP/1.1 200 OK\r\n")
                .contains("content-type: text/event-stream", "\r\n\r\nevent: welcome\ndata: {\"type\":\"welcome\"")
                .contains(
                        "event: positions\ndata: {\"type\":\"positions\",\"feature\":\"positions\",\"key\":\"a\",\"pos\":\"0:0\","
                                + "\"ts\":\"2026-01-05T15:30:00.123Z\",\"snapshot\":true,\"data\":{\"v\":1}}\n\n")
                .contains("event: snapshot_complete\nid: positions=epoch-of-positions;0:0,1:-1,2:-1\ndata: ");
        positions("a", 2);
        assertThat(client.rawOutput())
                .isEqualTo("event: positions\nid: positions=epoch-of-positions;0:1,1:-1,2:-1"
                        + "&intraday=epoch-of-intraday;0:-1,1:-1,2:-1\n"
                        + "data: {\"type\":\"positions\",\"feature\":\"positions\",\"key\":\"a\",\"pos\":\"0:1\",\"prev\":0,"
                        + "\"ts\":\"2026-01-05T15:30:00.123Z\",\"data\":{\"v\":2}}\n\n");
        assertThat(rig.metrics.connections).hasValue(1);
    }

    @Test
    void lastEventIdGoesOnRightBehindItForTheFeaturesThatItNames() {
        positions("a", 1);
        positions("b", 2);
        positions("a", 3);
        TestClient client = rig.connection();
        String got = client.http(get(
                "/sse?feature=positions&feature=intraday&key=a",
                "Last-Event-ID: positions=epoch-of-positions;0:0,1:-1,2:-1"));
        assertThat(got)
                .contains("id: positions=epoch-of-positions;0:2,1:-1,2:-1", "event: caught_up", "\"pos\":\"0:2\"")
                .contains("event: snapshot_complete")
                .doesNotContain("\"pos\":\"0:1\"")
                .doesNotContain("\"pos\":\"0:0\",");
    }

    @Test
    void lastEventIdGoesOnForEachOfSeveralFeatures() {
        positions("a", 1);
        rig.batch().event("vwap_update", "SPY", 1).deliver();
        TestClient first = rig.connection();
        first.http(get("/sse?feature=positions&feature=intraday"));
        positions("a", 2);
        String last = first.rawOutput();
        String id = last.substring(last.indexOf("id: ") + 4, last.indexOf("\ndata"));
        first.drop();
        positions("a", 3);
        rig.batch().event("vwap_update", "SPY", 2).deliver();
        String got = rig.connection().http(get("/sse?feature=positions&feature=intraday", "Last-Event-ID: " + id));
        assertThat(got.lines().filter(line -> line.contains("\"pos\"")).toList())
                .hasSize(2)
                .allMatch(line -> !line.contains("\"snapshot\""))
                .anyMatch(line -> line.contains("\"feature\":\"positions\"") && line.contains("\"pos\":\"0:2\""))
                .anyMatch(line -> line.contains("\"feature\":\"intraday\"") && line.contains("\"pos\":\"0:1\""));
        assertThat(got.lines().filter(line -> line.equals("event: caught_up")).toList())
                .hasSize(2);
    }

    @Test
    void lineBreaksOfAProducerDoNotBreakTheStream() {
        TestClient client = rig.connection();
        client.http(get("/sse?feature=positions&from=now"));
        rig.batch().event("positions", 0, "a", "{\n\"v\":\r\n1}").deliver();
        assertThat(client.rawOutput()).contains("\"data\":{ \"v\":  1}}\n\n");
    }

    @Test
    void whatCannotBeAskedForIsRefusedBeforeTheStreamBegins() {
        for (String[] wrong : new String[][] {
            {"/sse", "name a feature"},
            {"/sse?feature=nope", "'nope' is no feature"},
            {"/sse?feature=positions&from=soon", "from must be"},
            {"/sse?feature=intraday&depth=0", "depth must be"},
            {"/sse?feature=intraday&depth=3&from=now", "depth goes with"},
        }) {
            TestClient client = rig.connection();
            assertThat(client.http(get(wrong[0])))
                    .startsWith("HTTP/1.1 400 ")
                    .contains("application/problem+json", "\"code\":\"bad_request\"", wrong[1]);
            assertThat(client.http(get(wrong[0].replace("nope", "positions"), "Last-Event-ID: 7")))
                    .startsWith("HTTP/1.1 400 ");
        }
        assertThat(rig.metrics.connections).hasValue(0);
    }

    @Test
    void silentStreamIsPingedAndNotClosed() {
        TestClient client = rig.connection();
        client.http(get("/sse?feature=positions"));
        for (int i = 0; i < 5; i++) {
            rig.afterMs(25_000);
            rig.hub.checkAlive();
            assertThat(client.rawOutput()).isEqualTo(": ping\n\n");
        }
        assertThat(client.channel.isOpen()).isTrue();
    }

    @Test
    void streamOfAClientThatDoesNotReadIsClosedWithTheReason() {
        TestClient slow = rig.connection();
        slow.http(get("/sse?feature=intraday&from=now"));
        slow.socket.stall();
        String pad = "x".repeat(1000);
        for (int i = 0; i < 200; i++) {
            rig.batch()
                    .event("intraday_bar", 0, "SPY", "{\"timestamp_minute\":" + i + ",\"pad\":\"" + pad + "\"}")
                    .deliver();
        }
        assertThat(rig.closedBy("slow_consumer")).isEqualTo(1);
        slow.socket.resume();
        assertThat(slow.rawOutput()).endsWith(": closed {\"code\":\"slow_consumer\",\"reconnect\":true}\n\n");
        assertThat(slow.channel.isOpen()).isFalse();
    }

    @Test
    void pageThatMayConnectMayRead() {
        assertThat(rig.connection().http(get("/sse?feature=positions", "Origin: http://localhost:3000")))
                .contains("access-control-allow-origin: http://localhost:3000");
        assertThat(rig.connection().http(get("/sse?feature=positions", "Origin: https://evil.example")))
                .startsWith("HTTP/1.1 403 ");
    }
}

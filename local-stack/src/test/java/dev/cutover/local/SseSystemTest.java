package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.cutover.gateway.Gateway;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A page on server-sent events alone, which goes from gateway to gateway with nothing but its last id. */
final class SseSystemTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String PATH = "/sse?feature=intraday&feature=positions&from=now";
    private static final int ROUNDS = 6;
    private static final int EVENTS_OF_A_ROUND = 40;

    /** By type and key, the serials in the order in which they came. */
    private final Map<String, List<Integer>> got = new TreeMap<>();

    private String lastId;
    private int serial;

    @Test
    void aStreamOfTwoFeaturesGoesOnAtAnyGatewayByItsLastIdWithoutGapOrDouble() throws Exception {
        try (SystemUnderTest system = SystemUnderTest.start()) {
            EventFeed feed = system.feed();
            Map<String, List<Integer>> sent = new TreeMap<>();
            List<Gateway> gateways = List.of(system.gateway(), system.gateway(Map.of("backlog-bytes", "0")));
            for (int round = 0; round < ROUNDS; round++) {
                try (SseStream stream = SseStream.open(gateways.get(round % 2), PATH, lastId)) {
                    subscribed(stream);
                    write(feed, sent);
                    read(stream, 1 + (round * 7) % EVENTS_OF_A_ROUND); // and some of them are left unread
                }
                write(feed, sent); // while there is no stream
            }
            try (SseStream last = SseStream.open(gateways.get(1), PATH, lastId)) {
                int seen = got.values().stream().mapToInt(List::size).sum();
                read(last, serial - seen);
            }
            assertThat(got).isEqualTo(sent);
            assertThat(new TreeSet<>(got.keySet())).contains("intraday_bar S0", "positions 100", "vwap_update S1");
        }
    }

    /** The first time an id is there only when both features are subscribed to. */
    private void subscribed(SseStream stream) {
        for (int features = 0; features < 2; ) {
            SseStream.Sent sent = stream.next();
            if (sent.event().equals("subscribed")) {
                features++;
                lastId = sent.id();
            } else {
                take(sent);
            }
        }
    }

    private void write(EventFeed feed, Map<String, List<Integer>> sent) {
        for (int i = 0; i < EVENTS_OF_A_ROUND; i++) {
            int key = i % 3;
            String type = List.of("intraday_bar", "positions", "vwap_update").get(i / 3 % 3);
            String name = type.equals("positions") ? Integer.toString(100 + key) : "S" + key;
            feed.enqueue(type, name, "{\"timestamp_minute\":" + serial + ",\"serial\":" + serial + "}");
            sent.computeIfAbsent(type + " " + name, each -> new ArrayList<>()).add(serial++);
        }
        feed.flush();
    }

    private void read(SseStream stream, int events) {
        for (int count = 0; count < events; ) {
            count += take(stream.next()) ? 1 : 0;
        }
    }

    /** Whether it is an event of a feature. */
    private boolean take(SseStream.Sent sent) {
        lastId = sent.id() == null ? lastId : sent.id();
        JsonNode frame = read(sent.data());
        assertThat(frame.has("gap")).as(sent.data()).isFalse();
        if (!frame.has("pos")) {
            return false;
        }
        got.computeIfAbsent(sent.event() + " " + frame.path("key").asText(), each -> new ArrayList<>())
                .add(frame.path("data").path("serial").asInt());
        return true;
    }

    private static JsonNode read(String data) {
        try {
            return JSON.readTree(data);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError("not JSON: " + data, e);
        }
    }
}

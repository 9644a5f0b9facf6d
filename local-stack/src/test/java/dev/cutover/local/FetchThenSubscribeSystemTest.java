package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.gateway.Gateway;
import dev.cutover.local.TestClient.Heard;
import dev.cutover.rest.RestLegacy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * How a page switches from REST to the WebSocket without losing an event: it fetches a snapshot, and subscribes from the
 * position that the answer names. Whenever it does so, and whichever gateway it meets, it ends with what the topic holds.
 */
final class FetchThenSubscribeSystemTest {
    private static final int CLIENTS = 24;
    private static final int MOST_PAUSE_MICROS = 2_000;

    private final long seed = ThreadLocalRandom.current().nextLong();
    private SystemUnderTest system;
    private RestLegacy rest;
    private List<Gateway> gateways;

    @BeforeEach
    void start() {
        system = SystemUnderTest.start();
        rest = system.rest();
        gateways = List.of(system.gateway(), system.gateway());
    }

    @AfterEach
    void stop() {
        system.close();
    }

    /** One page: what it fetched, from where it subscribed, and its connection. */
    private record Page(JsonNode body, Map<Integer, Long> from, TestClient client) {}

    private Page open(String path, String feature, Gateway gateway) throws InterruptedException {
        TestHttp.Answer answer = TestHttp.get(rest.address(), path);
        String[] position = answer.header("Cutover-Position").split(";", 2);
        Map<Integer, Long> from = new TreeMap<>();
        for (String each : position[1].split(",", -1)) {
            String[] partition = each.split(":", 2);
            from.put(Integer.parseInt(partition[0]), Long.parseLong(partition[1]));
        }
        TestClient client = system.client(gateway);
        client.say("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"" + feature + "\",\"from\":{\"epoch\":\""
                + position[0] + "\",\"offsets\":{" + json(from) + "}}}");
        return new Page(answer.status() == 404 ? null : answer.json(), from, client);
    }

    private static String json(Map<Integer, Long> offsets) {
        List<String> members = new ArrayList<>();
        offsets.forEach((partition, offset) -> members.add("\"" + partition + "\":" + offset));
        return String.join(",", members);
    }

    private interface Writing {
        void write(EventFeed feed, Random random, int number);
    }

    /** Writes random events while pages open at random moments. */
    private List<Page> openWhile(Writing writing, String path, String feature) throws Exception {
        Random random = new Random(seed);
        EventFeed feed = system.feed();
        AtomicBoolean allOpen = new AtomicBoolean();
        Thread writer = new Thread(() -> {
            Random ofWriter = new Random(seed + 1);
            for (int i = 0; !allOpen.get(); i++) {
                writing.write(feed, ofWriter, i);
                LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(ofWriter.nextInt(MOST_PAUSE_MICROS)));
            }
        });
        writer.start();
        List<Page> pages = new ArrayList<>();
        while (pages.size() < CLIENTS) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(200)));
            pages.add(open(path, feature, gateways.get(random.nextInt(gateways.size()))));
        }
        allOpen.set(true);
        writer.join();
        feed.flush();
        return pages;
    }

    /** Every event behind the page's position, once and in order: read until the topic's end. */
    private List<Heard> eventsOf(Page page, Map<Integer, Long> ends) throws InterruptedException {
        Map<Integer, Long> reached = new HashMap<>(page.from());
        List<Heard> events = new ArrayList<>();
        boolean caughtUp = false;
        while (!caughtUp || ends.entrySet().stream().anyMatch(end -> reached.get(end.getKey()) < end.getValue())) {
            Heard event = page.client()
                    .next(
                            frame -> frame.json().has("pos") || frame.type().equals("caught_up"),
                            "an event, or the end of catching up; seed " + seed);
            if (event.type().equals("caught_up")) {
                caughtUp = true;
                continue;
            }
            assertThat(event.json().has("snapshot"))
                    .as("seed %s: %s", seed, event)
                    .isFalse();
            assertThat(event.offset())
                    .as("seed %s: %s", seed, event)
                    .isGreaterThan(reached.put(event.partition(), event.offset()));
            events.add(event);
        }
        assertThat(page.client().heard()).as("seed %s", seed).noneMatch(frame -> frame.type()
                .equals("error_message"));
        return events;
    }

    private static Map<Integer, Long> ends(List<ConsumerRecord<byte[], byte[]>> log) {
        Map<Integer, Long> ends = new HashMap<>();
        log.forEach(record -> ends.merge(record.partition(), record.offset(), Math::max));
        return ends;
    }

    private static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }

    @Test
    void theLatestOfEveryKeyIsWhatTheTopicHolds() throws Exception {
        system.feed().sendNow("positions", "1", "{\"account_id\":1,\"n\":-1}");
        List<Page> pages = openWhile(
                (feed, random, number) -> {
                    int account = 1 + random.nextInt(20);
                    feed.enqueue(
                            "positions",
                            Integer.toString(account),
                            "{\"account_id\":" + account + ",\"n\":" + number + "}");
                },
                "/api/positions/",
                "positions");

        List<ConsumerRecord<byte[], byte[]>> log = system.read("events.positions");
        Map<String, String> held = new TreeMap<>();
        log.forEach(record -> held.put(text(record.key()), text(record.value())));
        for (Page page : pages) {
            Map<String, String> state = new TreeMap<>();
            page.body().path("accounts").forEach(account -> {
                state.put(account.path("account_id").asText(), account.toString());
            });
            assertIsNotOlderThanItsPosition(page, log, state);
            for (Heard event : eventsOf(page, ends(log))) {
                state.put(event.json().path("key").asText(), event.rawData());
            }
            assertThat(state).as("seed %s", seed).isEqualTo(held);
        }
    }

    /** Later events could hide a body that lags behind the position that it names. */
    private void assertIsNotOlderThanItsPosition(
            Page page, List<ConsumerRecord<byte[], byte[]>> log, Map<String, String> body) {
        Map<String, Long> newest = new HashMap<>();
        Map<String, Long> served = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : log) {
            if (record.offset() <= page.from().get(record.partition())) {
                newest.put(text(record.key()), record.offset());
            }
            if (text(record.value()).equals(body.get(text(record.key())))) {
                served.put(text(record.key()), record.offset());
            }
        }
        newest.forEach((key, offset) -> assertThat(served)
                .as("seed %s, key %s at offset %s", seed, key, offset)
                .hasEntrySatisfying(key, at -> assertThat(at).isGreaterThanOrEqualTo(offset)));
    }

    @Test
    void theSeriesOfAKeyIsWhatTheTopicHolds() throws Exception {
        system.feed().sendNow("intraday_bar", "SPY", "{\"symbol\":\"SPY\",\"timestamp_minute\":1,\"n\":-1}");
        List<Page> pages = openWhile(
                (feed, random, number) -> {
                    String symbol = random.nextBoolean() ? "SPY" : "MSFT";
                    if (random.nextInt(10) == 0) {
                        feed.enqueue("vwap_update", symbol, "{\"symbol\":\"" + symbol + "\",\"n\":" + number + "}");
                    } else {
                        feed.enqueue(
                                "intraday_bar",
                                symbol,
                                "{\"symbol\":\"" + symbol + "\",\"timestamp_minute\":" + (1 + random.nextInt(300))
                                        + ",\"n\":" + number + "}");
                    }
                },
                "/api/intraday/bars/?symbol=SPY",
                "intraday");

        List<ConsumerRecord<byte[], byte[]>> log = system.read("events.intraday");
        List<ConsumerRecord<byte[], byte[]>> ofSpy =
                log.stream().filter(record -> text(record.key()).equals("SPY")).toList();
        Map<String, String> held = new TreeMap<>();
        ofSpy.forEach(record -> held.put(entry(text(record.value())), text(record.value())));
        for (Page page : pages) {
            Map<String, String> state = new TreeMap<>();
            page.body().path("bars").forEach(bar -> state.put(entry(bar.toString()), bar.toString()));
            if (!page.body().path("vwap").isNull()) {
                state.put("vwap", page.body().path("vwap").toString());
            }
            List<Heard> events = eventsOf(page, ends(log));
            assertThat(events.stream()
                            .filter(event -> event.json().path("key").asText().equals("SPY"))
                            .map(Heard::offset))
                    .as("seed %s: none is skipped", seed)
                    .containsExactlyElementsOf(ofSpy.stream()
                            .filter(record -> record.offset() > page.from().get(record.partition()))
                            .map(ConsumerRecord::offset)
                            .toList());
            for (Heard event : events) {
                if (event.json().path("key").asText().equals("SPY")) {
                    state.put(entry(event.rawData()), event.rawData());
                }
            }
            assertThat(state).as("seed %s", seed).isEqualTo(held);
        }
    }

    /** What tells a body's parts apart: a bar's minute, or that it is the VWAP. */
    private static String entry(String data) {
        int minute = data.indexOf("\"timestamp_minute\":");
        return minute < 0 ? "vwap" : data.substring(minute, data.indexOf(',', minute));
    }
}

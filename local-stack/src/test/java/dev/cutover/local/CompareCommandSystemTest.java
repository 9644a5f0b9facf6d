package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.Feature;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** {@code cutover compare} on a real broker, with a REST service that lies when it is told to. */
final class CompareCommandSystemTest {
    private static final String PRICE = "/positions/*/current_price";

    @TempDir
    private Path directory;

    private final SystemUnderTest system = SystemUnderTest.start();
    private final Feature positions = system.catalog().feature("positions").orElseThrow();
    private EventFeed feed;
    private ServedFeed served;

    @BeforeEach
    void open() throws Exception {
        feed = system.feed();
        served = system.open(new ServedFeed(system, positions, topicId(positions.topic())));
    }

    @AfterEach
    void close() {
        system.close();
    }

    private String topicId(String topic) throws Exception {
        try (var admin = system.kafka().admin("test")) {
            return admin.describeTopics(List.of(topic))
                    .allTopicNames()
                    .get()
                    .get(topic)
                    .topicId()
                    .toString();
        }
    }

    private record Ran(int code, String out, String err) {
        JsonNode json() {
            return ServedFeed.json(out);
        }

        long number(String member) {
            return json().path(member).asLong();
        }

        List<String> fields() {
            List<String> names = new ArrayList<>();
            json().path("fields").forEach(field -> names.add(field.path("field").asText()));
            return names;
        }
    }

    private Ran compare(String... args) {
        return compare(new StringWriter(), args);
    }

    private Ran compare(StringWriter err, String... args) {
        StringWriter out = new StringWriter();
        List<String> all = new ArrayList<>(List.of("compare"));
        all.addAll(List.of(args));
        all.addAll(List.of("--bootstrap", system.kafka().bootstrap()));
        int code = CutoverMain.command()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF))
                .execute(all.toArray(String[]::new));
        return new Ran(code, out.toString(), err.toString());
    }

    private static String body(String account, double price) {
        return ("{\"account_id\":%s,\"positions\":[{\"symbol\":\"SPY\",\"quantity\":100,\"current_price\":%s}],"
                        + "\"timestamp\":\"%s\"}")
                .formatted(account, price, Instant.now());
    }

    /** Three rounds of events of three accounts; of each REST says what it is told to. */
    private void history(String liar, String lie) {
        for (int round = 0; round < 3; round++) {
            for (String account : List.of("1", "2", "3")) {
                String body = body(account, 455 + round);
                RecordMetadata at = feed.sendNow("positions", account, body);
                served.entry(
                        account,
                        at,
                        account.equals(liar) && round == 1
                                ? ServedFeed.lie(body, "positions", "current_price", lie)
                                : body);
            }
        }
    }

    @Test
    void whatWasRecordedTrulyMatches() {
        history(null, null);
        Ran ran = compare("positions", "--from", "10m", "--json");
        assertThat(ran.code()).as("%s", ran).isZero();
        assertThat(ran.number("compared")).isEqualTo(9);
        assertThat(ran.number("match")).isEqualTo(9);
        assertThat(compare("positions", "--from", "earliest").code()).isZero();
    }

    @Test
    void aLieInTheRecordIsFoundInThatVeryFieldAndNowhereElse() throws IOException {
        history("2", "456.01");
        Path page = directory.resolve("report.html");
        Ran ran = compare("positions", "--from", "10m", "--json", "--html", page.toString());

        assertThat(ran.code()).as("%s", ran).isEqualTo(1);
        assertThat(ran.number("compared")).isEqualTo(9);
        assertThat(ran.number("mismatch")).isEqualTo(1);
        assertThat(ran.fields()).containsExactly(PRICE);
        JsonNode sample = ran.json().path("fields").path(0).path("samples").path(0);
        assertThat(sample.path("key").asText()).isEqualTo("2");
        assertThat(sample.path("rest").asText()).isEqualTo("456.01");
        assertThat(sample.path("log").decimalValue()).isEqualByComparingTo("456");
        assertThat(Files.readString(page)).contains("456.01", "current_price").startsWith("<!DOCTYPE html>");

        Ran table = compare("positions", "--from", "10m");
        assertThat(table.code()).isEqualTo(1);
        assertThat(table.out())
                .startsWith("✗ positions")
                .contains("9 compared: 8 match", PRICE + " differs once", "456.01");
    }

    @Test
    void theRulesMayBeOthersThanTheCatalogs() {
        history("2", "456.01");
        assertThat(compare("positions", "--from", "10m", "--tolerance", PRICE + "=0.02")
                        .code())
                .isZero();
        assertThat(compare("positions", "--from", "10m", "--tolerance", PRICE + "=0.001")
                        .code())
                .isEqualTo(1);
        assertThat(compare("positions", "--from", "10m", "--ignore", PRICE).code())
                .isZero();
        assertThat(compare("positions", "--from", "10m", "--key", "1,3").code()).isZero();
        assertThat(compare("positions", "--from", "10m", "--key", "2").code()).isEqualTo(1);
    }

    @Test
    void aWindowWithoutARecordIsNoSuccess() {
        history(null, null);
        Ran ran = compare("positions", "--from", "2h", "--until", "1h");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("nothing could be compared: rest.served.positions has no record of that window");
    }

    @Test
    void whatOneSideLacksIsMissing() {
        RecordMetadata at = feed.sendNow("positions", "1", body("1", 1));
        served.list(at.partition(), at.offset());
        served.entry("77", at, body("77", 1));
        Ran ran = compare("positions", "--from", "10m", "--json");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.number("missing_rest")).as("%s", ran).isEqualTo(1);
        assertThat(ran.number("missing_ws")).isEqualTo(1);
        assertThat(ran.number("mismatch")).isZero();
    }

    @Test
    void restThatAnswersWithAnOldStateForTooLongIsLaggingAndNoFault() {
        String old = body("1", 1);
        RecordMetadata at = feed.sendNow("positions", "1", old);
        var unused = feed.sendNow("positions", "1", body("1", 2));
        served.entry("1", at, old, Instant.now().plusSeconds(4));
        Ran ran = compare(
                "positions",
                "--from",
                "10m",
                "--until",
                Instant.now().plusSeconds(60).toString(),
                "--json");
        assertThat(ran.code()).as("%s", ran).isZero();
        assertThat(ran.number("lagging")).isEqualTo(1);
        assertThat(ran.number("worst_late_ms")).isBetween(3_000L, 4_500L);
    }

    @Test
    void whatAnExistingServiceAnsweredIsJudgedOnceTheLagHasPassed() {
        String body = body("1", 1);
        RecordMetadata at = feed.sendNow("positions", "1", body);
        served.upstream("1", at.partition(), body);
        Ran early = compare("positions", "--from", "10m", "--lag", "15s");
        assertThat(early.code()).isEqualTo(1);
        assertThat(early.err()).contains("1 not judged: too recent to be judged yet");
        await().atMost(30, TimeUnit.SECONDS).untilAsserted(() -> {
            Ran ran = compare("positions", "--from", "10m", "--lag", "1s");
            assertThat(ran.code()).as("%s", ran).isZero();
        });
        served.upstream("1", at.partition(), ServedFeed.lie(body, "positions", "current_price", "1.5"));
        await().atMost(30, TimeUnit.SECONDS).untilAsserted(() -> {
            Ran ran = compare("positions", "--from", "10m", "--lag", "1s", "--json");
            assertThat(ran.number("mismatch")).as("%s", ran).isEqualTo(1);
            assertThat(ran.fields()).containsExactly(PRICE);
        });
    }

    private void forgetBefore(RecordMetadata at) throws Exception {
        try (var admin = system.kafka().admin("test")) {
            var unused = admin.deleteRecords(Map.of(
                            new TopicPartition(at.topic(), at.partition()), RecordsToDelete.beforeOffset(at.offset())))
                    .all()
                    .get();
        }
    }

    @Test
    void whatRetentionHasTakenIsNotJudgedAndWhatItHasLeftIs() throws Exception {
        String old = body("1", 1);
        RecordMetadata gone = feed.sendNow("positions", "1", old);
        String kept = body("1", 2);
        RecordMetadata at = feed.sendNow("positions", "1", kept);
        served.entry("1", gone, old);
        served.entry("1", at, kept);
        forgetBefore(at);
        Ran ran = compare("positions", "--from", "10m", "--json");
        assertThat(ran.code()).as("%s", ran).isZero();
        assertThat(ran.number("compared")).isEqualTo(1);
        assertThat(ran.json().path("not_judged").path("early").asInt()).isEqualTo(1);
    }

    @Test
    void aSeriesOfWhichRetentionHasTakenAPartIsNoMismatch() throws Exception {
        Feature intraday = system.catalog().feature("intraday").orElseThrow();
        ServedFeed bars = system.open(new ServedFeed(system, intraday, topicId(intraday.topic())));
        List<String> entries = new ArrayList<>();
        RecordMetadata at = null;
        for (int minute = 0; minute < 5; minute++) {
            entries.add("{\"symbol\":\"SPY\",\"timestamp_minute\":\"2026-01-05T15:3%d:00Z\"}".formatted(minute));
            at = feed.sendNow("intraday_bar", "SPY", entries.get(minute));
        }
        bars.entry("SPY", at, "{\"symbol\":\"SPY\",\"bars\":[" + String.join(",", entries) + "],\"vwap\":null}");
        assertThat(compare("intraday", "--from", "10m").code()).isZero();
        forgetBefore(at);
        Ran ran = compare("intraday", "--from", "10m", "--json");
        assertThat(ran.number("mismatch")).as("%s", ran).isZero();
        assertThat(ran.json().path("not_judged").path("forgotten").asInt()).isEqualTo(1);
        assertThat(ran.err()).contains("made of events that are not kept any more");
    }

    /** What a REST service does: answers the newest state, and records what it answered, once. */
    private final class Rest implements AutoCloseable {
        private final HttpServer server;
        private final Map<String, RecordMetadata> newest = new ConcurrentHashMap<>();
        private final Map<String, String> bodies = new ConcurrentHashMap<>();
        private final Map<String, Long> recorded = new ConcurrentHashMap<>();
        final Queue<String> clients = new ConcurrentLinkedQueue<>();
        volatile String liar;

        Rest() throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/api/positions/", exchange -> {
                clients.add(exchange.getRequestHeaders().getFirst("Cutover-Client"));
                String query = exchange.getRequestURI().getQuery();
                byte[] answer = answer(query == null ? null : query.substring("account_id=".length()))
                        .getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, answer.length);
                exchange.getResponseBody().write(answer);
                exchange.close();
            });
            server.start();
        }

        void event(String account, double price) {
            String body = body(account, price);
            bodies.put(account, body);
            newest.put(account, feed.sendNow("positions", account, body));
        }

        private String answer(String account) {
            if (account == null) {
                return "{\"accounts\":[" + String.join(",", bodies.values()) + "]}";
            }
            String body = account.equals(liar)
                    ? ServedFeed.lie(bodies.get(account), "positions", "current_price", "0.5")
                    : bodies.get(account);
            RecordMetadata at = newest.get(account);
            if (!Long.valueOf(at.offset()).equals(recorded.put(account, at.offset()))) {
                served.entry(account, at, body);
            }
            return body;
        }

        String port() {
            return Integer.toString(server.getAddress().getPort());
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }

    private Rest restWithThreeAccounts() throws IOException {
        Rest rest = system.open(new Rest());
        for (String account : List.of("1", "2", "3")) {
            rest.event(account, 455);
        }
        return rest;
    }

    @Test
    void aRestThatTellsTheTruthMatchesLiveAndIsAskedAsTheProber() throws IOException {
        Rest rest = restWithThreeAccounts();
        Ran ran = compare("positions", "--for", "2s", "--rest-port", rest.port(), "--json");
        assertThat(ran.code()).as("%s", ran).isZero();
        assertThat(ran.number("match")).isEqualTo(3);
        assertThat(ran.json().path("answers").path("200").asInt()).isGreaterThanOrEqualTo(4);
        assertThat(rest.clients).isNotEmpty().containsOnly("prober");
    }

    @Test
    void aRestThatLiesIsFoundLiveInThatVeryField() throws IOException {
        Rest rest = restWithThreeAccounts();
        rest.liar = "3";
        Ran ran = compare("positions", "--for", "2s", "--rest-port", rest.port(), "--json");
        assertThat(ran.code()).as("%s", ran).isEqualTo(1);
        assertThat(ran.number("match")).isEqualTo(2);
        assertThat(ran.number("mismatch")).isEqualTo(1);
        assertThat(ran.fields()).containsExactly(PRICE);
    }

    @Test
    void whatRestHadRecordedBeforeAndAnswersStillIsCompared() throws IOException {
        Rest rest = restWithThreeAccounts();
        List.of("1", "2", "3").forEach(rest::answer);
        Ran ran = compare("positions", "--for", "2s", "--rest-port", rest.port(), "--json");
        assertThat(ran.code()).as("%s", ran).isZero();
        assertThat(ran.number("match")).isEqualTo(3);
    }

    @Test
    void aLieOfBeforeThatRestDoesNotAnswerAnyMoreDoesNotCount() throws IOException {
        Rest rest = restWithThreeAccounts();
        rest.liar = "1";
        rest.answer("1");
        rest.liar = null;
        rest.event("1", 456);
        Ran ran = compare("positions", "--for", "2s", "--rest-port", rest.port(), "--json");
        assertThat(ran.code()).as("%s", ran).isZero();
        assertThat(ran.number("compared")).isEqualTo(3);
    }

    @Test
    void withoutRestItSaysSoAtOnce() throws IOException {
        var unused = feed.sendNow("positions", "1", body("1", 1));
        Rest gone = new Rest();
        gone.close();
        Ran ran = compare("positions", "--for", "10m", "--rest-port", gone.port());
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("no REST service answers at http://127.0.0.1:" + gone.port(), "--rest-port");
    }

    @Test
    void anInterruptionShowsWhatWasFoundByThen() throws Exception {
        Rest rest = restWithThreeAccounts();
        rest.liar = "2";
        Path page = directory.resolve("report.html");
        StringWriter err = new StringWriter();
        FutureTask<Ran> task = new FutureTask<>(() -> compare(
                err, "positions", "--for", "1h", "--rest-port", rest.port(), "--json", "--html", page.toString()));
        Thread thread = new Thread(task);
        thread.start();
        await().atMost(60, TimeUnit.SECONDS).until(() -> err.toString().contains(" of 3600 s, 3 compared, 1 faults"));
        thread.interrupt();

        Ran ran = task.get(10, TimeUnit.SECONDS);
        assertThat(ran.code()).as("%s", ran).isEqualTo(1);
        assertThat(ran.json().path("interrupted").asBoolean()).isTrue();
        assertThat(ran.number("compared")).isEqualTo(3);
        assertThat(Files.readString(page)).contains("where it was interrupted").endsWith("</html>\n");
    }

    @Test
    void theRestServiceItselfMatchesLiveAndAsRecorded() {
        for (int round = 0; round < 3; round++) {
            for (String account : List.of("1", "2", "3")) {
                feed.enqueue("positions", account, body(account, 455 + round));
            }
            for (String symbol : List.of("SPY", "QQQ")) {
                feed.enqueue(
                        "intraday_bar",
                        symbol,
                        "{\"symbol\":\"%s\",\"timestamp_minute\":\"2026-01-05T15:3%d:00Z\",\"close\":1.50}"
                                .formatted(symbol, round));
            }
        }
        feed.flush();
        String port = Integer.toString(system.rest().address().getPort());

        Ran live = compare("positions", "--for", "2s", "--rest-port", port, "--json");
        assertThat(live.code()).as("%s", live).isZero();
        // each account by itself and in the list
        assertThat(live.number("match")).isEqualTo(6);
        Ran series = compare("intraday", "--for", "2s", "--rest-port", port, "--json");
        assertThat(series.code()).as("%s", series).isZero();
        assertThat(series.number("match")).isEqualTo(2);
        // REST does not record again what it has recorded
        assertThat(compare("intraday", "--for", "2s", "--rest-port", port).code())
                .isZero();
        assertThat(compare("intraday", "--from", "10m", "--json").number("match"))
                .isEqualTo(2);
    }

    // two windows of the events

    /** A minute of bars and VWAPs of a symbol. */
    private void minute(KafkaProducer<byte[], byte[]> producer, Instant minute, String symbol, String close) {
        for (int second = 0; second < 60; second += 10) {
            Instant at = minute.plusSeconds(second);
            send(
                    producer,
                    at,
                    "intraday_bar",
                    symbol,
                    "{\"symbol\":\"%s\",\"timestamp_minute\":\"%s\",\"close\":%s,\"volume\":%d}"
                            .formatted(symbol, minute, close, second));
        }
        send(
                producer,
                minute.plusSeconds(30),
                "vwap_update",
                symbol,
                "{\"symbol\":\"%s\",\"vwap\":%s,\"timestamp\":\"%s\"}"
                        .formatted(symbol, close, minute.plusSeconds(30)));
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, Instant at, String type, String key, String data) {
        var unused = producer.send(new ProducerRecord<>(
                "events.intraday",
                null,
                at.toEpochMilli(),
                EventFeed.utf8(key),
                EventFeed.utf8(data),
                EventHeaders.of(type, at + type + key, "/test", at)));
    }

    @Test
    void yesterdaysWindowAndTodaysAreComparedByTheSeriesField() throws IOException {
        Instant today = Instant.now().truncatedTo(ChronoUnit.HOURS).minus(Duration.ofHours(2));
        Instant yesterday = today.minus(Duration.ofDays(1));
        try (KafkaProducer<byte[], byte[]> producer = system.kafka().producer("test-windows")) {
            for (Instant begin : List.of(yesterday, today)) {
                for (int minute = 0; minute < 5; minute++) {
                    boolean off = begin.equals(today) && minute == 3;
                    minute(producer, begin.plusSeconds(60L * minute), "SPY", "10" + minute + (off ? ".5" : ""));
                    minute(producer, begin.plusSeconds(60L * minute), "QQQ", "20" + minute);
                }
            }
            producer.flush();
        }
        String[] window = {
            "intraday",
            "--from",
            yesterday.toString(),
            "--until",
            yesterday.plusSeconds(300).toString(),
            "--with",
            today.toString()
        };
        Ran ran = compare(with(window, "--json"));

        assertThat(ran.code()).as("%s", ran).isEqualTo(1);
        assertThat(ran.number("compared")).isEqualTo(20);
        assertThat(ran.number("differing")).isEqualTo(2);
        assertThat(ran.fields()).containsExactlyInAnyOrder("/close", "/vwap");
        JsonNode sample = ran.json().path("fields").path(0).path("samples").path(0);
        assertThat(sample.path("first").asText()).isEqualTo("103");
        assertThat(sample.path("second").asText()).isEqualTo("103.5");
        assertThat(compare(with(window, "--key", "QQQ")).code()).isZero();
        Ran tolerant = compare(with(window, "--tolerance", "/close=0.5", "--tolerance", "/vwap=0.5"));
        assertThat(tolerant.code()).as("%s", tolerant).isZero();
        assertThat(tolerant.out()).startsWith("✓ intraday").contains("10000 ms | 10000 ms");
    }

    private static String[] with(String[] args, String... more) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }
}

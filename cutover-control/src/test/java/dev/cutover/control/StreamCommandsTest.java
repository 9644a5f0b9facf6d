package dev.cutover.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.cutover.schema.Json;
import dev.cutover.schema.ServiceCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.websocket.api.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;

/** {@code tail} and {@code replay} against a gateway that says what a test wants to hear. */
final class StreamCommandsTest {
    private static final String SUBSCRIBED =
            "{\"type\":\"subscribed\",\"id\":1,\"feature\":\"positions\",\"replay\":true,\"stage\":\"live\","
                    + "\"epoch\":\"e\",\"offsets\":{\"0\":6}}";
    private static final String HEARTBEAT = "{\"type\":\"heartbeat\",\"data\":{},\"high\":{}}";
    private static final String FROM = "2026-01-05T14:30:00Z";
    private static final String UNTIL = "2026-01-05T15:00:00Z";

    @TempDir
    private Path directory;

    private ScriptedGateway gateway;

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.close();
        }
    }

    private record Ran(int code, String out, String err) {
        List<String> lines() {
            return out.lines().toList();
        }
    }

    private static Ran execute(String... args) {
        StringWriter out = new StringWriter();
        return execute(new PrintWriter(out, true), out, args);
    }

    private static Ran execute(PrintWriter to, Object out, String... args) {
        StringWriter err = new StringWriter();
        int code = OperatorMain.command()
                .setOut(to)
                .setErr(new PrintWriter(err, true))
                .setColorScheme(Help.defaultColorScheme(Ansi.OFF))
                .execute(args);
        return new Ran(code, out.toString(), err.toString());
    }

    private Ran run(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--gateway-port", gateway.port()));
        return execute(all.toArray(String[]::new));
    }

    private Ran replay(String... more) {
        List<String> all = new ArrayList<>(List.of("replay", "positions", "--from", FROM, "--until", UNTIL));
        all.addAll(List.of(more));
        return run(all.toArray(String[]::new));
    }

    private static String event(int offset) {
        return "{\"type\":\"positions\",\"feature\":\"positions\",\"key\":\"123\",\"pos\":\"0:" + offset
                + "\",\"ts\":\"2026-01-05T14:30:0" + offset % 10 + ".123Z\",\"replay\":true,\"sub\":1,\"data\":{\"n\":"
                + offset + ",\"price\":1.50}}";
    }

    private static String complete(int count) {
        return "{\"type\":\"replay_complete\",\"id\":1,\"feature\":\"positions\",\"count\":" + count + "}";
    }

    private static String error(String code) {
        return "{\"type\":\"error_message\",\"id\":1,\"data\":{\"code\":\"" + code + "\",\"message\":\"not so\"}}";
    }

    @Test
    void aReplayPrintsItsEventsAndSaysAtItsEndWhatItWas() {
        gateway = ScriptedGateway.saying(SUBSCRIBED, event(7), HEARTBEAT, event(8), complete(2));

        Ran ran = replay();

        assertThat(ran.code()).as(ran.err()).isEqualTo(ServiceCommand.OK);
        assertThat(ran.lines())
                .containsExactly(
                        "[WS] positions: {\"n\":7,\"price\":1.50}", "[WS] positions: {\"n\":8,\"price\":1.50}");
        assertThat(ran.err()).matches("2 events from 2026-01-05T14:30:00Z to 2026-01-05T15:00:00Z, in \\d+\\.\\d s\n");
    }

    @Test
    void aReplayAsJsonIsTheEventsFramesAlone() {
        gateway = ScriptedGateway.saying(SUBSCRIBED, event(7), HEARTBEAT, event(8), complete(2));
        assertThat(replay("--json").lines()).containsExactly(event(7), event(8));
    }

    @Test
    void aReplayAsksForItsWindowItsKeysAndItsPace() throws Exception {
        gateway = ScriptedGateway.saying(complete(0));
        Instant before = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        replay();
        replay("--key", "123,7", "--key", "8", "--speed", "2.5");
        run("replay", "positions", "--from", "15m");
        run("replay", "positions", "--from", "earliest", "--until", "now");
        run("replay", "positions", "--from", "2026-01-05T09:30-05:00", "--until", "2026-01-06");
        Instant after = Instant.now();

        String window = "\"from\":{\"time\":\"" + FROM + "\"},";
        assertThat(gateway.heard.subList(0, 2))
                .containsExactly(
                        json("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"positions\"," + window + "\"until\":\""
                                + UNTIL + "\"}"),
                        json("{\"type\":\"subscribe\",\"id\":1,\"feature\":\"positions\"," + window
                                + "\"keys\":[\"123\",\"7\",\"8\"],\"until\":\"" + UNTIL + "\",\"speed\":2.5}"));
        JsonNode ago = gateway.heard.get(2);
        Duration quarter = Duration.ofMinutes(15);
        assertThat(Instant.parse(ago.at("/from/time").asText())).isBetween(before.minus(quarter), after.minus(quarter));
        assertThat(Instant.parse(ago.at("/until").asText())).isBetween(before, after);
        assertThat(gateway.heard.get(3).at("/from").asText()).isEqualTo("earliest");
        assertThat(gateway.heard.get(4).at("/from/time").asText()).isEqualTo("2026-01-05T14:30:00Z");
        assertThat(gateway.heard.get(4).at("/until").asText()).isEqualTo("2026-01-06T00:00:00Z");
    }

    private static JsonNode json(String text) throws IOException {
        return Json.MAPPER.readTree(text);
    }

    @Test
    void aReplayToAFileLeavesTheWholeFileAndNothingElse() throws Exception {
        gateway = ScriptedGateway.saying(SUBSCRIBED, event(7), event(8), complete(2));
        Path file = directory.resolve("window.jsonl");

        Ran ran = replay("--output", file.toString());

        assertThat(ran.code()).as(ran.err()).isEqualTo(ServiceCommand.OK);
        assertThat(ran.out()).isEmpty();
        assertThat(Files.readAllLines(file)).containsExactly(event(7), event(8));
        assertThat(directory).isDirectoryContaining("glob:**/window.jsonl");
        assertThat(directory.toFile().list()).hasSize(1);
    }

    @Test
    void aFileThatIsThereIsReplacedByForceAlone() throws Exception {
        gateway = ScriptedGateway.saying(event(7), complete(1));
        Path file = Files.writeString(directory.resolve("window.jsonl"), "mine");

        Ran refused = replay("--output", file.toString());
        assertThat(refused.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(refused.err().lines()).singleElement().asString().contains("window.jsonl", "--force");
        assertThat(file).hasContent("mine");
        assertThat(gateway.heard).isEmpty();

        assertThat(replay("--output", file.toString(), "--force").code()).isEqualTo(ServiceCommand.OK);
        assertThat(file).hasContent(event(7));
        assertThat(directory.toFile().list()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"., no file that may be replaced", "nowhere/window.jsonl, no such directory"})
    void aFileThatCantBeIsSaidBeforeAnythingIsAsked(String file, String said) {
        gateway = ScriptedGateway.saying(complete(0));

        Ran ran = replay("--output", directory.resolve(file).toString());

        assertThat(ran.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(ran.err().lines()).singleElement().asString().contains(file, said);
        assertThat(gateway.heard).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1001, draining", "1013, slow_consumer"})
    void aReplayThatIsCutSaysSoAndLeavesNoFile(int status, String code) {
        gateway = new ScriptedGateway((message, to) -> {
            to.send(event(7));
            to.closeSession(status, "{\"code\":\"" + code + "\",\"reconnect\":true}");
        });

        Ran cut = replay("--output", directory.resolve("window.jsonl").toString());

        assertThat(cut.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(cut.err().lines())
                .singleElement()
                .asString()
                .contains(
                        "cut after 1 event, at 2026-01-05T14:30:07.123Z",
                        Integer.toString(status),
                        code,
                        "run it again");
        assertThat(directory.toFile().list()).isEmpty();
        Ran printed = replay();
        assertThat(printed.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(printed.lines()).hasSize(1);
        assertThat(printed.err()).contains("--from 2026-01-05T14:30:07.123Z");
    }

    @Test
    void aReplayOfWhichSomethingIsMissingDidNotSucceed() {
        gateway = ScriptedGateway.saying(event(7), complete(2));

        Ran ran = replay("--output", directory.resolve("window.jsonl").toString());

        assertThat(ran.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(ran.err()).contains("cut after 1 event", "sent 2 events");
        assertThat(directory.toFile().list()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"position_expired, 1", "too_many_subscriptions, 1", "unknown_feature, 1", "bad_request, 2"})
    void whatTheGatewayRefusesIsOneLineWithItsCode(String code, int exitCode) {
        gateway = ScriptedGateway.saying(error(code));

        Ran ran = replay("--output", directory.resolve("window.jsonl").toString());

        assertThat(ran.code()).isEqualTo(exitCode);
        assertThat(ran.err().lines()).singleElement().asString().contains("not so (" + code + ")");
        assertThat(directory.toFile().list()).isEmpty();
    }

    @Test
    void thatKafkaIsAwayIsPassedOnAndEndsNothing() {
        String away = error("upstream_unavailable");
        gateway = ScriptedGateway.saying(event(7), away, away.replace("\"id\":1,", ""), event(8), complete(2));

        Ran ran = replay();

        assertThat(ran.code()).as(ran.err()).isEqualTo(ServiceCommand.OK);
        assertThat(ran.lines()).hasSize(2);
        assertThat(ran.err().lines()).hasSize(3).first().asString().contains("upstream_unavailable");
    }

    @Test
    void aSlowReaderHoldsTheGatewayUp() throws Exception {
        int most = 50_000;
        String frame = event(7).replace("\"price\":1.50", "\"text\":\"" + "x".repeat(4_000) + "\"");
        AtomicInteger sent = new AtomicInteger();
        gateway = new ScriptedGateway((message, to) -> {
            while (sent.get() < most) {
                Callback.Completable.with(done -> to.session.sendText(frame, done))
                        .join();
                sent.incrementAndGet();
            }
            to.send(complete(most));
        });
        CountDownLatch released = new CountDownLatch(1);
        AtomicInteger printed = new AtomicInteger();
        Writer slow = new Writer() {
            @Override
            public void write(char[] text, int from, int length) throws IOException {
                try {
                    released.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }

            @Override
            public void flush() {
                printed.incrementAndGet();
            }

            @Override
            public void close() {}
        };
        FutureTask<Ran> replay = new FutureTask<>(() -> execute(
                new PrintWriter(slow, true),
                "",
                "replay",
                "positions",
                "--from",
                "1h",
                "--gateway-port",
                gateway.port()));
        new Thread(replay, "replay").start();

        AtomicInteger before = new AtomicInteger(-1);
        await().pollInterval(Duration.ofMillis(300))
                .until(() -> sent.get() > 0 && before.getAndSet(sent.get()) == sent.get());
        assertThat(sent.get()).as("sent while nobody reads").isLessThan(most / 2);
        released.countDown();

        assertThat(replay.get().code()).isEqualTo(ServiceCommand.OK);
        assertThat(printed.get()).isGreaterThanOrEqualTo(most);
    }

    @Test
    void aTailFromATimeAsksForItAndPrintsWhatComes() {
        gateway = ScriptedGateway.saying(SUBSCRIBED, event(7), event(8));

        Ran ran = run("tail", "positions", "--from", FROM, "--count", "2");

        assertThat(ran.code()).as(ran.err()).isEqualTo(ServiceCommand.OK);
        assertThat(ran.lines()).hasSize(2).allMatch(line -> line.startsWith("[WS] positions: {\"n\":"));
        assertThat(ran.err()).isEmpty();
        assertThat(gateway.heard).singleElement().satisfies(message -> {
            assertThat(message.at("/from/time").asText()).isEqualTo(FROM);
            assertThat(message.has("until")).isFalse();
        });
        run("tail", "positions", "--from", "earliest", "--count", "1");
        run("tail", "positions", "--count", "1");
        assertThat(gateway.heard.subList(1, 3))
                .extracting(message -> message.path("from").asText())
                .containsExactly("earliest", "snapshot");
    }

    private static final String CAUGHT_UP = "{\"type\":\"caught_up\",\"id\":1,\"feature\":\"positions\"}";

    @Test
    void aTailFromThePastSaysWhenItIsLive() {
        gateway = ScriptedGateway.saying(SUBSCRIBED, event(7), event(8), CAUGHT_UP, event(9));

        Ran ran = run("tail", "positions", "--from", "earliest", "--count", "3");

        assertThat(ran.lines()).hasSize(3);
        assertThat(ran.err()).matches("2 events since earliest, in \\d+\\.\\d s; what comes now is live\n");
    }

    @Test
    void aTailToAFileGrowsItByTheEventsFramesAlone() throws Exception {
        Path file = directory.resolve("tail.jsonl");
        gateway = new ScriptedGateway((message, to) -> {
            List.of(SUBSCRIBED, event(7), HEARTBEAT, CAUGHT_UP).forEach(to::send);
            // the next one comes only when the first can be read
            var unused = CompletableFuture.runAsync(() -> {
                await().until(() -> Files.readAllLines(file).size() == 1);
                to.send(event(8));
            });
        });

        Ran ran = run("tail", "positions", "--from", FROM, "--count", "2", "--output", file.toString());

        assertThat(ran.code()).as(ran.err()).isEqualTo(ServiceCommand.OK);
        assertThat(ran.out()).isEmpty();
        assertThat(Files.readAllLines(file)).containsExactly(event(7), event(8));
        Ran again = run("tail", "positions", "--count", "1", "--output", file.toString());
        assertThat(again.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(again.err()).isEqualTo("can't write " + file + ": it is there already; --force replaces it\n");
        assertThat(gateway.heard).as("nothing was asked").hasSize(1);
        assertThat(run("tail", "positions", "--count", "1", "--output", file.toString(), "--force")
                        .code())
                .isEqualTo(ServiceCommand.OK);
        assertThat(Files.readAllLines(file)).containsExactly(event(7));
    }

    @Test
    void aTailGoesOnBehindAGap() {
        gateway = ScriptedGateway.saying(
                error("position_expired"), SUBSCRIBED.replace("\"replay\"", "\"gap\""), event(7));

        Ran ran = run("tail", "positions", "--from", "2h", "--count", "1");

        assertThat(ran.code()).isEqualTo(ServiceCommand.OK);
        assertThat(ran.lines()).hasSize(1);
        assertThat(ran.err().lines()).hasSize(2).last().asString().contains("missed", "snapshot");
    }

    @Test
    void aTailThatWaitsSaysOnceForWhat() {
        gateway = new ScriptedGateway((message, to) -> {
            to.send(SUBSCRIBED);
            CompletableFuture.delayedExecutor(11, TimeUnit.SECONDS).execute(() -> to.send(event(7)));
        });

        Ran ran = run("tail", "positions", "--key", "no-such", "--count", "1");

        assertThat(ran.code()).isEqualTo(ServiceCommand.OK);
        assertThat(ran.err().lines()).singleElement().asString().contains("no event of positions for no-such yet");
    }

    @Test
    void aGatewayThatTakesNoConnectionIsQuoted() throws Exception {
        HttpServer full = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        full.createContext("/ws/", exchange -> {
            byte[] problem = "{\"status\":503,\"code\":\"draining\",\"detail\":\"the gateway stops\"}".getBytes(UTF_8);
            exchange.getResponseHeaders().add("Retry-After", "2");
            exchange.sendResponseHeaders(503, problem.length);
            exchange.getResponseBody().write(problem);
            exchange.close();
        });
        full.start();
        try {
            Ran ran = execute(
                    "tail",
                    "positions",
                    "--gateway-port",
                    Integer.toString(full.getAddress().getPort()));

            assertThat(ran.code()).isEqualTo(ServiceCommand.FAILED);
            assertThat(ran.err().lines())
                    .singleElement()
                    .asString()
                    .contains("the gateway stops (draining)", "try again in 2 s");
        } finally {
            full.stop(0);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tail positions --from yesterday                        | must be snapshot, now, earliest, an instant",
                "tail positions --from 2026-01-05T15:30:00              | an instant with its zone",
                "tail positions --from 15                               | how long ago, such as 15m",
                "tail positions --from 2026-13-05                       | a date (0:00 UTC)",
                "tail positions --from 999999999d                       | how long ago",
                "replay positions                                       | --from",
                "replay positions --from now                            | must be earliest, an instant",
                "replay positions --from 1h --until soon                | must be now, an instant",
                "replay positions --from 1h --until 2h                  | --until must be after --from",
                "replay positions --from 2026-01-05 --until 2026-01-05  | --until must be after --from",
                "replay positions --from 1h --speed 0                   | must be a number above 0",
                "replay positions --from 1h --speed fast                | must be a number above 0",
                "replay positions --from 1h --speed NaN                 | must be a number above 0",
                "replay positions --from 1h --force                     | --force goes with --output",
                "tail positions --force                                 | --force goes with --output",
                "replay positions --from 1h --gateway-port many         | gateway-port must be a whole number",
            })
    void wrongUsageIsOneLineAndExitsWithTwo(String args, String said) {
        Ran ran = execute(args.split(" +", -1));

        assertThat(ran.code()).as(ran.err()).isEqualTo(ServiceCommand.USAGE);
        assertThat(ran.err().lines()).singleElement().asString().contains(said);
        assertThat(ran.out()).isEmpty();
    }
}

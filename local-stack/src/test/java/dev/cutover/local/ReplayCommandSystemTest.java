package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.cutover.local.CommandLineRig.Cutover;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code cutover replay} and {@code cutover tail --from} as operators meet them, on a stack that runs. */
final class ReplayCommandSystemTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    Path directory;

    private CommandLineRig rig;

    @BeforeEach
    void start() {
        rig = new CommandLineRig(directory);
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    /** The gateway's port, once it has pushed some bars for somebody to replay. */
    private String stackWithHistory() throws Exception {
        Cutover up = rig.up();
        String port = CommandLineRig.port(up.await(line -> line.contains("gw-1"), "the gateway's address"));
        Cutover tail = rig.cutover("tail", "intraday", "--from", "now", "--count", "20", "--gateway-port", port);
        assertThat(tail.exitCode()).as(tail.toString()).isZero();
        return port;
    }

    @Test
    void aWindowIsReplayedToTheTerminalAndToAFileAlike() throws Exception {
        String port = stackWithHistory();
        String until = Instant.now().toString();
        String[] window = {"replay", "intraday", "--from", "1h", "--until", until, "--gateway-port", port};

        Cutover printed = rig.cutover(window);
        assertThat(printed.exitCode()).as(printed.toString()).isZero();
        assertThat(printed.out).hasSizeGreaterThanOrEqualTo(20).allMatch(line -> line.startsWith("[WS] "));
        assertThat(printed.err).hasSize(1);
        assertThat(printed.err.get(0))
                .startsWith(printed.out.size() + " events from ")
                .contains(" to " + until);

        Cutover json = rig.cutover(with(window, "--json"));
        Cutover filed = rig.cutover(with(window, "--output", "window.jsonl"));
        assertThat(json.exitCode()).as(json.toString()).isZero();
        assertThat(filed.exitCode()).as(filed.toString()).isZero();
        List<String> frames = Files.readAllLines(directory.resolve("window.jsonl"));
        assertThat(frames).isEqualTo(json.out).hasSameSizeAs(printed.out);
        Map<String, Long> last = new HashMap<>();
        for (String frame : frames) {
            JsonNode event = JSON.readTree(frame);
            assertThat(Instant.parse(event.path("ts").asText())).isBefore(until);
            String[] pos = event.path("pos").asText().split(":", 2);
            Long before = last.put(pos[0], Long.parseLong(pos[1]));
            assertThat(before == null || before < last.get(pos[0])).as(frame).isTrue();
        }
    }

    private static String[] with(String[] args, String... more) {
        return Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray(String[]::new);
    }

    @Test
    void ctrlCEndsAReplayThatIsNotWholeWithOneAndNoFileAndATailWithZeroAndItsFile() throws Exception {
        String port = stackWithHistory();
        Cutover replay = rig.cutover(
                "replay",
                "intraday",
                "--from",
                "earliest",
                "--speed",
                "0.001",
                "--output",
                "window.jsonl",
                "--gateway-port",
                port);
        Path grown = directory.resolve("tail.jsonl");
        Cutover tail = rig.cutover(
                "tail",
                "intraday",
                "--from",
                "earliest",
                "--output",
                grown.getFileName().toString(),
                "--gateway-port",
                port);
        Awaitility.await()
                .atMost(CommandLineRig.PATIENCE)
                .until(() -> parts() == 1
                        && Files.exists(grown)
                        && Files.readAllLines(grown).size() >= 20
                        && !tail.err.isEmpty());

        CommandLineRig.interrupt(replay);
        CommandLineRig.interrupt(tail);

        assertThat(replay.exitCode()).as(replay.toString()).isEqualTo(1);
        assertThat(replay.err).as(replay.toString()).isNotEmpty();
        assertThat(replay.err.get(replay.err.size() - 1)).contains("was cut", "interrupted", "run it again");
        assertThat(parts()).isZero();
        assertThat(directory.resolve("window.jsonl")).doesNotExist();
        assertThat(tail.exitCode()).as(tail.toString()).isZero();
        assertThat(tail.out).isEmpty();
        assertThat(tail.err).singleElement().asString().endsWith("; what comes now is live");
        assertThat(Files.readString(grown)).endsWith("}\n");
        assertThat(Files.readAllLines(grown))
                .allMatch(
                        line -> line.startsWith("{\"type\":\"") && line.contains(",\"pos\":\"") && line.endsWith("}"));
    }

    private int parts() {
        return directory.toFile().list((in, name) -> name.startsWith("window.jsonl.")).length;
    }
}

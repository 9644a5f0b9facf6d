package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.ServiceCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;

/** What {@code compare} says before it has met any service; the rest is tested on a real broker. */
final class CompareCommandTest {
    @TempDir
    private Path directory;

    private record Ran(int code, String out, String err) {}

    private static Ran run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        List<String> all = new ArrayList<>(List.of("compare"));
        all.addAll(List.of(args));
        int code = OperatorMain.command()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setColorScheme(Help.defaultColorScheme(Ansi.OFF))
                .execute(all.toArray(String[]::new));
        return new Ran(code, out.toString(), err.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "positions --until now | --until and --with need --from",
                "positions --with 1h | --until and --with need --from",
                "positions --for 5s --from 1h | exclude each other",
                "positions --for soon | must be a duration such as",
                "positions --for 0s | --for must be from 1ms to 1d",
                "positions --from noon | --from must be earliest, an instant",
                "positions --from 1h --until 2h | --until must be after --from",
                "positions --from 1h --with-until now | --with-until and --time-within need --with",
                "positions --from earliest --with 1h | --with needs a time for --from",
                "positions --from 2h --until 1h --with 1h --with-until 2h | --with-until must be after --with",
                "positions --ignore timestamp | JSON pointer such as /timestamp",
                "positions --tolerance /cash | must be a field and an amount",
                "positions --sample 0 | --sample must be from 1 to 1000",
                "positions --force | --force goes with --html alone",
                "positions --kafka-port 0x1 | kafka-port must be",
                "nothing | the catalog has no feature 'nothing'; it has account_balance, positions, intraday",
            })
    void whatDoesNotFitIsWrongUsage(String args, String message) {
        Ran ran = run(args.split(" "));
        assertThat(ran.code()).as(ran.err()).isEqualTo(ServiceCommand.USAGE);
        assertThat(ran.err()).contains(message);
        assertThat(ran.err().lines()).hasSize(1);
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void withoutKafkaItFailsAndSaysWhereItLooked() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Ran ran = run("positions", "--kafka-port", Integer.toString(port), "--html", page().toString());
        assertThat(ran.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(ran.err())
                .startsWith("no Kafka answers at 127.0.0.1:" + port)
                .contains("--bootstrap");
        assertThat(directory).isEmptyDirectory();
    }

    private Path page() {
        return directory.resolve("page.html");
    }

    @Test
    void aPageThatIsThereIsNotReplacedUnasked() throws IOException {
        Files.writeString(page(), "kept");
        Ran ran = run("positions", "--html", page().toString());
        assertThat(ran.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(ran.err()).contains("it is there already; --force replaces it");
        assertThat(page()).hasContent("kept");
    }

    @Test
    void aFeatureWithoutAnEndpointHasNothingToCompareWith() throws IOException {
        Path catalog = directory.resolve("features.yaml");
        Files.writeString(catalog, """
                features:
                  - name: news
                    topic: events.news
                    partitions: 1
                    delivery: latest
                    events: [{type: news, key: id, cadence: 10s, view: latest}]
                heartbeat: {topic: events.heartbeat, cadence: 30s}
                """);
        Ran ran = run("news", "--features", catalog.toString());
        assertThat(ran.code()).isEqualTo(ServiceCommand.FAILED);
        assertThat(ran.err()).contains("news has no REST endpoint", "--with compares two windows");
    }

    @Test
    void helpSaysTheWaysTheTimesAndTheExitCodes() {
        Ran ran = run("--help");
        assertThat(ran.code()).isEqualTo(ServiceCommand.OK);
        assertThat(ran.out())
                .contains("--for 60s", "--from T --until T", "--with T", "Exit codes: 0", "--bootstrap", "--rest-port");
        assertThat(ran.out()).doesNotContain("--control-port");
    }
}

package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.ServiceCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class JobsMainTest {
    @TempDir
    Path dir;

    private final StringWriter err = new StringWriter();
    private final StringWriter out = new StringWriter();

    @Test
    void anUnreadableFileIsOneLineAndExitCodeOne() {
        assertThat(run("--source", "file:" + dir.resolve("absent.csv"))).isEqualTo(ServiceCommand.FAILED);
        assertThat(err.toString()).hasLineCount(1).contains("absent.csv: there is no such file");
    }

    @Test
    void aWrongValueIsOneLineAndExitCodeTwo() {
        assertThat(run("--source", "rest:http://localhost")).isEqualTo(ServiceCommand.USAGE);
        assertThat(err.toString())
                .hasLineCount(1)
                .isEqualToIgnoringNewLines(
                        "source must be simulated, file:PATH or rest-poll:URL, but is 'rest:http://localhost' (from --source)");
    }

    @Test
    void aFeatureThatCannotBePolledIsOneLineThatSaysWhatToSet() {
        assertThat(run("--source", "rest-poll:http://localhost:1")).isEqualTo(ServiceCommand.FAILED);
        assertThat(err.toString())
                .hasLineCount(1)
                .contains("the feature intraday can't be polled", "--poll-keys 'intraday=KEY,…'");
    }

    @Test
    void aTakenPortIsOneLineAndExitCodeOne() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(run("--jobs-port", Integer.toString(taken.getLocalPort())))
                    .isEqualTo(ServiceCommand.FAILED);
        }
        assertThat(err.toString()).hasLineCount(1).contains("--jobs-port");
    }

    @Test
    void helpListsEverySetting() {
        assertThat(run("--help")).isEqualTo(ServiceCommand.OK);
        JobsSettings.ALL.forEach(setting -> assertThat(out.toString()).contains(setting.option()));
    }

    private int run(String... arguments) {
        CommandLine command = JobsMain.command();
        return command.setErr(new PrintWriter(err, true))
                .setOut(new PrintWriter(out, true))
                .execute(arguments);
    }
}

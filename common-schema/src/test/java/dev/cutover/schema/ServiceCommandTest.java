package dev.cutover.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

final class ServiceCommandTest {
    private static final Setting<Integer> PORT = Setting.port("own-port", 8090, "100% the gateway's port");
    private static final Setting<Path> DATA_DIR = Setting.path("data-dir", null, "where data is kept");

    private static final String TAKEN = "port 8090 is taken; give another: --own-port";
    private static final Setting<Boolean> FRESH = Setting.flag("fresh", "empty the data directory first");

    private final AtomicReference<Settings> started = new AtomicReference<>();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private static CommandLine command(ServiceCommand.Starter starter) {
        List<Setting<?>> settings = new ArrayList<>(Settings.COMMON);
        settings.addAll(List.of(PORT, DATA_DIR, FRESH));
        return ServiceCommand.of("gateway", "Serves events.", settings, starter);
    }

    private int execute(CommandLine command, String... args) {
        return command.setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(args);
    }

    private int execute(String... args) {
        return execute(recording(), args);
    }

    private CommandLine recording() {
        return command((settings, print) -> {
            started.set(settings);
            throw new StartupException(TAKEN);
        });
    }

    @Test
    void helpListsEveryOptionWithItsDefaultAndStartsNothing() {
        assertThat(execute("--help")).isEqualTo(ServiceCommand.OK);

        assertThat(out.toString())
                .contains("Serves events.", "--own-port=PORT", "100% the gateway's port (default 8090)")
                .contains(
                        "--data-dir=PATH",
                        "where data is kept\n",
                        "--fresh[=true|false]",
                        "empty the data directory first (default false)")
                .contains("--bootstrap=HOST:PORT", "--config=PATH", "--features=PATH")
                .contains("--kafka=NAME=VALUE");
        assertThat(err.toString()).isEmpty();
        assertThat(started).hasNullValue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--gateway-prot=1|Unknown option: '--gateway-prot=1'; gateway --help lists the options",
                "now|Unmatched argument at index 0: 'now'; gateway --help lists the options",
                "--own-port|Missing required parameter for option '--own-port' (PORT); gateway --help lists the"
                        + " options",
                "--kafka=acks|Value for option option '--kafka' (NAME=VALUE) should be in KEY=VALUE format but was acks;"
                        + " gateway --help lists the options",
                "--own-port=x|own-port must be a whole number from 0 to 65535, but is 'x' (from --own-port)",
            })
    void wrongUsageIsOneLineAndExitsWithTwo(String arg, String line) {
        assertThat(execute(arg)).isEqualTo(ServiceCommand.USAGE);

        assertThat(err).hasToString(line + System.lineSeparator());
        assertThat(out.toString()).isEmpty();
        assertThat(started).hasNullValue();
    }

    @Test
    void whatAStartFailsWithIsItsOneLineAndExitsWithOne() {
        assertThat(execute("--own-port", "8091")).isEqualTo(ServiceCommand.FAILED);

        assertThat(err).hasToString(TAKEN + System.lineSeparator());
        assertThat(started.get().get(PORT)).isEqualTo(8091);
    }

    @ParameterizedTest
    @CsvSource({"--fresh, true", "--fresh=true, true", "--fresh=false, false", "--own-port=1, false"})
    void aSwitchMayStandAlone(String arg, boolean on) {
        execute(arg);

        assertThat(started.get().get(FRESH)).isEqualTo(on);
    }

    @Test
    void kafkasOwnSettingsMayBeGivenAgainAndAgain() {
        int exit = execute("--kafka", "security.protocol=SSL", "--kafka=sasl.jaas.config=a b=\"c=d\";");

        assertThat(exit).isEqualTo(ServiceCommand.FAILED);
        assertThat(started.get().kafka().overrides())
                .containsEntry("security.protocol", "SSL")
                .containsEntry("sasl.jaas.config", "a b=\"c=d\";")
                .hasSize(2);
    }

    @Test
    void asASubcommandItDoesTheSame() {
        CommandLine root = new CommandLine(CommandSpec.create().name("cutover"))
                .addSubcommand("gateway", recording())
                .setParameterExceptionHandler(ServiceCommand::usageError);

        assertThat(execute(root, "gateway", "--own-port=8092")).isEqualTo(ServiceCommand.FAILED);
        assertThat(started.get().get(PORT)).isEqualTo(8092);
        assertThat(err).hasToString(TAKEN + System.lineSeparator());

        assertThat(execute(root, "gateway", "--help")).isEqualTo(ServiceCommand.OK);
        assertThat(out.toString()).contains("--own-port=PORT");

        assertThat(execute(root, "gateway", "--nope")).isEqualTo(ServiceCommand.USAGE);
        assertThat(err.toString()).endsWith("Unknown option: '--nope'; cutover gateway --help lists the options\n");
    }

    @Test
    void aSignalClosesTheServiceInOrderAndExitsWithZero() throws IOException, InterruptedException {
        assertEndsAtSigterm(Running.class, "closed");
    }

    @Test
    void aSignalDuringTheStartInterruptsItAndExitsWithZero() throws IOException, InterruptedException {
        assertEndsAtSigterm(Starting.class, "interrupted");
    }

    private static void assertEndsAtSigterm(Class<?> main, String lastLine) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        main.getName())
                .redirectErrorStream(true)
                .start();
        try (BufferedReader output = process.inputReader(UTF_8)) {
            assertThat(output.readLine()).isEqualTo("started");
            // SIGTERM; destroy() of the process itself would also close its output
            process.toHandle().destroy();

            assertThat(output.lines()).containsExactly(lastLine);
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(ServiceCommand.OK);
        } finally {
            process.destroyForcibly();
        }
    }

    /** The main class of a service that runs, in a process of its own. */
    static final class Running {
        private Running() {}

        public static void main(String[] args) {
            ServiceCommand.main(
                    command((settings, out) -> {
                        System.out.println("started");
                        return () -> System.out.println("closed");
                    }),
                    args);
        }
    }

    /** The main class of a service whose start takes for ever. */
    static final class Starting {
        private Starting() {}

        public static void main(String[] args) {
            ServiceCommand.main(
                    command((settings, out) -> {
                        System.out.println("started");
                        try {
                            new CountDownLatch(1).await();
                        } catch (InterruptedException e) {
                            throw new StartupException("interrupted", e);
                        }
                        throw new AssertionError("nobody counts down");
                    }),
                    args);
        }
    }
}

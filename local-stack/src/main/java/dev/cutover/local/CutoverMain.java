package dev.cutover.local;

import dev.cutover.gateway.GatewayMain;
import dev.cutover.jobs.JobsMain;
import dev.cutover.schema.ServiceCommand;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line: {@code cutover up | run | tail}. */
public final class CutoverMain {
    /** What a terminal is to see of the log, unless the environment says otherwise. */
    private static final Map<String, String> TERMINAL_LOG =
            Map.of("CUTOVER_LOG", "WARN", "CUTOVER_LIBRARY_LOG", "ERROR");

    @Command(
            name = "cutover",
            description = "Moves a live dashboard from polled REST to WebSocket push, one feature at a time.",
            synopsisSubcommandLabel = "COMMAND",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    private static final class Root {}

    @Command(
            name = "run",
            description = "Runs one service by itself, against a Kafka cluster that is there.",
            synopsisSubcommandLabel = "SERVICE",
            mixinStandardHelpOptions = true)
    private static final class Run {}

    private static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = CutoverMain.class.getPackage().getImplementationVersion();
            return new String[] {"cutover " + (version == null ? "(from classes)" : version)};
        }
    }

    private CutoverMain() {}

    public static void main(String[] args) {
        quietUnlessService(args);
        // UTF-8 whatever the locale
        PrintWriter out = utf8(FileDescriptor.out);
        PrintWriter err = utf8(FileDescriptor.err);
        int code = command().setOut(out).setErr(err).execute(args);
        out.flush();
        err.flush();
        System.exit(code);
    }

    static CommandLine command() {
        CommandLine root = new CommandLine(new Root());
        root.addSubcommand(UpCommand.command());
        CommandLine run = new CommandLine(new Run());
        run.addSubcommand(GatewayMain.command());
        run.addSubcommand(JobsMain.command());
        root.addSubcommand(run);
        root.addSubcommand(new TailCommand());
        return root.setParameterExceptionHandler(ServiceCommand::usageError);
    }

    /** A terminal is for the command's own words; a service by itself logs as it does in a container. */
    private static void quietUnlessService(String[] args) {
        boolean service = args.length > 0 && args[0].equals("run");
        TERMINAL_LOG.forEach((name, level) -> {
            if (!service && System.getenv(name) == null) {
                System.setProperty(name, level);
            }
        });
    }

    private static PrintWriter utf8(FileDescriptor descriptor) {
        return new PrintWriter(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }
}

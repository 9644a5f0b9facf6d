package dev.cutover.local;

import dev.cutover.control.ControlMain;
import dev.cutover.control.OperatorCommands;
import dev.cutover.control.Terminal;
import dev.cutover.gateway.GatewayMain;
import dev.cutover.jobs.JobsMain;
import dev.cutover.rest.RestMain;
import dev.cutover.schema.ServiceCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The whole command line: {@code cutover up | run}, and the operators' commands. */
public final class CutoverMain {
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
        // a service by itself logs as it does in a container
        if (args.length == 0 || !args[0].equals("run")) {
            Terminal.quietLog();
        }
        Terminal.main(command(), args);
    }

    static CommandLine command() {
        CommandLine run = new CommandLine(new Run());
        run.addSubcommand(ControlMain.command());
        run.addSubcommand(GatewayMain.command());
        run.addSubcommand(RestMain.command());
        run.addSubcommand(JobsMain.command());
        CommandLine root = new CommandLine(new Root());
        root.addSubcommand(UpCommand.command());
        root.addSubcommand(run);
        OperatorCommands.all().forEach(root::addSubcommand);
        root.addSubcommand(DriftCommand.command());
        return root.setParameterExceptionHandler(ServiceCommand::usageError);
    }
}

package dev.cutover.control;

import dev.cutover.schema.ServiceCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The operators' commands by themselves: {@code cutover status | checklist | promote | …}. */
public final class OperatorMain {

    @Command(
            name = "cutover",
            description = "Shows and moves the features of a dashboard on its way from REST to WebSocket.",
            synopsisSubcommandLabel = "COMMAND",
            mixinStandardHelpOptions = true)
    private static final class Root {}

    private OperatorMain() {}

    public static void main(String[] args) {
        Terminal.quietLog();
        Terminal.main(command(), args);
    }

    static CommandLine command() {
        CommandLine root = new CommandLine(new Root());
        OperatorCommands.all().forEach(root::addSubcommand);
        return root.setParameterExceptionHandler(ServiceCommand::usageError);
    }
}

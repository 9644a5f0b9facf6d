package dev.cutover.control;

import dev.cutover.schema.Settings;
import java.util.List;
import picocli.AutoComplete;
import picocli.CommandLine;

/** The operators' commands, to be added to a root command. */
public final class OperatorCommands {
    private OperatorCommands() {}

    /** New ones at each call: a command belongs to one root. */
    public static List<CommandLine> all() {
        return List.of(
                Addresses.command(new StatusCommand(), Settings.CONTROL_PORT),
                Addresses.command(new PromoteCommand(), Settings.CONTROL_PORT),
                Addresses.command(new RollbackCommand(), Settings.CONTROL_PORT),
                Addresses.command(new HistoryCommand(), Settings.CONTROL_PORT),
                Addresses.command(new ChecklistCommand(), Settings.CONTROL_PORT),
                Addresses.command(new SignOffCommand(), Settings.CONTROL_PORT),
                Addresses.command(new ClearCommand(), Settings.CONTROL_PORT),
                Addresses.command(new GuardCommand(), Settings.CONTROL_PORT),
                Addresses.command(new SessionsCommand(), Settings.CONTROL_PORT),
                Addresses.command(new VerdictsCommand(), Settings.CONTROL_PORT),
                Addresses.command(new UsageCommand(), Settings.CONTROL_PORT),
                Addresses.command(new TailCommand(), Settings.GATEWAY_PORT),
                Addresses.command(new ReplayCommand(), Settings.GATEWAY_PORT),
                CompareCommand.command(),
                completion());
    }

    private static CommandLine completion() {
        CommandLine completion = new CommandLine(new AutoComplete.GenerateCompletion());
        completion
                .getCommandSpec()
                .usageMessage()
                .hidden(false)
                .description("Prints a script that completes commands, options and features in bash and zsh: source"
                        + " <(./cutover generate-completion)");
        return completion;
    }
}

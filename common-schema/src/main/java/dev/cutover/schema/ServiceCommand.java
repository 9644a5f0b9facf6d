package dev.cutover.schema;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * A command whose options are {@link Setting}s and that runs until it is told to end: how every service is started, by its own
 * main class or by {@code cutover run}.
 *
 * <p>Exit codes: 0 after an orderly end by SIGINT or SIGTERM; 1 when it can't start, said in one line; 2 for wrong usage.
 */
public final class ServiceCommand {
    private static final Logger log = LoggerFactory.getLogger(ServiceCommand.class);
    private static final Duration CLOSE_DEADLINE = Duration.ofSeconds(30);
    private static final String KAFKA_OPTION = "--kafka";

    public static final int OK = 0;
    public static final int FAILED = 1;
    public static final int USAGE = 2;

    /** A service that runs; closing it is orderly and bounded. */
    public interface Running extends AutoCloseable {
        @Override
        void close();
    }

    /** Builds and starts; throws {@link StartupException} for what the operator can mend, and then leaves nothing running. */
    public interface Starter {
        Running start(Settings settings, PrintWriter out);
    }

    private ServiceCommand() {}

    /**
     * The command of one service.
     *
     * @param settings what can be set; the common ones are to be among them
     * @param starter called once, on the thread that executes the command, which then waits for the end
     */
    public static CommandLine of(String name, String description, List<Setting<?>> settings, Starter starter) {
        CommandSpec spec = CommandSpec.create().name(name).mixinStandardHelpOptions(false);
        spec.usageMessage().description(description).sortOptions(false).width(110);
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("show this help")
                .build());
        for (Setting<?> setting : settings) {
            spec.addOption(OptionSpec.builder(setting.option())
                    .paramLabel(setting.value())
                    .type(String.class)
                    .description(helpText(setting))
                    .build());
        }
        spec.addOption(OptionSpec.builder(KAFKA_OPTION)
                .paramLabel("NAME=VALUE")
                .type(Map.class)
                .auxiliaryTypes(String.class, String.class)
                .description("one of Kafka's own settings, for example security.protocol=SSL; may be given again")
                .build());
        CommandLine command = new CommandLine(spec);
        command.setExecutionStrategy(parsed -> {
            Integer help = CommandLine.executeHelpRequest(parsed);
            return help != null ? help : run(innermost(parsed), settings, starter);
        });
        return command;
    }

    /** For a main class: runs and ends the JVM with the exit code. */
    public static void main(CommandLine command, String[] args) {
        System.exit(command.execute(args));
    }

    private static String helpText(Setting<?> setting) {
        String fallback = setting.defaultText() == null ? "" : " (default " + setting.defaultText() + ")";
        return setting.doc().replace("%", "%%") + fallback;
    }

    private static CommandLine.ParseResult innermost(CommandLine.ParseResult parsed) {
        return parsed.hasSubcommand() ? innermost(parsed.subcommand()) : parsed;
    }

    private static int run(CommandLine.ParseResult parsed, List<Setting<?>> known, Starter starter) {
        CommandLine command = parsed.commandSpec().commandLine();
        Settings settings;
        try {
            settings = Settings.resolve(known, given(parsed, known), System.getenv());
        } catch (Settings.SettingException e) {
            command.getErr().println(e.getMessage());
            return USAGE;
        }
        Running running;
        try {
            running = starter.start(settings, command.getOut());
        } catch (StartupException e) {
            log.debug("start failed", e);
            command.getErr().println(e.getMessage());
            return FAILED;
        } catch (Settings.SettingException e) {
            command.getErr().println(e.getMessage());
            return USAGE;
        }
        awaitSignal(running);
        return OK;
    }

    private static Map<String, String> given(CommandLine.ParseResult parsed, List<Setting<?>> known) {
        Map<String, String> given = new HashMap<>();
        for (Setting<?> setting : known) {
            if (parsed.hasMatchedOption(setting.option())) {
                given.put(setting.name(), parsed.matchedOptionValue(setting.option(), (String) null));
            }
        }
        Map<String, String> kafka = parsed.matchedOptionValue(KAFKA_OPTION, Map.of());
        kafka.forEach((name, value) -> given.put(Settings.KAFKA_PREFIX + name, value));
        return given;
    }

    /** Never returns to the caller's work: the shutdown hook closes the service and ends the JVM. */
    private static void awaitSignal(Running running) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> closeAndHalt(running), "shutdown"));
        CountDownLatch never = new CountDownLatch(1);
        try {
            never.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** An orderly end is a success, so the JVM is halted with 0 in place of the signal's number. */
    private static void closeAndHalt(Running running) {
        var closer = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "closer");
            thread.setDaemon(true);
            return thread;
        });
        try {
            closer.submit(running::close).get(CLOSE_DEADLINE.toSeconds(), TimeUnit.SECONDS);
            Runtime.getRuntime().halt(OK);
        } catch (Exception e) {
            log.error("could not close in order within {} s", CLOSE_DEADLINE.toSeconds(), e);
            Runtime.getRuntime().halt(FAILED);
        }
    }
}

package dev.cutover.schema;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Spec;

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

    /**
     * Builds and starts; throws {@link StartupException} for what the operator can mend, and then leaves nothing running. A
     * signal interrupts its thread.
     */
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
        Start start = new Start(settings, starter);
        CommandSpec spec = CommandSpec.forAnnotatedObject(start).name(name);
        spec.usageMessage().description(description).sortOptions(false).width(110);
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("show this help")
                .build());
        for (Setting<?> setting : settings) {
            OptionSpec.Builder option = OptionSpec.builder(setting.option())
                    .paramLabel(setting.value())
                    .type(String.class)
                    .description(helpText(setting));
            if (setting.isFlag()) {
                option.arity("0..1").fallbackValue("true").paramLabel("true|false");
            }
            spec.addOption(option.build());
        }
        spec.addOption(OptionSpec.builder(KAFKA_OPTION)
                .paramLabel("NAME=VALUE")
                .type(Map.class)
                .auxiliaryTypes(String.class, String.class)
                .description("one of Kafka's own settings, for example security.protocol=SSL; may be given again")
                .build());
        return new CommandLine(spec).setParameterExceptionHandler(ServiceCommand::usageError);
    }

    /** What a wrong option gets, in place of picocli's page of usage. For the handler of a root command as well. */
    public static int usageError(CommandLine.ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        command.getErr()
                .println(
                        e.getMessage() + "; " + command.getCommandSpec().qualifiedName() + " --help lists the options");
        return USAGE;
    }

    /** What picocli executes, whether the command is a root or another's subcommand. Confined to the executing thread. */
    @Command
    private static final class Start implements Callable<Integer> {
        private final List<Setting<?>> settings;
        private final Starter starter;

        @Spec
        private CommandSpec spec;

        Start(List<Setting<?>> settings, Starter starter) {
            this.settings = List.copyOf(settings);
            this.starter = starter;
        }

        @Override
        public Integer call() {
            return run(spec.commandLine().getParseResult(), settings, starter);
        }
    }

    /** For a main class: runs and ends the JVM with the exit code. */
    public static void main(CommandLine command, String[] args) {
        System.exit(command.execute(args));
    }

    private static String helpText(Setting<?> setting) {
        String fallback = setting.defaultText() == null ? "" : " (default " + setting.defaultText() + ")";
        return (setting.doc() + fallback).replace("%", "%%");
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
        // before the start, so that a signal during it finds somebody to close what has been started
        Ending ending = new Ending(Thread.currentThread());
        Running running = null;
        try {
            running = starter.start(settings, command.getOut());
        } catch (StartupException e) {
            log.debug("start failed", e);
            command.getErr().println(e.getMessage());
            return FAILED;
        } catch (Settings.SettingException e) {
            command.getErr().println(e.getMessage());
            return USAGE;
        } finally {
            ending.startEnded(running);
        }
        awaitSignal();
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

    /** Never returns to the caller's work: {@link Ending} closes the service and ends the JVM. */
    private static void awaitSignal() {
        CountDownLatch never = new CountDownLatch(1);
        try {
            never.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The JVM's shutdown hook: interrupts a start that still goes on, closes what it came to, and halts. Any thread. */
    private static final class Ending {
        private final Thread starting;
        private final Thread hook = new Thread(this::closeAndHalt, "shutdown");
        /** What the start came to; empty where it failed. */
        private final CompletableFuture<Optional<Running>> started = new CompletableFuture<>();

        Ending(Thread starting) {
            this.starting = starting;
            Runtime.getRuntime().addShutdownHook(hook);
        }

        /** @param running null where the start failed */
        void startEnded(Running running) {
            started.complete(Optional.ofNullable(running));
            if (running != null) {
                return;
            }
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                log.debug("the start failed during a shutdown, which goes on", e);
            }
        }

        /** An orderly end is a success, so the JVM is halted with 0 in place of the signal's number. */
        private void closeAndHalt() {
            var closer = Executors.newSingleThreadExecutor(task -> {
                Thread thread = new Thread(task, "closer");
                thread.setDaemon(true);
                return thread;
            });
            try {
                if (!started.isDone()) {
                    starting.interrupt();
                }
                closer.submit(() -> started.join().ifPresent(Running::close))
                        .get(CLOSE_DEADLINE.toSeconds(), TimeUnit.SECONDS);
                Runtime.getRuntime().halt(OK);
            } catch (Exception e) {
                log.error("could not close in order within {} s", CLOSE_DEADLINE.toSeconds(), e);
                Runtime.getRuntime().halt(FAILED);
            }
        }
    }
}

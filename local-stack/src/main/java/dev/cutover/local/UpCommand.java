package dev.cutover.local;

import dev.cutover.gateway.Gateway;
import dev.cutover.gateway.GatewaySettings;
import dev.cutover.jobs.JobsSettings.SourceChoice;
import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.HostAndPort;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;

/** {@code cutover up}: everything on one machine. */
final class UpCommand {
    private static final long THROUGHPUT_PERIOD_S = 10;

    private final Stack stack;
    private final PrintWriter out;
    private final ScheduledExecutorService reporter = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "up-throughput");
        thread.setDaemon(true);
        return thread;
    });

    // owned by the reporter's thread
    private long eventsBefore;
    private long framesBefore;

    private UpCommand(Stack stack, PrintWriter out) {
        this.stack = stack;
        this.out = out;
    }

    static CommandLine command() {
        return ServiceCommand.of(
                "up",
                "Starts everything on this machine: Kafka, the jobs, the gateways, REST and control. Ctrl-C stops it.",
                UpSettings.all(),
                UpCommand::start);
    }

    private static ServiceCommand.Running start(Settings settings, PrintWriter out) {
        long startedNs = System.nanoTime();
        UpSettings up = UpSettings.from(settings);
        Stack stack = Stack.start(up, settings.catalog(), settings::kafkaAt, System.getenv(), part -> {
            out.println("starting " + part + " …");
            out.flush();
        });
        UpCommand running = new UpCommand(stack, out);
        running.printAddresses(up, (System.nanoTime() - startedNs) / 1e9);
        running.printStatus();
        var unused = running.reporter.scheduleAtFixedRate(
                running::printThroughput, THROUGHPUT_PERIOD_S, THROUGHPUT_PERIOD_S, TimeUnit.SECONDS);
        return running::close;
    }

    private void printAddresses(UpSettings up, double seconds) {
        out.printf(Locale.ROOT, "%nCutover is up after %.1f s.%n%n", seconds);
        String where = up.bootstrap() == null ? "embedded, data in " + up.dataDirectory() : "yours";
        out.printf("  %-9s %s  (%s)%n", "Kafka", stack.bootstrap(), where);
        for (Gateway gateway : stack.gateways()) {
            out.printf("  %-9s ws://%s/ws/%n", gateway.name(), HostAndPort.of(gateway.address()));
        }
        out.printf("  %-9s http://%s%n", "REST", HostAndPort.of(stack.rest().address()));
        out.printf(
                "  %-9s http://%s%n", "control", HostAndPort.of(stack.control().address()));
        out.printf("  %-9s %s%n%n", "source", describe(up.jobs().source()));
    }

    private static String describe(SourceChoice source) {
        if (source instanceof SourceChoice.RestPoll rest) {
            return "polls " + rest.service();
        }
        return source instanceof SourceChoice.BarsFile file ? file.path().toString() : "simulated";
    }

    private void printStatus() {
        CutoverStatus status = stack.status();
        out.println(status.headline());
        status.features()
                .forEach(feature -> out.printf(
                        "  %-16s %s%n", feature.feature(), feature.stage().wireName()));
        out.printf("%nIn another terminal:%n");
        String gateway = where(GatewaySettings.PORT, stack.gateways().get(0).address());
        String control = where(Settings.CONTROL_PORT, stack.control().address());
        hint("tail FEATURE" + gateway, "what a subscriber sees");
        hint("status" + control, "where each feature stands");
        hint("checklist FEATURE" + control, "what the next step up takes");
        hint("promote FEATURE" + control, "one stage up; rollback: back to shadow");
        out.printf("Ctrl-C stops everything.%n%n");
        out.flush();
    }

    private void hint(String command, String what) {
        out.printf("  ./cutover %-40s %s%n", command, what);
    }

    /** The option that leads another command to a port that is not the default. */
    private static String where(Setting<Integer> port, InetSocketAddress address) {
        boolean usual = port.defaultText().equals(Integer.toString(address.getPort()));
        return usual ? "" : " " + port.option() + " " + address.getPort();
    }

    private void printThroughput() {
        long events = stack.published();
        long frames = stack.framesSent();
        out.printf(
                Locale.ROOT,
                "%s  %.1f events/s in, %.1f frames/s out, connections: %d%n",
                LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS),
                (events - eventsBefore) / (double) THROUGHPUT_PERIOD_S,
                (frames - framesBefore) / (double) THROUGHPUT_PERIOD_S,
                stack.connections());
        out.flush();
        eventsBefore = events;
        framesBefore = frames;
    }

    private void close() {
        reporter.shutdownNow();
        out.println("stopping …");
        out.flush();
        stack.close();
        out.println("stopped.");
        out.flush();
    }
}

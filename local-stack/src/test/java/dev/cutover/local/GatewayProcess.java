package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cutover.gateway.GatewayMain;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * A gateway in a process of its own, by its own main class, at one port for all its lives. Its log is kept in {@code
 * target/gateways}, and its end holds that no life of it said ERROR or LEAK. Several threads may ask; one at a time starts and
 * ends it.
 */
final class GatewayProcess implements AutoCloseable {
    private static final Duration READY = Duration.ofSeconds(60);
    private static final Duration STOPPED = Duration.ofSeconds(30);
    private static final Path LOGS = Path.of("target", "gateways");
    /** Below the ports that the system gives to outgoing connections, one of which could else take it between two lives. */
    private static final int FIRST_PORT = 20_000;

    private static final int PORTS = 12_000;

    private final String name;
    private final int port = freePort();
    private final Path logFile;
    private final List<String> command = new ArrayList<>();
    private final Thread atExit = new Thread(this::destroy, "gateway-process-end");
    private volatile Process process;

    /**
     * Starts nothing yet.
     *
     * @param owner the test, for the log's name
     * @param options of the gateway, without their dashes
     * @param jvm more options of its JVM, the last of which wins over those here
     */
    GatewayProcess(SystemUnderTest system, Class<?> owner, String name, Map<String, String> options, String... jvm) {
        this.name = name;
        this.logFile = LOGS.resolve(owner.getSimpleName() + "-" + name + ".log");
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx256m", "-Dio.netty.leakDetection.level=paranoid"));
        command.addAll(List.of(jvm));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), GatewayMain.class.getName()));
        option("bootstrap", system.kafka().bootstrap());
        option("gateway-port", Integer.toString(port));
        option("gateway-name", name);
        options.forEach(this::option);
        try {
            Files.createDirectories(LOGS);
            Files.deleteIfExists(logFile);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    private void option(String option, String value) {
        command.add("--" + option);
        command.add(value);
    }

    private static int freePort() {
        while (true) {
            int port = FIRST_PORT + ThreadLocalRandom.current().nextInt(PORTS);
            try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return probe.getLocalPort();
            } catch (IOException e) {
                // taken: try another
            }
        }
    }

    String name() {
        return name;
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /** Begins a life, and waits until it is ready. */
    GatewayProcess start() {
        File log = logFile.toFile();
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await(name + " to be ready")
                .atMost(READY)
                .pollInterval(Duration.ofMillis(20))
                .until(this::isReady);
        return this;
    }

    private boolean isReady() {
        if (!process.isAlive()) {
            throw new AssertionError(name + " did not start: " + log());
        }
        try {
            return TestHttp.get(address(), "/health/ready").status() == 200;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    boolean isAlive() {
        return process != null && process.isAlive();
    }

    /** SIGKILL, and waits until it is gone. */
    void kill() {
        var unused = process.destroyForcibly();
        awaitEnd();
    }

    /** SIGTERM, and waits until it has drained and ended in order. */
    void stop() {
        process.destroy();
        awaitEnd();
        assertThat(process.exitValue()).as("exit code of %s; %s", name, logFile).isZero();
    }

    private void awaitEnd() {
        try {
            assertThat(process.waitFor(STOPPED.toSeconds(), TimeUnit.SECONDS))
                    .as("%s ended", name)
                    .isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** The sum of a metric over all its tags, or over those that begin so; 0 where there is none of that name. */
    double metric(String metric) {
        return TestHttp.get(address(), "/metrics")
                .text()
                .lines()
                .filter(line -> line.startsWith(metric) && " {,}".indexOf(line.charAt(metric.length())) >= 0)
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** What it holds of the machine's memory, in bytes. */
    long residentBytes() {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> log() {
        try {
            return Files.exists(logFile) ? Files.readAllLines(logFile) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void destroy() {
        if (process != null) {
            var unused = process.destroyForcibly();
        }
    }

    @Override
    public void close() {
        destroy();
        if (process != null) {
            awaitEnd();
        }
        var unused = Runtime.getRuntime().removeShutdownHook(atExit);
        assertThat(log())
                .as("the log of %s, %s", name, logFile)
                .noneMatch(line -> line.contains("LEAK") || line.contains(" ERROR "));
    }
}

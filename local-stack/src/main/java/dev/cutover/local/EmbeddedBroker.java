package dev.cutover.local;

import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.server.SharedServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metrics.MetricConfig;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.metadata.properties.MetaPropertiesEnsemble;
import org.apache.kafka.metadata.storage.Formatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real one-node KRaft broker (broker and controller) in this JVM, for a stack on one machine.
 *
 * <pre>
 * start(): lock the directory ─► bind both ports ─► format on first use ─► controller ─► broker
 * close(): broker ─► controller ─► ports ─► lock
 * </pre>
 *
 * <p>Directory and ports are taken before any Kafka code runs: they are what fails in practice, Kafka answers such
 * failures by ending the process, and its controller writes to the metadata log before its broker looks at Kafka's own
 * lock. The bound sockets are handed to Kafka, so that a port found free cannot be lost again.
 *
 * <p>Threads: the daemon thread {@code embedded-broker} alone starts and stops Kafka. {@link #start} and {@link #close}
 * may be called from any thread, and only wait for it, up to a deadline. A broker that fails stops itself and never
 * ends the JVM: see {@link BrokerThreads}.
 */
final class EmbeddedBroker implements AutoCloseable {

    /** How long {@link #start} waits until clients are served; the recovery of kept data counts. */
    static final Duration START_LIMIT = Duration.ofSeconds(30);

    /**
     * When Kafka itself gives up waiting in its start-up: earlier, because it then undoes what it has started. It is never
     * interrupted instead, which leaves threads behind.
     */
    private static final Duration KAFKA_START_LIMIT = Duration.ofSeconds(25);

    /** How long {@link #close} waits; what is not flushed by then is recovered at the next start. */
    static final Duration CLOSE_LIMIT = Duration.ofSeconds(4);

    /**
     * How long a closing broker waits for the controller's leave, 0.1 s as a rule. With it the next start need not sit out
     * the session of this one; a controller that failed never gives it.
     */
    private static final Duration HAND_OVER_LIMIT = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);

    private static final int NODE_ID = 1;
    static final String CLIENTS = "CLIENTS";
    private static final String CONTROLLER = "CONTROLLER";

    /** Kafka's settings, as in a server.properties; addresses and the directory are added by {@link #settings()}. */
    private static final String SETTINGS = """
            process.roles=broker,controller

            # One node: one copy of everything, one partition of each internal topic, no topic made by a typing error.
            auto.create.topics.enable=false
            default.replication.factor=1
            min.insync.replicas=1
            offsets.topic.num.partitions=1
            offsets.topic.replication.factor=1
            transaction.state.log.num.partitions=1
            transaction.state.log.replication.factor=1
            transaction.state.log.min.isr=1
            share.coordinator.state.topic.num.partitions=1
            share.coordinator.state.topic.replication.factor=1
            share.coordinator.state.topic.min.isr=1
            group.initial.rebalance.delay.ms=0
            # After a kill, the controller keeps the new broker out until the old one's session ends. A pause of the JVM
            # that outlasts a session does little harm: the next heartbeat brings the broker back.
            broker.session.timeout.ms=3000
            broker.heartbeat.interval.ms=500

            # Few threads; socket buffers and their growth are left to the operating system; no JMX.
            num.network.threads=2
            num.io.threads=4
            background.threads=2
            group.coordinator.threads=1
            share.coordinator.threads=1
            socket.send.buffer.bytes=-1
            socket.receive.buffer.bytes=-1
            metric.reporters=

            # Kafka wants more than 1 MiB. 24 bytes a key: 4 MiB dedupe 157,000 keys in a pass, and more in several.
            log.cleaner.dedupe.buffer.size=4194304
            log.cleaner.io.buffer.size=131072
            # A local stack is often up for minutes only: look for something to compact every 5 s, not 15 s.
            log.cleaner.backoff.ms=5000
            # Small segments, and index files (allocated in full) that cover them: 64 MiB fill 192 KiB of time index.
            log.segment.bytes=67108864
            log.index.size.max.bytes=262144
            offsets.topic.segment.bytes=8388608
            transaction.state.log.segment.bytes=8388608
            share.coordinator.state.topic.segment.bytes=8388608
            metadata.log.segment.bytes=8388608
            # No idle records, of which the metadata log otherwise takes two a second, each with an fsync.
            metadata.max.idle.interval.ms=0
            """;

    private final DataDirectory dataDir;
    private final BrokerPorts ports;
    private final BrokerThreads threads = new BrokerThreads(this::fail);
    private final Thread server = new Thread(threads, this::run, "embedded-broker");
    private final CompletableFuture<Void> started = new CompletableFuture<>();
    private final CountDownLatch stopAsked = new CountDownLatch(1);

    private EmbeddedBroker(DataDirectory dataDir, BrokerPorts ports) {
        this.dataDir = dataDir;
        this.ports = ports;
    }

    /**
     * Starts a broker, and returns once it serves clients.
     *
     * @param dataDir an absent or empty directory, or one of an earlier embedded broker, whose topics, records and
     *     cluster id are kept, also over a kill
     * @param fresh whether the directory is emptied first
     * @param host where clients connect, and the only address bound for them; a wildcard binds every address and is
     *     advertised as loopback. The controller binds a free port of loopback, a new one at each start
     * @param port for clients; 0 takes a free one
     * @throws StartupException the directory is in use, foreign or unreadable, the port is taken, or Kafka does not serve
     *     clients within {@link #START_LIMIT}; nothing is left running, unless Kafka hangs: then the log says so
     */
    static EmbeddedBroker start(Path dataDir, boolean fresh, String host, int port) {
        DataDirectory directory = DataDirectory.take(dataDir, fresh);
        BrokerPorts ports;
        try {
            ports = new BrokerPorts(host, port);
        } catch (StartupException e) {
            directory.close();
            throw e;
        }
        BrokerThreads.takeExits();
        // Kafka's servers name Log4j's API, once, for a JMX bean; without a provider it complains on stderr.
        System.getProperties().putIfAbsent("log4j.provider", "org.apache.logging.log4j.simple.internal.SimpleProvider");
        // From here on the broker's own thread gives ports and directory back, whatever happens.
        EmbeddedBroker broker = new EmbeddedBroker(directory, ports);
        broker.launch();
        return broker;
    }

    /** {@code host:port} for clients, with the port that was bound. */
    String bootstrap() {
        return ports.bootstrap;
    }

    /**
     * Stops the broker, then the controller, then frees ports and directory. Waits for {@link #CLOSE_LIMIT} at most; a
     * further call waits for the same stop.
     */
    @Override
    public void close() {
        stopAsked.countDown();
        try {
            server.join(CLOSE_LIMIT.toMillis());
            if (server.isAlive()) {
                LOG.warn("{} is still stopping after {}; its directory stays locked until it has", this, CLOSE_LIMIT);
            }
        } catch (InterruptedException e) {
            // Only the wait ends early: the broker's own thread goes on with the stop.
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return "embedded broker on " + ports.bootstrap + " in " + dataDir.path;
    }

    private void launch() {
        long startNs = System.nanoTime();
        server.setDaemon(true);
        server.start();
        try {
            started.get(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw startFailed(e.getCause());
        } catch (TimeoutException e) {
            throw startFailed(new TimeoutException("no client served within " + START_LIMIT.toSeconds() + " s"));
        } catch (InterruptedException e) {
            StartupException failure = startFailed(e);
            Thread.currentThread().interrupt();
            throw failure;
        }
        LOG.info("{} started in {} ms", this, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs));
    }

    private StartupException startFailed(Throwable cause) {
        close();
        return new StartupException(
                this + " did not start (" + oneLine(cause) + "); see the log, or start on another directory"
                        + " (--data-dir) or an emptied one (--fresh)",
                cause);
    }

    private void run() {
        Kafka kafka = null;
        try {
            format();
            kafka = new Kafka(new KafkaConfig(settings(), false), ports, threads);
            kafka.start();
            started.complete(null);
            stopAsked.await();
        } catch (Throwable e) {
            // Scala throws checked exceptions undeclared, and linkage errors count too: start() reports every one.
            started.completeExceptionally(e);
        } finally {
            if (kafka != null) {
                kafka.stop();
            }
            ports.close();
            threads.joinNonDaemons();
            dataDir.close();
        }
    }

    /** Called on whichever Kafka thread failed: makes {@link #start} throw, or stops the running broker. */
    private StartupException fail(String what, Throwable cause) {
        StartupException failure = new StartupException(cause == null ? what : what + ": " + oneLine(cause), cause);
        if (!started.completeExceptionally(failure)) {
            LOG.error("{} failed and stops ({}); start the stack again", this, failure.getMessage(), cause);
        }
        stopAsked.countDown();
        return failure;
    }

    private static String oneLine(Throwable e) {
        String text = e instanceof StartupException ? e.getMessage() : e.toString();
        return text.lines().findFirst().orElse("");
    }

    /** Does nothing to a directory that is formatted; one whose format was cut short by a kill is formatted again. */
    private void format() throws Exception {
        String directory = dataDir.path.toString();
        MetaPropertiesEnsemble kept =
                new MetaPropertiesEnsemble.Loader().addMetadataLogDir(directory).load();
        if (!kept.errorLogDirs().isEmpty()) {
            throw new IOException("cannot read " + MetaPropertiesEnsemble.META_PROPERTIES_NAME);
        }
        new Formatter()
                .setPrintStream(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                .setNodeId(NODE_ID)
                .setClusterId(kept.clusterId().orElseGet(() -> Uuid.randomUuid().toString()))
                .setControllerListenerName(CONTROLLER)
                .setDirectories(List.of(directory))
                .setMetadataLogDirectory(directory)
                .setIgnoreFormatted(true)
                .run();
    }

    private Properties settings() throws IOException {
        Properties settings = new Properties();
        settings.load(new StringReader(SETTINGS));
        settings.setProperty("node.id", String.valueOf(NODE_ID));
        settings.setProperty("log.dirs", dataDir.path.toString());
        settings.setProperty(
                "listeners", CLIENTS + "://" + ports.clients + "," + CONTROLLER + "://" + ports.controller);
        settings.setProperty("advertised.listeners", CLIENTS + "://" + ports.bootstrap);
        settings.setProperty("listener.security.protocol.map", CLIENTS + ":PLAINTEXT," + CONTROLLER + ":PLAINTEXT");
        settings.setProperty("inter.broker.listener.name", CLIENTS);
        settings.setProperty("controller.listener.names", CONTROLLER);
        settings.setProperty("controller.quorum.voters", NODE_ID + "@" + ports.controller);
        settings.setProperty("server.max.startup.time.ms", String.valueOf(KAFKA_START_LIMIT.toMillis()));
        return settings;
    }

    /** Kafka's two servers and what they share, put together here so that they get our fault handler and sockets. */
    private static final class Kafka {

        private final Metrics metrics;
        private final ControllerServer controller;
        private final BrokerServer broker;

        Kafka(KafkaConfig config, BrokerPorts ports, BrokerThreads threads) {
            var directories = KafkaRaftServer.initializeLogDirs(config, LOG, "");
            metrics = new Metrics(new MetricConfig(), List.of(), Time.SYSTEM, true);
            SharedServer shared = new SharedServer(
                    config,
                    directories._1(),
                    Time.SYSTEM,
                    metrics,
                    CompletableFuture.completedFuture(Map.of(NODE_ID, ports.controllerAddress)),
                    List.of(),
                    threads::faultHandler,
                    ports);
            controller = new ControllerServer(shared, KafkaRaftServer.configSchema(), directories._2());
            broker = new BrokerServer(shared);
        }

        void start() {
            controller.startup();
            broker.startup();
        }

        /** Does nothing to a server that never started, or that stopped itself when its start failed. */
        void stop() {
            Utils.closeQuietly(() -> broker.shutdown(HAND_OVER_LIMIT), "embedded broker");
            Utils.closeQuietly(controller::shutdown, "embedded controller");
            Utils.closeQuietly(metrics, "embedded broker's metrics");
        }
    }
}

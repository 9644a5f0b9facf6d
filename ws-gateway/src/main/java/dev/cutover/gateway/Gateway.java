package dev.cutover.gateway;

import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.DeadLetters;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.Health;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.Parts;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.StartupException;
import dev.cutover.schema.TopicProvisioner;
import dev.cutover.schema.VitalsReporter;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One gateway, whole: its parts are built in the order of the flow, run, and are closed in reverse.
 *
 * <p>{@link #start} and {@link #close} block their caller; the rest is safe on any thread.
 */
public final class Gateway implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Gateway.class);
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(32 * 1024, 64 * 1024);
    private static final long LOOP_STOP_MS = 1_000;
    private static final long ALIVE_CHECK_MS = 1_000;
    private static final long DRAIN_POLL_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private enum State {
        RUNNING,
        DRAINING,
        CLOSED
    }

    private final GatewaySettings settings;
    private final Parts parts;
    private final GatewayMetrics metrics = new GatewayMetrics();
    private final AtomicLong connectionNumbers = new AtomicLong();
    /** Filled before the first connection can be upgraded, then read alone. */
    private final Map<EventExecutor, Hub> hubByLoop = new ConcurrentHashMap<>();

    private final FlagReader flags;
    private final MultiThreadIoEventLoopGroup loops;
    private final TopicTail tail;
    private final TailVitals vitals;
    private final TopicWatch watch;
    private final FeatureCatalog catalog;
    private final Admission admission;
    private final Channel server;
    private volatile State state = State.RUNNING;

    /**
     * Starts a gateway and returns once its port is bound; {@link #health} tells when it is ready.
     *
     * @param topicIds of the topics, which must be there: as {@link TopicProvisioner#ensure} returns them
     * @throws StartupException when the port is taken, Kafka can't be reached, or a topic is not as it must be
     */
    public static Gateway start(
            GatewaySettings settings, FeatureCatalog catalog, KafkaConnection kafka, Map<String, String> topicIds) {
        return Parts.start(parts -> new Gateway(settings, catalog, kafka, topicIds, parts));
    }

    private Gateway(
            GatewaySettings settings,
            FeatureCatalog catalog,
            KafkaConnection kafka,
            Map<String, String> topicIds,
            Parts parts) {
        this.settings = settings;
        this.parts = parts;
        this.catalog = catalog;
        Transport transport = Transport.best();
        loops = new MultiThreadIoEventLoopGroup(
                settings.loops(), new DefaultThreadFactory("gateway-loop", true), transport.handlers());
        parts.add("event loops", this::stopLoops);
        Admin admin = kafka.admin("cutover-gateway-admin");
        parts.add("admin client", () -> admin.close(Duration.ofMillis(LOOP_STOP_MS)));
        flags = parts.add("flag reader", new FlagReader(kafka, "cutover-gateway-flags"));
        DeadLetters deadLetters = parts.add(
                "dead letters",
                DeadLetters.open(
                        kafka, "cutover-gateway-dead-letters", metrics.deadLetters, metrics.deadLettersFailed));
        LogReaders eventLog = parts.add(
                "log readers",
                LogReaders.start(kafka, settings.logReaders(), catalog, PooledByteBufAllocator.DEFAULT, metrics));
        makeHubs(topicIds, eventLog);
        parts.add("hubs", () -> onEachHub(Hub::release));
        Clock clock = Clock.systemUTC();
        vitals = new TailVitals(catalog.features(), clock, metrics);
        org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer =
                kafka.exactConsumer("cutover-gateway-tail");
        tail = new TopicTail(
                catalog,
                new TopicTail.Source(
                        consumer, admin, new Renewals(catalog.features(), topicIds, Renewals.in(kafka, admin))),
                deadLetters,
                PooledByteBufAllocator.DEFAULT,
                List.copyOf(hubByLoop.values()),
                vitals,
                metrics);
        parts.add("tail", tail);
        watch = parts.add("topic watch", new TopicWatch(catalog, topicIds, admin, clock, this::onUpstreamChange));
        metrics.upstream(watch);
        flags.bindTo(metrics.registry());
        deadLetters.bindTo(metrics.registry());
        parts.add(
                "platform metrics",
                new PlatformMetrics(metrics.registry(), PooledByteBufAllocator.DEFAULT, loops, consumer, admin));
        InetSocketAddress address = new InetSocketAddress(settings.host(), settings.port());
        admission = new Admission(settings, address, this::health);
        server = bind(transport, address);
        parts.add("listener", () -> server.close().awaitUninterruptibly(LOOP_STOP_MS));
        flags.onChange(change -> hubByLoop.values().forEach(hub -> hub.onFlagChange(change)));
        tail.start();
        watch.start();
        parts.add("vitals", VitalsReporter.start("gateway", settings.name(), metrics::failureCloses, kafka));
        log.info("{} listens on {} ({})", settings.name(), server.localAddress(), transport.name());
    }

    /** On the watch's thread. */
    private void onUpstreamChange(Upstream.Change change) {
        if (change instanceof Upstream.Change.Away away) {
            metrics.upstreamLost.increment();
            String message = "Kafka does not answer since " + Upstream.instant(away.sinceMs())
                    + "; the values known are kept, and it goes on from there when Kafka is back";
            hubByLoop.values().forEach(hub -> hub.onUpstreamAway(message));
        } else if (change instanceof Upstream.Change.Back) {
            hubByLoop.values().forEach(Hub::onUpstreamBack);
        } else if (change instanceof Upstream.Change.Renewed renewed) {
            tail.onRenewed(renewed.topic(), renewed.id());
        }
    }

    private Channel bind(Transport transport, InetSocketAddress address) {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(transport.serverChannel())
                .option(ChannelOption.SO_BACKLOG, 4096)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .childHandler(HttpFront.initializer(new HttpFront.Backing(
                        new ServiceEndpoints(this::health, this::status, metrics::scrape),
                        metrics,
                        channel -> hubByLoop.get(channel.eventLoop()),
                        () -> "c-" + Long.toHexString(connectionNumbers.incrementAndGet()),
                        admission,
                        settings.limits().handshakeTimeout())));
        ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new StartupException(
                    "the gateway can't listen on " + settings.host() + ":" + settings.port() + ": "
                            + bound.cause().getMessage() + "; choose another port with "
                            + GatewaySettings.PORT.option(),
                    bound.cause());
        }
        return bound.channel();
    }

    private void makeHubs(Map<String, String> epochs, EventLog eventLog) {
        Semaphore replayPlaces = new Semaphore(settings.limits().replays());
        metrics.showReplays(() -> settings.limits().replays() - replayPlaces.availablePermits());
        Hub.Shared shared = new Hub.Shared(
                settings,
                catalog,
                epochs,
                feature -> flags.flag(feature).stage(),
                eventLog,
                replayPlaces,
                System::nanoTime,
                metrics);
        for (EventExecutor loop : loops) {
            Hub hub = new Hub(loop, shared);
            hubByLoop.put(loop, hub);
            var unused =
                    loop.scheduleAtFixedRate(hub::checkAlive, ALIVE_CHECK_MS, ALIVE_CHECK_MS, TimeUnit.MILLISECONDS);
        }
    }

    /** The address that clients connect to. */
    public InetSocketAddress address() {
        return (InetSocketAddress) server.localAddress();
    }

    public String name() {
        return settings.name();
    }

    /**
     * Ready once it holds all that Kafka held when it began, and knows the flags; not any more once it stops, or its topics have
     * other partitions. While Kafka is away it stays ready, and says so.
     */
    public Health health() {
        List<String> reasons = new ArrayList<>();
        if (state != State.RUNNING) {
            reasons.add("the gateway is stopping");
        }
        if (tail.warm().isCompletedExceptionally()) {
            reasons.add("reading from Kafka has ended by an error; see the log, and restart");
        } else if (!tail.warm().isDone()) {
            reasons.add("the latest values are being read from Kafka");
        }
        // what is silent, or lies behind, nobody knows while Kafka does not answer
        List<String> degraded = watch.isAway() ? List.of() : vitals.degraded();
        return new Health(reasons)
                .and(watch.health())
                .and(new Health(List.of(), degraded))
                .and(flags.health());
    }

    /** The flags as this gateway knows them. */
    public CutoverStatus status() {
        return CutoverStatus.of(catalog, flags);
    }

    /** WebSocket connections that are open. */
    public long connections() {
        return metrics.connections.get();
    }

    /** Frames written to subscribers since the start. */
    public long framesSent() {
        return (long) metrics.framesSent.count();
    }

    /**
     * Sees the connections off within the drain window, then ends everything; a second or so beyond it at most. It listens
     * meanwhile, so that whoever asks hears that it is not ready, and sends its clients elsewhere.
     */
    @Override
    public synchronized void close() {
        if (state == State.CLOSED) {
            return;
        }
        state = State.DRAINING;
        long deadlineNs = System.nanoTime() + settings.drain().toNanos();
        admission.drain(); // before the sessions are counted: on each loop, who was let in before is a session by then
        DrainSchedule schedule = new DrainSchedule(settings.drain(), hubByLoop.size());
        onEachHub(hub -> hub.drain(schedule, ThreadLocalRandom.current()));
        while (connections() > 0 && System.nanoTime() < deadlineNs) {
            LockSupport.parkNanos(DRAIN_POLL_NS);
        }
        onEachHub(Hub::cutSessions);
        parts.close();
        state = State.CLOSED;
        log.info("{} has stopped", settings.name());
    }

    private void onEachHub(Consumer<Hub> action) {
        List<Future<?>> begun = new ArrayList<>();
        hubByLoop.forEach((loop, hub) -> begun.add(loop.submit(() -> action.accept(hub))));
        begun.forEach(each -> each.awaitUninterruptibly(LOOP_STOP_MS));
    }

    private void stopLoops() {
        loops.shutdownGracefully(0, LOOP_STOP_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly(2 * LOOP_STOP_MS);
    }
}

package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * Many clients on one event loop, which owns all of them and what they have in common here. A test asks from its own thread by
 * {@link #ask}, and what it gets is then its own.
 */
final class Swarm implements AutoCloseable {
    private static final long ASK_S = 60;
    private static final int MOST_FAILURES = 20;
    private static final int CONNECT_MS = 3_000;

    private final MultiThreadIoEventLoopGroup group;
    private final EventLoop loop;
    private final Bootstrap bootstrap;
    private final List<ChaosClient> clients = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private final Map<String, Long> counts = new TreeMap<>();

    final RandomGenerator random;
    /** For the frame at hand. */
    final Envelope envelope = new Envelope();
    /** Called for each live event, after its client has taken it in; null for nobody. */
    Consumer<Envelope> onEvent;

    Swarm(String name, RandomGenerator random) {
        this.random = random;
        group = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(name, true), NioIoHandler.newFactory());
        loop = group.next();
        bootstrap = new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                // a client tries again rather than wait for a system that is asked by too many, which doubles its
                // pauses
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MS)
                // leaks are looked for in the gateways; the load is to cost little
                .option(ChannelOption.ALLOCATOR, new UnpooledByteBufAllocator(false, true));
    }

    // any thread

    <T> T ask(Callable<T> question) {
        try {
            return loop.submit(question).get(ASK_S, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    void tell(Runnable order) {
        ask(() -> {
            order.run();
            return null;
        });
    }

    List<String> failures() {
        return ask(() -> List.copyOf(failures));
    }

    /** How often each thing has happened. */
    Map<String, Long> counts() {
        return ask(() -> new TreeMap<>(counts));
    }

    /** How many clients it holds true for. */
    long count(Predicate<ChaosClient> what) {
        return ask(() -> clients.stream().filter(what).count());
    }

    /** Waits until every client is known to have been sent all up to these offsets. */
    void awaitReached(Map<String, long[]> ends, Duration atMost) {
        await().atMost(atMost).untilAsserted(() -> assertThat(behind(ends))
                .as("clients behind; %s, %s", counts(), failures())
                .isEmpty());
    }

    private List<String> behind(Map<String, long[]> ends) {
        return ask(() -> clients.stream()
                .filter(client -> !client.hasReached(ends))
                .map(client -> client.lag(ends))
                .toList());
    }

    /** Does something again and again, on the loop. */
    void every(long periodMs, Runnable work) {
        var unused = loop.scheduleWithFixedDelay(
                () -> {
                    try {
                        work.run();
                    } catch (RuntimeException | Error e) {
                        fail("the test itself: " + e);
                    }
                },
                periodMs,
                periodMs,
                TimeUnit.MILLISECONDS);
    }

    // on the loop

    ChaosClient add(ChaosClient client) {
        clients.add(client);
        return client;
    }

    Collection<ChaosClient> clients() {
        return clients;
    }

    void connect(InetSocketAddress address, LeanSocket.Ear ear) {
        LeanSocket.connect(bootstrap.clone().remoteAddress(address), ear);
    }

    /** For one who reads little at a time: the system is to hold as little as it can for it. */
    void connectSlow(InetSocketAddress address, LeanSocket.Ear ear, int readBytes) {
        LeanSocket.connect(
                bootstrap
                        .clone()
                        .remoteAddress(address)
                        .option(ChannelOption.SO_RCVBUF, 4 * 1024)
                        .option(
                                ChannelOption.RECVBUF_ALLOCATOR,
                                new FixedRecvByteBufAllocator(readBytes).maxMessagesPerRead(1)),
                ear);
    }

    void after(long ms, Runnable work) {
        var unused = loop.schedule(work, ms, TimeUnit.MILLISECONDS);
    }

    void count(String what) {
        counts.merge(what, 1L, Long::sum);
    }

    /** Says what went wrong; the first ones are kept. */
    void fail(String what) {
        count("failures");
        if (failures.size() < MOST_FAILURES) {
            failures.add(what);
        }
    }

    @Override
    public void close() {
        tell(() -> clients.forEach(ChaosClient::leave));
        var unused = group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}

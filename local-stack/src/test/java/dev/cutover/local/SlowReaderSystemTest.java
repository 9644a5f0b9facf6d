package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One client that reads 1 KB a second and wants everything, beside a thousand that read as fast as they can. */
final class SlowReaderSystemTest {
    private static final int FAST = 1_000;
    private static final int KEYS = 40;
    private static final int FAST_KEYS = 10;
    /** More than the system's buffers hold of a window for the slow one, which wants all; a quarter of it goes to the fast. */
    private static final int EVENTS_PER_SECOND = 400;

    private static final int EVENT_BYTES = 2_500;
    private static final int SLOW_READ_BYTES = 1_000;
    private static final int SLOW_READ_MS = 1_000;
    /** Until what both halves do is compiled: the first measured is else three times as slow as the last. */
    private static final int WARM_UP_PAIRS = 2;

    private static final int PAIRS = 5;
    private static final Duration WINDOW = Duration.ofSeconds(5);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int SESSION_BYTES = 1 << 17;
    private static final int BACKLOG_BYTES = 1 << 20;
    /** In which Netty's pool grows, for each of its two loops. */
    private static final int CHUNK_BYTES = 4 << 20;

    private static final double MOST_RATIO = 1.25;

    private SystemUnderTest system;
    private Swarm swarm;
    private Swarm slowSwarm;
    private GatewayProcess gateway;
    private ChaosClient slow;

    @BeforeEach
    void start() {
        system = SystemUnderTest.start();
        swarm = new Swarm("fast-clients", random());
        slowSwarm = new Swarm("slow-client", random());
    }

    @AfterEach
    void stop() {
        swarm.close();
        slowSwarm.close();
        system.close();
    }

    private static RandomGenerator random() {
        return RandomGeneratorFactory.of("SplittableRandom").create(6);
    }

    @Test
    void aThousandFastClientsDoNotNoticeOneThatReadsOneKilobyteASecond() {
        Map<String, String> options = Map.of(
                "gateway-loops", "2",
                "session-bytes", Integer.toString(SESSION_BYTES),
                "backlog-bytes", Integer.toString(BACKLOG_BYTES));
        gateway = system.open(new GatewayProcess(
                system, getClass(), "gw-1", options, "-Xms256m", "-Dio.netty.leakDetection.level=simple"));
        gateway.start();
        ChaosFeed feed = system.open(new ChaosFeed(system, random(), KEYS, EVENT_BYTES, EVENT_BYTES, 2_000));
        feed.start(EVENTS_PER_SECOND);
        swarm.tell(this::connectFast);
        await().atMost(PATIENCE).until(() -> swarm.count(client -> !client.isSettled()) == 0);
        await().atMost(PATIENCE).until(() -> gateway.metric("cutover_gateway_backlog_bytes") > 0.9 * BACKLOG_BYTES);

        List<Double> ratios = new ArrayList<>();
        List<String> shown = new ArrayList<>();
        double pooledWithout = 0;
        double pooledWith = 0;
        for (int pair = -WARM_UP_PAIRS; pair < PAIRS; pair++) {
            double[] p99 = new double[2];
            for (int half = 0; half < 2; half++) {
                boolean with = Math.floorMod(pair + half, 2) == 1; // which comes first alternates
                if (with) {
                    joinSlow();
                }
                p99[with ? 1 : 0] = measure().percentileMs(99);
                if (with) {
                    pooledWith = Math.max(pooledWith, pooled());
                    leaveSlow();
                } else {
                    pooledWithout = Math.max(pooledWithout, pooled());
                }
            }
            if (pair < 0) {
                continue;
            }
            ratios.add(p99[1] / p99[0]);
            shown.add("%.1f/%.1f".formatted(p99[1], p99[0]));
        }
        feed.stop();
        Truth truth = new Truth(system, ChaosFeed.FEATURES);
        swarm.awaitReached(truth.ends(), PATIENCE);
        ratios.sort(null);
        double closed = gateway.metric("cutover_gateway_closed_total{code=\"slow_consumer\"");
        System.out.printf(
                "p99 in ms with and without the slow client %s, median ratio %.2f; Netty's pool at most %.1f MiB with,"
                        + " %.1f MiB without; the slow one was closed %.0f times, %s%n",
                shown,
                ratios.get(PAIRS / 2),
                pooledWith / (1 << 20),
                pooledWithout / (1 << 20),
                closed,
                slowSwarm.counts());
        assertThat(truth.faults(swarm)).isEmpty();
        assertThat(ratios.get(PAIRS / 2)).isLessThanOrEqualTo(MOST_RATIO);
        assertThat(pooledWith - pooledWithout).isLessThanOrEqualTo(SESSION_BYTES + 2 * CHUNK_BYTES);
        assertThat(closed).as("it is slow enough to matter").isPositive();
        assertThat(swarm.counts().keySet()).noneMatch(each -> each.startsWith("closed"));
    }

    private void connectFast() {
        for (int i = 0; i < FAST; i++) {
            ChaosClient client = new ChaosClient(swarm, "fast " + i, gateway::address, null);
            for (String feature : ChaosFeed.FEATURES) {
                client.wants(feature, "now", Set.of(ChaosFeed.key(feature, i % FAST_KEYS)));
            }
            swarm.add(client).connect();
        }
    }

    private void joinSlow() {
        slowSwarm.tell(() -> {
            slow = new ChaosClient(slowSwarm, "slow", gateway::address, SLOW_READ_BYTES);
            ChaosFeed.FEATURES.forEach(feature -> slow.wants(feature, "snapshot", null));
            slowSwarm.add(slow).connect();
        });
        await().atMost(PATIENCE).until(() -> slowSwarm.ask(slow::isConnected));
        slowSwarm.tell(slow::readByHand);
        ChaosClient reader = slow;
        slowSwarm.every(SLOW_READ_MS, reader::readOnce);
    }

    private void leaveSlow() {
        slowSwarm.tell(slow::leave);
    }

    private Latencies measure() {
        Latencies latencies = new Latencies();
        swarm.tell(() -> swarm.onEvent = event -> latencies.add(System.nanoTime() - event.emittedNs()));
        long endNs = System.nanoTime() + WINDOW.toNanos();
        await().atMost(PATIENCE).pollInterval(50, TimeUnit.MILLISECONDS).until(() -> System.nanoTime() >= endNs);
        swarm.tell(() -> swarm.onEvent = null);
        return latencies;
    }

    /** What Netty's pool has of the machine's memory, in bytes. */
    private double pooled() {
        return gateway.metric("netty_allocator_memory_used");
    }
}

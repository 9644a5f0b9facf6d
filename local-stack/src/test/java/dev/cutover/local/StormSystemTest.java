package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A gateway of thousands of clients is killed, and all of them resume at once at another one, which has clients of its own. */
final class StormSystemTest {
    private static final int CLIENTS = 5_000;
    private static final int STAYERS = 50;
    private static final int KEYS = 50;
    private static final int EVENTS_PER_SECOND = 100;
    private static final int HEARTBEAT_MS = 2_000;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration CALM = Duration.ofSeconds(4);
    /** What an event may take at most to those who stayed, with two cores for broker, gateways and all the clients. */
    private static final double MOST_LATE_MS = 1_000;
    /** Of the time that the storm takes, on a machine that is busy with other things: all of it is then slower. */
    private static final double PART = 0.25;

    private static final double MOSTLY = 0.9;
    private static final double FAIR = 4;
    /** As they run for users: what looks for leaks costs more than all the rest. */
    private static final String[] JVM = {"-Xmx512m", "-Dio.netty.leakDetection.level=simple"};

    private SystemUnderTest system;
    private Swarm swarm;
    private Swarm stayers;
    private volatile GatewayProcess gateway;

    @BeforeEach
    void start() {
        system = SystemUnderTest.start();
        swarm = new Swarm("storm-clients", random());
        stayers = new Swarm("storm-stayers", random());
    }

    @AfterEach
    void stop() {
        swarm.close();
        stayers.close();
        system.close();
    }

    private static RandomGenerator random() {
        return RandomGeneratorFactory.of("SplittableRandom").create(5);
    }

    @Test
    void fiveThousandResumeFromTheBacklogAndThoseWhoStayedAreNotDelayed() {
        Map<String, String> options = Map.of("gateway-loops", "2");
        GatewayProcess first = system.open(new GatewayProcess(system, getClass(), "gw-1", options, JVM));
        GatewayProcess second = system.open(new GatewayProcess(system, getClass(), "gw-2", options, JVM));
        first.start();
        second.start();
        gateway = first;
        ChaosFeed feed = system.open(new ChaosFeed(system, random(), KEYS, 200, 1_000, HEARTBEAT_MS));
        feed.start(EVENTS_PER_SECOND);
        stayers.tell(() -> {
            for (int i = 0; i < STAYERS; i++) {
                connect(stayers, "stayer " + i, second, null);
            }
        });
        swarm.tell(() -> {
            for (int i = 0; i < CLIENTS; i++) {
                connect(swarm, "client " + i, null, i);
            }
        });
        awaitSettled();

        Latencies before = measure(CALM);
        Latencies during = new Latencies();
        stayers.tell(() -> stayers.onEvent = event -> during.add(System.nanoTime() - event.emittedNs()));
        gateway = second;
        long killedNs = System.nanoTime();
        first.kill();
        await().atMost(PATIENCE).until(() -> swarm.counts().getOrDefault("resumes", 0L) >= CLIENTS);
        awaitSettled();
        Latencies settled = new Latencies();
        swarm.tell(() -> swarm.clients().forEach(client -> settled.add(client.settledNs - killedNs)));
        stayers.tell(() -> stayers.onEvent = null);
        Latencies after = measure(CALM);

        feed.stop();
        Truth truth = new Truth(system, ChaosFeed.FEATURES);
        swarm.awaitReached(truth.ends(), PATIENCE);
        stayers.awaitReached(truth.ends(), PATIENCE);
        double fromBacklog = second.metric("cutover_gateway_resumes_total{from=\"backlog\"");
        double resumes = second.metric("cutover_gateway_resumes_total");
        System.out.printf(
                "%d clients had resumed and caught up after %s; %.1f %% of %.0f resumes from the backlog; those who"
                        + " stayed: before %s; during %s; after %s; clients %s%n",
                CLIENTS,
                settled.shown(),
                100 * fromBacklog / resumes,
                resumes,
                before.shown(),
                during.shown(),
                after.shown(),
                swarm.counts());
        assertThat(truth.faults(swarm)).isEmpty();
        assertThat(truth.faults(stayers)).isEmpty();
        assertThat(fromBacklog / resumes).isGreaterThanOrEqualTo(MOSTLY);
        assertThat(stayers.counts().keySet()).noneMatch(each -> each.startsWith("closed"));
        assertThat(during.percentileMs(99)).isLessThan(Math.max(MOST_LATE_MS, PART * settled.percentileMs(99)));
        // one after the other, the last takes twice as long as the one in the middle
        assertThat(settled.percentileMs(99))
                .as("admitted fairly: nobody waits for much longer than the others")
                .isLessThan(FAIR * settled.percentileMs(50));
    }

    /** @param only null for whichever gateway serves now */
    private void connect(Swarm at, String name, GatewayProcess only, Integer number) {
        ChaosClient client = new ChaosClient(at, name, () -> (only == null ? gateway : only).address(), null);
        for (String feature : ChaosFeed.FEATURES) {
            client.wants(feature, "now", number == null ? null : Set.of(ChaosFeed.key(feature, number % KEYS)));
        }
        at.add(client).connect();
    }

    private Latencies measure(Duration duration) {
        Latencies latencies = new Latencies();
        stayers.tell(() -> stayers.onEvent = event -> latencies.add(System.nanoTime() - event.emittedNs()));
        long endNs = System.nanoTime() + duration.toNanos();
        await().atMost(PATIENCE).pollInterval(50, TimeUnit.MILLISECONDS).until(() -> System.nanoTime() >= endNs);
        stayers.tell(() -> stayers.onEvent = null);
        return latencies;
    }

    private void awaitSettled() {
        await().atMost(PATIENCE).until(() -> swarm.count(client -> !client.isSettled()) == 0);
        await().atMost(PATIENCE).until(() -> stayers.count(client -> !client.isSettled()) == 0);
    }
}

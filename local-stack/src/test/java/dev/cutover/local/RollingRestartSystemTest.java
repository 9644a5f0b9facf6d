package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two gateways under load are stopped and started again, one after the other, as an update does it. */
final class RollingRestartSystemTest {
    private static final int CLIENTS = 200;
    private static final int EVENTS_PER_SECOND = 100;
    private static final int KEYS = 10;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private SystemUnderTest system;
    private Swarm swarm;

    @BeforeEach
    void start() {
        system = SystemUnderTest.start();
        swarm = new Swarm("rolling-clients", random());
    }

    @AfterEach
    void stop() {
        swarm.close();
        system.close();
    }

    private static RandomGenerator random() {
        return RandomGeneratorFactory.of("SplittableRandom").create(4);
    }

    @Test
    void aRollingRestartOfTwoGatewaysLosesAndDoublesNothingAndEveryClientIsToldToGo() {
        List<GatewayProcess> gateways = new ArrayList<>();
        for (String name : List.of("gw-1", "gw-2")) {
            gateways.add(system.open(new GatewayProcess(system, getClass(), name, Map.of("drain", "3s"))));
        }
        gateways.parallelStream().forEach(GatewayProcess::start);
        ChaosFeed feed = system.open(new ChaosFeed(system, random(), KEYS, 200, 1_000, 250));
        feed.start(EVENTS_PER_SECOND);
        swarm.tell(() -> connectClients(gateways));
        awaitSettled();

        for (GatewayProcess gateway : gateways) {
            gateway.stop();
            awaitSettled(); // all of them at the other one
            gateway.start();
        }
        feed.stop();

        Truth truth = new Truth(system, ChaosFeed.FEATURES);
        swarm.awaitReached(truth.ends(), PATIENCE);
        Map<String, Long> counts = swarm.counts();
        System.out.println(truth.events() + " events, clients " + counts);
        assertThat(truth.faults(swarm)).isEmpty();
        // half of them by the first stop, all of them, being at the other gateway by then, by the second
        assertThat(counts.get("closed 1001")).isGreaterThanOrEqualTo(CLIENTS);
        assertThat(counts.keySet()).doesNotContain("closed 1006", "closed 1013");
    }

    private void connectClients(List<GatewayProcess> gateways) {
        for (int i = 0; i < CLIENTS; i++) {
            int[] next = {i};
            ChaosClient client = new ChaosClient(swarm, "client " + i, () -> alternate(gateways, next), null);
            for (String feature : ChaosFeed.FEATURES) {
                Set<String> keys = i % 4 == 0 ? Set.of(ChaosFeed.key(feature, i % KEYS)) : null;
                client.wants(feature, "snapshot", keys);
            }
            swarm.add(client).connect();
        }
    }

    /** The other one each time. */
    private static InetSocketAddress alternate(List<GatewayProcess> gateways, int[] next) {
        return gateways.get(next[0]++ % gateways.size()).address();
    }

    private void awaitSettled() {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(swarm.count(client -> !client.isSettled()))
                .as("clients on their way; %s, %s", swarm.counts(), swarm.failures())
                .isZero());
    }
}

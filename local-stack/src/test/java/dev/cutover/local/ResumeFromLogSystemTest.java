package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cutover.gateway.Gateway;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Many resume at once at a gateway that was started later and keeps nothing in memory: all that they missed comes from Kafka. */
final class ResumeFromLogSystemTest {
    /** Many more than may hold pieces of the log at a time. */
    private static final int CLIENTS = 300;

    private static final int KEYS = 20;
    private static final int MISSED = 2_000;
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private SystemUnderTest system;
    private Swarm swarm;
    private volatile InetSocketAddress address;

    @BeforeEach
    void start() {
        system = SystemUnderTest.start();
        swarm = new Swarm("resuming-clients", random());
    }

    @AfterEach
    void stop() {
        swarm.close();
        system.close();
    }

    private static RandomGenerator random() {
        return RandomGeneratorFactory.of("SplittableRandom").create(7);
    }

    @Test
    void threeHundredResumeFromTheLogAtALaterGatewayWithoutGapOrDouble() {
        Gateway first = system.gateway();
        address = first.address();
        ChaosFeed feed = system.open(new ChaosFeed(system, random(), KEYS, 900, 900, 1_000));
        swarm.tell(() -> {
            for (int i = 0; i < CLIENTS; i++) {
                connect(i);
            }
        });
        await().atMost(PATIENCE).until(() -> swarm.count(client -> !client.isSettled()) == 0);
        feed.start(MISSED / 4);
        await().atMost(PATIENCE)
                .until(() -> new Truth(system, ChaosFeed.FEATURES).events() > 100
                        && swarm.count(client -> !client.isSettled()) == 0);
        first.close();
        long before = new Truth(system, ChaosFeed.FEATURES).events();
        await().atMost(PATIENCE).until(() -> new Truth(system, ChaosFeed.FEATURES).events() >= before + MISSED);
        feed.stop();

        Gateway later = system.gateway(Map.of("backlog-bytes", "0"));
        long beganNs = System.nanoTime();
        address = later.address();
        Truth truth = new Truth(system, ChaosFeed.FEATURES);
        swarm.awaitReached(truth.ends(), PATIENCE);
        System.out.printf(
                "%d clients caught up with %d events from Kafka in %.1f s%n",
                CLIENTS, truth.events() - before, (System.nanoTime() - beganNs) / 1e9);
        assertThat(truth.faults(swarm)).isEmpty();
        assertThat(TestHttp.get(later.address(), "/metrics").text())
                .containsPattern("cutover_gateway_resumes_total\\{from=\"log\"[^}]*} [1-9]");
    }

    private void connect(int number) {
        ChaosClient client = new ChaosClient(swarm, "client " + number, () -> address, null);
        for (String feature : ChaosFeed.FEATURES) {
            Set<String> keys = number % 4 == 0 ? Set.of(ChaosFeed.key(feature, number % KEYS)) : null;
            client.wants(feature, "now", keys);
        }
        swarm.add(client).connect();
    }
}

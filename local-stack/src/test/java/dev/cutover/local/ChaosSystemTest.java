package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.FlagReader;
import dev.cutover.schema.FlagWriter;
import dev.cutover.schema.Stage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Clients come and go, read slowly, filter, replay and resume anywhere, while gateways, processes of their own, are killed,
 * stopped and started again, and flags flip. Afterwards what each client got is held against the topics.
 *
 * <p>{@code -Dcutover.chaos.seed} repeats the choices of a run, {@code -Dcutover.chaos.seconds} sets its length.
 */
final class ChaosSystemTest {
    private static final long SEED = Long.getLong("cutover.chaos.seed", System.nanoTime());
    private static final Duration DURATION = Duration.ofSeconds(Long.getLong("cutover.chaos.seconds", 60));
    private static final int GATEWAYS = 3;
    private static final int CLIENTS = 40;
    private static final int KEYS = 12;
    private static final int EVENTS_PER_SECOND = 300;
    private static final int SLOW_READ_BYTES = 16 * 1024;
    private static final int ACTION_MS = 50;
    private static final Duration SETTLED = Duration.ofSeconds(150);
    private static final List<Stage> STAGES = List.of(Stage.SHADOW, Stage.LIVE, Stage.PROMOTED);

    private final List<GatewayProcess> gateways = new ArrayList<>();
    private final Map<String, AtomicInteger> deeds = new TreeMap<>();
    private SystemUnderTest system;
    private Swarm swarm;

    @BeforeEach
    void start() {
        system = SystemUnderTest.start();
        swarm = new Swarm("chaos-clients", random(1));
        for (String each : List.of("killed", "stopped", "flips")) {
            deeds.put(each, new AtomicInteger());
        }
    }

    @AfterEach
    void stop() {
        swarm.close();
        system.close();
    }

    /** Each thread has its own, so that what one does leaves the others' choices as they are. */
    private static RandomGenerator random(int thread) {
        return RandomGeneratorFactory.of("SplittableRandom").create(SEED + thread);
    }

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES) // of as many seconds as are wanted
    void whateverHappensNothingIsLostOrDoubledAndAllOfItIsInOrder() throws Exception {
        System.out.println("seed " + SEED + ", " + DURATION.toSeconds() + " s");
        for (int i = 1; i <= GATEWAYS; i++) {
            Map<String, String> options =
                    Map.of("session-bytes", "65536", "backlog-bytes", "4194304", "drain", "1s", "gateway-loops", "2");
            gateways.add(system.open(new GatewayProcess(system, getClass(), "gw-" + i, options)));
        }
        gateways.parallelStream().forEach(GatewayProcess::start);
        ChaosFeed feed = system.open(new ChaosFeed(system, random(2), KEYS, 200, 8_000, 250));
        feed.start(EVENTS_PER_SECOND);
        swarm.tell(this::connectClients);
        AtomicBoolean calm = new AtomicBoolean();
        swarm.every(ACTION_MS, () -> {
            if (!calm.get()) {
                bother(swarm.clients().stream()
                        .skip(swarm.random.nextInt(CLIENTS))
                        .findFirst()
                        .orElseThrow());
            }
        });
        Thread flips = flipFlags(calm);
        harmGateways();
        calm.set(true);
        flips.join();
        feed.stop();
        judge();
    }

    private void connectClients() {
        for (int i = 0; i < CLIENTS; i++) {
            boolean slow = i % 4 == 0;
            ChaosClient client = new ChaosClient(
                    swarm,
                    "client " + i,
                    () -> gateways.get(swarm.random.nextInt(GATEWAYS)).address(),
                    slow ? SLOW_READ_BYTES : null);
            for (String feature : ChaosFeed.FEATURES) {
                Set<String> keys = i % 3 == 0 ? someKeys(feature) : null;
                client.wants(feature, swarm.random.nextBoolean() ? "snapshot" : "now", keys);
            }
            swarm.add(client).connect();
        }
    }

    private Set<String> someKeys(String feature) {
        Set<String> keys = new TreeSet<>();
        int count = swarm.random.nextInt(1, KEYS / 2);
        while (keys.size() < count) {
            keys.add(ChaosFeed.key(feature, swarm.random.nextInt(KEYS)));
        }
        return keys;
    }

    /** Has one client do something; on the swarm's loop. */
    private void bother(ChaosClient client) {
        String feature = ChaosFeed.FEATURES.get(swarm.random.nextInt(ChaosFeed.FEATURES.size()));
        switch (swarm.random.nextInt(6)) {
            case 0 -> client.drop();
            case 1 ->
                client.pause(
                        client.isSlow() ? swarm.random.nextLong(4_000, 12_000) : swarm.random.nextLong(100, 3_000));
            case 2 -> {
                if (client.canChange(feature)) {
                    client.addKeys(feature, someKeys(feature), swarm.random.nextBoolean() ? "snapshot" : "now");
                }
            }
            case 3 -> {
                if (client.canChange(feature)) {
                    client.removeKeys(feature, someKeys(feature));
                }
            }
            case 4 -> replay(client, feature);
            default -> client.endReplay();
        }
    }

    private void replay(ChaosClient client, String feature) {
        Instant until = Instant.now().minusMillis(swarm.random.nextLong(100, 5_000));
        Instant from = swarm.random.nextInt(8) == 0 ? null : until.minusMillis(swarm.random.nextLong(1, 15_000));
        Set<String> keys = swarm.random.nextBoolean() ? null : someKeys(feature);
        Double speed = swarm.random.nextInt(4) == 0 ? swarm.random.nextDouble(1, 50) : null;
        client.replay(feature, keys, from, until, speed);
    }

    /** Ends and starts gateways, one after the other or several at a time, until the time is up; then all run. */
    private void harmGateways() throws InterruptedException {
        RandomGenerator random = random(3);
        long endNs = System.nanoTime() + DURATION.toNanos();
        ExecutorService hands = Executors.newFixedThreadPool(GATEWAYS);
        List<Future<?>> lives = new ArrayList<>();
        for (GatewayProcess gateway : gateways) {
            long seed = random.nextLong();
            lives.add(hands.submit(() -> {
                RandomGenerator own =
                        RandomGeneratorFactory.of("SplittableRandom").create(seed);
                while (System.nanoTime() < endNs) {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(own.nextLong(1_000, 9_000)));
                    boolean kill = own.nextBoolean();
                    deeds.get(kill ? "killed" : "stopped").incrementAndGet();
                    if (kill) {
                        gateway.kill();
                    } else {
                        gateway.stop();
                    }
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(own.nextLong(1_500)));
                    gateway.start();
                }
            }));
        }
        hands.shutdown();
        for (Future<?> life : lives) {
            try {
                life.get();
            } catch (ExecutionException e) {
                throw new AssertionError(e.getCause());
            }
        }
    }

    private Thread flipFlags(AtomicBoolean calm) {
        FlagReader reader = system.open(new FlagReader(system.kafka(), "chaos-flags"));
        FlagWriter writer = new FlagWriter(
                () -> system.kafka().transactionalProducer("chaos-flag-writer", FlagWriter.TRANSACTIONAL_ID),
                reader,
                Clock.systemUTC(),
                Duration.ofSeconds(20));
        RandomGenerator random = random(4);
        Thread thread = new Thread(
                () -> {
                    while (!calm.get()) {
                        String feature = ChaosFeed.FEATURES.get(random.nextInt(ChaosFeed.FEATURES.size()));
                        Stage to = STAGES.get(random.nextInt(STAGES.size()));
                        var unused =
                                writer.write(feature, OptionalLong.empty(), flag -> flag.at(to, "chaos", "because"));
                        deeds.get("flips").incrementAndGet();
                        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextLong(200, 2_000)));
                    }
                },
                "chaos-flags");
        thread.start();
        return thread;
    }

    /** Waits until every client has all there is, and compares. */
    private void judge() {
        Truth truth = new Truth(system, ChaosFeed.FEATURES);
        swarm.awaitReached(truth.ends(), SETTLED);
        Map<String, Long> counts = swarm.counts();
        List<String> faults = truth.faults(swarm);
        double fromLog = gateways.stream()
                .mapToDouble(gateway -> gateway.metric("cutover_gateway_log_reads_total"))
                .sum();
        System.out.println(truth.events() + " events, gateways " + deeds + ", clients " + counts
                + ", pieces of the log read by those that run now " + fromLog);
        assertThat(faults).as("seed %s", SEED).isEmpty();
        assertThat(counts.get("resumes")).isGreaterThan(CLIENTS);
        assertThat(deeds.values()).as("%s", deeds).allMatch(each -> each.get() > 0);
        assertThat(counts)
                .as("what was to happen")
                .containsKeys("replays complete", "pauses of reading", "stage changes heard")
                .doesNotContainKey("failures");
    }
}

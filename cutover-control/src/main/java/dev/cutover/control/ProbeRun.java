package dev.cutover.control;

import dev.cutover.schema.ActiveHours;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Stage;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * One time that this instance probes, from its becoming active to its end: begins with knowing nothing. Owned by the prober's
 * thread; the client's threads put what arrives into its queue, which is bounded by what its connections ask for.
 */
final class ProbeRun implements AutoCloseable {
    /** So many questions to REST may be under way. */
    static final int MOST_QUESTIONS = 8;

    /** Arrivals that are dealt with before it looks what else is due. */
    private static final int BATCH = 512;
    /** Of the time between two observations, in which the thread must have waited for something to do. */
    private static final double IDLE_SHARE = 0.1;

    /** A look takes far less: its thread was not run for so long, nor was perhaps any other of this process. */
    private static final Duration STALL = Duration.ofSeconds(1);
    /** For so long after it what was not read in time is told by the gateways. */
    private static final Duration STALL_SHOWS = Duration.ofSeconds(5);

    private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(500);

    /**
     * What is given from outside.
     *
     * @param flags the flag of a feature, by its name
     * @param isActive whether a job is bound to emit at an instant
     */
    record World(
            Function<String, Flag> flags,
            BiPredicate<ActiveHours, Instant> isActive,
            LongSupplier nanoClock,
            RandomGenerator random,
            ControlMetrics metrics) {}

    private final World world;
    private final BlockingQueue<ProbeArrival> arrivals = new LinkedBlockingQueue<>();
    private final List<Feature> features;
    private final List<FeatureWatch> watches = new ArrayList<>();
    private final Map<String, RestProbe> rest = new HashMap<>();
    private final List<GatewayProbe> gateways;
    /** Null where there is no REST service. */
    private final RestAsker asker;

    private int questions;
    private long waitedNs;
    private long observedNs;
    private boolean overloaded;
    private long lookedNs;
    /** When the last stall was over; empty before the first. */
    private OptionalLong stalledNs = OptionalLong.empty();

    /** @param keysARound how many keys of a feature are asked for at each of its cadences */
    ProbeRun(Targets targets, List<Feature> features, int keysARound, HttpClient http, World world) {
        this.world = world;
        this.features = features;
        long nowNs = world.nanoClock().getAsLong();
        observedNs = nowNs;
        lookedNs = nowNs;
        for (Feature feature : features) {
            AnswerForm form = feature.rest().isPresent() ? new AnswerForm(feature) : null;
            FeatureWatch watch = new FeatureWatch(
                    feature,
                    new FreshnessWatch(
                            event -> form == null ? 0 : form.hash(event.type(), event.data()),
                            RestProbe.interval(feature)),
                    world.isActive());
            watches.add(watch);
            if (form != null && targets.rest() != null) {
                rest.put(feature.name(), new RestProbe(feature, form, watch, keysARound, nowNs, world.random()));
            }
        }
        GatewayProbe.Shared shared = new GatewayProbe.Shared(
                http, arrivals::add, world.nanoClock(), world.random(), this::couldNotFollow, world.metrics());
        gateways = targets.gateways().stream()
                .map(address -> new GatewayProbe(address, features, watches, shared))
                .toList();
        asker = targets.rest() == null ? null : new RestAsker(http, targets.rest(), world.nanoClock(), arrivals::add);
    }

    /** Does what is due and deals with what has come; waits for something for so long, if there is nothing. */
    void step(Duration patience) throws InterruptedException {
        long nowNs = world.nanoClock().getAsLong();
        lookForStall(nowNs);
        gateways.forEach(gateway -> gateway.tick(nowNs));
        askRest(nowNs);
        ProbeArrival arrival = arrivals.poll();
        if (arrival == null) {
            arrival = arrivals.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
            long thenNs = world.nanoClock().getAsLong();
            waitedNs += thenNs - nowNs;
            lookForStall(thenNs);
        }
        for (int handled = 0; arrival != null; handled++) {
            handle(arrival);
            arrival = handled < BATCH ? arrivals.poll() : null;
        }
    }

    private void lookForStall(long nowNs) {
        if (nowNs - lookedNs > STALL.toNanos()) {
            stalledNs = OptionalLong.of(nowNs);
        }
        lookedNs = nowNs;
    }

    /** Whether it is this process, and no gateway, that was too slow of late. */
    private boolean couldNotFollow() {
        return overloaded
                || (stalledNs.isPresent()
                        && world.nanoClock().getAsLong() - stalledNs.getAsLong() < STALL_SHOWS.toNanos());
    }

    private void askRest(long nowNs) {
        for (Feature feature : features) {
            RestProbe probe = rest.get(feature.name());
            if (probe != null && questions < MOST_QUESTIONS) {
                boolean served = world.flags().apply(feature.name()).stage() != Stage.PROMOTED;
                probe.next(nowNs, served).ifPresent(question -> {
                    questions++;
                    asker.ask(question);
                });
            }
        }
    }

    private void handle(ProbeArrival arrival) {
        if (arrival instanceof ProbeArrival.OfGateway its) {
            its.from().probe().handle(its);
        } else if (arrival instanceof ProbeArrival.Answered answered) {
            questions--;
            boolean good = rest.get(answered.answer().question().feature()).answered(answered.answer());
            world.metrics().probeRequests(good ? "answered" : "failed").increment();
        } else if (arrival instanceof ProbeArrival.ListTooLarge list) {
            questions--;
            rest.get(list.question().feature()).listIsTooLarge();
        }
    }

    /**
     * What was seen of each feature since the last call.
     *
     * @param from of the observations
     * @param until now
     */
    List<Observation> observe(String instance, Instant from, Instant until) {
        long nowNs = world.nanoClock().getAsLong();
        overloaded = waitedNs < IDLE_SHARE * (nowNs - observedNs);
        waitedNs = 0;
        observedNs = nowNs;
        Instant heartbeatAt = gateways.stream()
                .flatMap(gateway -> gateway.heartbeatNs().stream())
                .map(atNs -> until.minusNanos(nowNs - atNs))
                .max(Instant::compareTo)
                .orElse(null);
        List<Observation> observations = new ArrayList<>();
        for (int i = 0; i < features.size(); i++) {
            int feature = i;
            int up = (int)
                    gateways.stream().filter(gateway -> gateway.isUp(feature)).count();
            FeatureWatch.Connections connections = new FeatureWatch.Connections(up, gateways.size() - up);
            observations.add(watches.get(i).observe(instance, from, until, nowNs, connections, heartbeatAt));
        }
        return observations;
    }

    int openConnections() {
        return (int) gateways.stream().filter(GatewayProbe::isOpen).count();
    }

    /** The feature's freshness within the last minute; empty where nothing was measured. */
    Optional<Long> medianMs(int feature) {
        return Optional.ofNullable(watches.get(feature)
                .freshness()
                .window(world.nanoClock().getAsLong())
                .medianMs());
    }

    /** Says goodbye to the gateways, for a bounded time. Answers that are still to come go nowhere. */
    @Override
    public void close() {
        CompletableFuture.allOf(gateways.stream().map(GatewayProbe::sayGoodbye).toArray(CompletableFuture<?>[]::new))
                .orTimeout(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                .handle((done, failure) -> null)
                .join();
        gateways.forEach(GatewayProbe::close);
    }
}

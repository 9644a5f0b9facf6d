package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.FlagWriter;
import dev.cutover.schema.FlagWriter.FlagWriteException;
import dev.cutover.schema.FlagWriter.Outcome;
import dev.cutover.schema.Health;
import dev.cutover.schema.Json;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.Settings;
import dev.cutover.schema.Stage;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.apache.kafka.common.errors.TimeoutException;
import org.assertj.core.api.Assertions;

/** The real HTTP surface over flags in memory, which behave as the flag log does. */
final class ControlRig implements AutoCloseable {
    static final Instant NOW = Instant.parse("2026-01-05T15:30:00.123Z");

    final FeatureCatalog catalog = FeatureCatalog.shipped();
    final ControlMetrics metrics = new ControlMetrics();
    final Map<String, Flag> flags = new ConcurrentHashMap<>();
    final List<byte[]> audit = new CopyOnWriteArrayList<>();
    /** Thrown when the gate's lines are asked for, where it is set. */
    volatile RuntimeException evidenceFailure;

    /** The gate's lines; null for those that follow from what is known. */
    volatile List<ChecklistLine> gate;

    /** Thrown by the next writes and readings where it is set. */
    volatile RuntimeException failure;

    final List<byte[]> verdicts = new CopyOnWriteArrayList<>();
    final List<byte[]> reports = new CopyOnWriteArrayList<>();
    final List<SignOff> signOffs = new CopyOnWriteArrayList<>();
    /** What is known of every feature, but for its flag and sign-offs. */
    final List<SessionSum> sessions = new CopyOnWriteArrayList<>();

    final List<Caller> callers = new CopyOnWriteArrayList<>();

    volatile GuardState guard = new GuardState(GuardState.Doing.WATCHING, "", NOW);

    volatile Health health = new Health(List.of());
    volatile Long flagsAgeMs = 120L;
    volatile boolean active = true;

    private final CountDownLatch asked = new CountDownLatch(1);
    private final ControlHttp http;

    ControlRig() {
        this("127.0.0.1", 0);
    }

    ControlRig(String host, int port) {
        Answers answers = new Answers(catalog, metrics);
        ControlApi changes =
                new ControlApi(this::write, this::gate, this::sign, InstantSource.fixed(NOW), answers, metrics);
        EvidenceApi evidence = new EvidenceApi(
                "control-test",
                () -> active,
                catalog,
                this::evidence,
                this::gate,
                feature -> guard,
                this::history,
                this::verdicts,
                reports::add,
                answers);
        http = ControlHttp.start(
                settings(host, port),
                changes,
                evidence,
                answers,
                new ServiceEndpoints(() -> health, this::status, metrics::scrape));
    }

    /** Of a service that probes nothing. */
    private static ControlSettings settings(String host, int port) {
        Map<String, String> given = Map.of("host", host, "control-port", Integer.toString(port));
        return ControlSettings.from(Settings.resolve(ControlSettings.all(), given, Map.of()))
                .probing(Targets.NONE);
    }

    /** What a writer throws when Kafka is away: made by a real one. */
    static FlagWriteException writeFailure(String message) {
        try (FlagReader reader = new FlagReader(new KafkaConnection("127.0.0.1:1", Map.of()), "test")) {
            FlagWriter writer = new FlagWriter(
                    () -> {
                        throw new TimeoutException(message);
                    },
                    reader,
                    Clock.systemUTC(),
                    Duration.ofSeconds(1));
            return Assertions.catchThrowableOfType(
                    FlagWriteException.class, () -> writer.write("positions", OptionalLong.empty(), flag -> flag));
        }
    }

    int port() {
        return http.address().getPort();
    }

    Flag flag(String feature) {
        return flags.getOrDefault(feature, Flag.initial(feature));
    }

    private CutoverStatus status() {
        return CutoverStatus.of(
                catalog, this::flag, flagsAgeMs == null ? OptionalLong.empty() : OptionalLong.of(flagsAgeMs));
    }

    /** Returns once somebody has asked for the lines of a gate. */
    void awaitAsked() {
        try {
            assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private List<ChecklistLine> gate(String feature, Stage to) {
        if (evidenceFailure != null) {
            throw evidenceFailure;
        }
        List<ChecklistLine> lines = gate == null ? Checklist.of(evidence(feature), to) : gate;
        asked.countDown();
        return lines;
    }

    private Evidence evidence(String feature) {
        return new Evidence(
                catalog.feature(feature).orElseThrow(),
                flag(feature),
                NOW,
                Thresholds.standard(),
                OptionalLong.of(10),
                sessions,
                Watch.NONE,
                callers,
                Map.of(),
                signOffs.stream()
                        .filter(signOff -> signOff.feature().equals(feature))
                        .collect(Collectors.toMap(SignOff::to, Function.identity(), (older, newer) -> newer)));
    }

    private List<byte[]> verdicts(String feature, int limit) {
        failIfToldTo();
        return verdicts.stream().limit(limit).toList();
    }

    private void sign(SignOff signOff) {
        failIfToldTo();
        signOffs.add(signOff);
    }

    /** Somebody else's change. */
    void change(String feature, UnaryOperator<Flag> change) {
        assertThat(write(feature, OptionalLong.empty(), change)).isInstanceOf(Outcome.Written.class);
    }

    private synchronized Outcome write(String feature, OptionalLong expected, UnaryOperator<Flag> change) {
        failIfToldTo();
        Flag current = flag(feature);
        if (expected.isPresent() && expected.getAsLong() != current.version()) {
            return new Outcome.Conflict(current, expected.getAsLong());
        }
        Flag next = change.apply(current);
        Flag written = new Flag(
                feature,
                next.stage(),
                current.version() + 1,
                next.rollout(),
                next.sunset(),
                next.guard(),
                next.hold(),
                next.forced(),
                "c-" + (current.version() + 1),
                next.changedBy(),
                NOW,
                next.reason(),
                NOW);
        flags.put(feature, written);
        ObjectNode record = Json.MAPPER.valueToTree(written);
        record.put("from", current.stage().wireName());
        audit.add(record.toString().getBytes(StandardCharsets.UTF_8));
        return new Outcome.Written(written);
    }

    private List<byte[]> history(String feature) {
        failIfToldTo();
        return audit.stream()
                .filter(record -> new String(record, StandardCharsets.UTF_8).contains('"' + feature + '"'))
                .toList();
    }

    private void failIfToldTo() {
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public void close() {
        http.close();
    }
}

package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.RequestBody.BadBodyException;
import dev.cutover.control.StageMove.Decision;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.FlagWriter.FlagWriteException;
import dev.cutover.schema.FlagWriter.Outcome;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Json;
import dev.cutover.schema.Origins;
import dev.cutover.schema.Stage;
import dev.cutover.schema.StartupException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What operators can ask and do, as requests and answers, whichever server brings them. Thread-safe; a change and a history block
 * their caller, a bounded number of them at a time.
 */
final class ControlApi {
    private static final Logger log = LoggerFactory.getLogger(ControlApi.class);

    /** Longer than any name or reason needs. */
    static final int LONGEST_BODY_BYTES = 64 * 1024;

    private static final List<String> ROLLBACK_FIELDS = List.of("by", "expect_version", "reason");
    private static final List<String> STAGE_FIELDS = List.of("by", "expect_version", "force", "reason", "sunset", "to");
    private static final Duration DRAIN = Duration.ofSeconds(2);

    /** Writes flags; as {@link dev.cutover.schema.FlagWriter#write}. */
    interface Writer {
        Outcome write(String feature, OptionalLong expectedVersion, UnaryOperator<Flag> change);
    }

    /** Reads the audit records of a feature; as {@link AuditLog#of}. */
    interface History {
        List<byte[]> of(String feature);
    }

    /** Ends a write from within: the flag as it stands refuses the move. */
    private static final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient Decision.Refusal refusal;
        private final transient Flag current;

        RefusedException(Decision.Refusal refusal, Flag current) {
            super(refusal.detail(), null, false, false);
            this.refusal = refusal;
            this.current = current;
        }
    }

    private final String name;
    private final FeatureCatalog catalog;
    private final Function<String, Flag> flags;
    private final Writer writer;
    private final History history;
    private final BooleanSupplier active;
    private final InstantSource clock;
    private final ControlMetrics metrics;
    /** One at a time: writers fence each other, and those of one instance need not. */
    private final Turnstile changes = new Turnstile("changes", 1, 7, Duration.ofSeconds(20));

    private final Turnstile readings = new Turnstile("readings of a history", 2, 6, Duration.ofSeconds(20));

    /**
     * An API that is ready.
     *
     * @param name the instance's
     * @param flags a feature's flag as last read
     * @param active whether this instance is the active one
     * @param clock by which a sunset lies ahead or not
     */
    ControlApi(
            String name,
            FeatureCatalog catalog,
            Function<String, Flag> flags,
            Writer writer,
            History history,
            BooleanSupplier active,
            InstantSource clock,
            ControlMetrics metrics) {
        this.name = name;
        this.catalog = catalog;
        this.flags = flags;
        this.writer = writer;
        this.history = history;
        this.active = active;
        this.clock = clock;
        this.metrics = metrics;
    }

    /** This instance. */
    HttpAnswer control() {
        return json(Json.MAPPER.createObjectNode().put("name", name).put("active", active.getAsBoolean()));
    }

    HttpAnswer feature(String feature) {
        return of(feature, () -> json(Json.MAPPER.createObjectNode().set("flag", tree(flags.apply(feature)))));
    }

    HttpAnswer history(String feature) {
        return of(feature, () -> HttpAnswer.json(200, array(readings.pass(() -> history.of(feature)))));
    }

    HttpAnswer stage(String feature, byte[] json) {
        return of(feature, () -> {
            RequestBody body = RequestBody.of(json, STAGE_FIELDS);
            StageMove move = new StageMove(
                    body.stage("to"),
                    body.flag("force"),
                    body.instant("sunset"),
                    body.text("by", RequestBody.LONGEST_NAME),
                    body.text("reason", RequestBody.LONGEST_REASON));
            if (move.to() == Stage.SHADOW && move.sunset() != null) {
                throw new BadBodyException("sunset must be left out with to=shadow: REST stays");
            }
            if (move.sunset() != null && !move.sunset().isAfter(clock.instant())) {
                throw new BadBodyException("sunset must lie in the future, but is " + move.sunset());
            }
            return change(feature, body.wholeNumber("expect_version"), move);
        });
    }

    HttpAnswer rollback(String feature, byte[] json) {
        return of(feature, () -> {
            RequestBody body = RequestBody.of(json, ROLLBACK_FIELDS);
            StageMove move = StageMove.rollback(
                    body.text("by", RequestBody.LONGEST_NAME), body.text("reason", RequestBody.LONGEST_REASON));
            return change(feature, body.wholeNumber("expect_version"), move);
        });
    }

    private HttpAnswer change(String feature, OptionalLong expectedVersion, StageMove move) {
        Outcome outcome = changes.pass(() -> writer.write(feature, expectedVersion, current -> next(current, move)));
        if (outcome instanceof Outcome.Conflict conflict) {
            return conflict(conflict);
        }
        Flag flag = ((Outcome.Written) outcome).flag();
        metrics.changed(flag);
        log.info("{} is {} now: {}", feature, flag.stage().wireName(), flag);
        return HttpAnswer.json(200, flag.toJson());
    }

    private static Flag next(Flag current, StageMove move) {
        Decision decision = move.from(current);
        if (decision instanceof Decision.Refusal refusal) {
            throw new RefusedException(refusal, current);
        }
        return ((Decision.Move) decision).next();
    }

    /** Answers for a feature of the catalog, and puts into an answer what goes wrong. */
    private HttpAnswer of(String feature, Supplier<HttpAnswer> answer) {
        if (catalog.feature(feature).isEmpty()) {
            return refuse(
                    "unknown_feature",
                    404,
                    "Unknown Feature",
                    "there is no feature '" + feature + "'; known are "
                            + catalog.features().stream().map(Feature::name).collect(Collectors.joining(", ")));
        }
        try {
            return answer.get();
        } catch (BadBodyException e) {
            return refuse("bad_body", 400, "Bad Request", e.getMessage());
        } catch (RefusedException e) {
            return refused(e);
        } catch (Turnstile.BusyException e) {
            return refuse("busy", 503, "Busy", e.getMessage() + "; nothing was done: try again in a moment");
        } catch (FlagWriteException e) {
            metrics.writesFailed.increment();
            log.warn("a change of {} failed", feature, e);
            return HttpAnswer.problem(
                    503,
                    "Kafka Failed",
                    "Kafka failed, and the outcome is unknown: " + e.getMessage()
                            + "; ./cutover status shows it once Kafka is back");
        } catch (KafkaException | StartupException e) { // the latter where no client can be made
            log.warn("Kafka failed while {} was asked for", feature, e);
            return HttpAnswer.problem(
                    503, "Kafka Failed", "Kafka did not answer (" + e.getMessage() + "); try again once it is back");
        }
    }

    private HttpAnswer conflict(Outcome.Conflict conflict) {
        metrics.conflicts.increment();
        Flag current = conflict.current();
        ObjectNode problem = HttpAnswer.problemBody(
                409,
                "Version Conflict",
                current.feature() + " is not at version " + conflict.expectedVersion() + ": "
                        + StageMove.lastChange(current) + "; look at it, then try again with expect_version "
                        + current.version());
        problem.put("expected_version", conflict.expectedVersion());
        problem.set("flag", tree(current));
        return HttpAnswer.problem(problem);
    }

    private HttpAnswer refused(RefusedException e) {
        StageMove.Kind kind = e.refusal.kind();
        metrics.refused(kind.label);
        ObjectNode problem = HttpAnswer.problemBody(kind.status, kind.title, e.refusal.detail());
        problem.set("flag", tree(e.current));
        if (!e.refusal.checklist().isEmpty()) {
            problem.set("checklist", tree(e.refusal.checklist()));
        }
        return HttpAnswer.problem(problem);
    }

    /**
     * A problem that is counted as a refusal.
     *
     * @param kind one of a few words
     */
    HttpAnswer refuse(String kind, int status, String title, String detail) {
        metrics.refused(kind);
        return HttpAnswer.problem(status, title, detail);
    }

    /** The same, with its kind as the problem's {@code code}. */
    HttpAnswer refuseWithCode(String kind, int status, String title, String detail) {
        metrics.refused(kind);
        return HttpAnswer.refusal(status, title, kind, detail);
    }

    /** A request was refused since its Host is foreign. */
    void foreignHost() {
        metrics.refused(Origins.FOREIGN_HOST);
    }

    private static JsonNode tree(Object value) {
        return Json.MAPPER.valueToTree(value);
    }

    private static HttpAnswer json(JsonNode document) {
        return HttpAnswer.json(200, document.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] array(List<byte[]> documents) {
        ByteArrayOutputStream array = new ByteArrayOutputStream();
        array.write('[');
        for (int i = 0; i < documents.size(); i++) {
            if (i > 0) {
                array.write(',');
            }
            array.writeBytes(documents.get(i));
        }
        array.write(']');
        return array.toByteArray();
    }

    /** Lets changes under way come to their end, for two seconds at most, and begins no more. */
    void drain() {
        if (!changes.shut(DRAIN)) {
            log.warn("a change is still under way; its outcome is in the flag's history");
        }
    }
}

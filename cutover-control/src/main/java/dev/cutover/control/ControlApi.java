package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.RequestBody.BadBodyException;
import dev.cutover.control.StageMove.Decision;
import dev.cutover.schema.Flag;
import dev.cutover.schema.FlagWriter.Outcome;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Stage;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What operators can change, as requests and answers, whichever server brings them. Thread-safe; a change blocks its caller, and
 * a bounded number of them wait at a time.
 */
final class ControlApi {
    private static final Logger log = LoggerFactory.getLogger(ControlApi.class);

    /** Longer than any name or reason needs. */
    static final int LONGEST_BODY_BYTES = 64 * 1024;

    private static final List<String> REASONED_FIELDS = List.of("by", "expect_version", "reason");
    private static final List<String> GUARD_FIELDS = List.of("by", "expect_version", "guard", "reason");
    private static final List<String> SIGN_OFF_FIELDS = List.of("by", "note", "to");
    private static final List<String> STAGE_FIELDS = List.of("by", "expect_version", "force", "reason", "sunset", "to");
    private static final Duration DRAIN = Duration.ofSeconds(2);

    /** Writes flags; as {@link dev.cutover.schema.FlagWriter#write}. */
    interface Writer {
        Outcome write(String feature, OptionalLong expectedVersion, UnaryOperator<Flag> change);
    }

    /** What a step takes, as things stand now; as {@link EvidenceBook#checklist}. */
    interface Gate {
        List<ChecklistLine> checklist(String feature, Stage to);
    }

    /** Keeps sign-offs; as {@link SignOffs#write}. */
    interface SignOffWriter {
        void write(SignOff signOff);
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

    private final Writer writer;
    private final Gate gate;
    private final SignOffWriter signOffs;
    private final InstantSource clock;
    private final Answers answers;
    private final ControlMetrics metrics;
    /** One at a time: writers fence each other, and those of one instance need not. */
    private final Turnstile changes = new Turnstile("changes", 1, 7, Duration.ofSeconds(20));

    private final Turnstile signings = new Turnstile("sign-offs", 2, 6, Duration.ofSeconds(20));

    /**
     * An API that is ready.
     *
     * @param clock by which a sunset lies ahead or not, and a sign-off is dated
     */
    ControlApi(
            Writer writer,
            Gate gate,
            SignOffWriter signOffs,
            InstantSource clock,
            Answers answers,
            ControlMetrics metrics) {
        this.writer = writer;
        this.gate = gate;
        this.signOffs = signOffs;
        this.clock = clock;
        this.answers = answers;
        this.metrics = metrics;
    }

    HttpAnswer stage(String feature, byte[] json) {
        return answers.of(feature, () -> {
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
        return answers.of(feature, () -> {
            RequestBody body = RequestBody.of(json, REASONED_FIELDS);
            StageMove move = StageMove.rollback(
                    body.text("by", RequestBody.LONGEST_NAME), body.text("reason", RequestBody.LONGEST_REASON));
            return change(feature, body.wholeNumber("expect_version"), move);
        });
    }

    HttpAnswer clear(String feature, byte[] json) {
        return answers.of(feature, () -> {
            RequestBody body = RequestBody.of(json, REASONED_FIELDS);
            ClearHold clear = new ClearHold(
                    body.text("by", RequestBody.LONGEST_NAME), body.text("reason", RequestBody.LONGEST_REASON));
            return change(feature, body.wholeNumber("expect_version"), clear::from);
        });
    }

    HttpAnswer guard(String feature, byte[] json) {
        return answers.of(feature, () -> {
            RequestBody body = RequestBody.of(json, GUARD_FIELDS);
            SetGuard set = new SetGuard(
                    body.guard("guard"),
                    body.text("by", RequestBody.LONGEST_NAME),
                    body.text("reason", RequestBody.LONGEST_REASON));
            return change(feature, body.wholeNumber("expect_version"), set::from);
        });
    }

    HttpAnswer signOff(String feature, byte[] json) {
        return answers.of(feature, () -> {
            RequestBody body = RequestBody.of(json, SIGN_OFF_FIELDS);
            Stage to = body.stage("to");
            if (to == Stage.SHADOW) {
                throw new BadBodyException(
                        "to must be live or promoted: the way back to shadow needs nobody's consent");
            }
            SignOff signOff = new SignOff(
                    feature,
                    to,
                    body.text("by", RequestBody.LONGEST_NAME),
                    body.optionalText("note", RequestBody.LONGEST_REASON),
                    clock.instant());
            signings.pass(() -> {
                signOffs.write(signOff);
                return signOff;
            });
            log.info("{} signed off {} to {}", signOff.by(), feature, to.wireName());
            return Answers.json(Answers.tree(signOff));
        });
    }

    private HttpAnswer change(String feature, OptionalLong expectedVersion, StageMove move) {
        return change(feature, expectedVersion, current -> move.from(current, gateOf(feature, move.to())));
    }

    /** Nothing that is known or not known of the evidence stands in the way back. */
    private List<ChecklistLine> gateOf(String feature, Stage to) {
        return to == Stage.SHADOW ? List.of() : gate.checklist(feature, to);
    }

    private HttpAnswer change(String feature, OptionalLong expectedVersion, Function<Flag, Decision> wish) {
        Outcome outcome;
        try {
            outcome = changes.pass(() -> writer.write(feature, expectedVersion, current -> next(current, wish)));
        } catch (RefusedException e) {
            return refused(e);
        }
        if (outcome instanceof Outcome.Conflict conflict) {
            return conflict(conflict);
        }
        Flag flag = ((Outcome.Written) outcome).flag();
        metrics.changed(flag);
        log.info("{} is {} now: {}", feature, flag.stage().wireName(), flag);
        return HttpAnswer.json(200, flag.toJson());
    }

    private static Flag next(Flag current, Function<Flag, Decision> wish) {
        Decision decision = wish.apply(current);
        if (decision instanceof Decision.Refusal refusal) {
            throw new RefusedException(refusal, current);
        }
        return ((Decision.Move) decision).next();
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
        problem.set("flag", Answers.tree(current));
        return HttpAnswer.problem(problem);
    }

    private HttpAnswer refused(RefusedException e) {
        StageMove.Kind kind = e.refusal.kind();
        metrics.refused(kind.label);
        ObjectNode problem = HttpAnswer.problemBody(kind.status, kind.title, e.refusal.detail());
        problem.set("flag", Answers.tree(e.current));
        if (!e.refusal.checklist().isEmpty()) {
            problem.set("checklist", Answers.tree(e.refusal.checklist()));
        }
        return HttpAnswer.problem(problem);
    }

    /** Lets changes under way come to their end, for two seconds at most, and begins no more. */
    void drain() {
        if (!changes.shut(DRAIN)) {
            log.warn("a change is still under way; its outcome is in the flag's history");
        }
    }
}

package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.GuardInput.Surroundings;
import dev.cutover.control.GuardState.Doing;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.FlagWriter.FlagWriteException;
import dev.cutover.schema.FlagWriter.Outcome;
import dev.cutover.schema.Stage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rolls a live feature back that has gone bad. It looks once a second while this instance is the active one; what it sees must be
 * bad twice in a row, so that one late record rolls nothing back.
 *
 * <p>Why an operator's change is never overwritten: a rollback is written for the very version of the flag that was looked at. Why
 * two instances never both write: the lease is asked again when the change is about to be committed, and the second of two would
 * find another version.
 *
 * <p>Its thread, {@code control-guard}, owns all but {@link #states}, which anybody may read; a rollback blocks it.
 */
final class Guard implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Guard.class);

    /** Who changed a flag that was rolled back by itself. */
    static final String BY = "guard";
    /** Evaluations in which a breach must hold. */
    static final int EVALUATIONS = 2;

    private static final Duration PERIOD = Duration.ofSeconds(1);
    private static final Duration WARN_EVERY = Duration.ofMinutes(1);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    /** Gives what is to be looked at; as {@link EvidenceBook#guarded}. */
    interface Source {
        GuardInput guarded(Flag flag, Instant now, Surroundings surroundings);
    }

    /** Writes flags, with what led to the change; as {@link dev.cutover.schema.FlagWriter#write}. */
    interface Writer {
        Outcome write(String feature, OptionalLong expectedVersion, UnaryOperator<Flag> change, ObjectNode evidence);
    }

    /** Ends a write from within. */
    private static final class LeaseLostException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        LeaseLostException() {
            super(null, null, false, false);
        }
    }

    /** What is remembered of a feature from one look to the next. */
    private static final class Memory {
        /** The version of the flag that the breaches were of. */
        private long version = -1;

        private int breachesInARow;
        /** Of what was seen last. */
        private String kind = "";
        /** Null before the first warning. */
        private Instant warnedAt;
    }

    private final FeatureCatalog catalog;
    private final Source source;
    private final Function<String, Flag> flags;
    private final Supplier<OptionalLong> flagsAgeMs;
    private final Writer writer;
    private final BooleanSupplier active;
    private final InstantSource clock;
    private final ControlMetrics metrics;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread made = new Thread(task, "control-guard");
        made.setDaemon(true);
        return made;
    });
    private final Map<String, GuardState> states = new ConcurrentHashMap<>();

    // owned by the guard's thread
    private final Map<String, Memory> memories = new HashMap<>();
    /** Null while another instance is the active one. */
    private Instant activeSince;

    /**
     * A guard that is at rest until {@link #start}, or is moved by {@link #evaluate}.
     *
     * @param flags a feature's flag as last read
     * @param active whether this instance, and no other, is the active one
     */
    Guard(
            FeatureCatalog catalog,
            Source source,
            Function<String, Flag> flags,
            Supplier<OptionalLong> flagsAgeMs,
            Writer writer,
            BooleanSupplier active,
            InstantSource clock,
            ControlMetrics metrics) {
        this.catalog = catalog;
        this.source = source;
        this.flags = flags;
        this.flagsAgeMs = flagsAgeMs;
        this.writer = writer;
        this.active = active;
        this.clock = clock;
        this.metrics = metrics;
        for (Feature feature : catalog.features()) {
            states.put(feature.name(), new GuardState(Doing.STANDBY, "", clock.instant()));
            memories.put(feature.name(), new Memory());
            metrics.showGuard(
                    feature.name(),
                    () -> states.get(feature.name()).state() == Doing.ABSTAINING,
                    () -> states.get(feature.name()).state() == Doing.BREACH);
        }
    }

    Guard start() {
        // with a delay, so that after a write that took long two looks do not follow at once
        var unused = thread.scheduleWithFixedDelay(
                this::evaluate, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
        return this;
    }

    /** What this instance's guard makes of a feature. Any thread. */
    GuardState state(String feature) {
        return states.get(feature);
    }

    /** One look at every feature. */
    void evaluate() {
        Instant now = clock.instant();
        if (!active.getAsBoolean()) {
            activeSince = null;
            memories.values().forEach(memory -> memory.breachesInARow = 0);
            states.keySet().forEach(feature -> become(feature, Doing.STANDBY, "", now));
            return;
        }
        if (activeSince == null) {
            activeSince = now;
        }
        Surroundings surroundings =
                new Surroundings(flagsAgeMs.get(), catalog.heartbeat().cadence(), activeSince);
        for (Feature feature : catalog.features()) {
            try {
                Flag flag = flags.apply(feature.name());
                act(flag, GuardDecision.of(source.guarded(flag, now, surroundings)), now);
            } catch (RuntimeException e) {
                // the other features must be guarded all the same
                metrics.guardFailed.increment();
                log.error("the guard of {} has failed, which is a fault of Cutover; it goes on", feature.name(), e);
            }
        }
    }

    private void act(Flag flag, GuardDecision decision, Instant now) {
        Memory memory = memories.get(flag.feature());
        if (!(decision instanceof GuardDecision.Breach breach)) {
            memory.breachesInARow = 0;
            if (decision instanceof GuardDecision.Abstain abstain) {
                if (become(flag.feature(), Doing.ABSTAINING, abstain.why().label(), abstain.detail(), now)) {
                    metrics.guardAbstained(flag.feature(), abstain.why().label());
                    log.warn("the guard of {} abstains: {}", flag.feature(), abstain.detail());
                }
                return;
            }
            if (decision instanceof GuardDecision.Fine fine) {
                watch(flag, fine.blindTo(), now);
            } else {
                become(flag.feature(), Doing.IDLE, "", now);
            }
            return;
        }
        memory.breachesInARow = flag.version() == memory.version ? memory.breachesInARow + 1 : 1;
        memory.version = flag.version();
        become(flag.feature(), Doing.BREACH, breach.breaches().toString(), breach.reason(), now);
        if (memory.breachesInARow < EVALUATIONS) {
            return;
        }
        if (flag.guard() == Flag.Guard.WARN) {
            warn(flag, breach, memory, now);
        } else {
            rollBack(flag, breach);
        }
    }

    private void watch(Flag flag, String blindTo, Instant now) {
        if (!become(flag.feature(), Doing.WATCHING, blindTo.isEmpty() ? "" : "values", blindTo, now)) {
            return;
        }
        if (blindTo.isEmpty()) {
            log.info("the guard watches {}", flag.feature());
        } else {
            log.warn("the guard watches {}, but sees {}", flag.feature(), blindTo);
        }
    }

    private void warn(Flag flag, GuardDecision.Breach breach, Memory memory, Instant now) {
        if (memory.warnedAt != null && now.isBefore(memory.warnedAt.plus(WARN_EVERY))) {
            return;
        }
        memory.warnedAt = now;
        breach.breaches().forEach(kind -> metrics.guardWarned(flag.feature(), kind.label()));
        log.warn("the guard would roll {} back, but is told to warn only: {}", flag.feature(), breach.reason());
    }

    private void rollBack(Flag flag, GuardDecision.Breach breach) {
        try {
            Outcome outcome = writer.write(
                    flag.feature(),
                    OptionalLong.of(flag.version()),
                    current -> rolledBack(current, breach.reason()),
                    breach.evidence());
            if (outcome instanceof Outcome.Written written) {
                metrics.changed(written.flag());
                breach.breaches().forEach(kind -> metrics.guardRolledBack(flag.feature(), kind.label()));
                log.warn(
                        "the guard has rolled {} back and holds it until it is cleared: {}",
                        flag.feature(),
                        breach.reason());
            } else {
                log.info("the guard leaves {} alone: {}", flag.feature(), outcome);
            }
        } catch (LeaseLostException e) {
            log.info("the guard leaves {} to the instance that is active now", flag.feature());
        } catch (FlagWriteException e) {
            metrics.writesFailed.increment();
            log.warn("the guard could not roll {} back, and looks again: {}", flag.feature(), e.getMessage());
        }
    }

    /** Called when the change is about to be committed, maybe more than once. */
    private Flag rolledBack(Flag current, String reason) {
        if (!active.getAsBoolean()) {
            throw new LeaseLostException();
        }
        return current.at(Stage.SHADOW, BY, reason).withHold(true, BY, reason);
    }

    private boolean become(String feature, Doing doing, String reason, Instant now) {
        return become(feature, doing, "", reason, now);
    }

    /**
     * Shows what the guard does.
     *
     * @param kind of what it sees: a new figure in the reason alone is no change
     * @return whether it is something else than before
     */
    private boolean become(String feature, Doing doing, String kind, String reason, Instant now) {
        GuardState before = states.get(feature);
        Memory memory = memories.get(feature);
        boolean changed = before.state() != doing || !memory.kind.equals(kind);
        memory.kind = kind;
        states.put(feature, new GuardState(doing, reason, changed ? now : before.since()));
        return changed;
    }

    /** Lets a rollback under way come to its end, for two seconds at most. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("a rollback is still under way; its outcome is in the flag's history");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        List<Runnable> unused = thread.shutdownNow();
    }
}

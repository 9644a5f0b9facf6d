package dev.cutover.control;

import com.fasterxml.jackson.databind.node.IntNode;
import dev.cutover.control.GuardInput.Seen;
import dev.cutover.control.GuardInput.Surroundings;
import dev.cutover.control.GuardInput.TypeState;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Reference;
import dev.cutover.schema.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** What the guard sees of a live feature that is well, of which a test makes something bad. */
final class GivenGuarded {
    static final Instant NOW = Instant.parse("2026-01-05T15:30:00Z");

    Feature feature = FeatureCatalog.shipped().feature("positions").orElseThrow();
    Flag flag = flag(Stage.LIVE, Flag.Guard.ON);
    Instant now = NOW;
    Thresholds thresholds = Thresholds.standard();
    OptionalLong flagsAgeMs = OptionalLong.of(120);
    OptionalLong evidenceAgeMs = OptionalLong.of(200);
    Instant activeSince = NOW.minusSeconds(3_600);
    int connectionsUp = 2;
    long gaps;
    long failures;
    boolean activeNow = true;
    Instant watchedSince = NOW.minusSeconds(3_600);
    Instant lastAt = NOW.minusSeconds(4);
    Instant heartbeatAt = NOW.minusSeconds(12);
    /** In place of what follows from the fields above; null for these. */
    Seen seen;

    final Map<String, Instant> arrivals = new HashMap<>(Map.of("account_balance", NOW.minusSeconds(5)));
    final List<Verdict> verdicts = new ArrayList<>();

    static Flag flag(Stage stage, Flag.Guard guard) {
        return new Flag(
                "positions",
                stage,
                4,
                100,
                null,
                guard,
                false,
                false,
                "c-4",
                "alice",
                NOW.minusSeconds(600),
                "two sessions",
                NOW.minusSeconds(600));
    }

    static Flag flagSince(Instant flip) {
        return new Flag(
                "positions", Stage.LIVE, 4, 100, null, Flag.Guard.ON, false, false, "c-4", "alice", flip, "why", flip);
    }

    void feature(String name) {
        feature = FeatureCatalog.shipped().feature(name).orElseThrow();
    }

    /** When the prober last looked. */
    Instant until() {
        return now.minusMillis(700);
    }

    /** In place of those that are there. */
    void comparisons(int count, int failed) {
        verdicts.clear();
        for (int i = 0; i < count; i++) {
            verdict(
                    i < failed ? Outcome.MISMATCH : Outcome.MATCH,
                    i < failed
                            ? List.of(
                                    new Difference("/cash", IntNode.valueOf(101), IntNode.valueOf(100)),
                                    new Difference("/pnl", IntNode.valueOf(2), IntNode.valueOf(1)))
                            : List.of());
        }
    }

    void verdict(Outcome outcome, List<Difference> differences) {
        int number = verdicts.size();
        verdicts.add(new Verdict(
                "id-" + number,
                feature.name(),
                Integer.toString(number),
                outcome,
                Reference.MATERIALISED,
                "0:" + number,
                "account_id=" + number,
                "prober",
                now.minusSeconds(3),
                now.minusSeconds(2),
                outcome == Outcome.LAGGING ? 300L : null,
                differences,
                differences.size(),
                List.of()));
    }

    GuardInput made() {
        return new GuardInput(
                feature,
                flag,
                now,
                thresholds,
                new Surroundings(flagsAgeMs, Duration.ofSeconds(30), activeSince),
                evidenceAgeMs,
                seen != null
                        ? seen
                        : new Seen(
                                until(),
                                connectionsUp,
                                gaps,
                                failures,
                                List.of(new TypeState(feature.events().get(0), activeNow, watchedSince, lastAt))),
                heartbeatAt,
                arrivals,
                verdicts);
    }
}

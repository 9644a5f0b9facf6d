package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Json;
import dev.cutover.schema.Stage;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * What operators can ask, as requests and answers, whichever server brings them, and what pages report. Thread-safe; a history and
 * verdicts block their caller while they are read from Kafka, a bounded number of them at a time.
 */
final class EvidenceApi {
    /** Rows of a list, where nobody says how many. */
    static final int DEFAULT_LIMIT = 50;

    static final int HIGHEST_LIMIT = 1_000;

    /** A query that is not what it must be; the message names the parameter, and what it must be. */
    static final class BadQueryException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BadQueryException(String message) {
            super(message);
        }
    }

    /** Reads the audit records of a feature; as {@link AuditLog#of}. */
    interface History {
        List<byte[]> of(String feature);
    }

    /** Reads the newest verdicts of a feature; as {@link VerdictLog#newest}. */
    interface Verdicts {
        List<byte[]> newest(String feature, int limit);
    }

    /** Takes what a page saw of both paths. */
    interface Reports {
        /**
         * Takes one report.
         *
         * @throws RequestBody.BadBodyException when the body is none
         */
        void take(byte[] json);
    }

    private final String name;
    private final BooleanSupplier active;
    private final FeatureCatalog catalog;
    private final Function<String, Evidence> evidence;
    private final ControlApi.Gate gate;
    private final Function<String, GuardState> guard;
    private final History history;
    private final Verdicts verdicts;
    private final Reports reports;
    private final Answers answers;

    private final Turnstile readings = new Turnstile("readings from Kafka", 2, 6, Duration.ofSeconds(20));

    /**
     * An API that is ready.
     *
     * @param name the instance's
     * @param active whether this instance is the active one
     * @param evidence all that is known of a feature now
     * @param gate the one that promotions go through
     * @param guard what this instance's guard makes of it
     */
    EvidenceApi(
            String name,
            BooleanSupplier active,
            FeatureCatalog catalog,
            Function<String, Evidence> evidence,
            ControlApi.Gate gate,
            Function<String, GuardState> guard,
            History history,
            Verdicts verdicts,
            Reports reports,
            Answers answers) {
        this.name = name;
        this.active = active;
        this.catalog = catalog;
        this.evidence = evidence;
        this.gate = gate;
        this.guard = guard;
        this.history = history;
        this.verdicts = verdicts;
        this.reports = reports;
        this.answers = answers;
    }

    /** This instance. */
    HttpAnswer control() {
        return Answers.json(Json.MAPPER.createObjectNode().put("name", name).put("active", active.getAsBoolean()));
    }

    /** @param to the step whose checklist is wanted; null for the next one */
    HttpAnswer feature(String feature, String to) {
        return answers.of(feature, () -> {
            Evidence known = evidence.apply(feature);
            Stage step = to == null ? Checklist.next(known.flag().stage()).orElse(null) : up(to);
            List<ChecklistLine> lines = step == null ? List.of() : gate.checklist(feature, step);
            ObjectNode figures = known.toJson();
            figures.set("guard", Answers.tree(guard.apply(feature)));
            ObjectNode answer = Json.MAPPER.createObjectNode();
            answer.set("flag", Answers.tree(known.flag()));
            answer.set("evidence", figures);
            answer.set("checklist", Checklist.toJson(known.flag(), step, lines));
            return Answers.json(answer);
        });
    }

    private static Stage up(String name) {
        for (Stage stage : List.of(Stage.LIVE, Stage.PROMOTED)) {
            if (stage.wireName().equals(name)) {
                return stage;
            }
        }
        throw new BadQueryException("to must be live or promoted, but is '" + name + "'");
    }

    HttpAnswer history(String feature) {
        return answers.of(feature, () -> Answers.array(readings.pass(() -> history.of(feature))));
    }

    /** @param limit as it was given; null for the default */
    HttpAnswer verdicts(String feature, String limit) {
        return answers.of(feature, () -> {
            int most = limit(limit);
            return Answers.array(readings.pass(() -> verdicts.newest(feature, most)));
        });
    }

    /** @param limit as it was given; null for the default */
    HttpAnswer sessions(String feature, String limit) {
        return answers.of(feature, () -> {
            Evidence known = evidence.apply(feature);
            ArrayNode rows = Json.MAPPER.createArrayNode();
            known.sessions().stream()
                    .limit(limit(limit))
                    .forEach(session ->
                            rows.add(((ObjectNode) Answers.tree(session)).put("state", state(session, known))));
            return Answers.json(rows);
        });
    }

    private static String state(SessionSum session, Evidence known) {
        if (!known.hasEnded(session)) {
            return "open";
        }
        if (session.isDirty()) {
            return "dirty";
        }
        if (session.comparisons() == 0) {
            return "empty";
        }
        return session.counts() ? "clean" : "partial";
    }

    /** @param feature null for all */
    HttpAnswer usage(String feature) {
        return feature == null
                ? answers.caught(
                        "the usage",
                        () -> usage(
                                catalog.features().stream().map(Feature::name).toList()))
                : answers.of(feature, () -> usage(List.of(feature)));
    }

    private HttpAnswer usage(List<String> features) {
        ArrayNode rows = Json.MAPPER.createArrayNode();
        for (String feature : features) {
            for (Caller caller : evidence.apply(feature).callers()) {
                ObjectNode row = rows.addObject().put("feature", feature);
                row.setAll((ObjectNode) Answers.tree(caller));
            }
        }
        return Answers.json(rows);
    }

    /** Of a page: what it saw of both paths. */
    HttpAnswer report(byte[] json) {
        return answers.caught("a page's report", () -> {
            reports.take(json);
            return new HttpAnswer(204, HttpAnswer.JSON, new byte[0]);
        });
    }

    private static int limit(String text) {
        if (text == null) {
            return DEFAULT_LIMIT;
        }
        try {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= HIGHEST_LIMIT) {
                return limit;
            }
        } catch (NumberFormatException e) {
            // said below, as for any other number
        }
        throw new BadQueryException(
                "limit must be a whole number from 1 to " + HIGHEST_LIMIT + ", but is '" + text + "'");
    }
}

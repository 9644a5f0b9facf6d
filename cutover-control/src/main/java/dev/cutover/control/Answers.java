package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.EvidenceApi.BadQueryException;
import dev.cutover.control.RequestBody.BadBodyException;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.FlagWriter.FlagWriteException;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Json;
import dev.cutover.schema.Origins;
import dev.cutover.schema.StartupException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the answers of the operators' API have in common: the one path of all that goes wrong, and their form. Thread-safe. */
final class Answers {
    private static final Logger log = LoggerFactory.getLogger(Answers.class);

    private final FeatureCatalog catalog;
    private final ControlMetrics metrics;

    Answers(FeatureCatalog catalog, ControlMetrics metrics) {
        this.catalog = catalog;
        this.metrics = metrics;
    }

    /** Answers for a feature of the catalog, and puts into an answer what goes wrong. */
    HttpAnswer of(String feature, Supplier<HttpAnswer> answer) {
        if (catalog.feature(feature).isEmpty()) {
            return refuse(
                    "unknown_feature",
                    404,
                    "Unknown Feature",
                    "there is no feature '" + feature + "'; known are "
                            + catalog.features().stream().map(Feature::name).collect(Collectors.joining(", ")));
        }
        return caught(feature, answer);
    }

    /**
     * Puts into an answer what goes wrong.
     *
     * @param what is asked for, for the log
     */
    HttpAnswer caught(String what, Supplier<HttpAnswer> answer) {
        try {
            return answer.get();
        } catch (BadBodyException e) {
            return refuse("bad_body", 400, "Bad Request", e.getMessage());
        } catch (BadQueryException e) {
            return refuse("bad_query", 400, "Bad Request", e.getMessage());
        } catch (Turnstile.BusyException e) {
            return refuse("busy", 503, "Busy", e.getMessage() + "; nothing was done: try again in a moment");
        } catch (FlagWriteException e) {
            metrics.writesFailed.increment();
            log.warn("a change of {} failed", what, e);
            return HttpAnswer.problem(
                    503,
                    "Kafka Failed",
                    "Kafka failed, and the outcome is unknown: " + e.getMessage()
                            + "; ./cutover status shows it once Kafka is back");
        } catch (KafkaException | StartupException e) { // the latter where no client can be made
            log.warn("Kafka failed while {} was asked for", what, e);
            return HttpAnswer.problem(
                    503, "Kafka Failed", "Kafka did not answer (" + e.getMessage() + "); try again once it is back");
        }
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

    static JsonNode tree(Object value) {
        return Json.MAPPER.valueToTree(value);
    }

    static HttpAnswer json(JsonNode document) {
        return HttpAnswer.json(200, document.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** An array of documents that are JSON already, as they stand. */
    static HttpAnswer array(List<byte[]> documents) {
        ByteArrayOutputStream array = new ByteArrayOutputStream();
        array.write('[');
        for (int i = 0; i < documents.size(); i++) {
            if (i > 0) {
                array.write(',');
            }
            array.writeBytes(documents.get(i));
        }
        array.write(']');
        return HttpAnswer.json(200, array.toByteArray());
    }
}

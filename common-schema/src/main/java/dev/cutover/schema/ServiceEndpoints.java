package dev.cutover.schema;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What every service answers beside its own work, the same at all of them: {@code /health/live}, {@code /health/ready}, {@code
 * /metrics} and {@code /cutover/status}. The suppliers are asked on the thread that answers, and must not block.
 *
 * @param metrics in Prometheus's text format
 */
public record ServiceEndpoints(Supplier<Health> health, Supplier<CutoverStatus> status, Supplier<String> metrics) {
    public static final String LIVE = "/health/live";
    public static final String READY = "/health/ready";
    public static final String METRICS = "/metrics";
    public static final String STATUS = "/cutover/status";

    /** All paths that are answered here. */
    public static final List<String> PATHS = List.of(LIVE, READY, METRICS, STATUS);

    private static final Map<String, String> RETRY_SOON = Map.of("Retry-After", "1");
    private static final byte[] ALIVE = "{\"status\":\"live\"}".getBytes(StandardCharsets.US_ASCII);

    /** The answer to a GET (or, without its body, a HEAD) of the path; empty where it is none of {@link #PATHS}. */
    public Optional<HttpAnswer> answer(String path) {
        return Optional.ofNullable(
                switch (path) {
                    case LIVE -> HttpAnswer.json(200, ALIVE);
                    case READY -> ready(health.get());
                    case METRICS ->
                        new HttpAnswer(200, HttpAnswer.PROMETHEUS, metrics.get().getBytes(StandardCharsets.UTF_8));
                    case STATUS -> HttpAnswer.json(200, status.get().toJson());
                    default -> null;
                });
    }

    private static HttpAnswer ready(Health health) {
        return health.ready()
                ? HttpAnswer.json(200, health.toJson())
                : new HttpAnswer(503, HttpAnswer.JSON, health.toJson(), RETRY_SOON);
    }
}

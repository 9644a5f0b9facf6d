package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

final class ServiceEndpointsTest {
    private final AtomicReference<Health> health = new AtomicReference<>(new Health(List.of()));
    private final ServiceEndpoints endpoints = new ServiceEndpoints(
            health::get, () -> new CutoverStatus(CutoverStatus.Mode.SHADOW, List.of(), 12L), () -> "up 1\n");

    private String body(String path, int status) {
        HttpAnswer answer = endpoints.answer(path).orElseThrow();
        assertThat(answer.status()).isEqualTo(status);
        return new String(answer.body(), StandardCharsets.UTF_8);
    }

    @Test
    void everyPathIsAnswered() {
        assertThat(ServiceEndpoints.PATHS)
                .allSatisfy(path -> assertThat(endpoints.answer(path)).isPresent());
        assertThat(body("/health/live", 200)).isEqualTo("{\"status\":\"live\"}");
        assertThat(body("/metrics", 200)).isEqualTo("up 1\n");
        assertThat(body("/cutover/status", 200)).isEqualTo("{\"mode\":\"SHADOW\",\"features\":[],\"flags_age_ms\":12}");
        assertThat(endpoints.answer("/health/ready/")).isEmpty();
        assertThat(endpoints.answer("/")).isEmpty();
    }

    @Test
    void whatIsNotReadySaysWhyAndWhatIsDegradedStaysReady() {
        assertThat(body("/health/ready", 200)).isEqualTo("{\"status\":\"ready\"}");

        health.set(new Health(List.of()).and(new Health(List.of(), List.of("the flags are old"))));
        assertThat(body("/health/ready", 200)).isEqualTo("{\"status\":\"ready\",\"degraded\":[\"the flags are old\"]}");

        assertThat(endpoints.answer("/health/ready").orElseThrow().headers()).isEmpty();

        health.set(health.get().and(new Health(List.of("it fills"))).and(new Health(List.of("it stops"))));
        assertThat(body("/health/ready", 503))
                .isEqualTo("{\"status\":\"not_ready\",\"reasons\":[\"it fills\",\"it stops\"],"
                        + "\"degraded\":[\"the flags are old\"]}");
        assertThat(endpoints.answer("/health/ready").orElseThrow().headers()).isEqualTo(Map.of("Retry-After", "1"));
    }

    @Test
    void aProblemSaysWhatItIs() {
        HttpAnswer answer = HttpAnswer.problem(404, "Not Found", "there is no \"x\"");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.contentType()).isEqualTo("application/problem+json");
        assertThat(new String(answer.body(), StandardCharsets.UTF_8))
                .isEqualTo("{\"title\":\"Not Found\",\"status\":404," + "\"detail\":\"there is no \\\"x\\\"\"}");
    }
}

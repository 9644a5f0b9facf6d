package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.Health;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.StartupException;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class JobsHttpTest {
    private final AtomicReference<Health> health = new AtomicReference<>(new Health(List.of()));
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JobsMetrics metrics = new JobsMetrics(registry, Clock.systemUTC());
    private final HttpClient client = HttpClient.newHttpClient();
    private JobsHttp http;
    private FlagReader flags;

    @BeforeEach
    void serve() {
        // nothing listens on port 1: the flags are never read, and stay at their start
        flags = new FlagReader(new KafkaConnection("127.0.0.1:1", Map.of()), "jobs-http-test");
        http = JobsHttp.bind("127.0.0.1", 0);
        http.serve(new ServiceEndpoints(
                health::get, () -> CutoverStatus.of(FeatureCatalog.shipped(), flags), registry::scrape));
    }

    @AfterEach
    void close() {
        http.close();
        flags.close();
    }

    @Test
    void healthSaysWhetherTheJobsAreReadyAndWhyNot() throws Exception {
        assertThat(get("/health/live").statusCode()).isEqualTo(200);
        assertThat(get("/health/ready").statusCode()).isEqualTo(200);

        health.set(new Health(List.of("Kafka has not acknowledged a bar yet")));

        assertThat(get("/health/live").statusCode()).isEqualTo(200);
        assertThat(get("/health/ready").statusCode()).isEqualTo(503);
        assertThat(get("/health/ready").headers().firstValue("Retry-After")).contains("1");
        assertThat(get("/health/ready").body()).contains("Kafka has not acknowledged a bar yet");
    }

    @Test
    void metricsAreInThePrometheusForm() throws Exception {
        metrics.published("intraday_bar");
        metrics.ran("intraday");

        HttpResponse<String> answer = get("/metrics");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain"));
        assertThat(answer.body())
                .contains("cutover_jobs_events_published_total{type=\"intraday_bar\"} 1.0")
                .contains("cutover_jobs_runs_total{job=\"intraday\"} 1.0")
                .contains("cutover_jobs_source_lag_seconds");
    }

    @Test
    void statusIsTheSameAsAtEveryService() throws Exception {
        assertThat(get("/cutover/status").body())
                .startsWith("{\"mode\":\"SHADOW\",\"features\":[{\"feature\":\"account_balance\",\"stage\":\"shadow\"");
    }

    @Test
    void otherPathsAndMethodsAreRefused() throws Exception {
        assertThat(get("/health/live/x").statusCode()).isEqualTo(404);
        HttpRequest post = HttpRequest.newBuilder(URI.create(http.address() + "/health/live"))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
        assertThat(client.send(post, HttpResponse.BodyHandlers.ofString()).statusCode())
                .isEqualTo(405);
    }

    @Test
    void aTakenPortIsRefusedInOneLineThatNamesTheSetting() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> JobsHttp.bind("127.0.0.1", taken.getLocalPort()))
                    .isInstanceOf(StartupException.class)
                    .hasMessage("can't listen on 127.0.0.1:" + taken.getLocalPort()
                            + " for the jobs' health and metrics: Address already in use; set another --jobs-port or"
                            + " --host");
        }
        assertThatThrownBy(() -> JobsHttp.bind("no.such.host.invalid", 0))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("--host");
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(URI.create(http.address() + path)).build(),
                HttpResponse.BodyHandlers.ofString());
    }
}

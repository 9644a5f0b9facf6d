package dev.cutover.local;

import static dev.cutover.local.MisbehavingBackend.answer;
import static dev.cutover.local.MisbehavingBackend.chunked;
import static dev.cutover.local.MisbehavingBackend.cutShort;
import static dev.cutover.local.MisbehavingBackend.halfABody;
import static dev.cutover.local.MisbehavingBackend.huge;
import static dev.cutover.local.MisbehavingBackend.json;
import static dev.cutover.local.MisbehavingBackend.noHttp;
import static dev.cutover.local.MisbehavingBackend.reset;
import static dev.cutover.local.MisbehavingBackend.silent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The backend must misbehave as it says, or what is tested against it shows nothing. */
final class MisbehavingBackendTest {
    private final MisbehavingBackend backend = MisbehavingBackend.start();
    private final HttpClient client = HttpClient.newHttpClient();

    @AfterEach
    void stop() {
        backend.close();
    }

    private HttpResponse<String> get(String target) throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(URI.create(backend.url() + target))
                        .timeout(Duration.ofMillis(500))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void oneBehaviourFollowsTheOtherAndTheLastStays() throws Exception {
        backend.on("/a", answer(500, "text/plain", "broken"), json("{}"));
        backend.on("/a?x=1", chunked("{\"of\":\"the query\"}"));
        assertThat(get("/a").statusCode()).isEqualTo(500);
        assertThat(get("/a?y=2").body()).isEqualTo("{}");
        assertThat(get("/a").body()).isEqualTo("{}");
        assertThat(get("/a?x=1").body()).isEqualTo("{\"of\":\"the query\"}");
        assertThat(get("/b").statusCode()).isEqualTo(404);
        assertThat(backend.requests("/a"))
                .extracting(MisbehavingBackend.Request::target)
                .containsExactly("/a", "/a?y=2", "/a", "/a?x=1");
        assertThat(backend.mostAtOnce()).isEqualTo(1);
    }

    @Test
    void whatIsBrokenIsBroken() throws Exception {
        backend.on("/half", halfABody("{\"a\":1}"));
        backend.on("/short", cutShort("{\"a\":1}"));
        backend.on("/reset", reset());
        backend.on("/no-http", noHttp());
        for (String path : new String[] {"/half", "/short", "/reset", "/no-http"}) {
            assertThatThrownBy(() -> get(path)).as(path).isInstanceOf(IOException.class);
        }
        backend.on("/silent", silent());
        assertThatThrownBy(() -> get("/silent")).isInstanceOf(HttpTimeoutException.class);
        backend.on("/huge", huge(1_000_000));
        assertThat(get("/huge").body()).hasSize(1_000_000);
    }
}

package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/** Asks a control service over a real socket. */
final class ControlCaller {
    private final HttpClient client = HttpClient.newHttpClient();
    private final int port;

    ControlCaller(int port) {
        this.port = port;
    }

    record Answer(int status, String type, String body, HttpResponse<String> response) {
        JsonNode json() throws IOException {
            return Json.MAPPER.readTree(body);
        }
    }

    HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    }

    Answer send(HttpRequest.Builder request) throws Exception {
        HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
        return new Answer(
                response.statusCode(),
                response.headers().firstValue("Content-Type").orElse(""),
                response.body(),
                response);
    }

    Answer get(String path) throws Exception {
        return send(to(path));
    }

    Answer post(String path, String body) throws Exception {
        return send(to(path).header("Content-Type", "application/json").POST(BodyPublishers.ofString(body)));
    }

    static void assertProblem(Answer answer, int status, String... said) throws IOException {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.type()).startsWith(HttpAnswer.PROBLEM);
        assertThat(answer.json().path("status").intValue()).isEqualTo(status);
        assertThat(answer.json().path("title").asText()).isNotBlank();
        assertThat(answer.json().path("detail").asText()).contains(said);
    }
}

package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.Settings;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;

/** Asks the control service, for the operators' commands. Each call blocks, for a bounded time. Confined to one thread. */
final class ControlClient {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration READ_TIMEOUT = Duration.ofSeconds(45);
    /** A change that Kafka hinders is given up by the service within less. */
    private static final Duration CHANGE_TIMEOUT = Duration.ofMinutes(2);

    private static final int OK = 200;

    /** No answer, or none that a control service gives; the message is one line that says where, and how to go on. */
    static final class NoAnswerException extends Exception {
        private static final long serialVersionUID = 1L;

        NoAnswerException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** An answer other than 200. */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        final transient Reply reply;

        RefusedException(Reply reply) {
            super(reply.document().path("detail").asText());
            this.reply = reply;
        }
    }

    /**
     * What the service answered.
     *
     * @param text as it came
     * @param document the text, read; missing where it is no JSON
     */
    record Reply(int status, String text, JsonNode document) {}

    private final URI service;
    /** Lead another command to the same service. */
    private final String addressOptions;

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build();

    private ControlClient(URI service, String addressOptions) {
        this.service = service;
        this.addressOptions = addressOptions;
    }

    /** The service that a command's address options name. */
    static ControlClient of(CommandSpec spec) {
        return new ControlClient(
                Addresses.resolve(spec, "http", Settings.CONTROL_PORT), Addresses.given(spec, Settings.CONTROL_PORT));
    }

    /** The path of one feature. */
    static String feature(String name) {
        return "/cutover/features/"
                + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    Reply get(String path) throws NoAnswerException, RefusedException {
        return ask(HttpRequest.newBuilder(service.resolve(path))
                .timeout(READ_TIMEOUT)
                .build());
    }

    Reply post(String path, JsonNode body) throws NoAnswerException, RefusedException {
        return ask(HttpRequest.newBuilder(service.resolve(path))
                .timeout(CHANGE_TIMEOUT)
                .header("Content-Type", HttpAnswer.JSON)
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build());
    }

    private Reply ask(HttpRequest request) throws NoAnswerException, RefusedException {
        HttpResponse<String> response;
        try {
            response = http.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        } catch (HttpConnectTimeoutException e) {
            throw nobody(e);
        } catch (HttpTimeoutException e) {
            throw new NoAnswerException(
                    "the control service at " + service + " did not answer in time"
                            + (request.method().equals("POST")
                                    ? "; the outcome is unknown: look at ./cutover status" + addressOptions
                                    : "; is Kafka away?"),
                    e);
        } catch (IOException e) {
            throw nobody(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NoAnswerException("interrupted while " + service + " was asked", e);
        }
        Reply reply = new Reply(response.statusCode(), response.body(), parse(response.body()));
        if (reply.status() != OK) {
            throw new RefusedException(reply);
        }
        if (reply.document().isMissingNode()) {
            throw new NoAnswerException(service + " is no control service: it answered what is not JSON", null);
        }
        return reply;
    }

    private NoAnswerException nobody(IOException e) {
        String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return new NoAnswerException(
                "no control service at " + service + " (" + why
                        + "); start one with ./cutover up or ./cutover run control, or say where it is with --host and"
                        + " --control-port",
                e);
    }

    private static JsonNode parse(String text) {
        try {
            return Json.read(Json.MAPPER, JsonNode.class, text.getBytes(StandardCharsets.UTF_8));
        } catch (JsonFault e) {
            return MissingNode.getInstance();
        }
    }
}

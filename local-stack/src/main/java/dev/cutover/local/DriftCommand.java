package dev.cutover.local;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.Addresses;
import dev.cutover.schema.HttpAnswer;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cutover drift}. */
@Command(
        name = "drift",
        description = {
            "Makes REST answer wrongly, so that one can watch it being noticed. It works with the REST service of up alone,"
                    + " and ends with it.",
            "Without an argument: what is on."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class DriftCommand implements Callable<Integer> {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int OK = 200;
    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;

    @Parameters(
            arity = "0..1",
            paramLabel = "FEATURE=FIELD:AMOUNT|FEATURE=off|off",
            description = "the amount is added to every number of that name, at any depth, for example"
                    + " positions=current_price:0.01")
    private String drift;

    @Option(names = "--json", description = "print the service's answer as it is")
    private boolean json;

    @Spec
    private CommandSpec spec;

    static CommandLine command() {
        return Addresses.command(new DriftCommand(), Settings.REST_PORT);
    }

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        URI rest;
        try {
            rest = Addresses.resolve(spec, "http", Settings.REST_PORT);
        } catch (Settings.SettingException e) {
            err.println(e.getMessage());
            return ServiceCommand.USAGE;
        }
        try {
            HttpResponse<String> response = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(rest.resolve(Drifts.PATH))
                                    .timeout(TIMEOUT)
                                    .header("Content-Type", HttpAnswer.JSON)
                                    .POST(HttpRequest.BodyPublishers.ofString(body()))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
            return show(rest, response.statusCode(), response.body());
        } catch (IOException e) {
            err.println("no REST service at " + rest + " (" + e.getMessage()
                    + "); start one with ./cutover up, or say where it is with --host and --rest-port");
            return ServiceCommand.FAILED;
        }
    }

    private String body() {
        var body = Json.MAPPER.createObjectNode();
        return (drift == null ? body : body.put(Drifts.DRIFT, drift)).toString();
    }

    private int show(URI rest, int status, String text) {
        JsonNode answer;
        try {
            answer = Json.read(Json.MAPPER, JsonNode.class, text.getBytes(StandardCharsets.UTF_8));
        } catch (JsonFault e) {
            answer = Json.MAPPER.createObjectNode();
        }
        if (status != OK) {
            spec.commandLine()
                    .getErr()
                    .println(
                            status == NOT_FOUND
                                    ? "the REST service at " + rest
                                            + " is not one of ./cutover up: only those can drift"
                                    : answer.path("detail").asText("the REST service answered with HTTP " + status));
            return status == BAD_REQUEST ? ServiceCommand.USAGE : ServiceCommand.FAILED;
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(text);
        } else if (answer.path("drifts").isEmpty()) {
            out.println("REST answers as it should: no drift is on");
        } else {
            answer.path("drifts")
                    .properties()
                    .forEach(on -> out.println("REST is wrong about " + on.getKey() + ": "
                            + on.getValue().asText()));
            out.println("to end it: ./cutover drift off" + Addresses.given(spec, Settings.REST_PORT));
        }
        return ServiceCommand.OK;
    }
}

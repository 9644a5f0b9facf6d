package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.cutover.control.ControlSettings;
import dev.cutover.gateway.GatewaySettings;
import dev.cutover.jobs.JobsSettings;
import dev.cutover.rest.RestSettings;
import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What of docker-compose.yml can be held without Docker: main classes, settings, ports, the broker's version. */
final class ComposeFileTest {
    private static final Map<String, List<Setting<?>>> SETTINGS = Map.of(
            "jobs", JobsSettings.ALL,
            "gateway", GatewaySettings.all(),
            "rest", RestSettings.all(),
            "control", ControlSettings.all());
    private static final Map<String, Setting<Integer>> PORTS = Map.of(
            "jobs", Settings.JOBS_PORT,
            "gateway", Settings.GATEWAY_PORT,
            "rest", Settings.REST_PORT,
            "control", Settings.CONTROL_PORT);

    private final JsonNode services = file().path("services");

    private static JsonNode file() {
        try {
            return new YAMLMapper().readTree(Path.of("..", "docker-compose.yml").toFile());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void everyServiceIsThereAndTwoGateways() {
        List<String> targets = services.findValuesAsText("target");
        assertThat(targets).containsExactlyInAnyOrder("control", "rest", "gateway", "gateway", "jobs");
    }

    @Test
    void theBrokerIsTheOneThatIsTestedAgainst() {
        assertThat(services.path("kafka").path("image").asText()).isEqualTo(TestBroker.IMAGE);
    }

    @Test
    void everyMainClassIsThere() throws Exception {
        String dockerfile = file().path("x-dockerfile").asText();
        List<String> classes = Pattern.compile("\"(dev\\.cutover\\.\\w+\\.\\w+Main)\"")
                .matcher(dockerfile)
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(classes).hasSize(4);
        for (String name : classes) {
            assertThat(Class.forName(name).getMethod("main", String[].class)).isNotNull();
        }
        assertThat(Pattern.compile("AS (\\w+)\n")
                        .matcher(dockerfile)
                        .results()
                        .map((MatchResult found) -> found.group(1))
                        .collect(Collectors.toSet()))
                .containsAll(SETTINGS.keySet());
    }

    @Test
    void theProberIsToldOfRestAndOfEveryGateway() {
        JsonNode environment = services.path("control").path("environment");
        String gateways = services.properties().stream()
                .filter(service ->
                        service.getValue().path("build").path("target").asText().equals("gateway"))
                .map(service -> "ws://" + service.getKey() + ":" + Settings.GATEWAY_PORT.defaultText())
                .collect(Collectors.joining(","));
        assertThat(environment.path("CUTOVER_GATEWAY_URLS").asText()).isEqualTo(gateways);
        assertThat(environment.path("CUTOVER_REST_URL").asText())
                .isEqualTo("http://rest:" + Settings.REST_PORT.defaultText());
    }

    @Test
    void everySettingIsOneOfTheServiceAndEveryPortItsOwn() {
        services.properties().forEach(service -> {
            String target = service.getValue().path("build").path("target").asText();
            if (target.isEmpty()) {
                return;
            }
            Map<String, String> environment = new HashMap<>();
            service.getValue()
                    .path("environment")
                    .properties()
                    .forEach(each ->
                            environment.put(each.getKey(), each.getValue().asText()));
            environment.remove("<<"); // what YAML merges is on every service
            List<Setting<?>> known = SETTINGS.get(target);
            assertThat(environment.keySet())
                    .as(service.getKey())
                    .isSubsetOf(known.stream().map(Setting::environmentVariable).toList());
            assertThat(Settings.resolve(known, Map.of(), environment)).isNotNull();
            assertThat(service.getValue().path("ports").get(0).asText())
                    .as(service.getKey())
                    .startsWith("127.0.0.1:")
                    .endsWith(":" + PORTS.get(target).defaultText());
        });
    }
}

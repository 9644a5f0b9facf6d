package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.Settings;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GatewaySettingsTest {

    private static GatewaySettings from(Map<String, String> commandLine, Map<String, String> environment) {
        return GatewaySettings.from(Settings.resolve(GatewaySettings.all(), commandLine, environment));
    }

    private static void assertRefused(String name, String value, String rule) {
        assertThatThrownBy(() -> from(Map.of(name, value), Map.of()))
                .isInstanceOf(Settings.SettingException.class)
                .hasMessage(name + " " + rule + ", but is '" + value + "' (from --" + name + ")");
    }

    private static final GatewaySettings.Limits LIMITS =
            new GatewaySettings.Limits(16_384, 0, 1 << 20, 1 << 28, 10_000, 4, 64, 100, Duration.ofSeconds(10));

    @Test
    void defaultsAreThoseOfTheProtocol() {
        assertThat(from(Map.of(), Map.of()))
                .isEqualTo(new GatewaySettings(
                        "127.0.0.1",
                        8090,
                        "gw-8090",
                        Runtime.getRuntime().availableProcessors(),
                        LIMITS,
                        1 << 26,
                        2,
                        Duration.ofSeconds(25),
                        Duration.ofSeconds(10),
                        Set.of()));
    }

    @Test
    void commandLineGoesBeforeTheEnvironment() {
        GatewaySettings settings = from(
                Map.of(
                        "gateway-port",
                        "9000",
                        "gateway-loops",
                        "3",
                        "ping",
                        "500ms",
                        "ws-origins",
                        "https://A.example"),
                Map.of("CUTOVER_GATEWAY_PORT", "9001", "CUTOVER_DRAIN", "2s", "CUTOVER_HOST", "0.0.0.0"));
        GatewaySettings expected = new GatewaySettings(
                "0.0.0.0",
                9000,
                "gw-9000",
                3,
                LIMITS,
                1 << 26,
                2,
                Duration.ofMillis(500),
                Duration.ofSeconds(2),
                Set.of("https://a.example"));
        assertThat(settings).isEqualTo(expected);
        assertThat(settings.at("gw-b", 9005).draining(Duration.ZERO))
                .isEqualTo(expected.draining(Duration.ZERO).at("gw-b", 9005))
                .extracting(GatewaySettings::name, GatewaySettings::port, GatewaySettings::drain)
                .containsExactly("gw-b", 9005, Duration.ZERO);
    }

    @Test
    void wrongValueIsRefusedInOneLineThatNamesTheSetting() {
        assertRefused("gateway-port", "70000", "must be a whole number from 0 to 65535");
        assertRefused("gateway-loops", "many", "must be a whole number from 0 to 256");
        assertRefused("session-bytes", "65535", "must be a whole number from 65536 to 1073741824");
        assertRefused("backlog-bytes", "-1", "must be a whole number from 0 to 1073741824");
        assertRefused("ping", "99ms", "must be from 100 ms to 3600000 ms");
        assertRefused("drain", "11m", "must be from 0 ms to 600000 ms");
        assertRefused("drain", "soon", "must be a duration such as 500ms, 10s, 5m, 2h or 7d");
        assertRefused("gateway-name", " ", "must not be blank");
        assertRefused("connections", "0", "must be a whole number from 1 to 1048576");
        assertRefused("outbound-bytes", "1", "must be a whole number from 1048576 to 1073741824");
        assertRefused("log-readers", "0", "must be a whole number from 1 to 64");
        assertRefused("ws-origins", "*", "must be origins such as https://example.com, with commas, no path");
    }
}

package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.Settings;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TargetsTest {
    private static ControlSettings settings(Map<String, String> options) {
        return ControlSettings.from(Settings.resolve(ControlSettings.all(), options, Map.of()));
    }

    @Test
    void byDefaultTheyAreWhereTheAddressOptionsSay() {
        Targets targets = settings(Map.of("host", "10.0.0.7", "rest-port", "8001", "gateway-port", "8099"))
                .probing()
                .targets();

        assertThat(targets.rest()).isEqualTo(URI.create("http://10.0.0.7:8001"));
        assertThat(targets.gateways()).containsExactly(URI.create("ws://10.0.0.7:8099/ws/"));
    }

    @Test
    void gatewaysAreNamedWithOrWithoutTheirPath() {
        Targets targets = settings(Map.of(
                        "rest-url",
                        "https://rest.test/behind/",
                        "gateway-urls",
                        "ws://a:8090, ws://a:8091/,wss://b.test/push/ws/"))
                .probing()
                .targets();

        assertThat(targets.rest()).isEqualTo(URI.create("https://rest.test/behind/"));
        assertThat(targets.gateways())
                .containsExactly(
                        URI.create("ws://a:8090/ws/"),
                        URI.create("ws://a:8091/ws/"),
                        URI.create("wss://b.test/push/ws/"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"localhost:8090", "http://a:8090", "ws://a:8090,", "ws://a/ws/?client=x", "ws:///ws/", "ws://a b"
            })
    void whatIsNoWebSocketsAddressIsRefused(String urls) {
        assertThatThrownBy(() -> settings(Map.of("gateway-urls", urls)))
                .isInstanceOf(Settings.SettingException.class)
                .hasMessageContaining("gateway-urls must be URLs such as ws://localhost:8090");
    }
}

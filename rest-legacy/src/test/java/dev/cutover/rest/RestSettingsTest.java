package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.Settings;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class RestSettingsTest {

    private static RestSettings of(Map<String, String> options) {
        return RestSettings.from(Settings.resolve(RestSettings.all(), options, Map.of()));
    }

    @Test
    void theDefaultsAreThoseOfTheContract() {
        RestSettings settings = of(Map.of());
        assertThat(settings.host()).isEqualTo("127.0.0.1");
        assertThat(settings.port()).isEqualTo(8000);
        assertThat(settings.gatewayUrl()).isEqualTo("ws://127.0.0.1:8090/ws/");
        assertThat(settings.retireAfter()).isEqualTo(Duration.ofDays(7));
        assertThat(settings.corsOrigins()).isEmpty();
        assertThat(settings.recordRate()).isEqualTo(200);
        assertThat(settings.upstream()).isEmpty();
    }

    @Test
    void theWebSocketAddressFollowsTheGatewaysUnlessItIsSet() {
        assertThat(of(Map.of("host", "::1", "gateway-port", "9000")).gatewayUrl())
                .isEqualTo("ws://[::1]:9000/ws/");
        assertThat(of(Map.of("ws-url", "wss://push.example.com/ws/")).gatewayUrl())
                .isEqualTo("wss://push.example.com/ws/");
        assertThat(of(Map.of()).withGatewayUrl("ws://b/ws/").at(1))
                .isEqualTo(of(Map.of("ws-url", "ws://b/ws/", "rest-port", "1")));
    }

    @Test
    void originsAreAListInLowerCase() {
        assertThat(of(Map.of("cors-origins", "https://A.example.com, http://b.example.com:81"))
                        .corsOrigins())
                .containsExactlyInAnyOrder("https://a.example.com", "http://b.example.com:81");
    }

    @Test
    void anUpstreamHasItsBounds() {
        assertThat(of(Map.of("upstream", "http://legacy.example:8080/")).upstream())
                .contains(new UpstreamSettings(
                        URI.create("http://legacy.example:8080"), Duration.ofSeconds(10), 64, 8 << 20));
        assertThat(of(Map.of("upstream", "https://legacy.example", "upstream-timeout", "2s"))
                        .upstream())
                .hasValueSatisfying(upstream -> assertThat(upstream.timeout()).isEqualTo(Duration.ofSeconds(2)));
        for (String wrong : new String[] {
            "legacy:8080", "ftp://legacy", "http://", "http://a/v1", "http://a?x=1", "http://me@a", "http://a b"
        }) {
            assertThatThrownBy(() -> of(Map.of("upstream", wrong))).as(wrong).hasMessageContaining("without a path");
        }
        assertThatThrownBy(() -> of(Map.of("upstream-concurrency", "0"))).hasMessageContaining("1 to 1000");
    }

    @Test
    void whatIsWrongIsNamed() {
        assertThatThrownBy(() -> of(Map.of("ws-url", "http://a/"))).hasMessageContaining("ws-url must be a URL");
        assertThatThrownBy(() -> of(Map.of("cors-origins", "*"))).hasMessageContaining("cors-origins must be origins");
        assertThatThrownBy(() -> of(Map.of("cors-origins", "https://a/path"))).hasMessageContaining("no path");
        assertThatThrownBy(() -> of(Map.of("retire-after", "a week"))).hasMessageContaining("7d");
    }
}

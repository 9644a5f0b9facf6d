package dev.cutover.rest;

import dev.cutover.schema.HostAndPort;
import dev.cutover.schema.Origins;
import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a REST service can be told.
 *
 * @param host the address to listen on
 * @param port 0 for any free one
 * @param gatewayUrl the WebSocket address that clients are sent to
 * @param retireAfter how long a promoted feature's snapshots are kept warm for a rollback
 * @param corsOrigins the origins whose pages may read answers, beside those of the loopback interface; in lower case
 * @param recordRate how many bodies a second are recorded, beside the prober's; 0 for the prober's alone
 * @param upstream the existing service that answers for the features; empty where Cutover's own snapshots do
 */
public record RestSettings(
        String host,
        int port,
        String gatewayUrl,
        Duration retireAfter,
        Set<String> corsOrigins,
        int recordRate,
        Optional<UpstreamSettings> upstream) {

    public static final Setting<Integer> PORT = Settings.REST_PORT;
    public static final Setting<String> WS_URL = new Setting<>(
            "ws-url",
            "URL",
            null,
            "the WebSocket address that REST tells its clients; by default that of --gateway-port on --host, so set it where"
                    + " --host is a wildcard such as 0.0.0.0",
            RestSettings::webSocketUrl);
    public static final Setting<Duration> RETIRE_AFTER = Setting.duration(
            "retire-after",
            "7d",
            Duration.ZERO,
            Duration.ofDays(3650),
            "how long after its promotion a feature's snapshots are kept warm, so that a rollback serves at once");
    public static final Setting<Set<String>> CORS_ORIGINS = Origins.setting(
            "cors-origins",
            "the origins whose pages may read REST's answers, with commas; those of this machine always may");

    public static final Setting<Integer> RECORD_RATE = Setting.integer(
            "record-rate",
            "N",
            200,
            0,
            100_000,
            "how many bodies a second are recorded to be compared with the events; the prober's are always, and not counted");

    /** All of the REST service's own. */
    public static final List<Setting<?>> OWN = Stream.concat(
                    Stream.<Setting<?>>of(WS_URL, RETIRE_AFTER, CORS_ORIGINS, RECORD_RATE),
                    UpstreamSettings.OWN.stream())
            .toList();

    private static final Set<String> WEB_SOCKET_SCHEMES = Set.of("ws", "wss");

    public RestSettings {
        corsOrigins = Set.copyOf(corsOrigins);
    }

    public static List<Setting<?>> all() {
        List<Setting<?>> all = new ArrayList<>(Settings.COMMON);
        all.addAll(OWN);
        return all;
    }

    public static RestSettings from(Settings settings) {
        String host = settings.get(Settings.HOST);
        return new RestSettings(
                host,
                settings.get(PORT),
                settings.isSet(WS_URL) ? settings.get(WS_URL) : gatewayUrl(host, settings.get(Settings.GATEWAY_PORT)),
                settings.get(RETIRE_AFTER),
                settings.isSet(CORS_ORIGINS) ? settings.get(CORS_ORIGINS) : Set.of(),
                settings.get(RECORD_RATE),
                UpstreamSettings.from(settings));
    }

    /** The same service at another port. */
    public RestSettings at(int otherPort) {
        return new RestSettings(host, otherPort, gatewayUrl, retireAfter, corsOrigins, recordRate, upstream);
    }

    /** The same service, sending its clients to another WebSocket address. */
    public RestSettings withGatewayUrl(String otherUrl) {
        return new RestSettings(host, port, otherUrl, retireAfter, corsOrigins, recordRate, upstream);
    }

    private static String gatewayUrl(String host, int port) {
        return "ws://" + HostAndPort.of(host, port) + "/ws/";
    }

    private static String webSocketUrl(String text) {
        try {
            URI url = URI.create(text);
            if (url.getHost() != null && WEB_SOCKET_SCHEMES.contains(url.getScheme())) {
                return text;
            }
        } catch (IllegalArgumentException e) {
            // said below, like a URL of another kind
        }
        throw new IllegalArgumentException("must be a URL such as ws://localhost:8090/ws/ or wss://example.com/ws/");
    }
}

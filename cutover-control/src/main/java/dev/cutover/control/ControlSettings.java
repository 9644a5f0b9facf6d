package dev.cutover.control;

import dev.cutover.schema.HostAndPort;
import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/**
 * What the control service can be told.
 *
 * @param host the address to listen on
 * @param port 0 for any free one
 * @param name how the instance calls itself
 * @param probing what the prober does
 */
public record ControlSettings(String host, int port, String name, Probing probing) {

    /**
     * What the prober does.
     *
     * @param keys of a feature that REST is asked for at each of its cadences; 1 or more
     */
    public record Probing(Targets targets, int keys) {
        /** Nothing: there is nothing to ask or to listen to. */
        static final Probing NONE = new Probing(Targets.NONE, 1);
    }

    public static final Setting<Integer> PORT = Settings.CONTROL_PORT;
    public static final Setting<String> NAME = Setting.text(
            "control-name",
            "NAME",
            null,
            "how the control service calls itself in its log and answers; by default control-PORT");

    public static final Setting<URI> REST_URL = new Setting<>(
            "rest-url",
            "URL",
            null,
            "the REST service that the prober asks; by default that of --rest-port on --host",
            Targets::rest);
    public static final Setting<List<URI>> GATEWAY_URLS = new Setting<>(
            "gateway-urls",
            "URL,…",
            null,
            "the WebSockets of all gateways, with commas, which the prober listens to; by default that of --gateway-port on"
                    + " --host, and under up those of all its gateways",
            Targets::gateways);
    public static final Setting<Integer> PROBE_KEYS = Setting.integer(
            "probe-keys",
            "N",
            5,
            1,
            1_000,
            "how many keys of a feature the prober asks REST for at each cadence; others have their turn after a while");

    /** All of the control service's own. */
    public static final List<Setting<?>> OWN = List.of(NAME, REST_URL, GATEWAY_URLS, PROBE_KEYS);

    public static List<Setting<?>> all() {
        List<Setting<?>> all = new ArrayList<>(Settings.COMMON);
        all.addAll(OWN);
        return all;
    }

    public static ControlSettings from(Settings settings) {
        int port = settings.get(PORT);
        return new ControlSettings(
                settings.get(Settings.HOST),
                port,
                settings.isSet(NAME) ? settings.get(NAME) : "control-" + port,
                new Probing(targets(settings), settings.get(PROBE_KEYS)));
    }

    private static Targets targets(Settings settings) {
        String host = settings.get(Settings.HOST);
        return new Targets(
                settings.isSet(REST_URL)
                        ? settings.get(REST_URL)
                        : Targets.rest("http://" + HostAndPort.of(host, settings.get(Settings.REST_PORT))),
                settings.isSet(GATEWAY_URLS)
                        ? settings.get(GATEWAY_URLS)
                        : Targets.gateways("ws://" + HostAndPort.of(host, settings.get(Settings.GATEWAY_PORT))));
    }

    /** A service that is told nothing but these, and probes nothing. */
    public ControlSettings(String host, int port, String name) {
        this(host, port, name, Probing.NONE);
    }

    /** The same service, probing others. */
    public ControlSettings probing(Targets targets) {
        return new ControlSettings(host, port, name, new Probing(targets, probing.keys()));
    }

    /** The same service at another port. */
    public ControlSettings at(int otherPort) {
        return new ControlSettings(host, otherPort, name, probing);
    }
}

package dev.cutover.local;

import dev.cutover.control.ControlSettings;
import dev.cutover.gateway.Gateway;
import dev.cutover.gateway.GatewaySettings;
import dev.cutover.jobs.JobsSettings;
import dev.cutover.rest.RestSettings;
import dev.cutover.schema.HostAndPort;
import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import dev.cutover.schema.StartupException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What {@code cutover up} can be told.
 *
 * @param host the address that every port is bound on
 * @param bootstrap a cluster that is there already; null for the embedded broker
 * @param kafkaPort of the embedded broker; 0 for any free one
 * @param dataDirectory where the embedded broker keeps its data
 * @param fresh whether that directory is emptied first
 * @param gateways one or more, on ports one after the other
 * @param wsUrlGiven whether the operator said where REST sends its clients; else it is the first gateway
 */
record UpSettings(
        String host,
        String bootstrap,
        int kafkaPort,
        Path dataDirectory,
        boolean fresh,
        ControlSettings control,
        List<GatewaySettings> gateways,
        RestSettings rest,
        boolean wsUrlGiven,
        JobsSettings jobs) {
    static final Setting<Path> DATA_DIR =
            Setting.path("data-dir", ".cutover", "where the embedded broker keeps its data: flags and history survive");
    static final Setting<Boolean> FRESH = Setting.flag("fresh", "empty the data directory first");
    static final Setting<Integer> GATEWAYS = Setting.integer(
            "gateways", "N", 1, 1, 16, "how many gateways, on ports one after the other from --gateway-port");
    static final List<Setting<?>> OWN = List.of(GATEWAYS, DATA_DIR, FRESH);

    private static final int MOST_PORT = 65_535;
    private static final Duration DRAIN = Duration.ofSeconds(2);

    static List<Setting<?>> all() {
        Set<Setting<?>> all = new LinkedHashSet<>(OWN);
        all.addAll(Settings.COMMON);
        all.addAll(JobsSettings.ALL);
        all.addAll(GatewaySettings.OWN);
        all.addAll(RestSettings.OWN);
        all.addAll(ControlSettings.OWN);
        all.remove(GatewaySettings.NAME); // several gateways can't share one
        // the prober looks at the stack itself
        all.remove(ControlSettings.REST_URL);
        all.remove(ControlSettings.GATEWAY_URLS);
        return List.copyOf(all);
    }

    static UpSettings from(Settings settings) {
        GatewaySettings first = GatewaySettings.from(settings);
        if (!settings.isSet(GatewaySettings.DRAIN)) {
            first = first.draining(DRAIN);
        }
        int lastPort = first.port() + settings.get(GATEWAYS) - 1;
        if (first.port() > 0 && lastPort > MOST_PORT) {
            throw new StartupException("the gateways' ports would reach from " + first.port() + " to " + lastPort
                    + ", beyond " + MOST_PORT + "; choose a lower " + GatewaySettings.PORT.option());
        }
        List<GatewaySettings> gateways = new ArrayList<>();
        for (int i = 0; i < settings.get(GATEWAYS); i++) {
            gateways.add(first.at("gw-" + (i + 1), first.port() == 0 ? 0 : first.port() + i));
        }
        return new UpSettings(
                settings.get(Settings.HOST),
                settings.isSet(Settings.BOOTSTRAP) ? settings.get(Settings.BOOTSTRAP) : null,
                settings.get(Settings.KAFKA_PORT),
                settings.get(DATA_DIR),
                settings.get(FRESH),
                ControlSettings.from(settings),
                gateways,
                RestSettings.from(settings),
                settings.isSet(RestSettings.WS_URL),
                JobsSettings.from(settings));
    }

    /** The REST service that sends its clients to this gateway, unless the operator said another address. */
    RestSettings rest(Gateway gateway) {
        return wsUrlGiven ? rest : rest.withGatewayUrl("ws://" + HostAndPort.of(gateway.address()) + "/ws/");
    }
}

package dev.cutover.gateway;

import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a gateway can be told.
 *
 * @param host the address to listen on
 * @param port 0 for any free one
 * @param name how the gateway calls itself in {@code welcome}
 * @param loops event loops; at least 1
 * @param sessionBytes how much may wait for one slow subscriber, in bytes
 * @param backlogBytes what the recent events of all features may take in memory, in bytes
 * @param ping silence after which a connection is pinged
 * @param drain how long a stop may take to see the connections off
 */
public record GatewaySettings(
        String host,
        int port,
        String name,
        int loops,
        int sessionBytes,
        int backlogBytes,
        Duration ping,
        Duration drain) {

    public static final Setting<Integer> PORT = Settings.GATEWAY_PORT;
    public static final Setting<String> NAME = Setting.text(
            "gateway-name", "NAME", null, "how the gateway calls itself in its welcome; by default gw-PORT");
    public static final Setting<Integer> LOOPS = Setting.integer(
            "gateway-loops", "N", 0, 0, 256, "event loops of each gateway; 0 is one for each processor");
    public static final Setting<Integer> SESSION_BYTES = Setting.integer(
            "session-bytes",
            "BYTES",
            1 << 20,
            1 << 16,
            1 << 30,
            "how much may wait for one slow subscriber before it is closed with 1013");
    public static final Setting<Integer> BACKLOG_BYTES = Setting.integer(
            "backlog-bytes",
            "BYTES",
            1 << 26,
            0,
            1 << 30,
            "how much memory each gateway gives to recent events, from which clients resume; 0 keeps none");
    public static final Setting<Duration> PING = Setting.duration(
            "ping",
            "25s",
            Duration.ofMillis(100),
            Duration.ofHours(1),
            "a connection that is silent for so long is pinged; one that does not answer twice is closed");
    public static final Setting<Duration> DRAIN = Setting.duration(
            "drain",
            "10s",
            Duration.ZERO,
            Duration.ofMinutes(10),
            "how long a stopping gateway waits for its connections to go; 2s under up");

    /** All of the gateway's own. */
    public static final List<Setting<?>> OWN = List.of(NAME, LOOPS, SESSION_BYTES, BACKLOG_BYTES, PING, DRAIN);

    public static List<Setting<?>> all() {
        List<Setting<?>> all = new ArrayList<>(Settings.COMMON);
        all.addAll(OWN);
        return all;
    }

    public static GatewaySettings from(Settings settings) {
        int port = settings.get(PORT);
        int loops = settings.get(LOOPS);
        return new GatewaySettings(
                settings.get(Settings.HOST),
                port,
                settings.isSet(NAME) ? settings.get(NAME) : "gw-" + port,
                loops == 0 ? Runtime.getRuntime().availableProcessors() : loops,
                settings.get(SESSION_BYTES),
                settings.get(BACKLOG_BYTES),
                settings.get(PING),
                settings.get(DRAIN));
    }

    /** The same gateway under another name and port. */
    public GatewaySettings at(String otherName, int otherPort) {
        return new GatewaySettings(host, otherPort, otherName, loops, sessionBytes, backlogBytes, ping, drain);
    }

    /** The same gateway with another drain window. */
    public GatewaySettings draining(Duration otherDrain) {
        return new GatewaySettings(host, port, name, loops, sessionBytes, backlogBytes, ping, otherDrain);
    }
}

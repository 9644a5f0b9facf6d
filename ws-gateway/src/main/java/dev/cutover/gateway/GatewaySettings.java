package dev.cutover.gateway;

import dev.cutover.schema.Origins;
import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What a gateway can be told.
 *
 * @param host the address to listen on
 * @param port 0 for any free one
 * @param name how the gateway calls itself in {@code welcome}
 * @param loops event loops; at least 1
 * @param limits what clients may take of it
 * @param backlogBytes what the recent events of all features may take in memory, in bytes
 * @param logReaders threads that read Kafka for what lies behind the recent events; at least 1
 * @param ping silence after which a connection is pinged
 * @param drain how long a stop may take to see the connections off
 * @param origins the origins whose pages may connect, beside those of the gateway's own host; in lower case
 */
public record GatewaySettings(
        String host,
        int port,
        String name,
        int loops,
        Limits limits,
        int backlogBytes,
        int logReaders,
        Duration ping,
        Duration drain,
        Set<String> origins) {

    /**
     * What clients may take of a gateway.
     *
     * @param connections at a time
     * @param connectionsPerAddress at a time from one address; 0 for no limit
     * @param sessionBytes how much may wait for one slow subscriber, in bytes
     * @param outboundBytes how much may wait for all slow subscribers together, in bytes
     * @param sessionKeys keys that one connection may name in its subscriptions
     * @param sessionReplays replays of one connection at a time
     * @param replays of all connections at a time
     * @param messageRate messages of one connection a second, on the average of ten; 0 for no limit
     * @param handshakeTimeout how long a connection may take to ask for something
     */
    public record Limits(
            int connections,
            int connectionsPerAddress,
            int sessionBytes,
            int outboundBytes,
            int sessionKeys,
            int sessionReplays,
            int replays,
            int messageRate,
            Duration handshakeTimeout) {}

    public static final Setting<Integer> PORT = Settings.GATEWAY_PORT;
    public static final Setting<String> NAME = Setting.text(
            "gateway-name", "NAME", null, "how the gateway calls itself in its welcome; by default gw-PORT");
    public static final Setting<Integer> LOOPS = Setting.integer(
            "gateway-loops", "N", 0, 0, 256, "event loops of each gateway; 0 is one for each processor");
    public static final Setting<Integer> CONNECTIONS =
            Setting.integer("connections", "N", 16_384, 1, 1 << 20, "connections that a gateway takes at a time");
    public static final Setting<Integer> CONNECTIONS_PER_ADDRESS = Setting.integer(
            "connections-per-address",
            "N",
            0,
            0,
            1 << 20,
            "connections that a gateway takes from one address at a time; 0 is no limit, for behind a proxy all have one");
    public static final Setting<Integer> SESSION_BYTES = Setting.integer(
            "session-bytes",
            "BYTES",
            1 << 20,
            1 << 16,
            1 << 30,
            "how much may wait for one slow subscriber before it is closed with 1013");
    public static final Setting<Integer> OUTBOUND_BYTES = Setting.integer(
            "outbound-bytes",
            "BYTES",
            1 << 28,
            1 << 20,
            1 << 30,
            "how much may wait for all slow subscribers of a gateway together before the slowest are closed with 1013");
    public static final Setting<Integer> SESSION_KEYS = Setting.integer(
            "session-keys", "N", 10_000, 1, 1 << 20, "keys that one connection may name in its subscriptions");
    public static final Setting<Integer> SESSION_REPLAYS =
            Setting.integer("session-replays", "N", 4, 0, 1 << 10, "replays that one connection may run at a time");
    public static final Setting<Integer> REPLAYS = Setting.integer(
            "replays", "N", 64, 0, 1 << 14, "replays that a gateway runs at a time; each holds up to 256 KiB");
    public static final Setting<Integer> MESSAGE_RATE = Setting.integer(
            "message-rate",
            "N",
            100,
            0,
            1 << 20,
            "messages a second that a connection may send, bursts of ten times as many aside; 0 is no limit");
    public static final Setting<Duration> HANDSHAKE_TIMEOUT = Setting.duration(
            "handshake-timeout",
            "10s",
            Duration.ofMillis(100),
            Duration.ofMinutes(10),
            "how long a connection may stay without asking for anything");
    public static final Setting<Integer> BACKLOG_BYTES = Setting.integer(
            "backlog-bytes",
            "BYTES",
            1 << 26,
            0,
            1 << 30,
            "how much memory each gateway gives to recent events, from which clients resume; 0 keeps none");
    public static final Setting<Integer> LOG_READERS = Setting.integer(
            "log-readers",
            "N",
            2,
            1,
            64,
            "threads of each gateway that read Kafka for replays, and for who resumes from before its recent events");
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
            "how long a stopping gateway takes to send its connections away; 2s under up");
    public static final Setting<Set<String>> ORIGINS = Origins.setting(
            "ws-origins",
            "the origins whose pages may connect to a gateway, with commas; those of its own host, at any port, always may");

    /** All of the gateway's own. */
    public static final List<Setting<?>> OWN = List.of(
            NAME,
            LOOPS,
            CONNECTIONS,
            CONNECTIONS_PER_ADDRESS,
            SESSION_BYTES,
            OUTBOUND_BYTES,
            SESSION_KEYS,
            SESSION_REPLAYS,
            REPLAYS,
            MESSAGE_RATE,
            HANDSHAKE_TIMEOUT,
            BACKLOG_BYTES,
            LOG_READERS,
            PING,
            DRAIN,
            ORIGINS);

    public GatewaySettings {
        origins = Set.copyOf(origins);
    }

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
                limits(settings),
                settings.get(BACKLOG_BYTES),
                settings.get(LOG_READERS),
                settings.get(PING),
                settings.get(DRAIN),
                settings.isSet(ORIGINS) ? settings.get(ORIGINS) : Set.of());
    }

    private static Limits limits(Settings settings) {
        return new Limits(
                settings.get(CONNECTIONS),
                settings.get(CONNECTIONS_PER_ADDRESS),
                settings.get(SESSION_BYTES),
                settings.get(OUTBOUND_BYTES),
                settings.get(SESSION_KEYS),
                settings.get(SESSION_REPLAYS),
                settings.get(REPLAYS),
                settings.get(MESSAGE_RATE),
                settings.get(HANDSHAKE_TIMEOUT));
    }

    /** The same gateway under another name and port. */
    public GatewaySettings at(String otherName, int otherPort) {
        return new GatewaySettings(
                host, otherPort, otherName, loops, limits, backlogBytes, logReaders, ping, drain, origins);
    }

    /** The same gateway with another drain window. */
    public GatewaySettings draining(Duration otherDrain) {
        return new GatewaySettings(
                host, port, name, loops, limits, backlogBytes, logReaders, ping, otherDrain, origins);
    }
}

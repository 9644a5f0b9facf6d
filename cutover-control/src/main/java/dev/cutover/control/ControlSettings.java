package dev.cutover.control;

import dev.cutover.schema.HostAndPort;
import dev.cutover.schema.MarketCalendar;
import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import dev.cutover.schema.StartupException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/**
 * What the control service can be told.
 *
 * @param host the address to listen on
 * @param port 0 for any free one
 * @param name how the instance calls itself
 * @param markets when the catalog's markets trade
 * @param sessions what the evidence is folded into
 * @param probing what the prober does
 * @param thresholds of the checklist and the guard
 */
public record ControlSettings(
        String host,
        int port,
        String name,
        MarketCalendar markets,
        SessionClock sessions,
        Probing probing,
        Thresholds thresholds) {

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

    public static final Setting<String> SESSION = Setting.text(
            "session",
            "DURATION|market:NAME",
            "market:USA",
            "what the evidence is added up over: a market's trading days, or windows of a length such as 30s, from 5s on");
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
                    + " --host",
            Targets::gateways);
    public static final Setting<Integer> PROBE_KEYS = Setting.integer(
            "probe-keys",
            "N",
            5,
            1,
            1_000,
            "how many keys of a feature the prober asks REST for at each cadence; others have their turn after a while");

    public static final Setting<Integer> CLEAN_SESSIONS = Setting.integer(
            "clean-sessions",
            "N",
            2,
            1,
            100,
            "how many of a feature's newest ended sessions must be clean before it may go a stage up");
    public static final Setting<Double> VITALS_FACTOR = Setting.number(
            "vitals-factor",
            "FACTOR",
            "1.5",
            1,
            100,
            "by how much CPU and heap after collection may have grown since a feature was made live, before it may be promoted");
    public static final Setting<Integer> GUARD_SILENCE = Setting.integer(
            "guard-silence",
            "CADENCES",
            3,
            1,
            1_000,
            "the guard rolls a live feature back that is silent for more than so many cadences of an event type");
    public static final Setting<Double> GUARD_MISMATCH = Setting.number(
            "guard-mismatch",
            "PERCENT",
            "5",
            0,
            100,
            "the guard rolls a live feature back of which more than so many percent of the comparisons within three cadences fail");
    public static final Setting<Integer> GUARD_COMPARISONS = Setting.integer(
            "guard-comparisons",
            "N",
            3,
            1,
            1_000,
            "the guard judges a live feature by its comparisons when there are at least so many within three cadences");

    /** All of the control service's own. */
    public static final List<Setting<?>> OWN = List.of(
            NAME,
            SESSION,
            Settings.MARKETS,
            REST_URL,
            GATEWAY_URLS,
            PROBE_KEYS,
            CLEAN_SESSIONS,
            VITALS_FACTOR,
            GUARD_SILENCE,
            GUARD_MISMATCH,
            GUARD_COMPARISONS);

    public static List<Setting<?>> all() {
        List<Setting<?>> all = new ArrayList<>(Settings.COMMON);
        all.addAll(OWN);
        return all;
    }

    /**
     * Those that an operator gave.
     *
     * @throws StartupException when the market calendar can't be read, or does not have the session's market
     */
    public static ControlSettings from(Settings settings) {
        int port = settings.get(PORT);
        MarketCalendar markets = settings.markets();
        return new ControlSettings(
                settings.get(Settings.HOST),
                port,
                settings.isSet(NAME) ? settings.get(NAME) : "control-" + port,
                markets,
                sessions(settings.get(SESSION), markets),
                new Probing(targets(settings), settings.get(PROBE_KEYS)),
                new Thresholds(
                        settings.get(CLEAN_SESSIONS),
                        settings.get(VITALS_FACTOR),
                        settings.get(GUARD_SILENCE),
                        settings.get(GUARD_MISMATCH),
                        settings.get(GUARD_COMPARISONS)));
    }

    private static SessionClock sessions(String text, MarketCalendar markets) {
        try {
            return SessionClock.of(text, markets);
        } catch (IllegalArgumentException e) {
            throw new StartupException("session '" + text + "': " + e.getMessage() + "; set another --session", e);
        }
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

    /** The same service, probing others. */
    public ControlSettings probing(Targets targets) {
        return new ControlSettings(
                host, port, name, markets, sessions, new Probing(targets, probing.keys()), thresholds);
    }

    /** The same service at another port. */
    public ControlSettings at(int otherPort) {
        return new ControlSettings(host, otherPort, name, markets, sessions, probing, thresholds);
    }
}

package dev.cutover.control;

import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import java.util.ArrayList;
import java.util.List;

/**
 * What the control service can be told.
 *
 * @param host the address to listen on
 * @param port 0 for any free one
 * @param name how the instance calls itself
 * @param thresholds of the checklist and the guard
 */
public record ControlSettings(String host, int port, String name, Thresholds thresholds) {

    public static final Setting<Integer> PORT = Settings.CONTROL_PORT;
    public static final Setting<String> NAME = Setting.text(
            "control-name",
            "NAME",
            null,
            "how the control service calls itself in its log and answers; by default control-PORT");

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
    public static final List<Setting<?>> OWN =
            List.of(NAME, CLEAN_SESSIONS, VITALS_FACTOR, GUARD_SILENCE, GUARD_MISMATCH, GUARD_COMPARISONS);

    public static List<Setting<?>> all() {
        List<Setting<?>> all = new ArrayList<>(Settings.COMMON);
        all.addAll(OWN);
        return all;
    }

    /** A service that is told nothing but these. */
    public ControlSettings(String host, int port, String name) {
        this(host, port, name, Thresholds.standard());
    }

    public static ControlSettings from(Settings settings) {
        int port = settings.get(PORT);
        return new ControlSettings(
                settings.get(Settings.HOST),
                port,
                settings.isSet(NAME) ? settings.get(NAME) : "control-" + port,
                new Thresholds(
                        settings.get(CLEAN_SESSIONS),
                        settings.get(VITALS_FACTOR),
                        settings.get(GUARD_SILENCE),
                        settings.get(GUARD_MISMATCH),
                        settings.get(GUARD_COMPARISONS)));
    }

    /** The same service at another port. */
    public ControlSettings at(int otherPort) {
        return new ControlSettings(host, otherPort, name, thresholds);
    }
}

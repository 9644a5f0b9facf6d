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
 */
public record ControlSettings(String host, int port, String name) {

    public static final Setting<Integer> PORT = Settings.CONTROL_PORT;
    public static final Setting<String> NAME = Setting.text(
            "control-name",
            "NAME",
            null,
            "how the control service calls itself in its log and answers; by default control-PORT");

    /** All of the control service's own. */
    public static final List<Setting<?>> OWN = List.of(NAME);

    public static List<Setting<?>> all() {
        List<Setting<?>> all = new ArrayList<>(Settings.COMMON);
        all.addAll(OWN);
        return all;
    }

    public static ControlSettings from(Settings settings) {
        int port = settings.get(PORT);
        return new ControlSettings(
                settings.get(Settings.HOST), port, settings.isSet(NAME) ? settings.get(NAME) : "control-" + port);
    }

    /** The same service at another port. */
    public ControlSettings at(int otherPort) {
        return new ControlSettings(host, otherPort, name);
    }
}

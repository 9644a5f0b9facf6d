package dev.cutover.control;

import dev.cutover.schema.Setting;

/**
 * Where the checklist and the guard draw their lines.
 *
 * @param cleanSessions how many of the newest ended sessions must be clean; 1 or more
 * @param vitalsFactor by how much CPU and heap may have grown since the flip; 1 or more
 * @param guardSilence after how many cadences without an event a live feature is silent; 1 or more
 * @param guardMismatchPercent of more than so many percent of its comparisons a live feature must not fail; 0 to 100
 * @param guardComparisons of at least so many comparisons; 1 or more
 */
public record Thresholds(
        int cleanSessions, double vitalsFactor, int guardSilence, double guardMismatchPercent, int guardComparisons) {

    /** Those of the settings where nobody sets anything. */
    static Thresholds standard() {
        return new Thresholds(
                standard(ControlSettings.CLEAN_SESSIONS),
                standard(ControlSettings.VITALS_FACTOR),
                standard(ControlSettings.GUARD_SILENCE),
                standard(ControlSettings.GUARD_MISMATCH),
                standard(ControlSettings.GUARD_COMPARISONS));
    }

    private static <T> T standard(Setting<T> setting) {
        return setting.parse().apply(setting.defaultText());
    }
}

package dev.cutover.jobs;

import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * How an existing REST service is polled.
 *
 * @param every the time between two polls of a feature; null for its shortest cadence, which is also the longest that it can be
 * @param keys feature to the keys that are asked for one by one
 * @param timeout for a whole answer
 * @param bytes of an answer at most
 * @param requests of a feature under way at a time, at most
 */
public record PollSettings(Duration every, Map<String, List<String>> keys, Duration timeout, int bytes, int requests) {
    public static final Setting<Duration> EVERY = Setting.duration(
            "poll-every",
            null,
            Duration.ofMillis(50),
            Duration.ofDays(1),
            "how often rest-poll asks for each feature, so that a change is out sooner; by default, and at most, the"
                    + " shortest cadence of the feature's events");
    public static final Setting<Map<String, List<String>>> KEYS = new Setting<>(
            "poll-keys",
            "FEATURE=KEY,…;…",
            null,
            "the keys that rest-poll asks for one by one, for a feature whose endpoint has no list, or whose list is not"
                    + " to be asked for",
            PollSettings::parseKeys);
    public static final Setting<Duration> TIMEOUT = Setting.duration(
            "poll-timeout",
            "5s",
            Duration.ofMillis(10),
            Duration.ofMinutes(5),
            "how long rest-poll waits for a whole answer");
    public static final Setting<Integer> BYTES = Setting.integer(
            "poll-bytes",
            "BYTES",
            16 << 20,
            1024,
            1 << 30,
            "how long an answer may be that rest-poll reads; a longer one is not used");
    public static final Setting<Integer> REQUESTS = Setting.integer(
            "poll-requests",
            "N",
            4,
            1,
            256,
            "requests of each feature that rest-poll has under way at a time, where keys are asked for one by one");

    static final List<Setting<?>> OWN = List.of(EVERY, KEYS, TIMEOUT, BYTES, REQUESTS);

    public PollSettings {
        Map<String, List<String>> copies = new HashMap<>();
        keys.forEach((feature, its) -> copies.put(feature, List.copyOf(its)));
        keys = Map.copyOf(copies);
    }

    static PollSettings from(Settings settings) {
        Map<String, List<String>> keys = settings.get(KEYS);
        return new PollSettings(
                settings.get(EVERY),
                keys == null ? Map.of() : keys,
                settings.get(TIMEOUT),
                settings.get(BYTES),
                settings.get(REQUESTS));
    }

    private static Map<String, List<String>> parseKeys(String text) {
        Map<String, List<String>> keys = new HashMap<>();
        for (String part : text.split(";", -1)) {
            int equals = part.indexOf('=');
            List<String> its = equals < 0
                    ? List.of("")
                    : Arrays.stream(part.substring(equals + 1).split(",", -1))
                            .map(String::strip)
                            .toList();
            boolean once = new LinkedHashSet<>(its).size() == its.size();
            if (its.contains("")
                    || !once
                    || keys.put(part.substring(0, equals).strip(), new ArrayList<>(its)) != null) {
                throw new IllegalArgumentException(
                        "must be features with their keys, each once, such as" + " intraday=SPY,QQQ;positions=123");
            }
        }
        return keys;
    }
}

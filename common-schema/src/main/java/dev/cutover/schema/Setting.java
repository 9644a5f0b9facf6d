package dev.cutover.schema;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * One thing that an operator can set: the only place where its name, unit, default, check and text stand. Its name in kebab
 * case gives the option ({@code --gateway-port}), the environment variable ({@code CUTOVER_GATEWAY_PORT}) and the line of a
 * settings file ({@code gateway-port=8090}).
 *
 * @param value what the option's argument is called in help, for example {@code PORT}
 * @param defaultText the default as an operator would write it; null where the setting may be left unset
 * @param parse the check; throws {@link IllegalArgumentException} whose message says what the value must be
 */
public record Setting<T>(String name, String value, String defaultText, String doc, Function<String, T> parse) {

    public static Setting<Integer> port(String name, int defaultPort, String doc) {
        return integer(name, "PORT", defaultPort, 0, 65_535, doc);
    }

    public static Setting<Integer> integer(String name, String value, int defaultValue, int min, int max, String doc) {
        return new Setting<>(name, value, Integer.toString(defaultValue), doc, text -> {
            try {
                int number = Integer.parseInt(text);
                if (number >= min && number <= max) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // said below, like a number out of range
            }
            throw new IllegalArgumentException("must be a whole number from " + min + " to " + max);
        });
    }

    public static Setting<Long> wholeNumber(String name, String value, long defaultValue, String doc) {
        return new Setting<>(name, value, Long.toString(defaultValue), doc, text -> {
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("must be a whole number");
            }
        });
    }

    public static Setting<Double> number(
            String name, String value, String defaultValue, double min, double max, String doc) {
        return new Setting<>(name, value, defaultValue, doc, text -> {
            try {
                double number = Double.parseDouble(text);
                if (number >= min && number <= max) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // said below, like a number out of range
            }
            throw new IllegalArgumentException("must be a number from " + min + " to " + max);
        });
    }

    public static Setting<Duration> duration(String name, String defaultText, Duration min, Duration max, String doc) {
        return new Setting<>(name, "DURATION", defaultText, doc, text -> {
            Duration duration = Durations.parse(text);
            if (duration.compareTo(min) < 0 || duration.compareTo(max) > 0) {
                throw new IllegalArgumentException(
                        "must be from " + min.toMillis() + " ms to " + max.toMillis() + " ms");
            }
            return duration;
        });
    }

    public static Setting<String> text(String name, String value, String defaultText, String doc) {
        return new Setting<>(name, value, defaultText, doc, text -> {
            if (text.isBlank()) {
                throw new IllegalArgumentException("must not be blank");
            }
            return text;
        });
    }

    /** A switch: the option alone means true, and its default is false. */
    public static Setting<Boolean> flag(String name, String doc) {
        return new Setting<>(name, "", "false", doc, text -> {
            if (text.equals("true") || text.equals("false")) {
                return text.equals("true");
            }
            throw new IllegalArgumentException("must be true or false");
        });
    }

    public static Setting<Path> path(String name, String defaultText, String doc) {
        return new Setting<>(name, "PATH", defaultText, doc, text -> {
            if (text.isBlank()) {
                throw new IllegalArgumentException("must be a path");
            }
            return Path.of(text);
        });
    }

    public String option() {
        return "--" + name;
    }

    /** Whether its option may stand alone. */
    boolean isFlag() {
        return value.isEmpty();
    }

    public String environmentVariable() {
        return "CUTOVER_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    /** The settings as a Markdown table, for the documentation. */
    public static String markdown(List<Setting<?>> settings) {
        return settings.stream()
                .map(setting -> "| `" + (setting.option() + " " + setting.value).strip() + "` | `"
                        + setting.environmentVariable()
                        + "` | " + (setting.defaultText == null ? "" : "`" + setting.defaultText + "`") + " | "
                        + setting.doc.replace("|", "\\|") + " |")
                .collect(Collectors.joining(
                        "\n", "| option | environment | default | what it is |\n|---|---|---|---|\n", "\n"));
    }
}

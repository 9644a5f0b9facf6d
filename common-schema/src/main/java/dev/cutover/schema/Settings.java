package dev.cutover.schema;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * The values that a service was started with. A value is taken from the command line, else the environment, else the settings
 * file, else the default; each is checked before anything starts. Immutable.
 */
public final class Settings {
    /** Prefix of Kafka's own settings, in a settings file and on the command line. */
    public static final String KAFKA_PREFIX = "kafka.";

    public static final Setting<Path> CONFIG = Setting.path(
            "config",
            null,
            "a settings file: lines of name=value, with the names of the options, and kafka.* for Kafka's own settings");
    public static final Setting<String> BOOTSTRAP = Setting.text(
            "bootstrap",
            "HOST:PORT",
            null,
            "the Kafka cluster, several addresses with commas; by default the broker of an up on --host and --kafka-port");
    public static final Setting<Integer> KAFKA_PORT =
            Setting.port("kafka-port", 9092, "the port of the embedded Kafka broker of up");
    public static final Setting<Integer> GATEWAY_PORT =
            Setting.port("gateway-port", 8090, "the port of the (first) gateway");
    public static final Setting<Integer> REST_PORT = Setting.port("rest-port", 8000, "the port of the REST service");
    public static final Setting<Integer> CONTROL_PORT = Setting.port(
            "control-port", 8070, "the port of the control service, which the operators' commands talk to");
    public static final Setting<Integer> JOBS_PORT =
            Setting.port("jobs-port", 8060, "the port of the jobs' health and metrics, where they run by themselves");
    public static final Setting<String> HOST = Setting.text(
            "host",
            "ADDRESS",
            "127.0.0.1",
            "the address that every port is bound on; services without access rules"
                    + " stay on the loopback interface");
    public static final Setting<Path> MARKETS =
            Setting.path("markets", null, "a market calendar in place of the shipped one");
    public static final Setting<Path> FEATURES =
            Setting.path("features", null, "a feature catalog in place of the shipped one");

    /** What every command can be told; the addresses of all, so that one environment serves every command. */
    public static final List<Setting<?>> COMMON =
            List.of(CONFIG, FEATURES, HOST, BOOTSTRAP, KAFKA_PORT, GATEWAY_PORT, REST_PORT, CONTROL_PORT, JOBS_PORT);

    /** A value that is not what it must be; the message is one line that names the setting and where it was set. */
    public static final class SettingException extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        SettingException(String message) {
            super(message);
        }
    }

    private record Given(String text, String from) {}

    private final Map<String, Given> given;
    private final Map<String, String> kafka;

    private Settings(Map<String, Given> given, Map<String, String> kafka) {
        this.given = Map.copyOf(given);
        this.kafka = Map.copyOf(kafka);
    }

    /**
     * Resolves and checks every known setting.
     *
     * @param known all that the service can be told
     * @param commandLine the options that were given, by setting name; also {@code kafka.*}
     * @throws SettingException at the first value that is not what it must be, or name in the file that is unknown
     */
    public static Settings resolve(
            List<Setting<?>> known, Map<String, String> commandLine, Map<String, String> environment) {
        Map<String, Given> given = new HashMap<>();
        Map<String, String> kafka = new HashMap<>();
        Given config = pick(CONFIG, commandLine, environment);
        if (config != null && known.contains(CONFIG)) {
            readFile(check(CONFIG, config), known, given, kafka);
        }
        for (Setting<?> setting : known) {
            Given value = pick(setting, commandLine, environment);
            if (value != null) {
                given.put(setting.name(), value);
            }
            if (given.containsKey(setting.name())) {
                check(setting, given.get(setting.name()));
            }
        }
        commandLine.forEach((name, value) -> {
            if (name.startsWith(KAFKA_PREFIX)) {
                kafka.put(name.substring(KAFKA_PREFIX.length()), value);
            }
        });
        return new Settings(given, kafka);
    }

    private static Given pick(Setting<?> setting, Map<String, String> commandLine, Map<String, String> environment) {
        String option = commandLine.get(setting.name());
        if (option != null) {
            return new Given(option, setting.option());
        }
        String variable = environment.get(setting.environmentVariable());
        return variable == null || variable.isEmpty() ? null : new Given(variable, setting.environmentVariable());
    }

    private static void readFile(
            Path file, List<Setting<?>> known, Map<String, Given> given, Map<String, String> kafka) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new SettingException("can't read the settings file " + file + ": " + reason(e));
        }
        for (String name : properties.stringPropertyNames()) {
            String value = properties.getProperty(name).strip();
            if (name.startsWith(KAFKA_PREFIX)) {
                kafka.put(name.substring(KAFKA_PREFIX.length()), value);
            } else if (known.stream().anyMatch(setting -> setting.name().equals(name))) {
                given.put(name, new Given(value, file.toString()));
            } else {
                throw new SettingException(file + ": '" + name + "' is no setting here; --help lists them");
            }
        }
    }

    /** Why a file can't be read; of the commonest failures the JDK's message is the path alone, or says nothing. */
    static String reason(Exception e) {
        if (e instanceof NoSuchFileException) {
            return "there is no such file";
        }
        if (e instanceof AccessDeniedException) {
            return "access is denied";
        }
        return e instanceof CharacterCodingException ? "it is not UTF-8" : e.getMessage();
    }

    private static <T> T check(Setting<T> setting, Given value) {
        try {
            return setting.parse().apply(value.text());
        } catch (IllegalArgumentException e) {
            throw new SettingException(setting.name() + " " + e.getMessage() + ", but is '" + value.text() + "' (from "
                    + value.from() + ")");
        }
    }

    /** The value, or its default; null where it is unset and has no default. */
    public <T> T get(Setting<T> setting) {
        Given value = given.get(setting.name());
        if (value != null) {
            return setting.parse().apply(value.text());
        }
        return setting.defaultText() == null ? null : setting.parse().apply(setting.defaultText());
    }

    /** Whether the operator set it, to whatever value. */
    public boolean isSet(Setting<?> setting) {
        return given.containsKey(setting.name());
    }

    /** The cluster that {@link #BOOTSTRAP} and {@code kafka.*} name. */
    public KafkaConnection kafka() {
        return kafkaAt(isSet(BOOTSTRAP) ? get(BOOTSTRAP) : HostAndPort.of(get(HOST), get(KAFKA_PORT)));
    }

    /** Another cluster, with the same {@code kafka.*}. */
    public KafkaConnection kafkaAt(String bootstrap) {
        return new KafkaConnection(bootstrap, kafka);
    }

    /**
     * The calendar that {@link #MARKETS} names, or the shipped one.
     *
     * @throws StartupException when the file can't be read, or breaks a rule
     */
    public MarketCalendar markets() {
        Path file = get(MARKETS);
        try {
            return file == null ? MarketCalendar.shipped() : MarketCalendar.load(file);
        } catch (IllegalArgumentException e) {
            throw new StartupException(e.getMessage(), e);
        }
    }

    /** The catalog that {@link #FEATURES} names, or the shipped one. */
    public FeatureCatalog catalog() {
        Path file = get(FEATURES);
        return file == null ? FeatureCatalog.shipped() : FeatureCatalog.load(file);
    }
}

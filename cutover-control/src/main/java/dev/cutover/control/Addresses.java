package dev.cutover.control;

import dev.cutover.schema.HostAndPort;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The address options: every operators' command takes all of them, so that one set of addresses serves every command, shows
 * those that it needs, and checks no other.
 */
public final class Addresses {
    private static final List<Setting<?>> TAKEN = List.of(
            Settings.HOST,
            Settings.CONTROL_PORT,
            Settings.GATEWAY_PORT,
            Settings.REST_PORT,
            Settings.JOBS_PORT,
            Settings.KAFKA_PORT,
            Settings.BOOTSTRAP);

    private Addresses() {}

    /**
     * The command with its address options.
     *
     * @param needed the port that it connects to
     */
    public static CommandLine command(Object annotated, Setting<Integer> needed) {
        return command(
                annotated, Map.of(Settings.HOST.name(), "where to look for it", needed.name(), "its port there"));
    }

    /**
     * The command with its address options.
     *
     * @param needed the names of those that it uses, each with what it is
     */
    static CommandLine command(Object annotated, Map<String, String> needed) {
        CommandSpec spec = CommandSpec.forAnnotatedObject(annotated);
        for (Setting<?> setting : TAKEN) {
            String fallback = setting.defaultText() == null ? "" : " (default " + setting.defaultText() + ")";
            spec.addOption(OptionSpec.builder(setting.option())
                    .paramLabel(setting.value())
                    .type(String.class)
                    .hidden(!needed.containsKey(setting.name()))
                    .description(needed.getOrDefault(setting.name(), "") + fallback)
                    .build());
        }
        return new CommandLine(spec).setParameterExceptionHandler(ServiceCommand::usageError);
    }

    /** The address options as they were given, for a command that is to reach the same service; each begins with a space. */
    public static String given(CommandSpec spec, Setting<Integer> needed) {
        CommandLine.ParseResult parsed = spec.commandLine().getParseResult();
        return Stream.of(Settings.HOST, needed)
                .map(Setting::option)
                .filter(parsed::hasMatchedOption)
                .map(option -> " " + option + " " + parsed.matchedOptionValue(option, ""))
                .collect(Collectors.joining());
    }

    /**
     * The address that the options name, else the environment.
     *
     * @param scheme of the address
     * @throws Settings.SettingException when one is not what it must be
     */
    public static URI resolve(CommandSpec spec, String scheme, Setting<Integer> needed) {
        Settings settings = resolve(spec, List.of(Settings.HOST, needed), Map.of());
        String host = settings.get(Settings.HOST);
        try {
            return URI.create(scheme + "://" + HostAndPort.of(host, settings.get(needed)));
        } catch (IllegalArgumentException e) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "host must be a name or an address, but is '" + host + "'", e);
        }
    }

    /**
     * Settings that the options give, else the environment.
     *
     * @param kafka Kafka's own
     * @throws Settings.SettingException when one is not what it must be
     */
    static Settings resolve(CommandSpec spec, List<Setting<?>> known, Map<String, String> kafka) {
        CommandLine.ParseResult parsed = spec.commandLine().getParseResult();
        Map<String, String> given = new HashMap<>();
        for (Setting<?> setting : known) {
            if (parsed.hasMatchedOption(setting.option())) {
                given.put(setting.name(), parsed.matchedOptionValue(setting.option(), (String) null));
            }
        }
        kafka.forEach((name, value) -> given.put(Settings.KAFKA_PREFIX + name, value));
        return Settings.resolve(known, given, System.getenv());
    }
}

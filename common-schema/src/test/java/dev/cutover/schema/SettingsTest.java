package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.cutover.schema.Settings.SettingException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SettingsTest {
    private static final Setting<Integer> PORT =
            Setting.port("own-port", 8090, "the gateway's port; 0 takes a free one");
    private static final Setting<Duration> DRAIN = Setting.duration(
            "drain", "10s", Duration.ofMillis(100), Duration.ofMinutes(1), "how long closing may take");
    private static final Setting<Double> SPEED = Setting.number("speed", "X", "1", 0.1, 1000, "the pace of the source");
    private static final Setting<Long> SEED = Setting.wholeNumber("seed", "N", 42, "of the simulation");
    private static final Setting<String> SOURCE =
            Setting.text("source", "SOURCE", "simulated", "simulated | file:PATH");
    private static final Setting<Path> DATA_DIR = Setting.path("data-dir", null, "where data is kept");
    private static final Setting<Boolean> FRESH = Setting.flag("fresh", "empty the data directory first");
    private static final List<Setting<?>> KNOWN = known();

    @TempDir
    Path folder;

    private static List<Setting<?>> known() {
        List<Setting<?>> known = new ArrayList<>(Settings.COMMON);
        known.addAll(List.of(PORT, DRAIN, SPEED, SEED, SOURCE, DATA_DIR, FRESH));
        return known;
    }

    @Test
    void aSettingThatNobodyGaveHasItsDefault() {
        Settings settings = Settings.resolve(KNOWN, Map.of(), Map.of());

        assertThat(settings.get(PORT)).isEqualTo(8090);
        assertThat(settings.get(DRAIN)).isEqualTo(Duration.ofSeconds(10));
        assertThat(settings.get(SPEED)).isEqualTo(1.0);
        assertThat(settings.get(SEED)).isEqualTo(42L);
        assertThat(settings.get(SOURCE)).isEqualTo("simulated");
        assertThat(settings.get(DATA_DIR)).isNull();
        assertThat(settings.get(FRESH)).isFalse();
        assertThat(settings.isSet(PORT)).isFalse();
        assertThat(settings.kafka()).isEqualTo(new KafkaConnection("127.0.0.1:9092", Map.of()));
        assertThat(Settings.resolve(KNOWN, Map.of("host", "10.0.0.1"), Map.of("CUTOVER_KAFKA_PORT", "9999"))
                        .kafka()
                        .bootstrap())
                .as("the broker of an up with the same addresses")
                .isEqualTo("10.0.0.1:9999");
        assertThat(settings.catalog()).isEqualTo(FeatureCatalog.shipped());
    }

    @Test
    void theCommandLineWinsOverTheEnvironmentTheEnvironmentOverTheFileTheFileOverTheDefault() {
        Map<String, String> file = Map.of("config", file("own-port=1", "drain=1s", "speed=2"));
        Map<String, String> environment = Map.of("CUTOVER_OWN_PORT", "3", "CUTOVER_DRAIN", "3s");
        Map<String, String> commandLine = Map.of("config", file.get("config"), "own-port", "4");

        Settings settings = Settings.resolve(KNOWN, commandLine, environment);

        assertThat(settings.get(PORT)).isEqualTo(4);
        assertThat(settings.get(DRAIN)).isEqualTo(Duration.ofSeconds(3));
        assertThat(settings.get(SPEED)).isEqualTo(2.0);
        assertThat(settings.get(SEED)).isEqualTo(42L);
        assertThat(settings.isSet(SPEED)).isTrue();
        assertThat(settings.isSet(SEED)).isFalse();
    }

    @Test
    void theEnvironmentMayNameTheFile() {
        Settings settings =
                Settings.resolve(KNOWN, Map.of(), Map.of("CUTOVER_CONFIG", file("# ours", "", "own-port = 7")));

        assertThat(settings.get(PORT)).isEqualTo(7);
    }

    @Test
    void anEmptyVariableIsAsGoodAsNone() {
        assertThat(Settings.resolve(KNOWN, Map.of(), Map.of("CUTOVER_OWN_PORT", ""))
                        .isSet(PORT))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "own-port|eighty|must be a whole number from 0 to 65535",
                "own-port|-1|must be a whole number from 0 to 65535",
                "own-port|65536|must be a whole number from 0 to 65535",
                "own-port|``|must be a whole number from 0 to 65535",
                "drain|10|must be a duration such as 500ms, 10s, 5m, 2h or 7d",
                "drain|10 s|must be a duration such as 500ms, 10s, 5m, 2h or 7d",
                "drain|99ms|must be from 100 ms to 60000 ms",
                "drain|2m|must be from 100 ms to 60000 ms",
                "drain|9999999999d|must be a duration such as 500ms, 10s, 5m, 2h or 7d",
                "speed|fast|must be a number from 0.1 to 1000.0",
                "speed|0|must be a number from 0.1 to 1000.0",
                "speed|NaN|must be a number from 0.1 to 1000.0",
                "seed|1.5|must be a whole number",
                "source|` `|must not be blank",
                "data-dir|``|must be a path",
                "fresh|yes|must be true or false",
            })
    void aBadValueNamesSettingValueAndOrigin(String name, String value, String rule) {
        String variable = "CUTOVER_" + name.toUpperCase(Locale.ROOT).replace('-', '_');

        assertRefused(
                Map.of(name, value), Map.of(), name + " " + rule + ", but is '" + value + "' (from --" + name + ")");
        if (!value.isEmpty()) {
            assertRefused(
                    Map.of(),
                    Map.of(variable, value),
                    name + " " + rule + ", but is '" + value + "' (from " + variable + ")");
        }
        String file = file(name + "=" + value);
        assertRefused(
                Map.of("config", file),
                Map.of(),
                name + " " + rule + ", but is '" + value.strip() + "' (from " + file + ")");
    }

    @Test
    void aBadValueInTheFileIsOfNoAccountWhereTheCommandLineHasAnother() {
        Settings settings = Settings.resolve(KNOWN, Map.of("config", file("own-port=x"), "own-port", "5"), Map.of());

        assertThat(settings.get(PORT)).isEqualTo(5);
    }

    @Test
    void aNameInTheFileThatNoSettingHasIsRefused() {
        String file = file("gateway-prot=1");

        assertRefused(
                Map.of("config", file), Map.of(), file + ": 'gateway-prot' is no setting here; --help lists them");
    }

    @Test
    void aFileThatCanNotBeReadIsRefusedByItsPath() throws IOException {
        String missing = folder.resolve("none.properties").toString();
        Path latin = folder.resolve("latin.properties");
        Files.write(latin, "source=Zürich".getBytes(StandardCharsets.ISO_8859_1));
        String escape = file("source=\\u12");

        assertRefused(
                Map.of("config", missing),
                Map.of(),
                "can't read the settings file " + missing + ": there is no such file");
        assertRefused(
                Map.of("config", latin.toString()),
                Map.of(),
                "can't read the settings file " + latin + ": it is not UTF-8");
        assertRefused(
                Map.of("config", escape),
                Map.of(),
                "can't read the settings file " + escape + ": Malformed \\uxxxx encoding.");
    }

    @Test
    void kafkasOwnSettingsComeFromTheFileAndTheCommandLineWins() {
        String file = file("kafka.security.protocol=SSL", "kafka.client.rack=a", "bootstrap=one:1");

        Settings settings = Settings.resolve(KNOWN, Map.of("config", file, "kafka.client.rack", "b"), Map.of());

        assertThat(settings.kafka())
                .isEqualTo(new KafkaConnection("one:1", Map.of("security.protocol", "SSL", "client.rack", "b")));
        assertThat(settings.kafkaAt("two:2").bootstrap()).isEqualTo("two:2");
    }

    @Test
    void theTableOfSettingsHasARowForEach() {
        assertThat(Setting.markdown(List.of(PORT, SOURCE, DATA_DIR, FRESH))).isEqualTo("""
                        | option | environment | default | what it is |
                        |---|---|---|---|
                        | `--own-port PORT` | `CUTOVER_OWN_PORT` | `8090` | the gateway's port; 0 takes a free one |
                        | `--source SOURCE` | `CUTOVER_SOURCE` | `simulated` | simulated \\| file:PATH |
                        | `--data-dir PATH` | `CUTOVER_DATA_DIR` |  | where data is kept |
                        | `--fresh` | `CUTOVER_FRESH` | `false` | empty the data directory first |
                        """);
    }

    @ParameterizedTest
    @CsvSource({"500ms, PT0.5S", "10s, PT10S", "5m, PT5M", "2h, PT2H", "7d, PT168H", "' 0s ', PT0S"})
    void durationsAreReadAsPeopleWriteThem(String text, Duration duration) {
        assertThat(Durations.parse(text)).isEqualTo(duration);
    }

    @ParameterizedTest
    @CsvSource({"''", "10", "s", "-1s", "1.5s", "10S", "1h30m", "٣s", "1000000000d"})
    void anythingElseIsNoDuration(String text) {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> Durations.parse(text))
                .withMessage("must be a duration such as 500ms, 10s, 5m, 2h or 7d");
    }

    private static void assertRefused(
            Map<String, String> commandLine, Map<String, String> environment, String message) {
        assertThatExceptionOfType(SettingException.class)
                .isThrownBy(() -> Settings.resolve(KNOWN, commandLine, environment))
                .withMessage(message);
    }

    private String file(String... lines) {
        try {
            return Files.writeString(folder.resolve("cutover.properties"), String.join("\n", lines))
                    .toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

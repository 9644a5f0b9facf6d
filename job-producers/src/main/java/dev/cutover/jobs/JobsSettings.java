package dev.cutover.jobs;

import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;

/**
 * All that the jobs can be told.
 *
 * @param symbol of a file without a symbol column; null for the file's name
 * @param speed seconds of source time that pass in a second of wall time
 * @param symbols of the simulated source, each once, at least one
 * @param accounts how many; 0 or more
 * @param sourceZone zone of a file's times that name none
 * @param sourceColumns the order of a file's columns; null to go by its header, or without one by the default order
 * @param maxGap the longest pause in source time that is waited through
 * @param markets an own market calendar; null for the shipped one
 * @param poll how an existing REST service is polled, where it is the source
 * @param port of health and metrics, served only where the jobs run by themselves
 */
public record JobsSettings(
        SourceChoice source,
        String symbol,
        double speed,
        long seed,
        List<String> symbols,
        int accounts,
        ZoneId sourceZone,
        List<BarColumn> sourceColumns,
        String country,
        Duration maxGap,
        Path markets,
        PollSettings poll,
        int port) {

    /** Where the bars come from. */
    public sealed interface SourceChoice {
        /** Bars that nobody traded. */
        record Simulated() implements SourceChoice {}

        /**
         * The bars of a CSV or TSV file.
         *
         * @param path absolute, so that a restart from another directory finds its progress
         */
        record BarsFile(Path path) implements SourceChoice {}

        /**
         * An existing REST service, which is polled for every feature that has a REST endpoint in the catalog.
         *
         * @param service where the service is, without a slash at the end: the catalog's paths follow
         */
        record RestPoll(URI service) implements SourceChoice {}
    }

    private static final String SIMULATED = "simulated";
    private static final String FILE = "file:";
    private static final String REST_POLL = "rest-poll:";
    private static final String SOURCE_FORMS = "must be simulated, file:PATH or rest-poll:URL";

    public static final Setting<SourceChoice> SOURCE = new Setting<>(
            "source",
            "SOURCE",
            SIMULATED,
            "where the events come from: simulated, file:PATH for one-minute bars in CSV or TSV, or"
                    + " rest-poll:http://HOST:PORT for a REST service that is there already, which is polled",
            JobsSettings::parseSource);
    public static final Setting<String> SYMBOL = Setting.text(
            "symbol",
            "SYMBOL",
            null,
            "the symbol of a file that has no symbol column; the file's name without extension where it is left out");
    public static final Setting<Double> SPEED = Setting.number(
            "speed",
            "FACTOR",
            "1",
            0.001,
            100_000,
            "how many seconds of the source's time pass in one second; nothing else runs faster");
    public static final Setting<Long> SEED = Setting.wholeNumber(
            "seed", "NUMBER", 42, "what the simulated prices and the accounts grow from; the same seed gives the same");
    public static final Setting<List<String>> SYMBOLS = new Setting<>(
            "symbols",
            "SYMBOL,…",
            "SPY,QQQ,AAPL,MSFT,BTC-USD",
            "the symbols of the simulated source; a pair such as BTC-USD trades in fractions",
            JobsSettings::parseSymbols);
    public static final Setting<Integer> ACCOUNTS = Setting.integer(
            "accounts", "COUNT", 3, 0, 10_000, "how many accounts hold positions; their ids count up from 123");
    public static final Setting<ZoneId> SOURCE_ZONE = new Setting<>(
            "source-zone", "ZONE", "UTC", "the time zone of a file's times that name none", JobsSettings::parseZone);
    public static final Setting<List<BarColumn>> SOURCE_COLUMNS = new Setting<>(
            "source-columns",
            "NAME,…",
            null,
            "the order of the file's columns, from time, open, high, low, close, volume, symbol and - for one to pass"
                    + " over; where it is left out the file's header says, or without a header it is the first six",
            BarColumn::parseOrder);
    public static final Setting<String> COUNTRY =
            Setting.text("country", "NAME", "USA", "the country that bars and averages name");
    public static final Setting<Duration> MAX_GAP = Setting.duration(
            "max-gap",
            "5m",
            Duration.ZERO,
            Duration.ofDays(3650),
            "the longest pause in the source's time that is waited through; a longer one is skipped");
    public static final Setting<Path> MARKETS = Settings.MARKETS;
    public static final Setting<Integer> PORT = Settings.JOBS_PORT;

    /** What the jobs alone can be told. */
    public static final List<Setting<?>> OWN = Stream.concat(
                    Stream.of(
                            SOURCE,
                            SYMBOL,
                            SPEED,
                            SEED,
                            SYMBOLS,
                            ACCOUNTS,
                            SOURCE_ZONE,
                            SOURCE_COLUMNS,
                            COUNTRY,
                            MAX_GAP,
                            MARKETS),
                    PollSettings.OWN.stream())
            .<Setting<?>>map(setting -> setting)
            .toList();

    /** {@link #OWN} and what every service can be told. */
    public static final List<Setting<?>> ALL =
            Stream.concat(Settings.COMMON.stream(), OWN.stream()).toList();

    public JobsSettings {
        symbols = List.copyOf(symbols);
        sourceColumns = sourceColumns == null ? null : List.copyOf(sourceColumns);
    }

    public static JobsSettings from(Settings settings) {
        return new JobsSettings(
                settings.get(SOURCE),
                settings.get(SYMBOL),
                settings.get(SPEED),
                settings.get(SEED),
                settings.get(SYMBOLS),
                settings.get(ACCOUNTS),
                settings.get(SOURCE_ZONE),
                settings.get(SOURCE_COLUMNS),
                settings.get(COUNTRY),
                settings.get(MAX_GAP),
                settings.get(MARKETS),
                PollSettings.from(settings),
                settings.get(PORT));
    }

    private static SourceChoice parseSource(String text) {
        if (text.equals(SIMULATED)) {
            return new SourceChoice.Simulated();
        }
        if (text.startsWith(REST_POLL)) {
            return new SourceChoice.RestPoll(parseService(text.substring(REST_POLL.length())));
        }
        String path = text.startsWith(FILE) ? text.substring(FILE.length()) : "";
        if (path.isBlank()) {
            throw new IllegalArgumentException(SOURCE_FORMS);
        }
        return new SourceChoice.BarsFile(Path.of(path).toAbsolutePath().normalize());
    }

    private static URI parseService(String text) {
        try {
            URI service = new URI(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
            boolean http = "http".equals(service.getScheme()) || "https".equals(service.getScheme());
            if (http
                    && service.getHost() != null
                    && service.getRawUserInfo() == null
                    && service.getRawQuery() == null
                    && service.getRawFragment() == null) {
                return service;
            }
        } catch (URISyntaxException e) {
            // said below, like another scheme
        }
        throw new IllegalArgumentException(
                SOURCE_FORMS + ", where a URL is http://HOST:PORT, https as well, and a path" + " at most");
    }

    private static List<String> parseSymbols(String text) {
        List<String> symbols =
                Arrays.stream(text.split(",", -1)).map(String::strip).toList();
        if (symbols.contains("") || new HashSet<>(symbols).size() < symbols.size()) {
            throw new IllegalArgumentException("must be symbols with commas between them, each once");
        }
        return symbols;
    }

    private static ZoneId parseZone(String text) {
        try {
            return ZoneId.of(text);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("must be a time zone such as UTC, America/New_York or +01:00", e);
        }
    }
}

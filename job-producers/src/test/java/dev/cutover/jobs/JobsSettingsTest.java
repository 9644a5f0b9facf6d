package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.jobs.JobsSettings.SourceChoice;
import dev.cutover.schema.Settings.SettingException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class JobsSettingsTest {

    @Test
    void nothingGivenIsASimulationAtThePaceOfTheWallClock() {
        JobsSettings settings = Given.settings();

        assertThat(settings.source()).isEqualTo(new SourceChoice.Simulated());
        assertThat(settings.symbols()).containsExactly("SPY", "QQQ", "AAPL", "MSFT", "BTC-USD");
        assertThat(settings.speed()).isEqualTo(1);
        assertThat(settings.seed()).isEqualTo(42);
        assertThat(settings.accounts()).isEqualTo(3);
        assertThat(settings.sourceZone()).hasToString("UTC");
        assertThat(settings.country()).isEqualTo("USA");
        assertThat(settings.maxGap()).isEqualTo(Duration.ofMinutes(5));
        assertThat(settings.port()).isEqualTo(8060);
        assertThat(settings.symbol()).isNull();
        assertThat(settings.sourceColumns()).isNull();
        assertThat(settings.markets()).isNull();
    }

    @Test
    void aFileIsKnownByItsAbsolutePath() {
        JobsSettings settings = Given.settings("source", "file:bars/../msft.tsv");

        assertThat(settings.source())
                .isEqualTo(new SourceChoice.BarsFile(Path.of("msft.tsv").toAbsolutePath()));
    }

    @Test
    void aServiceIsPolledAtItsUrlWithoutTheSlashAtItsEnd() {
        JobsSettings settings = Given.settings(
                "source", "rest-poll:http://legacy:8080/app/", "poll-keys", "intraday=SPY, QQQ;positions=123");

        assertThat(settings.source()).isEqualTo(new SourceChoice.RestPoll(URI.create("http://legacy:8080/app")));
        assertThat(settings.poll().keys())
                .isEqualTo(Map.of("intraday", List.of("SPY", "QQQ"), "positions", List.of("123")));
        assertThat(settings.poll().every()).isNull();
        assertThat(settings.poll().timeout()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void columnsAreNamedInOrder() {
        JobsSettings settings = Given.settings("source-columns", "Ticker, -, date,open,high,low,close,vol,-");

        assertThat(settings.sourceColumns())
                .containsExactly(
                        BarColumn.SYMBOL,
                        BarColumn.PASSED_OVER,
                        BarColumn.TIME,
                        BarColumn.OPEN,
                        BarColumn.HIGH,
                        BarColumn.LOW,
                        BarColumn.CLOSE,
                        BarColumn.VOLUME,
                        BarColumn.PASSED_OVER);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    source         | http://x                        | must be simulated, file:PATH or rest-poll:URL
                    source         | file:                           | must be simulated, file:PATH or rest-poll:URL
                    speed          | 0                               | must be a number from 0.001 to 100000.0
                    speed          | fast                            | must be a number from 0.001 to 100000.0
                    source         | rest-poll:                      | must be simulated, file:PATH or rest-poll:URL, where a URL is http://HOST:PORT, https as well, and a path at most
                    source         | rest-poll:ftp://legacy          | must be simulated, file:PATH or rest-poll:URL, where a URL is http://HOST:PORT, https as well, and a path at most
                    source         | rest-poll:http://me:pw@legacy   | must be simulated, file:PATH or rest-poll:URL, where a URL is http://HOST:PORT, https as well, and a path at most
                    source         | rest-poll:http://legacy/?a=1    | must be simulated, file:PATH or rest-poll:URL, where a URL is http://HOST:PORT, https as well, and a path at most
                    poll-keys      | intraday                        | must be features with their keys, each once, such as intraday=SPY,QQQ;positions=123
                    poll-keys      | intraday=SPY,                   | must be features with their keys, each once, such as intraday=SPY,QQQ;positions=123
                    poll-keys      | intraday=SPY,SPY                | must be features with their keys, each once, such as intraday=SPY,QQQ;positions=123
                    poll-keys      | a=1;a=2                         | must be features with their keys, each once, such as intraday=SPY,QQQ;positions=123
                    poll-every     | 0s                              | must be from 50 ms to 86400000 ms
                    seed           | 1.5                             | must be a whole number
                    symbols        | SPY,,QQQ                        | must be symbols with commas between them, each once
                    symbols        | SPY,SPY                         | must be symbols with commas between them, each once
                    accounts       | -1                              | must be a whole number from 0 to 10000
                    source-zone    | Moon                            | must be a time zone such as UTC, America/New_York or +01:00
                    source-columns | time,open,high,low,close        | must name the column volume
                    source-columns | time,open,open,high,low,close,volume | must name the column open once
                    source-columns | when,open,high,low,close,volume | must name columns out of time, open, high, low, close, volume, symbol and -, with commas between them
                    max-gap        | long                            | must be a duration such as 500ms, 10s, 5m, 2h or 7d
                    jobs-port      | 70000                           | must be a whole number from 0 to 65535
                    """)
    void aWrongValueIsNamedWithWhatItMustBe(String name, String value, String rule) {
        assertThatThrownBy(() -> Given.settings(name, value))
                .isInstanceOf(SettingException.class)
                .hasMessage(name + " " + rule + ", but is '" + value + "' (from --" + name + ")");
    }
}

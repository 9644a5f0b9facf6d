package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.cutover.schema.Event.IntradayBar;
import dev.cutover.schema.StartupException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

final class BarFileTest {
    private static final String ROW = "2016-04-15 13:30:00,55.3,55.39,55.25,55.26,3399547";

    @TempDir
    Path dir;

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final JobsMetrics metrics = new JobsMetrics(registry, Clock.systemUTC());
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

    @BeforeEach
    void listen() {
        logged.start();
        badRowsLog().addAppender(logged);
    }

    @AfterEach
    void listenNoMore() {
        badRowsLog().detachAppender(logged);
    }

    private static Logger badRowsLog() {
        return (Logger) LoggerFactory.getLogger(BadRows.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "date,open,high,low,close,volume\n2016-04-15 13:30:00,55.3,55.39,55.25,55.26,3399547",
                "date\topen\thigh\tlow\tclose\tvolume\n1460727000000\t55.3\t55.39\t55.25\t55.26\t3399547\n",
                "date;open;high;low;close;volume\r\n1460727000;55.3;55.39;55.25;55.26;3399547\r\n",
                "\uFEFFVol,Close,Low,High,Open,Timestamp\n3399547,55.26,55.25,55.39,55.3,2016-04-15T13:30:00Z",
                """


                "DateTime","Open","High","Low","Close","Adj Close","Volume"

                "2016-04-15 13:30:00","55.3", 55.39 ,55.25,55.26,1.0,3399547

                """,
                "1460727000,55.3,55.39,55.25,55.26,3399547"
            })
    void oneBarInManyLayouts(String text) throws IOException {
        assertThat(bars(write("MSFT.csv", text)))
                .containsExactly(new IntradayBar(
                        "USA",
                        "MSFT",
                        Instant.parse("2016-04-15T13:30:00Z"),
                        new BigDecimal("55.3"),
                        new BigDecimal("55.39"),
                        new BigDecimal("55.25"),
                        new BigDecimal("55.26"),
                        new BigDecimal("3399547"),
                        false));
        assertThat(logged.list).isEmpty();
    }

    @Test
    void theOrderOfColumnsThatWasSetWinsOverAHeader() throws IOException {
        Path file = write("x.csv", "open,high,low,close,volume,time,symbol\nSPY,2,9,1,3,10,1460727000\n");

        List<IntradayBar> bars = bars(file, "source-columns", "symbol,open,high,low,close,volume,time");

        assertThat(Given.minutesOf(bars)).containsExactly("SPY 13:30");
        assertThat(logged.list).isEmpty();
    }

    @Test
    void aSymbolComesFromItsColumnElseFromTheSettingElseFromTheFilesName() throws IOException {
        Path named = write("brk.b.csv", ROW);
        Path withColumn = write("many.csv", "ticker,date,open,high,low,close,volume\nQQQ," + ROW);

        assertThat(bars(named)).extracting(IntradayBar::symbol).containsExactly("brk.b");
        assertThat(bars(named, "symbol", "BRK")).extracting(IntradayBar::symbol).containsExactly("BRK");
        assertThat(bars(withColumn, "symbol", "BRK"))
                .extracting(IntradayBar::symbol)
                .containsExactly("QQQ");
    }

    @Test
    void numbersKeepTheirDigits() throws IOException {
        IntradayBar bar = bars(write("BTC.csv", "1460727000,0.10,0.1200,0.10,0.11,0.00012300"))
                .get(0);

        assertThat(bar.high()).hasToString("0.1200");
        assertThat(bar.volume().toPlainString()).isEqualTo("0.00012300");
    }

    @Test
    void badRowsAreReportedByFileAndLineAndSkipped() throws IOException {
        Path file = write("x.csv", """
                date,open,high,low,close,volume
                1460727000,1,2,1,2,10
                yesterday,1,2,1,2,10

                1460727060,1,2,1,2
                1460727060,1,0.5,1,2,10
                1460727000,1,2,1,2,10
                1460727060,1,2,1,2,10
                """);

        assertThat(Given.minutesOf(bars(file))).containsExactly("x 13:30", "x 13:31");
        assertThat(messages())
                .containsExactly(
                        "skipped a row: " + file + ", line 3: the time 'yesterday' is neither seconds nor milliseconds"
                                + " since 1970, nor like 2016-04-15T13:30:00Z or 2016-04-15 13:30:00",
                        "skipped a row: " + file + ", line 5: it has no volume",
                        "skipped a row: " + file + ", line 6: intraday_bar.high must not be below open or close,"
                                + " but is 0.5",
                        "skipped a row: " + file + ", line 7: it repeats the minute 2016-04-15T13:30:00Z of x");
        assertThat(registry.counter("cutover.jobs.source.rows.bad", "source", "file")
                        .count())
                .isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1460727060,1,2,1,two,10",
                "1460727060,1,2,1,1e999999,10",
                "1460727060,1,2,-1,2,10",
                "1460727060,1,2,1,2,-10",
                "1460727061,1,2,1,2,10",
                "1460727060,\"1,2,1,2,10",
                "1460726940,1,2,1,2,10",
                "%PDF-1.7"
            })
    void whatIsNoBarIsSkipped(String row) throws IOException {
        Path file = write("x.csv", "1460727000,1,2,1,2,10\n" + row + "\n1460727120,1,2,1,2,10\n");

        assertThat(Given.minutesOf(bars(file))).containsExactly("x 13:30", "x 13:32");
        assertThat(messages()).singleElement().asString().contains(file + ", line 2: ");
    }

    @Test
    void manyBadRowsAreNoFlood() throws IOException {
        StringBuilder text = new StringBuilder(ROW);
        for (int i = 0; i < 2_000; i++) {
            text.append("\nno bar");
        }

        bars(write("x.csv", text.toString()));

        assertThat(registry.counter("cutover.jobs.source.rows.bad", "source", "file")
                        .count())
                .isEqualTo(2_000);
        assertThat(messages()).hasSize(53).last().asString().startsWith("skipped 2000 rows of ");
    }

    @Test
    void rowsOfOneMinuteMustBeOfDifferentSymbols() throws IOException {
        Path file =
                write("x.csv", "symbol," + "date,open,high,low,close,volume\nA," + ROW + "\nB," + ROW + "\nA," + ROW);

        assertThat(bars(file)).extracting(IntradayBar::symbol).containsExactly("A", "B");
        assertThat(messages()).hasSize(1);
    }

    @Test
    void aFileThatCannotBeReadIsRefusedInOneLine() throws IOException {
        Path absent = dir.resolve("absent.csv");
        Path empty = write("empty.csv", "\n \n");
        Path noVolume = write("novolume.csv", "date,open,high,low,close\n");
        Path twoTimes = write("twice.csv", "date,time,open,high,low,close,volume\n");

        assertRefused(absent, "can't read the bars file " + absent + ": there is no such file");
        assertRefused(dir, "can't read the bars file " + dir + ": Is a directory");
        assertRefused(empty, "the bars file " + empty + " is empty");
        assertRefused(
                noVolume,
                "can't read the bars file " + noVolume + ": its header names no column volume; add it, or name the"
                        + " columns with --source-columns");
        assertRefused(
                twoTimes,
                "can't read the bars file " + twoTimes + ": its header names the column time twice; say with"
                        + " --source-columns which one counts");
    }

    private void assertRefused(Path file, String message) {
        assertThatThrownBy(() -> bars(file))
                .isInstanceOf(StartupException.class)
                .hasMessage(message);
    }

    private List<String> messages() {
        return logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    private List<IntradayBar> bars(Path file, String... settings) {
        List<IntradayBar> bars = new ArrayList<>();
        try (BarFile open = BarFile.open(file, Given.settings(settings), metrics)) {
            IntradayBar bar;
            while ((bar = open.next()) != null) {
                bars.add(bar);
            }
        }
        return bars;
    }

    private Path write(String name, String text) throws IOException {
        return Files.write(dir.resolve(name), text.getBytes(StandardCharsets.UTF_8));
    }
}

package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.jobs.Source.Batch;
import dev.cutover.schema.Event.IntradayBar;
import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileSourceTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @TempDir
    Path dir;

    private final List<IntradayBar> history = new ArrayList<>();

    @Test
    void theFirstRowIsDueAtOnceAndOpenAsItStandsInTheFile() {
        FileSource source = msft();

        Batch first = source.advance(Duration.ZERO);

        assertThat(first.closed()).isEmpty();
        assertThat(first.newest()).singleElement().satisfies(bar -> {
            assertThat(bar.timestampMinute()).isEqualTo("2016-04-15T19:48:00Z");
            assertThat(bar.symbol()).isEqualTo("MSFT");
            assertThat(bar.open()).hasToString("55.615");
            assertThat(bar.close()).hasToString("55.5999");
            assertThat(bar.volume()).hasToString("110449");
            assertThat(bar.closed()).isFalse();
        });
    }

    @Test
    void aBarClosesAtItsMinutesEndAndTheNextOneOpens() {
        FileSource source = msft();
        source.advance(Duration.ZERO);

        assertThat(played(source, Duration.ofSeconds(59))).isEqualTo("[] 19:48 open");
        assertThat(played(source, Duration.ofSeconds(1))).isEqualTo("[19:48] 19:49 open");
        assertThat(played(source, MINUTE)).isEqualTo("[19:49] 19:50 open");
    }

    @Test
    void atSpeed600TenBarsCloseInASecondEachOfThemOnce() {
        FileSource source = msft();
        source.advance(Duration.ZERO);

        List<IntradayBar> firstSecond = source.advance(MINUTE.multipliedBy(10)).closed();
        List<IntradayBar> secondSecond = source.advance(MINUTE.multipliedBy(10)).closed();
        List<IntradayBar> thirdSecond = source.advance(MINUTE.multipliedBy(10)).closed();

        assertThat(firstSecond).hasSize(10).allMatch(IntradayBar::closed);
        assertThat(secondSecond).hasSize(10);
        assertThat(thirdSecond).hasSize(1);
        List<IntradayBar> all = new ArrayList<>(firstSecond);
        all.addAll(secondSecond);
        all.addAll(thirdSecond);
        assertThat(all).extracting(IntradayBar::timestampMinute).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void aNightIsSkippedAndTheNextDayOpensAtOnce() {
        FileSource source = msft();
        source.advance(MINUTE.multipliedBy(12));

        assertThat(played(source, Duration.ofSeconds(59))).isEqualTo("[] 20:00 open");
        Batch monday = source.advance(Duration.ofSeconds(1));

        assertThat(Given.minutesOf(monday.closed())).containsExactly("MSFT 20:00");
        assertThat(monday.newest().get(0).timestampMinute()).isEqualTo("2016-04-18T13:30:00Z");
        assertThat(monday.sourceTime()).isEqualTo("2016-04-18T13:30:00Z");
    }

    @Test
    void whatIsLeftOfAStepAfterASkipCountsForTheNextDay() {
        FileSource source = msft();
        source.advance(MINUTE.multipliedBy(12));

        Batch monday = source.advance(Duration.ofSeconds(150));

        assertThat(Given.minutesOf(monday.closed())).containsExactly("MSFT 20:00", "MSFT 13:30");
        assertThat(monday.sourceTime()).isEqualTo("2016-04-18T13:31:30Z");
    }

    @Test
    void aStepLongerThanAPauseStillSkipsIt() throws IOException {
        FileSource source = source("A 09:30", "A 09:40", "A 09:45", "A 09:50");
        source.advance(Duration.ZERO);

        // a minute up to the pause, and nine behind it
        assertThat(played(source, MINUTE.multipliedBy(10))).isEqualTo("[09:30, 09:40] 09:45 open");
        assertThat(source.advance(Duration.ZERO).sourceTime()).isEqualTo("2016-04-15T09:49:00Z");
    }

    @Test
    void throughAShortPauseTheNewestBarStaysOpenAndClosesRightBeforeTheNext() throws IOException {
        FileSource source = source("A 09:30", "A 09:31", "A 09:34", "A 09:35");
        source.advance(MINUTE);

        assertThat(played(source, MINUTE)).isEqualTo("[] 09:31 open");
        assertThat(played(source, MINUTE)).isEqualTo("[] 09:31 open");
        assertThat(played(source, MINUTE)).isEqualTo("[09:31] 09:34 open");
        assertThat(played(source, MINUTE)).isEqualTo("[09:34] 09:35 open");
    }

    @Test
    void aPauseOfExactlyTheLongestIsWaitedThroughAndALongerOneSkipped() throws IOException {
        FileSource waits = source("A 09:30", "A 09:36");
        FileSource skips = source("A 09:30", "A 09:37");
        waits.advance(Duration.ZERO);
        skips.advance(Duration.ZERO);

        assertThat(played(waits, MINUTE)).isEqualTo("[] 09:30 open");
        assertThat(played(waits, MINUTE.multipliedBy(5))).isEqualTo("[09:30] 09:36 open");
        assertThat(played(skips, MINUTE)).isEqualTo("[09:30] 09:37 open");
    }

    @Test
    void atTheEndTheLastBarClosesWhenItsMinuteEndsAndIsHeld() throws IOException {
        FileSource source = source("A 09:30", "A 09:31");
        source.advance(MINUTE);

        assertThat(played(source, MINUTE)).isEqualTo("[09:31] 09:31 closed");
        Batch later = source.advance(MINUTE.multipliedBy(100));

        assertThat(later.closed()).isEmpty();
        assertThat(later.newest()).singleElement().matches(IntradayBar::closed);
        assertThat(later.sourceTime()).isEqualTo("2016-04-15T09:32:00Z");
    }

    @Test
    void severalSymbolsInterleaveByTime() throws IOException {
        FileSource source = source("A 09:30", "B 09:30", "A 09:31", "B 09:31", "A 09:32");

        assertThat(played(source, Duration.ZERO)).isEqualTo("[] A 09:30 open, B 09:30 open");
        assertThat(played(source, MINUTE)).isEqualTo("[A 09:30, B 09:30] A 09:31 open, B 09:31 open");
        assertThat(played(source, MINUTE)).isEqualTo("[A 09:31] A 09:32 open, B 09:31 open");
        assertThat(played(source, MINUTE)).isEqualTo("[A 09:32, B 09:31] A 09:32 closed, B 09:31 closed");
    }

    @Test
    void aSymbolThatOthersLeaveBehindClosesOnceItsPauseIsTooLong() throws IOException {
        FileSource source = source("A 09:30", "B 09:30", "B 09:34", "B 09:38", "B 09:42", "A 09:43");
        source.advance(MINUTE.multipliedBy(6));

        assertThat(played(source, Duration.ofSeconds(1))).isEqualTo("[A 09:30] A 09:30 closed, B 09:34 open");
        assertThat(played(source, MINUTE.multipliedBy(7))).isEqualTo("[B 09:34, B 09:38] A 09:43 open, B 09:42 open");
    }

    @Test
    void aRestartGoesOnWithTheFirstRowThatIsNotFinalYet() {
        FileSource source = msft(upTo("MSFT", "2016-04-15T19:59:00Z"));

        Batch first = source.advance(Duration.ZERO);

        assertThat(first.closed()).isEmpty();
        assertThat(Given.minutesOf(first.newest())).containsExactly("MSFT 20:00");
        assertThat(first.newest().get(0).closed()).isFalse();
        assertThat(Given.minutesOf(history)).hasSize(12).last().isEqualTo("MSFT 19:59");
    }

    @Test
    void aRestartInANightGoesOnWithTheNextDayAtOnce() {
        FileSource source = msft(upTo("MSFT", "2016-04-15T20:00:00Z"));

        assertThat(source.advance(Duration.ZERO).newest().get(0).timestampMinute())
                .isEqualTo("2016-04-18T13:30:00Z");
        assertThat(source.referencePrice("MSFT")).hasToString("55.615");
    }

    @Test
    void aRestartAtTheEndHoldsTheLastStateAndClosesNothingAgain() {
        FileSource source = msft(upTo("MSFT", "2016-04-18T13:37:00Z"));

        Batch first = source.advance(Duration.ZERO);

        assertThat(first.closed()).isEmpty();
        assertThat(first.newest()).singleElement().matches(IntradayBar::closed);
        assertThat(Given.minutesOf(first.newest())).containsExactly("MSFT 13:37");
    }

    @Test
    void aRestartOpensABarThatWasOpenAlthoughOtherSymbolsWentOn() throws IOException {
        Progress progress = new Progress(Map.of("B", Instant.parse("2016-04-15T09:31:00Z")));
        FileSource source = source(progress, "A 09:30", "B 09:30", "B 09:31", "B 09:32", "A 09:33");

        assertThat(played(source, Duration.ZERO)).isEqualTo("[] A 09:30 open, B 09:32 open");
        assertThat(Given.minutesOf(history)).containsExactly("B 09:30", "B 09:31");
        assertThat(played(source, MINUTE)).isEqualTo("[A 09:30] A 09:33 open, B 09:32 open");
    }

    @Test
    void aRunCutAnywhereAndRestartedClosesEachBarOnce() {
        List<String> whole = Given.minutesOf(msft().advance(Duration.ofDays(30)).closed());
        for (int cut = 0; cut < whole.size(); cut++) {
            FileSource before = msft();
            List<IntradayBar> closed =
                    new ArrayList<>(before.advance(MINUTE.multipliedBy(cut)).closed());
            Progress progress = closed.isEmpty()
                    ? Progress.NONE
                    : new Progress(Map.of("MSFT", closed.get(closed.size() - 1).timestampMinute()));

            closed.addAll(msft(progress).advance(Duration.ofDays(30)).closed());

            assertThat(Given.minutesOf(closed)).as("cut after %d minutes", cut).isEqualTo(whole);
        }
    }

    @Test
    void aFileWithoutAUsableRowIsRefusedWithTheFirstReason() throws IOException {
        Path file = Files.writeString(dir.resolve("x.csv"), "date,open,high,low,close,volume\nno,bar\nno,bar\n");
        Path headerAlone = Files.writeString(dir.resolve("y.csv"), "date,open,high,low,close,volume\n");

        assertThatThrownBy(() -> FileSource.open(file, Given.settings(), Given.metrics()))
                .isInstanceOf(StartupException.class)
                .hasMessageStartingWith("the bars file " + file + " holds no bar; 2 rows were skipped, the first: "
                        + file + ", line 2: the time 'no' is neither");
        assertThatThrownBy(() -> FileSource.open(headerAlone, Given.settings(), Given.metrics()))
                .hasMessage("the bars file " + headerAlone + " holds no bar");
    }

    private static Progress upTo(String symbol, String minute) {
        return new Progress(Map.of(symbol, Instant.parse(minute)));
    }

    /** Real bars: thirteen minutes to a Friday's close, and eight from Monday's open. */
    private FileSource msft() {
        return msft(Progress.NONE);
    }

    private FileSource msft(Progress progress) {
        try {
            Path file = Path.of(
                    FileSourceTest.class.getResource("msft-1m-excerpt.tsv").toURI());
            FileSource source = FileSource.open(file, Given.settings("symbol", "MSFT"), Given.metrics());
            source.resume(progress, history::add);
            return source;
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private FileSource source(String... rows) throws IOException {
        return source(Progress.NONE, rows);
    }

    /** @param rows symbol and time of one day, each at the price of 1 */
    private FileSource source(Progress progress, String... rows) throws IOException {
        StringBuilder text = new StringBuilder("symbol,date,open,high,low,close,volume\n");
        for (String row : rows) {
            text.append(row.replace(" ", ",2016-04-15 ")).append(":00,1,1,1,1,100\n");
        }
        Path file = Files.createTempFile(dir, "bars", ".csv");
        Files.writeString(file, text);
        FileSource source = FileSource.open(file, Given.settings(), Given.metrics());
        source.resume(progress, history::add);
        return source;
    }

    /** One step, as {@code [closed] newest}; the symbol is left out where there is only one. */
    private static String played(FileSource source, Duration step) {
        Batch batch = source.advance(step);
        String newest = String.join(
                ", ",
                batch.newest().stream()
                        .map(bar -> Given.minuteOf(bar) + (bar.closed() ? " closed" : " open"))
                        .toList());
        String played = Given.minutesOf(batch.closed()) + " " + newest;
        return batch.newest().size() > 1 ? played : played.replaceAll("[A-Z]+ ", "");
    }
}

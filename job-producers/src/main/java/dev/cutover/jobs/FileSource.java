package dev.cutover.jobs;

import dev.cutover.schema.Event.IntradayBar;
import dev.cutover.schema.StartupException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plays the bars of a file. Only minutes that are in the file are emitted.
 *
 * <pre>
 *   rows      09:30      09:31                09:34                        13:00
 *             ├──────────┼────────────────────┼──────────╢  skipped  ╟─────┼──────────╢ end: held as it stands
 *   open      09:30      09:31, through the   09:34                        13:00
 *                        pause up to maxGap
 *   closed               09:30                09:31      09:34                        13:00
 * </pre>
 *
 * A row opens at its minute's start. A bar closes right before its symbol's next row opens; at its minute's end where the file
 * ends or pauses for longer than {@code maxGap}; or once that long has passed in a symbol that other symbols' rows have left
 * behind. Owned by the intraday job's thread.
 */
final class FileSource implements Source {
    private static final Logger log = LoggerFactory.getLogger(FileSource.class);
    private static final String KIND = "file";
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final BarFile file;
    private final Duration maxGap;
    private final String id;
    private final Map<String, BigDecimal> referencePrices = new HashMap<>();
    private final Map<String, IntradayBar> newest = new LinkedHashMap<>();
    private final List<IntradayBar> closed = new ArrayList<>();
    /** The row that opens next; null at the end of the file. */
    private IntradayBar next;
    /** The minute of the row that opened last; null before the first. */
    private Instant newestMinute;

    private Instant time;

    private FileSource(BarFile file, Duration maxGap) {
        this.file = file;
        this.maxGap = maxGap;
        this.id = KIND + ":" + file.path() + "|" + file.symbols();
        this.next = file.next();
    }

    /** @throws StartupException when the file can't be read, or holds no row that is a bar */
    static FileSource open(Path path, JobsSettings settings, JobsMetrics metrics) {
        BarFile file = BarFile.open(path, settings, metrics);
        FileSource source = new FileSource(file, settings.maxGap());
        if (source.next == null) {
            file.close();
            BadRows bad = file.badRows();
            throw new StartupException("the bars file " + path + " holds no bar"
                    + (bad.count() == 0
                            ? ""
                            : "; " + bad.count() + (bad.count() == 1 ? " row was" : " rows were")
                                    + " skipped, the first: " + bad.first()));
        }
        return source;
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public String id() {
        return id;
    }

    /** Reads past all that lies before where the earlier run was; the row that is then due opens at once. */
    @Override
    public void resume(Progress progress, Consumer<IntradayBar> history) {
        Instant lastFinal = progress.finalMinutes().values().stream()
                .max(Comparator.naturalOrder())
                .orElse(Instant.MIN);
        while (next != null && !next.timestampMinute().isAfter(lastFinal)) {
            if (progress.covers(next.symbol(), next.timestampMinute())) {
                IntradayBar bar = asFinal(next);
                show(bar);
                history.accept(bar);
            } else {
                openNext();
            }
            next = file.next();
        }
        if (newestMinute == null) {
            time = next.timestampMinute();
            return;
        }
        Instant afterNewest = newestMinute.plus(MINUTE);
        time = next == null || isLongPause() ? afterNewest : next.timestampMinute();
        log.info(
                "going on in {} at {}, where an earlier run left off",
                file.path(),
                next == null ? "its end, which is held" : next.timestampMinute());
    }

    @Override
    public Batch advance(Duration elapsed) {
        time = time.plus(elapsed);
        while (next != null) {
            skipLongPause();
            if (time.isBefore(next.timestampMinute())) {
                break;
            }
            openNext();
            next = file.next();
        }
        if (next == null && !time.isBefore(newestMinute.plus(MINUTE))) {
            time = newestMinute.plus(MINUTE);
            if (newest.values().stream().anyMatch(bar -> !bar.closed())) {
                log.info("{} is at its end; its last bars are held, and emitted again as they stand", file.path());
            }
            closeAll();
        }
        closeLeftBehind();
        Batch batch = new Batch(time, closed, List.copyOf(newest.values()));
        closed.clear();
        return batch;
    }

    /** A step that reaches into a long pause goes on behind it, however far it reaches. */
    private void skipLongPause() {
        if (newestMinute == null || !isLongPause()) {
            return;
        }
        Instant pauseStart = newestMinute.plus(MINUTE);
        if (!time.isBefore(pauseStart)) {
            closeAll();
            time = next.timestampMinute().plus(Duration.between(pauseStart, time));
        }
    }

    /** Whether more than {@code maxGap} lies between the newest bar's end and the next row. */
    private boolean isLongPause() {
        Duration pause = Duration.between(newestMinute.plus(MINUTE), next.timestampMinute());
        return pause.compareTo(maxGap) > 0;
    }

    private void openNext() {
        close(next.symbol());
        show(next);
    }

    private void show(IntradayBar bar) {
        newest.put(bar.symbol(), bar);
        newestMinute = bar.timestampMinute();
        referencePrices.putIfAbsent(bar.symbol(), bar.open());
    }

    private void closeAll() {
        newest.keySet().forEach(this::close);
    }

    private void closeLeftBehind() {
        newest.values().stream()
                .filter(bar -> bar.timestampMinute().plus(MINUTE).plus(maxGap).isBefore(time))
                .map(IntradayBar::symbol)
                .toList()
                .forEach(this::close);
    }

    private void close(String symbol) {
        IntradayBar bar = newest.get(symbol);
        if (bar != null && !bar.closed()) {
            IntradayBar last = asFinal(bar);
            newest.put(symbol, last);
            closed.add(last);
        }
    }

    private static IntradayBar asFinal(IntradayBar bar) {
        return new IntradayBar(
                bar.country(),
                bar.symbol(),
                bar.timestampMinute(),
                bar.open(),
                bar.high(),
                bar.low(),
                bar.close(),
                bar.volume(),
                true);
    }

    @Override
    public BigDecimal referencePrice(String symbol) {
        return referencePrices.get(symbol);
    }

    @Override
    public void close() {
        file.close();
    }
}

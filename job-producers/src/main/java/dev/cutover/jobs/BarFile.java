package dev.cutover.jobs;

import dev.cutover.schema.Event.IntradayBar;
import dev.cutover.schema.InvalidEventException;
import dev.cutover.schema.StartupException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the one-minute bars of a CSV or TSV file, a line at a time: the file may be of any length. Rows that are no bars, or go
 * back in time, are reported and skipped. Confined to one thread at a time.
 */
final class BarFile implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(BarFile.class);
    private static final String BYTE_ORDER_MARK = "\uFEFF";

    /** Fewer than an event may hold, so that what is reckoned from a price and a quantity still fits. */
    private static final int MOST_DIGITS = 18;

    private final Path path;
    private final BufferedReader reader;
    private final RowTimes times;
    private final String country;
    private final BadRows badRows;
    private BarLayout layout;
    private String defaultSymbol;
    private long lineNumber;
    /** The first line until it has been read as a row; null where it was a header, and afterwards. */
    private String pendingLine;

    private Instant newestMinute;
    private final Set<String> symbolsOfMinute = new HashSet<>();

    private BarFile(Path path, BufferedReader reader, JobsSettings settings, JobsMetrics metrics) {
        this.path = path;
        this.reader = reader;
        this.times = new RowTimes(settings.sourceZone());
        this.country = settings.country();
        this.badRows = new BadRows(path, metrics);
    }

    /** @throws StartupException when the file can't be read, is empty, or its header lacks a needed column */
    static BarFile open(Path path, JobsSettings settings, JobsMetrics metrics) {
        BufferedReader reader = null;
        try {
            // a reader made this way puts a mark in the place of bytes that are not UTF-8, where others would give up
            reader = new BufferedReader(new InputStreamReader(Files.newInputStream(path), StandardCharsets.UTF_8));
            BarFile file = new BarFile(path, reader, settings, metrics);
            file.readLayout(settings);
            return file;
        } catch (IOException e) {
            closeQuietly(reader);
            throw new StartupException("can't read the bars file " + path + ": " + reason(e), e);
        } catch (StartupException e) {
            closeQuietly(reader);
            throw e;
        }
    }

    private void readLayout(JobsSettings settings) throws IOException {
        String line = nextLine();
        if (line == null) {
            throw new StartupException("the bars file " + path + " is empty");
        }
        try {
            layout = BarLayout.of(line, settings.sourceColumns());
        } catch (IllegalArgumentException e) {
            throw new StartupException("can't read the bars file " + path + ": " + e.getMessage(), e);
        }
        pendingLine = layout.hasHeader() ? null : line;
        defaultSymbol = settings.symbol() == null ? nameWithoutExtension(path) : settings.symbol();
        if (layout.hasSymbols() && settings.symbol() != null) {
            log.warn("--symbol {} is not used: {} has a symbol column", settings.symbol(), path);
        }
    }

    /** The next bar, {@code final} false; null at the end of the file, or where it can't be read on. */
    IntradayBar next() {
        try {
            String line;
            while ((line = nextRow()) != null) {
                try {
                    return bar(line);
                } catch (BadRowException | InvalidEventException e) {
                    badRows.skipped(lineNumber, e.getMessage());
                }
            }
            badRows.atEnd();
        } catch (IOException e) {
            log.error("can't read {} on after line {}, which is taken for its end: {}", path, lineNumber, reason(e));
        }
        return null;
    }

    private String nextRow() throws IOException {
        String line = pendingLine == null ? nextLine() : pendingLine;
        pendingLine = null;
        return line;
    }

    /** The next line that is not blank. */
    private String nextLine() throws IOException {
        String line;
        do {
            line = reader.readLine();
            if (line == null) {
                return null;
            }
            lineNumber++;
            if (lineNumber == 1 && line.startsWith(BYTE_ORDER_MARK)) {
                line = line.substring(1);
            }
        } while (line.isBlank());
        return line;
    }

    private IntradayBar bar(String line) throws BadRowException {
        String[] row = layout.cells(line);
        Instant minute = times.parse(layout.cell(row, BarColumn.TIME), newestMinute);
        IntradayBar bar = new IntradayBar(
                country,
                layout.hasSymbols() ? layout.cell(row, BarColumn.SYMBOL) : defaultSymbol,
                minute,
                number(row, BarColumn.OPEN),
                number(row, BarColumn.HIGH),
                number(row, BarColumn.LOW),
                number(row, BarColumn.CLOSE),
                number(row, BarColumn.VOLUME),
                false);
        putInOrder(bar);
        return bar;
    }

    private void putInOrder(IntradayBar bar) throws BadRowException {
        Instant minute = bar.timestampMinute();
        if (newestMinute != null && minute.isBefore(newestMinute)) {
            throw new BadRowException("its time " + minute + " goes back behind " + newestMinute
                    + " of a row before it; rows must be sorted by time");
        }
        if (!minute.equals(newestMinute)) {
            symbolsOfMinute.clear();
            newestMinute = minute;
        }
        if (!symbolsOfMinute.add(bar.symbol())) {
            throw new BadRowException("it repeats the minute " + minute + " of " + bar.symbol());
        }
    }

    private BigDecimal number(String[] row, BarColumn column) throws BadRowException {
        String text = layout.cell(row, column);
        try {
            BigDecimal number = new BigDecimal(text);
            if (number.scale() <= MOST_DIGITS && (long) number.precision() - number.scale() <= MOST_DIGITS) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below, like a number out of range
        }
        throw new BadRowException("its " + column.nameInFiles() + " '" + text + "' is no number of at most "
                + MOST_DIGITS + " digits before its point, and after it");
    }

    Path path() {
        return path;
    }

    BadRows badRows() {
        return badRows;
    }

    /** What to call the source beside its path: the symbol, where the rows name none. */
    String symbols() {
        return layout.hasSymbols() ? "*" : defaultSymbol;
    }

    private static String nameWithoutExtension(Path path) {
        String name = path.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }

    private static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "there is no such file";
        }
        return e instanceof AccessDeniedException ? "this user may not read it" : e.getMessage();
    }

    private static void closeQuietly(BufferedReader reader) {
        try {
            if (reader != null) {
                reader.close();
            }
        } catch (IOException e) {
            log.debug("a file that was only read could not be closed", e);
        }
    }

    @Override
    public void close() {
        closeQuietly(reader);
    }
}

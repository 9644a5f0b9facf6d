package dev.cutover.jobs;

import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports the rows of a file that were skipped: the first few each by themselves, then now and then how many. Owned by the
 * thread that reads the file.
 */
final class BadRows {
    private static final Logger log = LoggerFactory.getLogger(BadRows.class);
    private static final int REPORTED = 50;

    private final Path file;
    private final JobsMetrics metrics;
    private long count;
    private long reportNext = 100;
    private String first;

    BadRows(Path file, JobsMetrics metrics) {
        this.file = file;
        this.metrics = metrics;
    }

    void skipped(long line, String reason) {
        count++;
        metrics.badRow();
        String what = file + ", line " + line + ": " + reason.replaceAll("\\p{Cntrl}", "?");
        first = first == null ? what : first;
        if (count <= REPORTED) {
            log.warn("skipped a row: {}", what);
        } else if (count == reportNext) {
            log.warn("skipped {} rows so far, the last one: {}", count, what);
            reportNext *= 10;
        }
    }

    void atEnd() {
        if (count > REPORTED) {
            log.warn("skipped {} rows of {} in all", count, file);
        }
    }

    long count() {
        return count;
    }

    /** Where and why the first one was skipped; null where none was. */
    String first() {
        return first;
    }
}

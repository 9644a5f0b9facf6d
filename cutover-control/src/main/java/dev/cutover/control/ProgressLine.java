package dev.cutover.control;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/**
 * What a command that runs long says meanwhile: on a terminal one line, rewritten each second; in a log a line every ten.
 * Confined to one thread.
 */
final class ProgressLine {
    /** Where it is shown. */
    enum Place {
        TERMINAL(Duration.ofSeconds(1)),
        LOG(Duration.ofSeconds(10)),
        /** What the command prints passes by where it would be shown. */
        NOWHERE(Duration.ofDays(1));

        private final Duration interval;

        Place(Duration interval) {
            this.interval = interval;
        }

        /** @param printed whether what the command prints all the while goes to standard output */
        static Place of(boolean printed) {
            if (!Terminal.showsErrors()) {
                return LOG;
            }
            return printed && Terminal.showsOutput() ? NOWHERE : TERMINAL;
        }
    }

    private static final String CLEAR_TO_END_OF_LINE = "\u001b[K";

    private final PrintWriter err;
    private final Place place;
    private final LongSupplier nowNs;
    private long shownNs;

    ProgressLine(PrintWriter err, Place place, LongSupplier nowNs) {
        this.err = err;
        this.place = place;
        this.nowNs = nowNs;
        this.shownNs = nowNs.getAsLong();
    }

    /**
     * To be called now and then; most calls show nothing.
     *
     * @param line what to say, given how many nanoseconds have passed since it was said last
     */
    void tick(LongFunction<String> line) {
        long now = nowNs.getAsLong();
        if (place == Place.NOWHERE || now - shownNs < place.interval.toNanos()) {
            return;
        }
        String text = line.apply(now - shownNs);
        if (place == Place.TERMINAL) {
            // whatever is written next begins on the same line, and takes its place
            err.print(text + CLEAR_TO_END_OF_LINE + "\r");
            err.flush();
        } else {
            err.println(text);
        }
        shownNs = now;
    }

    /** Ends the line that is rewritten, if there is one, and says something for good. */
    void say(String line) {
        err.println(line + (place == Place.TERMINAL ? CLEAR_TO_END_OF_LINE : ""));
    }
}

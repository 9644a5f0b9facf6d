package dev.cutover.control;

import dev.cutover.control.WindowReport.Window;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** What {@code compare} is to compare. */
sealed interface ComparePlan {
    /** What REST answers from now on. */
    record Live(Duration length) implements ComparePlan {}

    /**
     * What REST has served in a window.
     *
     * @param from null for all that Kafka keeps
     */
    record Recorded(Instant from, Instant until) implements ComparePlan {}

    /**
     * Two windows of the events.
     *
     * @param timeWithin by how much an instant may be off the windows' distance; null for one cadence
     */
    record Windows(Window first, Window second, Duration timeWithin) implements ComparePlan {}

    /** The options that say it. Times that say how long ago all count from one moment: windows have an exact distance. */
    final class Options {
        private static final String NOW = "now";
        private static final Duration LONGEST = Duration.ofDays(1);

        @Option(
                names = "--for",
                paramLabel = "DURATION",
                converter = CompareRules.ToDuration.class,
                description = "how long REST is asked and compared, such as 60s (the default)")
        private Duration length;

        @Option(
                names = "--from",
                paramLabel = "earliest|TIME",
                description = "where the window begins; earliest is all that Kafka keeps")
        private String from;

        @Option(names = "--until", paramLabel = "now|TIME", description = "before which it ends (default now)")
        private String until;

        @Option(
                names = "--with",
                paramLabel = "TIME",
                description = "where the other window begins; it is as long as the first")
        private String with;

        @Option(names = "--with-until", paramLabel = "now|TIME", description = "before which the other window ends")
        private String withUntil;

        @Option(
                names = "--time-within",
                paramLabel = "DURATION",
                converter = CompareRules.ToDuration.class,
                description =
                        "with --with: an instant in the data that is later by the windows' distance is equal, give or"
                                + " take so much (default: a cadence of its event type; 0s is exactly)")
        private Duration timeWithin;

        /**
         * What the options ask for.
         *
         * @throws ParameterException when they do not fit each other
         */
        ComparePlan plan(CommandSpec spec, Instant now) {
            check(spec, from != null || (until == null && with == null), "--until and --with need --from");
            check(
                    spec,
                    with != null || (withUntil == null && timeWithin == null),
                    "--with-until and --time-within need --with");
            check(spec, from == null || length == null, "--for and --from exclude each other: now, or the past");
            if (from == null) {
                Duration live = length == null ? Duration.ofSeconds(60) : length;
                check(spec, !live.isZero() && live.compareTo(LONGEST) <= 0, "--for must be from 1ms to 1d");
                return new Live(live);
            }
            Start begin = read(spec, "--from", from, List.of(Start.EARLIEST), now);
            Instant end = end(spec, "--until", until == null ? NOW : until, now);
            checkOrder(spec, "--from", begin.time(), "--until", end);
            if (with == null) {
                return new Recorded(begin.time(), end);
            }
            check(spec, begin.time() != null, "--with needs a time for --from: earliest has no distance to it");
            Instant other = read(spec, "--with", with, List.of(), now).time();
            Instant otherEnd = withUntil == null
                    ? other.plus(Duration.between(begin.time(), end))
                    : end(spec, "--with-until", withUntil, now);
            checkOrder(spec, "--with", other, "--with-until", otherEnd);
            return new Windows(new Window(begin.time(), end), new Window(other, otherEnd), timeWithin);
        }

        private static Instant end(CommandSpec spec, String option, String text, Instant now) {
            Start end = read(spec, option, text, List.of(NOW), now);
            return end.word() == null ? end.time() : now;
        }

        private static Start read(CommandSpec spec, String option, String text, List<String> words, Instant now) {
            try {
                return Start.read(text, words, now);
            } catch (TypeConversionException e) {
                throw new ParameterException(spec.commandLine(), option + " " + e.getMessage());
            }
        }

        private static void checkOrder(CommandSpec spec, String begin, Instant from, String end, Instant until) {
            check(
                    spec,
                    from == null || until.isAfter(from),
                    end + " must be after " + begin + ", but " + until + " is not after " + from);
        }

        private static void check(CommandSpec spec, boolean condition, String rule) {
            if (!condition) {
                throw new ParameterException(spec.commandLine(), rule);
            }
        }
    }
}

package dev.cutover.jobs;

import dev.cutover.schema.Event.IntradayBar;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

/**
 * Where one-minute bars come from. A source keeps its own time, which passes only by {@link #advance}. Confined to the thread
 * that runs the {@link IntradayJob}; only its names may be asked for by any.
 */
interface Source extends AutoCloseable {

    /**
     * What a step in source time brought.
     *
     * @param sourceTime the source's time after the step
     * @param closed the bars that closed since the step before, oldest first, each with {@code final} true; a bar is here once
     *     in the life of the source
     * @param newest each symbol's newest bar as it stands: open, or closed already where no newer one has opened
     */
    record Batch(Instant sourceTime, List<IntradayBar> closed, List<IntradayBar> newest) {
        public Batch {
            closed = List.copyOf(closed);
            newest = List.copyOf(newest);
        }
    }

    /** What sort of source it is, as part of a URI: {@code simulated}, {@code file}. */
    String kind();

    /** Names the source and all that changes what it emits: progress under another id is not this source's. */
    String id();

    /**
     * Goes to where the source is to start; called once, before the first step.
     *
     * @param progress how far an earlier run got; {@link Progress#NONE} where there was none
     * @param history takes the closed bars that lie before the start and are not emitted again: at least those of the UTC day
     *     that it starts in, oldest first for each symbol
     */
    void resume(Progress progress, Consumer<IntradayBar> history);

    /**
     * One step in source time.
     *
     * @param elapsed since the step before; zero at the first step, which emits what is due at the start
     */
    Batch advance(Duration elapsed);

    /** A price that the symbol once had, the same after every restart; only for symbols that a bar has named. */
    BigDecimal referencePrice(String symbol);

    @Override
    void close();
}

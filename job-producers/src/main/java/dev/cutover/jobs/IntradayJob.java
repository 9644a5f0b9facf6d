package dev.cutover.jobs;

import dev.cutover.jobs.MarketState.Quote;
import dev.cutover.jobs.Source.Batch;
import dev.cutover.schema.Event.IntradayBar;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves the source on and emits its bars: those that closed since the last tick, each once as final, then each symbol's newest.
 * Source time passes {@code speed} times as fast as the slots, not as the runs, so that a late tick changes no pace.
 *
 * <p>Owned by its thread in the scheduler, as are the source and the bars under way; the state that the other jobs read crosses
 * by one reference to an immutable snapshot.
 */
final class IntradayJob implements Job {
    private static final Logger log = LoggerFactory.getLogger(IntradayJob.class);

    /** The source stands still while Kafka owes answers for this many closed bars, so that they are all kept to be sent again. */
    private static final int MAX_UNACKNOWLEDGED = 10_000;

    /** A job that was held up catches up by steps of this much wall time, not by all at once. */
    private static final Duration MAX_STEP = Duration.ofSeconds(10);

    private final Source source;
    private final double speed;
    private final EventPublisher publisher;
    private final AtomicReference<MarketState> market;
    private final JobsMetrics metrics;
    private final String progressKey;
    private final ClosedBars closed;
    private final Map<String, Quote> quotes = new HashMap<>();
    /** The wall time that the source has been moved on for; null before the first tick. */
    private Instant reached;

    private boolean heldUp;
    /** Kafka's answer to the first bar, tried again until it is good; null before. Read by health, from any thread. */
    private volatile CompletableFuture<Void> firstBar;

    /**
     * @param source opened; it is moved to where {@code progress} says
     * @param market where the state is published
     */
    IntradayJob(
            Source source,
            Progress progress,
            double speed,
            EventPublisher publisher,
            AtomicReference<MarketState> market,
            JobsMetrics metrics) {
        this.source = source;
        this.speed = speed;
        this.publisher = publisher;
        this.market = market;
        this.metrics = metrics;
        this.progressKey = progressKey(source);
        this.closed = new ClosedBars(publisher, progress);
        source.resume(progress, this::quote);
    }

    /** The key of its record in {@code jobs.progress}. */
    static String progressKey(Source source) {
        return "IntradayJob|" + source.id();
    }

    @Override
    public String name() {
        return "intraday";
    }

    @Override
    public Outcome run(Slot slot) {
        if (closed.settle()) {
            publisher.publish(progressKey, closed.progress());
        }
        if (closed.size() < MAX_UNACKNOWLEDGED) {
            heldUp = false;
            Batch batch = source.advance(step(slot.at()));
            closed.add(batch.closed());
            batch.closed().forEach(this::quote);
            batch.newest().forEach(this::quote);
            market.set(new MarketState(batch.sourceTime(), quotes));
            measure(batch.sourceTime());
            closed.send();
            batch.newest().forEach(this::publishNewest);
        } else {
            sayHeldUp();
            measure(market.get().sourceTime());
            closed.send();
        }
        return Outcome.DONE;
    }

    /** How much source time passes up to this slot. None passes when the wall clock was set back. */
    private Duration step(Instant slot) {
        Duration wall = reached == null ? Duration.ZERO : Duration.between(reached, slot);
        if (wall.compareTo(MAX_STEP) > 0) {
            wall = MAX_STEP;
            reached = reached.plus(wall);
        } else {
            reached = slot;
        }
        return wall.isNegative() ? Duration.ZERO : Duration.ofNanos(Math.round(wall.toNanos() * speed));
    }

    private void quote(IntradayBar bar) {
        Quote before = quotes.get(bar.symbol());
        quotes.put(
                bar.symbol(),
                before == null ? Quote.first(source.referencePrice(bar.symbol()), bar) : before.after(bar));
    }

    private void publishNewest(IntradayBar bar) {
        CompletableFuture<Void> answer = publisher.send(bar);
        if (firstBar == null || firstBar.isCompletedExceptionally()) {
            firstBar = answer;
        }
    }

    private void measure(Instant sourceTime) {
        metrics.source(sourceTime, reached, closed.size());
    }

    private void sayHeldUp() {
        if (!heldUp) {
            heldUp = true;
            log.warn(
                    "the source stands still at {}: Kafka owes answers for {} closed bars",
                    market.get().sourceTime(),
                    closed.size());
        }
    }

    /** Whether Kafka has acknowledged a bar; any thread may ask. */
    boolean hasEmitted() {
        CompletableFuture<Void> answer = firstBar;
        return answer != null && answer.isDone() && !answer.isCompletedExceptionally();
    }

    /**
     * Waits for the answers under way and writes the progress that they make. To be called once its thread has ended, by the
     * one that takes its state over.
     */
    void finish(Duration patience) {
        try {
            closed.answered().get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            log.warn("Kafka still owes answers for {} closed bars; a restart emits them again", closed.size());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException("an answer that was to hold its failure", e);
        }
        if (closed.settle()) {
            publisher.publish(progressKey, closed.progress());
        }
    }
}

package dev.cutover.jobs;

import dev.cutover.schema.Event.IntradayBar;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Bars that nobody traded. A bar is a pure function of seed, symbol and source time: the same in any process and after any
 * restart; the open bar of a second is the beginning of the closed one. Every minute of every day has its bar.
 *
 * <p>It starts at wall time, or where an earlier run left off if that is later; bars that closed during a pause of at most
 * {@code maxGap} are made up for, a longer pause is jumped over. Owned by the intraday job's thread.
 */
final class SimulatedSource implements Source {
    private static final String KIND = "simulated";
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final String country;
    private final Duration maxGap;
    private final Clock wallClock;
    private final Map<String, SimulatedInstrument> instruments = new LinkedHashMap<>();
    /** Symbol to the start of the first minute that has not been emitted as closed. */
    private final Map<String, Instant> nextToClose = new LinkedHashMap<>();

    private Instant time;

    /** @param wallClock asked once, for where to start */
    SimulatedSource(List<String> symbols, long seed, String country, Duration maxGap, Clock wallClock) {
        this.country = country;
        this.maxGap = maxGap;
        this.wallClock = wallClock;
        symbols.forEach(symbol -> instruments.put(symbol, SimulatedInstrument.of(symbol, seed)));
    }

    @Override
    public String kind() {
        return KIND;
    }

    /** Neither seed nor symbols are part of it: on kept data, time goes on also where they have changed. */
    @Override
    public String id() {
        return KIND;
    }

    @Override
    public void resume(Progress progress, Consumer<IntradayBar> history) {
        Instant now = wallClock.instant();
        Instant leftOff = progress.finalMinutes().values().stream()
                .map(minute -> minute.plus(MINUTE))
                .max(Instant::compareTo)
                .orElse(now);
        time = leftOff.isAfter(now) ? leftOff : now;
        for (String symbol : instruments.keySet()) {
            Instant last = progress.finalMinutes().get(symbol);
            boolean madeUpFor = last != null && !last.plus(MINUTE).isBefore(time.minus(maxGap));
            Instant next = madeUpFor ? last.plus(MINUTE) : time.truncatedTo(ChronoUnit.MINUTES);
            nextToClose.put(symbol, next);
            for (Instant minute = next.truncatedTo(ChronoUnit.DAYS);
                    minute.isBefore(next);
                    minute = minute.plus(MINUTE)) {
                history.accept(closedBar(symbol, minute));
            }
        }
    }

    @Override
    public Batch advance(Duration elapsed) {
        time = time.plus(elapsed);
        Instant open = time.truncatedTo(ChronoUnit.MINUTES);
        List<IntradayBar> closed = new ArrayList<>();
        for (Instant minute = Collections.min(nextToClose.values());
                minute.isBefore(open);
                minute = minute.plus(MINUTE)) {
            for (String symbol : instruments.keySet()) {
                if (!nextToClose.get(symbol).isAfter(minute)) {
                    closed.add(closedBar(symbol, minute));
                }
            }
        }
        nextToClose.replaceAll((symbol, next) -> open);
        int seconds = (int) Duration.between(open, time).toSeconds() + 1;
        List<IntradayBar> newest = instruments.values().stream()
                .map(instrument -> instrument.bar(country, open, seconds))
                .toList();
        return new Batch(time, closed, newest);
    }

    private IntradayBar closedBar(String symbol, Instant minute) {
        return instruments.get(symbol).closedBar(country, minute);
    }

    @Override
    public BigDecimal referencePrice(String symbol) {
        return instruments.get(symbol).basePrice();
    }

    @Override
    public void close() {
        // holds nothing
    }
}

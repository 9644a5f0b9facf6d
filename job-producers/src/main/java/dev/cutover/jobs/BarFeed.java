package dev.cutover.jobs;

import dev.cutover.schema.Event;
import dev.cutover.schema.Health;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The jobs that run on a source of bars, simulated or of a file. */
final class BarFeed implements Feed {
    private static final Logger log = LoggerFactory.getLogger(BarFeed.class);

    private final JobsSettings settings;
    private final Source source;
    private final Progress progress;
    private final JobsMetrics metrics;
    /** Null before the start, and where the catalog has no intraday bars. */
    private IntradayJob intraday;

    /**
     * @param source handed over: closed by {@link #close}
     * @param progress how far an earlier run got with that source
     */
    BarFeed(JobsSettings settings, Source source, Progress progress, JobsMetrics metrics) {
        this.settings = settings;
        this.source = source;
        this.progress = progress;
        this.metrics = metrics;
    }

    @Override
    public String kind() {
        return source.kind();
    }

    @Override
    public boolean emits(String type) {
        return List.of(Event.IntradayBar.TYPE, Event.VwapUpdate.TYPE, Event.AccountBalance.TYPE, Event.Positions.TYPE)
                .contains(type);
    }

    @Override
    public void start(Starter starter, EventPublisher publisher, Instant start) {
        AtomicReference<MarketState> market = new AtomicReference<>(MarketState.EMPTY);
        Valuations valuations = new Valuations(new Portfolio(settings.seed(), settings.accounts()), market::get);
        IntradayJob bars = new IntradayJob(source, progress, settings.speed(), publisher, market, metrics);
        // what the bars' first tick says is there when the others first ask
        Instant afterFirstBars = start.plusSeconds(1);
        intraday = starter.start(Event.IntradayBar.TYPE, bars, start) ? bars : null;
        starter.start(Event.VwapUpdate.TYPE, new VwapJob(settings.country(), market::get, publisher), afterFirstBars);
        starter.start(Event.AccountBalance.TYPE, new AccountBalanceJob(valuations, publisher), afterFirstBars);
        starter.start(Event.Positions.TYPE, new PositionsJob(valuations, publisher), afterFirstBars);
        log.info("jobs run from {} at {} times its pace", source.id(), settings.speed());
    }

    @Override
    public Health health() {
        return new Health(
                intraday == null || intraday.hasEmitted()
                        ? List.of()
                        : List.of("Kafka has not acknowledged a bar yet"));
    }

    @Override
    public void finish(Duration patience) {
        if (intraday != null) {
            intraday.finish(patience);
        }
    }

    @Override
    public void close() {
        source.close();
    }
}

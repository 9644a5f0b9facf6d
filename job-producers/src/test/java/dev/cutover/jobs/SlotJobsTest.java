package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.cutover.jobs.Job.Outcome;
import dev.cutover.jobs.Job.Slot;
import dev.cutover.jobs.MarketState.Quote;
import dev.cutover.schema.Event;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.MarketCalendar;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.MockProducer;
import org.junit.jupiter.api.Test;

/** The jobs that emit what holds in their slot. */
final class SlotJobsTest {
    private static final Instant START = Instant.parse("2026-01-05T15:30:00Z");

    private final MockProducer<byte[], byte[]> producer = Given.producer(true);
    private final EventPublisher publisher = new EventPublisher(
            producer,
            FeatureCatalog.shipped(),
            "/cutover/jobs/simulated",
            new ManualClock(START.toString()),
            Given.metrics());
    private final AtomicReference<MarketState> market = new AtomicReference<>(MarketState.EMPTY);

    @Test
    void heartsBeatAtThirtyAndSixtyTicksAndSoOn() {
        HeartbeatJob job = new HeartbeatJob(Duration.ofSeconds(30), publisher);
        for (int beat = 0; beat <= 3; beat++) {
            job.run(slot(beat, 30));
        }

        assertThat(Given.events(producer, Event.Heartbeat.class))
                .extracting(Event.Heartbeat::heartbeatCount, Event.Heartbeat::timestamp)
                .containsExactly(
                        tuple(30L, START.plusSeconds(30)),
                        tuple(60L, START.plusSeconds(60)),
                        tuple(90L, START.plusSeconds(90)));
    }

    @Test
    void beatsThatWereMissedShowInTheCountAndAClockSetBackRepeatsNone() {
        HeartbeatJob job = new HeartbeatJob(Duration.ofSeconds(30), publisher);
        for (int beat : new int[] {1, 4, 2, -7}) {
            job.run(slot(beat, 30));
        }

        assertThat(Given.events(producer, Event.Heartbeat.class))
                .extracting(Event.Heartbeat::heartbeatCount)
                .containsExactly(30L, 120L, 150L, 180L);
    }

    @Test
    void allTenMarketsAreReadAtTheSlot() {
        MarketStatusJob job = new MarketStatusJob(MarketCalendar.shipped(), publisher);
        Slot slot = slot(1, 10);

        job.run(slot);

        List<Event.MarketStatus> statuses = Given.events(producer, Event.MarketStatus.class);
        assertThat(statuses).hasSize(10).allSatisfy(status -> {
            assertThat(status.timestamp()).isEqualTo(slot.at());
            assertThat(status.secondsToNextEvent()).isPositive();
        });
        assertThat(statuses)
                .extracting(Event.MarketStatus::country)
                .doesNotHaveDuplicates()
                .contains("USA", "Japan");
        // a Monday, half past ten in New York
        assertThat(statuses)
                .filteredOn(status -> status.country().equals("USA"))
                .extracting(Event.MarketStatus::status)
                .containsExactly(Event.MarketStatus.Status.OPEN);
    }

    @Test
    void averagesWaitForTheFirstPriceAndBearTheSourcesTime() {
        VwapJob job = new VwapJob("USA", market::get, publisher);
        assertThat(job.run(slot(0, 60))).isEqualTo(Outcome.NOT_YET);
        assertThat(producer.history()).isEmpty();

        market.set(market("2016-04-15T13:30:40.700Z", "455.00"));
        assertThat(job.run(slot(0, 60))).isEqualTo(Outcome.DONE);

        assertThat(Given.events(producer, Event.VwapUpdate.class))
                .singleElement()
                .satisfies(update -> {
                    assertThat(update.symbol()).isEqualTo("SPY");
                    assertThat(update.vwap()).isEqualByComparingTo("455");
                    assertThat(update.volume()).isEqualByComparingTo("100");
                    assertThat(update.timestamp()).isEqualTo("2016-04-15T13:30:40Z");
                });
    }

    @Test
    void balancesAndPositionsOfOneSlotHangTogetherExactly() {
        Valuations valuations = new Valuations(new Portfolio(42, 3), market::get);
        for (int i = 0; i < 5; i++) {
            market.set(market("2016-04-15T13:30:40Z", "45" + i + ".25"));
            new AccountBalanceJob(valuations, publisher).run(slot(i, 10));
            market.set(market("2016-04-15T13:30:41Z", "46" + i + ".75"));
            new PositionsJob(valuations, publisher).run(slot(i, 10));
        }

        List<Event.Positions> positions = Given.events(producer, Event.Positions.class);
        assertThat(Given.events(producer, Event.AccountBalance.class))
                .hasSize(15)
                .allSatisfy(balance -> {
                    Event.Positions same = positions.stream()
                            .filter(each -> each.accountId() == balance.accountId()
                                    && each.timestamp().equals(balance.timestamp()))
                            .findFirst()
                            .orElseThrow();
                    BigDecimal sum = same.positions().stream()
                            .map(position -> position.quantity().multiply(position.currentPrice()))
                            .reduce(balance.cash(), BigDecimal::add);
                    assertThat(balance.portfolioValue()).isEqualByComparingTo(sum);
                });
    }

    private static Slot slot(int number, int cadenceSeconds) {
        return new Slot(number, START.plusSeconds((long) number * cadenceSeconds));
    }

    private static MarketState market(String sourceTime, String price) {
        Quote quote = Quote.first(new BigDecimal("450.00"), Given.bar("SPY", "2016-04-15T13:30:00Z", price, false));
        return new MarketState(Instant.parse(sourceTime), Map.of("SPY", quote));
    }
}

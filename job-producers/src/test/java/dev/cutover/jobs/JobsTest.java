package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.cutover.schema.Event;
import dev.cutover.schema.EventCodec;
import dev.cutover.schema.EventHeaders;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.MarketCalendar;
import dev.cutover.schema.StartupException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class JobsTest {
    private static final String FAST_HEARTBEAT = "heartbeat: {topic: events.heartbeat, cadence: 1s}";

    @TempDir
    Path dir;

    private final JobsSettings settings = Given.settings();
    private final MockProducer<byte[], byte[]> producer = Given.producer(true);

    @Test
    void eachTypeOfTheCatalogIsEmittedByItsJob() throws IOException {
        String shipped = new String(
                FeatureCatalog.class.getResourceAsStream("features.yaml").readAllBytes(), StandardCharsets.UTF_8);
        FeatureCatalog catalog = catalog(shipped.replaceFirst("heartbeat: \\{.*\\}", FAST_HEARTBEAT));

        try (Jobs jobs = started(catalog)) {
            await().until(() -> emittedTypes().equals(EventCodec.types()));
            await().until(() -> jobs.health().ready());
            assertThat(jobs.published()).isPositive();
        }
        assertThat(Given.events(producer, Event.Positions.class))
                .allSatisfy(positions -> assertThat(positions.positions()).isNotEmpty());
    }

    @Test
    void aJobWithoutItsEventTypeInTheCatalogIsNotStarted() throws IOException {
        FeatureCatalog catalog = catalog("""
                features:
                  - name: balances
                    topic: events.balances
                    partitions: 1
                    delivery: latest
                    events:
                      - {type: account_balance, key: account_id, cadence: 500ms, view: latest}
                """ + FAST_HEARTBEAT);

        try (Jobs jobs = started(catalog)) {
            await().until(() -> Given.events(producer, Event.Heartbeat.class).size() >= 2);
            assertThat(jobs.health().ready()).isTrue();
        }
        assertThat(emittedTypes()).containsExactlyInAnyOrder("account_balance", "heartbeat");
    }

    @Test
    void besideAPolledServiceNothingIsMadeUpAndTheCalendarStandsInWhereItHasNoEndpoint() throws IOException {
        FeatureCatalog catalog = catalog("""
                features:
                  - name: quotes
                    topic: events.quotes
                    partitions: 1
                    delivery: latest
                    events: [{type: quote, key: symbol, cadence: 500ms, view: latest}]
                    rest: {path: /api/quotes, all: {quotes: quote}}
                  - name: balances
                    topic: events.balances
                    partitions: 1
                    delivery: latest
                    events: [{type: account_balance, key: account_id, cadence: 500ms, view: latest}]
                  - name: global_market
                    topic: events.global-market
                    partitions: 1
                    delivery: latest
                    events: [{type: market_status, key: market_id, cadence: 500ms, view: latest}]
                """ + FAST_HEARTBEAT);
        Clock clock = Clock.systemUTC();
        // nothing listens on port 1
        Feed feed = new PollFeed(URI.create("http://127.0.0.1:1"), catalog, settings.poll(), clock, Given.metrics());

        try (Jobs jobs = Jobs.start(catalog, MarketCalendar.shipped(), feed, producer, Given.metrics(), clock)) {
            await().until(() -> Given.events(producer, Event.Heartbeat.class).size() >= 2);
            assertThat(jobs.health().reasons())
                    .singleElement()
                    .asString()
                    .startsWith(
                            "feature quotes can't be read from the polled service: GET http://127.0.0.1:1/api/quotes/");
        }
        assertThat(emittedTypes()).containsExactlyInAnyOrder("market_status", "heartbeat");
    }

    @Test
    void jobsAreReadyOnlyOnceKafkaHasAcknowledgedABar() {
        MockProducer<byte[], byte[]> silent = Given.producer(false);
        try (Jobs jobs = started(FeatureCatalog.shipped(), silent)) {
            await().until(() -> !silent.history().isEmpty());
            assertThat(jobs.health().reasons()).containsExactly("Kafka has not acknowledged a bar yet");
        }
    }

    @Test
    void closingTakesNoMoreThanItsDeadlineAlthoughKafkaOwesAnswers() {
        MockProducer<byte[], byte[]> silent = Given.producer(false);
        Jobs jobs = started(FeatureCatalog.shipped(), silent);
        await().until(() -> !silent.history().isEmpty());
        long startNs = System.nanoTime();

        jobs.close();

        assertThat(Duration.ofNanos(System.nanoTime() - startNs)).isLessThan(Duration.ofSeconds(3));
        assertThat(silent.closed()).isTrue();
    }

    @Test
    void aKafkaThatIsAwayHoldsAJobForItsBoundAndIsHeardOfAtOnce() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        // nothing listens on port 1
        KafkaConnection nowhere = new KafkaConnection("127.0.0.1:1", Map.of("max.block.ms", "100"));
        EventPublisher publisher = new EventPublisher(
                nowhere.producer("jobs-test"),
                FeatureCatalog.shipped(),
                "/cutover/jobs/simulated",
                Clock.systemUTC(),
                new JobsMetrics(registry, Clock.systemUTC()));

        assertThatThrownBy(() -> publisher.publish(Given.bar("SPY", "2026-01-05T15:30:00Z", "450", false)))
                .isInstanceOf(TimeoutException.class)
                .hasMessageContaining("not present in metadata after 100 ms");
        assertThat(publisher.problem()).isPresent();
        assertThat(registry.counter("cutover.jobs.events.failed", "type", "intraday_bar")
                        .count())
                .isEqualTo(1);
        publisher.close(Duration.ZERO);
    }

    @Test
    void aSourceOrCalendarThatCannotBeReadIsRefusedBeforeKafkaIsAsked() {
        Path absent = dir.resolve("absent");

        assertThatThrownBy(() -> Jobs.check(Given.settings("source", "file:" + absent), FeatureCatalog.shipped()))
                .isInstanceOf(StartupException.class)
                .hasMessage("can't read the bars file " + absent + ": there is no such file");
        assertThatThrownBy(() -> Jobs.check(Given.settings("markets", absent.toString()), FeatureCatalog.shipped()))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining(absent.toString());
    }

    private Jobs started(FeatureCatalog catalog) {
        return started(catalog, producer);
    }

    private Jobs started(FeatureCatalog catalog, MockProducer<byte[], byte[]> into) {
        Clock clock = Clock.systemUTC();
        Source source =
                new SimulatedSource(settings.symbols(), settings.seed(), settings.country(), settings.maxGap(), clock);
        Feed feed = new BarFeed(settings, source, Progress.NONE, Given.metrics());
        return Jobs.start(catalog, MarketCalendar.shipped(), feed, into, Given.metrics(), clock);
    }

    private FeatureCatalog catalog(String yaml) throws IOException {
        return FeatureCatalog.load(Files.writeString(dir.resolve("features.yaml"), yaml));
    }

    private Set<String> emittedTypes() {
        return producer.history().stream()
                .map(record -> EventHeaders.type(record.headers()))
                .filter(type -> type != null)
                .collect(Collectors.toSet());
    }
}

package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.cutover.jobs.Job.Slot;
import dev.cutover.jobs.PollClient.Answer;
import dev.cutover.jobs.PollFault.Kind;
import dev.cutover.schema.FeatureCatalog;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The job against a service whose answers the test gives, with time moved by hand. */
@Timeout(60)
final class PollJobTest {
    private static final Instant START = Instant.parse("2026-01-05T15:30:00Z");
    private static final String ONE = "{\"accounts\":[{\"account_id\":1,\"cash\":5.00}]}";
    private static final String TWO = "{\"accounts\":[{\"account_id\":1,\"cash\":6.00}]}";

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final ManualClock clock = new ManualClock(START.toString());
    private final JobsMetrics metrics = new JobsMetrics(registry, clock);
    private final MockProducer<byte[], byte[]> producer = Given.producer(true);
    private final Service service = new Service();

    /** Answers what is asked at once with what it was told last, unless it is told to wait. */
    private static final class Service implements PollClient.Asking {
        private final Map<String, Answer> answers = new HashMap<>();
        private final Map<String, CompletableFuture<Answer>> waiting = new HashMap<>();
        private final List<String> asked = new CopyOnWriteArrayList<>();

        @Override
        public CompletableFuture<Answer> get(URI uri, String etag) {
            asked.add(uri.getPath()
                    + (uri.getQuery() == null ? "" : "?" + uri.getQuery())
                    + (etag == null ? "" : " if not " + etag));
            String place = uri.getPath() + (uri.getQuery() == null ? "" : "?" + uri.getQuery());
            CompletableFuture<Answer> late = waiting.get(place);
            return late == null ? CompletableFuture.completedFuture(answers.get(place)) : late;
        }

        void says(String place, String body) {
            says(place, body, null);
        }

        void says(String place, String body, String etag) {
            answers.put(place, new Answer.Body(body.getBytes(StandardCharsets.UTF_8), etag));
        }

        void fails(String place) {
            answers.put(place, new Answer.Failed(new PollFault(Kind.STATUS, "the service answered 500")));
        }
    }

    @Test
    void aChangeGoesOutAtThePollAndWhatIsUnchangedAtItsCadence() throws Exception {
        PollJob job = job("account_balance", "poll-every", "1s");
        service.says("/api/account/balance/", ONE);
        run(job, 0);
        run(job, 1);
        service.says("/api/account/balance/", TWO);
        run(job, 2);
        for (int second = 3; second <= 12; second++) {
            run(job, second);
        }

        assertThat(emitted())
                .containsExactly(
                        "1 {\"account_id\":1,\"cash\":5.00}",
                        "1 {\"account_id\":1,\"cash\":6.00}",
                        "1 {\"account_id\":1,\"cash\":6.00}");
        assertThat(producer.history().get(0).topic()).isEqualTo("events.account-balance");
        assertThat(text(producer.history()
                        .get(0)
                        .headers()
                        .lastHeader("ce_source")
                        .value()))
                .isEqualTo("/cutover/jobs/rest-poll");
        assertThat(job.health().ready()).isTrue();
    }

    @Test
    void whileTheServiceFailsNothingIsEmittedAndHealthSaysSoAndThenItGoesOn() throws Exception {
        PollJob job = job("account_balance");
        assertThat(job.health().reasons()).containsExactly("feature account_balance has not been polled yet");
        service.says("/api/account/balance/", ONE);
        run(job, 0);
        service.fails("/api/account/balance/");
        for (int second = 10; second <= 100; second += 10) {
            run(job, second);
        }

        assertThat(emitted()).hasSize(1);
        assertThat(job.health().reasons())
                .containsExactly("feature account_balance can't be read from the polled service:"
                        + " GET http://legacy/api/account/balance/: the service answered 500");
        assertThat(faults("account_balance", "status")).isEqualTo(10);

        service.says("/api/account/balance/", ONE);
        run(job, 110);
        assertThat(emitted()).hasSize(2);
        assertThat(job.health().ready()).isTrue();
        assertThat(job.health().degraded()).isEmpty();
    }

    @Test
    void whatHasNotChangedByItsTagIsEmittedAgainAtItsCadence() throws Exception {
        PollJob job = job("account_balance", "poll-every", "5s");
        service.says("/api/account/balance/", ONE, "\"v1\"");
        run(job, 0);
        service.answers.put("/api/account/balance/", new Answer.NotModified());
        run(job, 5);
        run(job, 10);

        assertThat(service.asked)
                .containsExactly(
                        "/api/account/balance/",
                        "/api/account/balance/ if not \"v1\"",
                        "/api/account/balance/ if not \"v1\"");
        assertThat(emitted()).hasSize(2);
    }

    @Test
    void badElementsAreCountedAndDegradeAndTheGoodOnesGoOut() throws Exception {
        PollJob job = job("account_balance");
        service.says(
                "/api/account/balance/",
                "{\"accounts\":[{\"account_id\":1},{\"id\":2},3,{\"account_id\":4}]}",
                "\"v1\"");
        run(job, 0);
        run(job, 10);

        assertThat(emitted())
                .containsExactly(
                        "1 {\"account_id\":1}", "4 {\"account_id\":4}", "1 {\"account_id\":1}", "4 {\"account_id\":4}");
        assertThat(faults("account_balance", "bad-element")).isEqualTo(4);
        assertThat(job.health().ready()).isTrue();
        assertThat(job.health().degraded())
                .containsExactly(
                        "feature account_balance is polled in part: GET http://legacy/api/account/balance/:"
                                + " /accounts/1 has no text or whole number 'account_id', the key of account_balance, and 1 more");
        assertThat(service.asked)
                .as("a faulty answer's tag is not used: the faults are to be found again")
                .containsExactly("/api/account/balance/", "/api/account/balance/");
    }

    @Test
    void oneKeyThatFailsDegradesAndAllThatFailAreNotReady() throws Exception {
        PollJob job = job("positions", "poll-keys", "intraday=SPY;positions=1,2");
        service.says("/api/positions/?account_id=1", "{\"account_id\":1}");
        service.fails("/api/positions/?account_id=2");
        run(job, 0);

        assertThat(emitted()).containsExactly("1 {\"account_id\":1}");
        assertThat(job.health().ready()).isTrue();
        assertThat(job.health().degraded())
                .containsExactly("feature positions is polled in part: GET http://legacy/api/positions/?account_id=2:"
                        + " the service answered 500");

        service.fails("/api/positions/?account_id=1");
        run(job, 10);
        assertThat(job.health().reasons()).singleElement().asString().endsWith("so it is with 2 of its 2 polls");
    }

    @Test
    void aKeyWhoseAnswerIsSlowHoldsUpNoOtherAndIsTakenUpLater() throws Exception {
        PollJob job = job("intraday", "poll-keys", "intraday=SPY,QQQ");
        CompletableFuture<Answer> late = new CompletableFuture<>();
        service.waiting.put("/api/intraday/bars/?symbol=SPY", late);
        service.says("/api/intraday/bars/?symbol=QQQ", bars("QQQ", 1));
        clock.set(START.plusSeconds(1));
        run(job, 0);
        service.says("/api/intraday/bars/?symbol=QQQ", bars("QQQ", 2));
        clock.set(START.plusSeconds(2));
        run(job, 1);

        assertThat(emitted()).hasSize(2).allMatch(event -> event.startsWith("QQQ"));
        assertThat(service.asked.stream().filter(place -> place.endsWith("SPY")))
                .hasSize(1);

        late.complete(new Answer.Body(bars("SPY", 1).getBytes(StandardCharsets.UTF_8), null));
        clock.set(START.plusSeconds(3));
        run(job, 2);
        assertThat(emitted()).anyMatch(event -> event.startsWith("SPY"));
        assertThat(service.asked.stream().filter(place -> place.endsWith("SPY")))
                .hasSize(2);
    }

    @Test
    void noMoreRequestsAreUnderWayThanMayBe() throws Exception {
        PollJob job = job("positions", "poll-keys", "intraday=SPY;positions=1,2,3,4,5", "poll-requests", "2");
        CompletableFuture<Answer> first = new CompletableFuture<>();
        for (int key = 1; key <= 5; key++) {
            service.waiting.put("/api/positions/?account_id=" + key, key == 1 ? first : new CompletableFuture<>());
        }
        Thread running = new Thread(() -> {
            try {
                run(job, 0);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        running.start();
        await().until(() -> running.getState() == Thread.State.WAITING);
        assertThat(service.asked).hasSize(2);

        first.complete(new Answer.NotModified());
        await().until(() -> service.asked.size() == 3);
        running.interrupt();
        running.join();
        assertThat(service.asked).hasSize(3);
    }

    @Test
    void whatKafkaCouldNotTakeIsEmittedByTheNextTry() throws Exception {
        PollJob job = job("account_balance");
        service.says("/api/account/balance/", ONE, "\"v1\"");
        producer.sendException = new TimeoutException("no broker answers");

        assertThatThrownBy(() -> run(job, 0)).isInstanceOf(TimeoutException.class);
        producer.sendException = null;
        service.answers.put("/api/account/balance/", new Answer.NotModified());
        run(job, 0);

        assertThat(emitted()).containsExactly("1 {\"account_id\":1,\"cash\":5.00}");
    }

    @Test
    void anEventThatIsTooBigForKafkaHoldsUpNoOther() throws Exception {
        PollJob job = job("account_balance");
        service.says("/api/account/balance/", ONE);
        producer.sendException = new RecordTooLargeException("2 MB");

        run(job, 0);

        assertThat(faults("account_balance", "bad-element")).isEqualTo(1);
        assertThat(job.health().degraded()).singleElement().asString().contains("of '1' is too big for Kafka: 2 MB");
    }

    private PollJob job(String feature, String... settings) {
        List<String> given = new ArrayList<>(List.of(settings));
        if (!given.contains("poll-keys")) {
            given.addAll(List.of("poll-keys", "intraday=SPY"));
        }
        PollSettings poll = Given.settings(given.toArray(String[]::new)).poll();
        PollPlan plan = PollPlan.of(FeatureCatalog.shipped(), URI.create("http://legacy"), poll).stream()
                .filter(each -> each.feature().name().equals(feature))
                .findFirst()
                .orElseThrow();
        EventPublisher publisher =
                new EventPublisher(producer, FeatureCatalog.shipped(), "/cutover/jobs/rest-poll", clock, metrics);
        return new PollJob(plan, poll.requests(), service, publisher, clock, metrics);
    }

    private static void run(PollJob job, int second) throws InterruptedException {
        assertThat(job.run(new Slot(second, START.plusSeconds(second)))).isEqualTo(Job.Outcome.DONE);
    }

    private static String bars(String symbol, int close) {
        return "{\"bars\":[{\"symbol\":\"" + symbol + "\",\"timestamp_minute\":\"2026-01-05T15:30:00Z\",\"close\":"
                + close + "}],\"vwap\":null}";
    }

    private List<String> emitted() {
        return producer.history().stream()
                .map(record -> text(record.key()) + " " + text(record.value()))
                .toList();
    }

    private double faults(String feature, String kind) {
        Counter counter = registry.find("cutover.jobs.poll.faults")
                .tags("feature", feature, "kind", kind)
                .counter();
        return counter == null ? 0 : counter.count();
    }

    private static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }
}

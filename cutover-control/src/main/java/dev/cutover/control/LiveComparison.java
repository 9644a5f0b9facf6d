package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.control.RestProbe.Answer;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.ServedRecord;
import dev.cutover.schema.StartupException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Compares what REST answers just now with the events: has REST asked for some keys, and reads from Kafka what it has answered,
 * to whomever, and the events. An answer that REST had recorded before, and so does not record again, stands as that record.
 * Confined to the thread that runs the command.
 */
final class LiveComparison {
    private static final Duration POLL = Duration.ofMillis(100);
    /** What was served is looked at so much later: an event of that time is there by then. */
    private static final Duration SETTLED = Duration.ofSeconds(1);
    /** For so long REST's last answers, and their records, are waited for. */
    private static final Duration GRACE = Duration.ofSeconds(10);

    private static final int MOST_BEFORE = 10_000;
    private static final int OK = 200;
    private static final int PROMOTED = 410;
    private static final Comparison EQUAL = Comparison.of(Map.of(), List.of());

    private final ComparedTopics topics;
    private final CompareRules.Applied rules;
    private final Set<String> only;
    private final ParityReport report;
    private final ProgressLine progress;
    private final InstantSource clock;
    private final LongSupplier nanoClock;
    private final RestSampler sampler;
    private final URI address;
    private final Map<String, Integer> answers = new TreeMap<>();
    private final List<PartitionJudging> partitions = new ArrayList<>();
    /** From which offset on what was served is new, by partition. */
    private final Map<TopicPartition, Long> newFrom = new HashMap<>();

    private final Map<Asking, Before> before = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Asking, Before> eldest) {
            return size() > MOST_BEFORE;
        }
    };

    /** Those that are asked for. */
    private final NavigableSet<String> keys;

    /** What was asked for: a key by itself, or as part of the list. */
    private record Asking(String key, boolean inList) {}

    /** What was served before this began. */
    private record Before(int partition, ServedRecord served, int length) {}

    /** @param only the keys to ask for; empty for a sample of all */
    LiveComparison(
            ComparedTopics topics,
            CompareRules.Applied rules,
            Set<String> only,
            ParityReport report,
            ProgressLine progress,
            URI rest,
            int sample,
            InstantSource clock,
            LongSupplier nanoClock) {
        this.topics = topics;
        this.rules = rules;
        this.only = Set.copyOf(only);
        this.report = report;
        this.progress = progress;
        this.clock = clock;
        this.address = rest;
        this.nanoClock = nanoClock;
        this.keys = new TreeSet<>(only);
        this.sampler = new RestSampler(rest, topics.feature(), sample, nanoClock.getAsLong());
    }

    /** What REST answered so far: the status, or why there was none, to how often. */
    Map<String, Integer> answers() {
        return answers;
    }

    /**
     * Compares for as long as that.
     *
     * @throws InterruptedException when the thread is to stop; what was found by then is in the report
     * @throws StartupException when REST does not serve the feature at all
     * @throws org.apache.kafka.common.KafkaException when Kafka fails
     */
    void run(Duration length) throws InterruptedException {
        Consumer<byte[], byte[]> consumer = topics.consumer();
        catchUp(consumer);
        Instant began = clock.instant();
        Instant deadline = began.plus(length);
        try {
            for (Instant now = began; now.isBefore(deadline); now = clock.instant()) {
                sampler.ask(keys, nanoClock.getAsLong());
                step(consumer, true);
                long passed = Duration.between(began, now).toSeconds();
                progress.tick(sinceNs -> passed + " of " + length.toSeconds() + " s, " + report.compared()
                        + " compared, " + report.faults() + " faults");
            }
            finish(consumer);
        } finally {
            partitions.forEach(PartitionJudging::giveUp);
        }
    }

    /** Reads what the events were made of, and what was served of late. */
    private void catchUp(Consumer<byte[], byte[]> consumer) throws InterruptedException {
        Map<TopicPartition, Long> ends = new HashMap<>(consumer.endOffsets(topics.allServed()));
        newFrom.putAll(ends);
        Map<TopicPartition, Long> eventsEnds = consumer.endOffsets(topics.allEvents());
        ends.putAll(eventsEnds);
        Map<TopicPartition, Long> begins = new HashMap<>(consumer.beginningOffsets(ends.keySet()));
        Map<TopicPartition, Long> froms = new HashMap<>();
        for (int i = 0; i < topics.partitions(); i++) {
            TopicPartition events = topics.events(i);
            TopicPartition served = topics.served(i);
            HistoryStart start = HistoryStart.find(
                    topics.feature(), events, consumer, topics.admin(), begins.get(events), eventsEnds.get(events));
            froms.put(events, start.from());
            froms.put(
                    served,
                    HistoryStart.offsetAt(served, consumer, start.judgeFromMs(), begins.get(served), ends.get(served)));
            partitions.add(new PartitionJudging(
                    topics.feature(),
                    i,
                    start.standing(topics.epoch()),
                    rules.judge(topics.feature()),
                    rules.comparison(topics.feature()),
                    report));
        }
        consumer.assign(froms.keySet());
        froms.forEach(consumer::seek);
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            poll(consumer, true);
            progress.tick(sinceNs -> "reading the events so far");
        }
        learnKeys();
    }

    private void step(Consumer<byte[], byte[]> consumer, boolean accept) throws InterruptedException {
        poll(consumer, accept);
        for (Answer answer; (answer = sampler.poll()) != null; ) {
            answered(answer);
        }
        learnKeys();
        Instant settled = clock.instant().minus(SETTLED);
        partitions.forEach(each -> each.settle(settled));
    }

    /** @param accept whether what was served is still to be judged */
    private void poll(Consumer<byte[], byte[]> consumer, boolean accept) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        Instant now = clock.instant();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            PartitionJudging judging = partitions.get(record.partition());
            if (record.topic().equals(topics.feature().topic())) {
                judging.event(record);
            } else if (accept) {
                served(record, judging, now);
            }
        }
    }

    private void served(ConsumerRecord<byte[], byte[]> record, PartitionJudging judging, Instant now) {
        ServedRecord served = judging.read(record);
        if (served == null) {
            return;
        }
        if (record.offset() >= newFrom.get(new TopicPartition(record.topic(), record.partition()))) {
            judging.served(served, record.value().length, now);
        } else if (served.kind() == ServedRecord.Kind.ENTRY && !served.query().contains("&")) {
            before.put(
                    new Asking(served.key(), served.query().isEmpty()),
                    new Before(record.partition(), served, record.value().length));
        }
    }

    private void learnKeys() {
        int known =
                partitions.stream().mapToInt(each -> each.log().keys().size()).sum();
        if (only.isEmpty() && known != keys.size()) {
            keys.clear();
            partitions.forEach(each -> keys.addAll(each.log().keys().keySet()));
        }
    }

    private void answered(Answer answer) {
        boolean first = answers.isEmpty();
        String result = answer.why() == null ? Integer.toString(answer.status()) : answer.why();
        answers.merge(result, 1, Integer::sum);
        if (first && answer.status() == 0) {
            throw new StartupException("no REST service answers at " + address + " (" + result
                    + "); start one with ./cutover up, or say where it is with --host and --rest-port");
        }
        if (first && answer.status() == PROMOTED) {
            throw new StartupException("REST at " + address + " answers 410: "
                    + topics.feature().name()
                    + " is promoted; what was served before can be compared with --from and --until");
        }
        if (answer.status() != OK) {
            return;
        }
        JsonNode body;
        try {
            body = Json.read(Json.MAPPER, JsonNode.class, answer.body().getBytes(StandardCharsets.UTF_8));
        } catch (JsonFault e) {
            return; // what REST has made of it is judged by its own record
        }
        Feature.Rest rest = topics.feature().rest().orElseThrow();
        String key = answer.question().key();
        if (key != null) {
            confirm(new Asking(key, false), body);
        } else {
            for (JsonNode element : body.path(rest.all().member())) {
                confirm(new Asking(element.path(rest.all().type().key()).asText(), true), element);
            }
        }
    }

    /** What was recorded before, and is answered still. */
    private void confirm(Asking asking, JsonNode body) {
        Before known = before.get(asking);
        if (known != null && EQUAL.compare(body, known.served().body()).isEqual()) {
            before.remove(asking);
            partitions.get(known.partition()).served(known.served(), known.length(), clock.instant());
        }
    }

    private void finish(Consumer<byte[], byte[]> consumer) throws InterruptedException {
        sampler.stop();
        Instant end = clock.instant().plus(GRACE);
        Instant answered = clock.instant();
        while (clock.instant().isBefore(end) && clock.instant().isBefore(answered.plus(SETTLED))) {
            answered = sampler.isAsking() ? clock.instant() : answered;
            step(consumer, true);
        }
        end = clock.instant().plus(GRACE).plus(rules.lag());
        while (clock.instant().isBefore(end) && partitions.stream().anyMatch(each -> each.waiting() > 0)) {
            step(consumer, false);
        }
    }
}

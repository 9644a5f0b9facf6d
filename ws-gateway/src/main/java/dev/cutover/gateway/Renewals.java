package dev.cutover.gateway;

import dev.cutover.schema.Feature;
import dev.cutover.schema.KafkaConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The features whose log is not the one that was read any more: their topic was made anew, or their records are gone. Where the
 * reading of such a log begins is searched for on a thread of its own, {@code gateway-renewal}, for as long as it takes, while
 * the tail goes on with the other features.
 *
 * <p>Owned by the tail's thread, but for {@link #onRenewed}, which is safe on any.
 */
final class Renewals implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Renewals.class);
    private static final long RETRY_MS = 500;
    private static final long CLOSE_MS = 1_000;

    /** Looks up where a feature's log begins now. Blocks; may fail by a {@link KafkaException}, and is then tried again. */
    interface Search {
        Found find(Feature feature) throws InterruptedException;
    }

    /** @param epoch the id of the topic in which that beginning is */
    record Found(String epoch, Beginning beginning) {}

    /** A feature, by its place in the catalog, and where its reading begins anew. */
    record Renewal(int feature, String epoch, Beginning beginning) {}

    private record Signal(String topic, String id) {}

    private final List<Feature> features;
    private final Search search;
    private final ScheduledExecutorService searcher = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "gateway-renewal");
        thread.setDaemon(true);
        return thread;
    });

    // crossed by queue
    private final Queue<Signal> signals = new ConcurrentLinkedQueue<>();
    private final Queue<Renewal> found = new ConcurrentLinkedQueue<>();

    // owned by the tail's thread
    private final String[] epochs;
    /** The id that the watch has seen, which what is found must have; null where none is asked for. */
    private final String[] required;

    private final boolean[] searching;

    // owned by the searching thread
    private final Map<Integer, String> lastFailures = new HashMap<>();

    /** @param topicIds by name, as they are read now */
    Renewals(List<Feature> features, Map<String, String> topicIds, Search search) {
        this.features = features;
        this.search = search;
        this.epochs =
                features.stream().map(feature -> topicIds.get(feature.topic())).toArray(String[]::new);
        this.required = new String[features.size()];
        this.searching = new boolean[features.size()];
    }

    /** A search by a consumer of its own for each time, since the tail's reads on meanwhile. */
    static Search in(KafkaConnection kafka, Admin admin) {
        return feature -> {
            String epoch = TopicWatch.epoch(admin, feature);
            Consumer<byte[], byte[]> consumer = kafka.exactConsumer("cutover-gateway-renewal");
            Beginning beginning;
            try {
                beginning = Beginning.find(consumer, admin, List.of(feature));
            } finally {
                consumer.close(CloseOptions.timeout(Duration.ofMillis(CLOSE_MS)));
            }
            if (!epoch.equals(TopicWatch.epoch(admin, feature))) {
                throw new KafkaException("topic " + feature.topic() + " was made anew meanwhile");
            }
            return new Found(epoch, beginning);
        };
    }

    // from any thread

    /** The topic has another id. */
    void onRenewed(String topic, String id) {
        signals.add(new Signal(topic, id));
    }

    // on the tail's thread

    /**
     * Takes in what was signalled.
     *
     * @return the topics that are no feature's among it, and the features, by topic, whose reading is to end now
     */
    List<String> signalled() {
        List<String> renewed = new ArrayList<>();
        Signal signal;
        while ((signal = signals.poll()) != null) {
            int feature = feature(signal.topic());
            if (feature < 0) {
                renewed.add(signal.topic());
            } else if (!signal.id().equals(epochs[feature])) {
                required[feature] = signal.id();
                if (begin(feature)) {
                    renewed.add(signal.topic());
                }
            }
        }
        return renewed;
    }

    private int feature(String topic) {
        for (int i = 0; i < features.size(); i++) {
            if (features.get(i).topic().equals(topic)) {
                return i;
            }
        }
        return -1;
    }

    /** Begins the search for a feature; false where it is on already. */
    boolean begin(int feature) {
        if (searching[feature]) {
            return false;
        }
        searching[feature] = true;
        searcher.execute(() -> attempt(feature));
        return true;
    }

    /** What is to be read anew from now on; null when there is nothing. */
    Renewal next() {
        Renewal renewal;
        while ((renewal = found.poll()) != null) {
            int feature = renewal.feature();
            if (required[feature] == null || required[feature].equals(renewal.epoch())) {
                required[feature] = null;
                searching[feature] = false;
                epochs[feature] = renewal.epoch();
                return renewal;
            }
            again(feature); // one of the brokers that answered lags behind the other
        }
        return null;
    }

    // on the searching thread

    /** Each attempt is one task, so that a feature whose topic is not there keeps no other one waiting for good. */
    private void attempt(int feature) {
        Feature of = features.get(feature);
        try {
            Found result = search.find(of);
            lastFailures.remove(feature);
            found.add(new Renewal(feature, result.epoch(), result.beginning()));
        } catch (InterruptedException | InterruptException e) {
            log.debug("the search was told to stop");
        } catch (KafkaException e) {
            if (!String.valueOf(e.getMessage()).equals(lastFailures.put(feature, String.valueOf(e.getMessage())))) {
                log.warn("can't find where to begin in {}, and try on: {}", of.topic(), e.getMessage());
            }
            again(feature);
        } catch (RuntimeException e) {
            log.error("the search where to begin in {} failed, which is a fault of Cutover; trying on", of.topic(), e);
            again(feature);
        }
    }

    private void again(int feature) {
        try {
            var unused = searcher.schedule(() -> attempt(feature), RETRY_MS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("the search was told to stop");
        }
    }

    @Override
    public void close() {
        searcher.shutdownNow();
        try {
            if (!searcher.awaitTermination(2 * CLOSE_MS, TimeUnit.MILLISECONDS)) {
                log.warn("the search where to begin did not stop within {} ms", 2 * CLOSE_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

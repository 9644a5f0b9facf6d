package dev.cutover.rest;

import dev.cutover.schema.DeadLetters;
import dev.cutover.schema.Feature;
import dev.cutover.schema.KafkaConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The views of one feature, by one run of Kafka Streams. It fills once. Its stores are in memory alone, so when the group
 * throws it out, or its thread dies, what Streams would go on with are empty stores at a late offset; it is then {@link
 * Phase#INVALID} for good, and {@link Materialisers} puts another in its place, which fills from the log.
 *
 * <p>Started and closed by one thread. The stream thread alone writes the stores and the coverage; any thread reads. A reader
 * looks at the phase before the stores and again after them: a store is closed, or found anew and empty, only after {@link
 * ViewProcessor.Progress#closed} or {@code opened} has made the phase invalid, so that no answer is made of one.
 */
final class Materialiser implements ViewProcessor.Progress {
    private static final Logger log = LoggerFactory.getLogger(Materialiser.class);

    private final Feature feature;
    private final String epoch;
    private final String applicationId;
    private final FillRange range;
    private final Coverage coverage;
    private final Path stateDirectory;
    private final KafkaStreams streams;
    private final BiConsumer<Phase, String> onPhase;
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.NEW);

    /**
     * A materialiser that is to be {@link #start started}, and to be closed in any case.
     *
     * @param epoch the topic's id
     * @param applicationId never used before
     * @param onPhase is told each new phase, with the reason for it, on whatever thread; it must not block
     */
    Materialiser(
            Feature feature,
            String epoch,
            String applicationId,
            FillRange range,
            KafkaConnection kafka,
            DeadLetters deadLetters,
            BiConsumer<Phase, String> onPhase) {
        this.feature = feature;
        this.epoch = epoch;
        this.applicationId = applicationId;
        this.range = range;
        this.coverage = new Coverage(range);
        this.onPhase = onPhase;
        this.stateDirectory = temporaryDirectory();
        this.streams = streams(kafka, deadLetters);
        streams.setStateListener((to, from) -> {
            if (to.isShuttingDown() || to.hasCompletedShutdown()) {
                invalidate("Kafka Streams has come to " + to);
            }
        });
        streams.setUncaughtExceptionHandler(e -> {
            log.error("the stream thread of {} has failed", feature.name(), e);
            invalidate("the stream thread has failed: " + e.getMessage());
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    }

    private KafkaStreams streams(KafkaConnection kafka, DeadLetters deadLetters) {
        try {
            StreamsConfig settings = new StreamsConfig(ViewSettings.of(kafka, applicationId, stateDirectory));
            return new KafkaStreams(ViewProcessor.topology(settings, feature, deadLetters, this), settings);
        } catch (RuntimeException e) {
            deleteStateDirectory();
            throw e;
        }
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("cutover-rest-");
        } catch (IOException e) {
            throw new UncheckedIOException("can't make a temporary directory for Kafka Streams", e);
        }
    }

    void start() {
        moveTo(Phase.FILLING, "its views are being filled from Kafka");
        streams.start();
    }

    Phase phase() {
        return phase.get();
    }

    String epoch() {
        return epoch;
    }

    String applicationId() {
        return applicationId;
    }

    @Override
    public void opened(int partition) {
        if (coverage.open(partition)) {
            settle();
        } else {
            invalidate("partition " + partition + " was assigned anew, with an empty store");
        }
    }

    @Override
    public void reached(int partition, long offset) {
        coverage.reach(partition, offset);
        settle();
    }

    @Override
    public void closed(int partition) {
        invalidate("partition " + partition + " was taken away by the group");
    }

    private void settle() {
        if (phase.get() == Phase.FILLING && coverage.isComplete()) {
            moveTo(Phase.SERVING, "its views are filled");
        }
    }

    private void invalidate(String reason) {
        moveTo(Phase.INVALID, reason);
    }

    /** Moves where that is legal; what comes late, from another thread, changes nothing. */
    private void moveTo(Phase next, String reason) {
        Phase before = phase.get();
        while (before.canMoveTo(next)) {
            if (phase.compareAndSet(before, next)) {
                onPhase.accept(next, reason);
                return;
            }
            before = phase.get();
        }
    }

    /** The view of one key; empty unless it serves. */
    Optional<Snapshot> one(String key) {
        byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        return read((partition, store) -> {
            byte[] view = store.get(bytes);
            return view == null ? List.of() : List.of(new Snapshot.Keyed(partition, key, KeyView.decode(view)));
        });
    }

    /** The views of all keys; empty unless it serves. */
    Optional<Snapshot> all() {
        return read((partition, store) -> {
            List<Snapshot.Keyed> views = new ArrayList<>();
            try (KeyValueIterator<byte[], byte[]> each = store.all()) {
                each.forEachRemaining(entry -> views.add(new Snapshot.Keyed(
                        partition, new String(entry.key, StandardCharsets.UTF_8), KeyView.decode(entry.value))));
            }
            return views;
        });
    }

    /** How many keys there are; 0 unless it serves. */
    long keys() {
        long keys = 0;
        try {
            for (int partition = 0; phase.get() == Phase.SERVING && partition < range.partitions(); partition++) {
                keys += store(partition).approximateNumEntries();
            }
        } catch (InvalidStateStoreException e) {
            return 0;
        }
        return keys;
    }

    private interface PartitionReader {
        List<Snapshot.Keyed> read(int partition, ReadOnlyKeyValueStore<byte[], byte[]> store);
    }

    private Optional<Snapshot> read(PartitionReader reader) {
        if (phase.get() != Phase.SERVING) {
            return Optional.empty();
        }
        List<Long> offsets = coverage.offsets(); // before the stores: see Snapshot
        List<Snapshot.Keyed> views = new ArrayList<>();
        try {
            for (int partition = 0; partition < range.partitions(); partition++) {
                views.addAll(reader.read(partition, store(partition)));
            }
        } catch (InvalidStateStoreException e) {
            log.debug("the views of {} went while they were read", feature.name(), e);
            return Optional.empty();
        }
        return phase.get() == Phase.SERVING ? Optional.of(new Snapshot(epoch, offsets, views)) : Optional.empty();
    }

    /** Also while the group rebalances: what that takes away is known by the phase. */
    private ReadOnlyKeyValueStore<byte[], byte[]> store(int partition) {
        return streams.store(StoreQueryParameters.fromNameAndType(
                        ViewProcessor.STORE, QueryableStoreTypes.<byte[], byte[]>keyValueStore())
                .enableStaleStores()
                .withPartition(partition));
    }

    /** Stops serving, and begins to leave the group, without waiting. */
    void beginClose() {
        moveTo(Phase.CLOSED, "its materialiser is closed");
        close(Duration.ZERO);
    }

    /** How a run of Kafka Streams has ended. */
    enum End {
        /** It has left its group. */
        LEFT,
        /** It is still a member of its group, having ended by an error. */
        FAILED,
        /** Its threads have not ended in time; they do once Kafka has answered them, or has not for long enough. */
        LATE
    }

    /** Waits for the end. */
    End awaitClosed(Duration timeout) {
        close(timeout);
        deleteStateDirectory();
        return switch (streams.state()) {
            case NOT_RUNNING -> End.LEFT;
            case ERROR -> End.FAILED;
            default -> End.LATE;
        };
    }

    private void deleteStateDirectory() {
        try {
            Utils.delete(stateDirectory.toFile());
        } catch (IOException e) {
            log.warn("can't delete {}: {}", stateDirectory, e.getMessage());
        }
    }

    private void close(Duration timeout) {
        if (!streams.state().hasCompletedShutdown()) {
            var unused = streams.close(
                    CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                            .withTimeout(timeout));
        }
    }
}

package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.PoisonException;
import io.netty.buffer.ByteBufAllocator;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** The log behind a {@link GatewayRig}: holds every record made, until the test says that retention has passed it. */
final class RigLog implements EventLog {
    private final FeatureCatalog catalog;
    private final ByteBufAllocator alloc;
    private final Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records = new HashMap<>();
    private final Map<TopicPartition, Long> begins = new HashMap<>();
    private final Queue<Runnable> held = new ArrayDeque<>();
    private final List<Runnable> unanswered = new ArrayList<>();
    private boolean holding;
    private boolean away;
    private int room;

    /** Pieces that were read. */
    int reads;

    RigLog(FeatureCatalog catalog, ByteBufAllocator alloc) {
        this.catalog = catalog;
        this.alloc = alloc;
    }

    void add(ConsumerRecord<byte[], byte[]> record) {
        of(new TopicPartition(record.topic(), record.partition())).add(record);
    }

    private List<ConsumerRecord<byte[], byte[]>> of(TopicPartition partition) {
        return records.computeIfAbsent(partition, name -> new ArrayList<>());
    }

    /** Retention takes all that was made so far, of every feature. */
    void forget() {
        records.forEach((partition, all) -> {
            begins.put(partition, end(partition));
            all.clear();
        });
    }

    private long end(TopicPartition partition) {
        List<ConsumerRecord<byte[], byte[]>> all = of(partition);
        return all.isEmpty()
                ? begins.getOrDefault(partition, 0L)
                : all.get(all.size() - 1).offset() + 1;
    }

    /** From now on answers wait for {@link #answer}. */
    void hold() {
        holding = true;
    }

    /** Gives the answers that wait; what is asked for by them is answered at once. */
    void answer() {
        holding = false;
        while (!held.isEmpty()) {
            held.remove().run();
        }
    }

    /** Kafka is away, or back: what is asked meanwhile is answered by {@link #timeOut}. */
    void away(boolean isAway) {
        away = isAway;
    }

    /** As long as Kafka is waited for has passed: what was asked while it was away is answered, and may be asked again. */
    void timeOut() {
        List<Runnable> answers = List.copyOf(unanswered);
        unanswered.clear();
        answers.forEach(Runnable::run);
    }

    private void execute(Executor loop, Runnable answer) {
        if (holding) {
            held.add(() -> loop.execute(answer));
        } else {
            loop.execute(answer);
        }
    }

    @Override
    public FrameEncoder encoder(Feature feature) {
        return new FrameEncoder(catalog.features().indexOf(feature), feature, alloc);
    }

    @Override
    public void find(Feature feature, Start start, Instant until, Executor loop, Consumer<Answer<Span>> answer) {
        if (away) {
            unanswered.add(() -> loop.execute(() -> answer.accept(new Answer.Unavailable<>("away"))));
            return;
        }
        long[] from = new long[feature.partitions()];
        long[] to = new long[feature.partitions()];
        boolean gone = false;
        for (int i = 0; i < from.length; i++) {
            TopicPartition partition = new TopicPartition(feature.topic(), i);
            long begin = begins.getOrDefault(partition, 0L);
            from[i] = begin;
            if (start instanceof Start.Time time) {
                from[i] = Math.max(begin, at(partition, time.at()));
            } else if (start instanceof Start.Position position) {
                from[i] = position.seen()[i] + 1;
                gone |= from[i] < begin;
            }
            to[i] = Math.max(from[i], until == null ? end(partition) : at(partition, until));
        }
        Answer<Span> found = gone ? new Answer.Gone<>() : new Answer.Found<>(new Span(from, to));
        execute(loop, () -> answer.accept(found));
    }

    private long at(TopicPartition partition, Instant time) {
        return of(partition).stream()
                .filter(record -> record.timestamp() >= time.toEpochMilli())
                .mapToLong(ConsumerRecord::offset)
                .findFirst()
                .orElse(end(partition));
    }

    @Override
    public void read(Reader reader, Piece piece, Executor loop, Consumer<Answer<Frames>> answer) {
        reads++;
        TopicPartition partition = new TopicPartition(reader.feature().topic(), piece.partition());
        if (away) {
            unanswered.add(() -> loop.execute(() -> answer.accept(new Answer.Unavailable<>("away"))));
        } else if (piece.from() < begins.getOrDefault(partition, 0L)) {
            execute(loop, () -> answer.accept(new Answer.Gone<>()));
        } else {
            room += piece.needsRoom() ? 1 : 0;
            Frames frames = frames(reader, piece, partition);
            execute(loop, () -> answer.accept(new Answer.Found<>(frames)));
        }
    }

    private Frames frames(Reader reader, Piece piece, TopicPartition partition) {
        List<Frame> frames = new ArrayList<>();
        long bytes = 0;
        for (ConsumerRecord<byte[], byte[]> record : of(partition)) {
            if (record.offset() < piece.from() || record.offset() >= piece.to()) {
                continue;
            }
            if (bytes >= piece.mostBytes()) {
                return new Frames(frames, record.offset());
            }
            try {
                Frame frame = reader.encoder().encode(record, reader.wanted());
                if (frame != null) {
                    frames.add(frame);
                    bytes += frame.bytes();
                }
            } catch (PoisonException e) {
                throw new AssertionError(e);
            }
        }
        return new Frames(frames, piece.to());
    }

    @Override
    public void giveRoom() {
        room--;
    }

    void assertRoomGivenBack() {
        assertThat(room).as("readings that hold pieces").isZero();
    }
}

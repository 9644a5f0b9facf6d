package dev.cutover.local;

import dev.cutover.schema.Feature;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** What the topics hold, and how what a client got differs from it. Confined to the test's thread. */
final class Truth {
    private record Entry(long offset, String key, int sum, long timestampMs) {}

    private final Map<String, List<List<Entry>>> byFeature = new HashMap<>();
    private final Map<String, Feature> features = new HashMap<>();
    private final Envelope sums = new Envelope();

    Truth(SystemUnderTest system, List<String> names) {
        for (String name : names) {
            Feature feature = system.catalog().feature(name).orElseThrow();
            features.put(name, feature);
            List<List<Entry>> partitions = new ArrayList<>();
            for (int i = 0; i < feature.partitions(); i++) {
                partitions.add(new ArrayList<>());
            }
            for (ConsumerRecord<byte[], byte[]> each : system.read(feature.topic())) {
                partitions
                        .get(each.partition())
                        .add(new Entry(
                                each.offset(),
                                new String(each.key(), StandardCharsets.UTF_8),
                                sums.sum(each.value(), 0, each.value().length),
                                each.timestamp()));
            }
            partitions.forEach(each -> each.sort(Comparator.comparing(Entry::offset)));
            byFeature.put(name, partitions);
        }
    }

    /** The last offset of each partition, −1 for none. */
    Map<String, long[]> ends() {
        Map<String, long[]> ends = new HashMap<>();
        byFeature.forEach((feature, partitions) -> ends.put(
                feature,
                partitions.stream()
                        .mapToLong(each ->
                                each.isEmpty() ? -1 : each.get(each.size() - 1).offset())
                        .toArray()));
        return ends;
    }

    long events() {
        return byFeature.values().stream()
                .flatMap(List::stream)
                .mapToLong(List::size)
                .sum();
    }

    /** What went wrong for the clients of a swarm, while they ran and by what they got; empty where nothing did. */
    List<String> faults(Swarm swarm) {
        List<String> faults = new ArrayList<>(swarm.failures());
        for (ChaosClient client : swarm.ask(() -> List.copyOf(swarm.clients()))) {
            List<String> own = new ArrayList<>();
            client.tracks().forEach(track -> own.add(fault(track)));
            client.replays().forEach(replay -> own.add(fault(replay)));
            own.stream().filter(Objects::nonNull).forEach(fault -> faults.add(client.name + ": " + fault));
        }
        return faults;
    }

    /** Null where the client got what it should; here and below. */
    private String fault(Track track) {
        List<List<Entry>> partitions = byFeature.get(track.feature);
        for (int partition = 0; partition < partitions.size(); partition++) {
            long start = track.start[partition];
            List<Entry> all = partitions.get(partition);
            List<Entry> wanted = matching(
                    all,
                    each -> each.offset() > start
                            && (track.key == null || each.key().equals(track.key)));
            Track.Received got = track.live[partition];
            String fault = features.get(track.feature).delivery() == Feature.Delivery.EVERY
                    ? faultOfEvery(wanted, got, track.closed)
                    : faultOfLatest(wanted, got);
            if (fault == null && !track.closed && features.get(track.feature).delivery() == Feature.Delivery.LATEST) {
                fault = faultOfLast(all, track, partition);
            }
            if (fault != null) {
                return track.feature + " " + (track.key == null ? "(all)" : track.key) + " in partition " + partition
                        + " from " + start + ": " + fault;
            }
        }
        return null;
    }

    /** All of a window, in each partition in order, no more and no less; of one that ended early, its beginning. */
    private String fault(Replay replay) {
        List<List<Entry>> partitions = byFeature.get(replay.feature);
        long count = 0;
        for (int partition = 0; partition < partitions.size(); partition++) {
            List<Entry> wanted = matching(
                    partitions.get(partition),
                    each -> (replay.from == null || each.timestampMs() >= replay.from.toEpochMilli())
                            && each.timestampMs() < replay.until.toEpochMilli()
                            && (replay.keys == null || replay.keys.contains(each.key())));
            count += wanted.size();
            String fault = faultOfEvery(wanted, replay.track.live[partition], !replay.complete);
            if (fault != null) {
                return "replay of " + replay.feature + " " + replay.keys + " from " + replay.from + " until "
                        + replay.until + ", partition " + partition + ": " + fault;
            }
        }
        return replay.complete && replay.count != count
                ? "replay of " + replay.feature + " of " + count + " events counts " + replay.count
                : null;
    }

    private static List<Entry> matching(List<Entry> entries, Predicate<Entry> wanted) {
        return entries.stream().filter(wanted).toList();
    }

    /** No loss, no duplicate, in order, the data as it was written. */
    private static String faultOfEvery(List<Entry> wanted, Track.Received got, boolean beginning) {
        int common = Math.min(wanted.size(), got.size);
        for (int i = 0; i < common; i++) {
            Entry entry = wanted.get(i);
            if (entry.offset() != got.offsets[i] || entry.sum() != got.sums[i]) {
                return "event " + i + " is " + entry.offset() + ", but got " + got.offsets[i]
                        + (entry.sum() == got.sums[i] ? "" : " with other data");
            }
        }
        if (got.size > wanted.size() || (!beginning && got.size < wanted.size())) {
            return "there are " + wanted.size() + " events, but got " + got.size;
        }
        return null;
    }

    /** Ascending, and nothing that was not written. */
    private static String faultOfLatest(List<Entry> wanted, Track.Received got) {
        int at = 0;
        for (int i = 0; i < got.size; i++) {
            while (at < wanted.size() && wanted.get(at).offset() < got.offsets[i]) {
                at++;
            }
            if (at == wanted.size()
                    || wanted.get(at).offset() != got.offsets[i]
                    || wanted.get(at).sum() != got.sums[i]) {
                return "got " + got.offsets[i] + ", which is out of order or was never written so";
            }
            at++;
        }
        return null;
    }

    /** The last value of each key came, live or in the snapshot; from `now` on, where there was one since. */
    private static String faultOfLast(List<Entry> all, Track track, int partition) {
        Map<String, Long> lasts = new HashMap<>();
        for (Entry each : all) {
            if ((track.key == null || each.key().equals(track.key))
                    && (track.fromSnapshot || each.offset() > track.start[partition])) {
                lasts.put(each.key(), each.offset());
            }
        }
        Set<Long> got = new HashSet<>();
        for (Track.Received received : List.of(track.live[partition], track.snapshot[partition])) {
            for (int i = 0; i < received.size; i++) {
                got.add(received.offsets[i]);
            }
        }
        for (Map.Entry<String, Long> last : lasts.entrySet()) {
            if (!got.contains(last.getValue())) {
                return "the last of " + last.getKey() + " is " + last.getValue() + ", which never came";
            }
        }
        return null;
    }
}

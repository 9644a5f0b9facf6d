package dev.cutover.gateway;

import dev.cutover.schema.Feature;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One feature as one event loop knows it: the latest values of its keys, its recent frames, and who on this loop wants what. An
 * event finds its subscribers by its key's number; its cost grows with those that want it alone.
 *
 * <p>Owned by one hub's event loop.
 */
final class FeatureShard {
    /** The subscriptions that named one key, of whichever event type and partition. */
    private static final class KeySubscribers {
        final List<LiveSubscription> subscriptions = new ArrayList<>();
    }

    private static final class Slot {
        final LatestValues values;
        final KeySubscribers subscribers;

        Slot(EventKey key, KeySubscribers subscribers) {
            this.values = new LatestValues(key.type.view());
            this.subscribers = subscribers;
        }
    }

    private final Feature feature;
    private final Backlog backlog;
    /** Of all loops, for a gauge. */
    private final AtomicLong subscriptions;

    private final List<Slot> slots = new ArrayList<>();
    private final Map<String, List<Slot>> slotsByKey = new HashMap<>();
    private final Map<String, KeySubscribers> subscribersByKey = new HashMap<>();
    private final List<LiveSubscription> subscribersToAll = new ArrayList<>();

    /** The topic's id. */
    private String epoch;
    /** The ends that a renewed log is being read to; null unless it is. */
    private List<Long> renewingTo;

    /**
     * @param epoch the topic's id
     * @param backlog empty
     * @param subscriptions counts those to the feature
     */
    FeatureShard(Feature feature, String epoch, Backlog backlog, AtomicLong subscriptions) {
        this.feature = feature;
        this.epoch = epoch;
        this.backlog = backlog;
        this.subscriptions = subscriptions;
    }

    Feature feature() {
        return feature;
    }

    String epoch() {
        return epoch;
    }

    /** The recent frames, and how far each partition has been read. */
    Backlog backlog() {
        return backlog;
    }

    /** The last offset reached in each partition; the array is the backlog's own. */
    long[] reached() {
        return backlog.reached();
    }

    /**
     * Its topic was made anew, or what it held is gone: forgets all of it but who is subscribed, and offers nothing until the log
     * has been read to the end that it has.
     *
     * @param ends the offset behind the last record of each partition
     */
    void renew(String newEpoch, List<Long> ends) {
        epoch = newEpoch;
        renewingTo = ends;
        slots.forEach(slot -> slot.values.release());
        slots.clear();
        slotsByKey.clear();
        subscribersByKey.values().removeIf(subscribers -> subscribers.subscriptions.isEmpty());
        backlog.restart();
    }

    /** Whether what it holds is not yet the present. */
    boolean isRenewing() {
        return renewingTo != null;
    }

    /** Ends the renewal if the log has been read to its end; tells whether this was what ended it. */
    boolean endRenewal() {
        if (renewingTo == null) {
            return false;
        }
        for (int partition = 0; partition < renewingTo.size(); partition++) {
            if (backlog.reached()[partition] < renewingTo.get(partition) - 1) {
                return false;
            }
        }
        renewingTo = null;
        return true;
    }

    /** Takes an event in and offers it to those who want it. */
    void accept(Frame frame, long nowNs) {
        Slot slot = slot(frame.key);
        slot.values.put(frame);
        backlog.add(frame);
        if (isRenewing()) {
            return; // it will be in the snapshot
        }
        for (LiveSubscription subscription : subscribersToAll) {
            if (subscription.wants(frame.key.key)) {
                subscription.sender().offer(frame, feature.delivery(), nowNs);
            }
        }
        for (LiveSubscription subscription : slot.subscribers.subscriptions) {
            subscription.sender().offer(frame, feature.delivery(), nowNs);
        }
    }

    private Slot slot(EventKey key) {
        // numbered by the tail in the order that it met them, so the next new one is always the next number
        if (key.id == slots.size()) {
            Slot slot = new Slot(key, subscribersByKey.computeIfAbsent(key.key, name -> new KeySubscribers()));
            slots.add(slot);
            slotsByKey.computeIfAbsent(key.key, name -> new ArrayList<>(1)).add(slot);
        }
        return slots.get(key.id);
    }

    /**
     * The events of a snapshot as of now, each retained for the caller.
     *
     * @param depth entries of a series; 0 for each key's last event alone
     */
    List<Frame> snapshot(KeyFilter keys, int depth) {
        List<Slot> wanted = new ArrayList<>();
        if (keys.isAll()) {
            slotsByKey.forEach((key, known) -> {
                if (keys.wants(key)) {
                    wanted.addAll(known);
                }
            });
        } else {
            keys.named().forEach(key -> wanted.addAll(slotsByKey.getOrDefault(key, List.of())));
        }
        wanted.removeIf(slot -> slot.values.last() == null);
        wanted.sort(Comparator.comparing(slot -> slot.values.last(), LatestValues.BY_POSITION));
        List<Frame> frames = new ArrayList<>();
        wanted.forEach(slot -> slot.values.addTo(frames, depth));
        return frames;
    }

    /** How many events it holds for snapshots. */
    int entries() {
        return slots.stream().mapToInt(slot -> slot.values.entries()).sum();
    }

    /** Enters a subscription that has just come to want these keys. */
    void index(LiveSubscription subscription, Collection<String> keys) {
        for (String key : keys) {
            subscribersByKey
                    .computeIfAbsent(key, name -> new KeySubscribers())
                    .subscriptions
                    .add(subscription);
        }
    }

    void unindex(LiveSubscription subscription, Collection<String> keys) {
        for (String key : keys) {
            KeySubscribers subscribers = subscribersByKey.get(key);
            removeUnordered(subscribers.subscriptions, subscribers.subscriptions.indexOf(subscription));
            if (subscribers.subscriptions.isEmpty() && !slotsByKey.containsKey(key)) {
                subscribersByKey.remove(key);
            }
        }
    }

    void indexToAll(LiveSubscription subscription) {
        subscription.indexToAll = subscribersToAll.size();
        subscribersToAll.add(subscription);
    }

    void unindexToAll(LiveSubscription subscription) {
        int index = subscription.indexToAll;
        removeUnordered(subscribersToAll, index);
        if (index < subscribersToAll.size()) {
            subscribersToAll.get(index).indexToAll = index;
        }
    }

    /** The last one takes the place of the one removed: the order means nothing, and thousands may leave at once. */
    private static void removeUnordered(List<LiveSubscription> list, int index) {
        LiveSubscription last = list.remove(list.size() - 1);
        if (index < list.size()) {
            list.set(index, last);
        }
    }

    /** A session has one more subscription to it, live or on the way there, or so many. */
    void countSubscriptions(int by) {
        subscriptions.addAndGet(by);
    }

    /** How many subscriptions the index holds, each once for every key that it names. */
    int subscribedKeys() {
        return subscribersToAll.size()
                + subscribersByKey.values().stream()
                        .mapToInt(each -> each.subscriptions.size())
                        .sum();
    }

    void release() {
        slots.forEach(slot -> slot.values.release());
        backlog.release();
    }
}

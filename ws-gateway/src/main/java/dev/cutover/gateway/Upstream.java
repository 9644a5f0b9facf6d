package dev.cutover.gateway;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a gateway knows of Kafka: whether it answers, and what has become of each topic that it reads. A value: each look at
 * Kafka gives the next one, and says what has changed.
 *
 * @param answeredMs when Kafka answered last
 * @param failures looks in a row that it has not answered
 * @param topics by name
 */
record Upstream(long answeredMs, int failures, Map<String, Topic> topics) {
    /** One look may fail for a broker that is slow for a moment. */
    private static final int FAILURES_OF_AWAY = 2;

    /**
     * One topic.
     *
     * @param wanted partitions that the catalog says it has
     * @param partitions that it has, as last seen
     * @param id the newest one known: a topic that is made anew gets another
     * @param formerIds those that it had before; a broker that lags behind the others may still tell one of them
     * @param present whether it was there when Kafka answered last
     */
    record Topic(int wanted, int partitions, String id, Set<String> formerIds, boolean present) {
        Topic {
            formerIds = Set.copyOf(formerIds);
        }
    }

    /** What a look at Kafka showed. */
    sealed interface Look {
        /** Of the topics asked for, those that are there. */
        record Answer(Map<String, Seen> topics) implements Look {}

        record Failure(String why) implements Look {}
    }

    record Seen(String id, int partitions) {}

    /** What is different from before. */
    sealed interface Change {
        /** Kafka has not answered since that time. */
        record Away(long sinceMs, String why) implements Change {}

        record Back() implements Change {}

        record Deleted(String topic) implements Change {}

        /** It was deleted and made anew: its records are others, and so are its positions. */
        record Renewed(String topic, String id) implements Change {}

        record Repartitioned(String topic, int from, int to) implements Change {}
    }

    record Step(Upstream next, List<Change> changes) {}

    /**
     * Before the first look.
     *
     * @param partitions of each topic, as the catalog says
     * @param ids of the topics, as the gateway's start found them
     */
    static Upstream initial(Map<String, Integer> partitions, Map<String, String> ids, long nowMs) {
        Map<String, Topic> topics = new HashMap<>();
        partitions.forEach(
                (topic, count) -> topics.put(topic, new Topic(count, count, ids.get(topic), Set.of(), true)));
        return new Upstream(nowMs, 0, Map.copyOf(topics));
    }

    boolean isAway() {
        return failures >= FAILURES_OF_AWAY;
    }

    Step after(Look look, long nowMs) {
        List<Change> changes = new ArrayList<>();
        if (look instanceof Look.Answer answer) {
            if (isAway()) {
                changes.add(new Change.Back());
            }
            Map<String, Topic> next = new HashMap<>();
            topics.forEach((name, topic) ->
                    next.put(name, after(name, topic, answer.topics().get(name), changes)));
            return new Step(new Upstream(nowMs, 0, Map.copyOf(next)), changes);
        }
        if (failures + 1 == FAILURES_OF_AWAY) {
            changes.add(new Change.Away(answeredMs, ((Look.Failure) look).why()));
        }
        return new Step(new Upstream(answeredMs, failures + 1, topics), changes);
    }

    /** @param seen null where there is no such topic */
    private static Topic after(String name, Topic topic, Seen seen, List<Change> changes) {
        if (seen == null) {
            if (topic.present()) {
                changes.add(new Change.Deleted(name));
            }
            return new Topic(topic.wanted(), topic.partitions(), topic.id(), topic.formerIds(), false);
        }
        if (topic.formerIds().contains(seen.id())) {
            return topic;
        }
        Set<String> formerIds = topic.formerIds();
        if (!seen.id().equals(topic.id())) {
            formerIds = new HashSet<>(formerIds);
            formerIds.add(topic.id());
            changes.add(new Change.Renewed(name, seen.id()));
        }
        if (seen.partitions() != topic.partitions()) {
            changes.add(new Change.Repartitioned(name, topic.partitions(), seen.partitions()));
        }
        return new Topic(topic.wanted(), seen.partitions(), seen.id(), formerIds, true);
    }

    /** Why the gateway is not ready: each for a person to read; empty when nothing of Kafka's is against it. */
    List<String> reasons() {
        return topics.entrySet().stream()
                .filter(each -> each.getValue().partitions() != each.getValue().wanted())
                .sorted(Map.Entry.comparingByKey())
                .map(each ->
                        "topic " + each.getKey() + " has " + each.getValue().partitions()
                                + " partitions, and the feature catalog says "
                                + each.getValue().wanted()
                                + ": keys have moved between partitions and have lost their order; recreate the topic with "
                                + each.getValue().wanted() + ", or set its partitions in the catalog to "
                                + each.getValue().partitions() + " and restart")
                .toList();
    }

    /** What does not work as it should. */
    List<String> degraded() {
        List<String> degraded = new ArrayList<>();
        if (isAway()) {
            degraded.add("Kafka does not answer since " + instant(answeredMs) + "; serving what is known");
        }
        topics.entrySet().stream()
                .filter(each -> !each.getValue().present())
                .sorted(Map.Entry.comparingByKey())
                .forEach(each -> degraded.add("topic " + each.getKey()
                        + " has been deleted; serving what is known of it until it is made anew"));
        return degraded;
    }

    static String instant(long ms) {
        return Instant.ofEpochMilli(ms).truncatedTo(ChronoUnit.SECONDS).toString();
    }
}

package dev.cutover.schema;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * One feature of the catalog: what is promoted and rolled back as a whole.
 *
 * @param name how clients and operators name it, for example {@code account_balance}
 * @param topic its Kafka topic
 * @param partitions of that topic; at least 1
 * @param events its event types, at least one
 */
public record Feature(String name, String topic, int partitions, Delivery delivery, List<EventType> events) {

    /** What a subscriber who can't keep up may miss. */
    public enum Delivery {
        /** Each event is the whole state of its key: skipping to the newest loses nothing. */
        LATEST,
        /** No event may be skipped: who can't keep up is closed, and resumes. */
        EVERY
    }

    /** What a snapshot holds of one key of an event type. */
    public sealed interface View {
        /** The newest event alone. */
        record Latest() implements View {}

        /**
         * The newest entries, told apart and ordered by one field.
         *
         * @param by the field of {@code data}; of entries with one value of it the last one counts
         * @param depth how many entries of a key are kept; at least 1
         */
        record Series(String by, int depth) implements View {}
    }

    /**
     * One kind of event that the feature is made of.
     *
     * @param type the type on the wire
     * @param key the field of {@code data} whose value, as text, is the record's key
     * @param cadence how often every key's state is emitted at least; positive
     */
    public record EventType(String type, String key, Duration cadence, View view) {}

    public Feature {
        events = List.copyOf(events);
    }

    public Optional<EventType> event(String type) {
        return events.stream().filter(event -> event.type().equals(type)).findFirst();
    }

    /** The longest cadence of its event types: within it, every key has been emitted once. */
    public Duration slowestCadence() {
        return events.stream().map(EventType::cadence).max(Duration::compareTo).orElseThrow();
    }
}

package dev.cutover.schema;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
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
 * @param rest its REST endpoint; empty where it never had one
 * @param parity how REST is compared with the events
 */
public record Feature(
        String name,
        String topic,
        int partitions,
        Delivery delivery,
        List<EventType> events,
        Optional<Rest> rest,
        ParityRules parity) {

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
     * @param cadence how often every key's state is emitted at least, during its active hours; positive
     * @param active when that is
     * @param required the fields that every event's data must have
     */
    public record EventType(
            String type, String key, Duration cadence, View view, ActiveHours active, List<String> required) {
        public EventType {
            required = List.copyOf(required);
        }
    }

    /**
     * The endpoint that serves the feature's snapshots until it is promoted.
     *
     * @param path begins with a slash and does not end with one
     * @param parameter the query parameter that names a key; null where the endpoint knows the list alone
     * @param one the body for one key; null without a parameter
     * @param all the body without the parameter; null where a key must be named
     * @param upstream where an existing service has these bodies
     */
    public record Rest(String path, String parameter, KeyBody one, ListBody all, Upstream upstream) {}

    /**
     * Where an existing REST service has what this endpoint answers, for a façade in front of it and for the source that polls it.
     *
     * @param one null where the endpoint has no body for one key
     * @param all null where it has no list
     */
    public record Upstream(Source one, Source all) {}

    /**
     * A resource of an existing service.
     *
     * @param path begins with a slash; may have a query, and holds {@code {key}} where it is one key's
     * @param at JSON pointer (RFC 6901) to the body, or for a list to its array, in what the service answers; empty for all of it
     */
    public record Source(String path, String at) {
        /** What stands for the key in {@link #path}. */
        public static final String KEY = "{key}";

        /** The path for one key, which is escaped as a URI's query needs it (RFC 3986). */
        public String path(String key) {
            return path.replace(
                    KEY, URLEncoder.encode(key, StandardCharsets.UTF_8).replace("+", "%20"));
        }
    }

    /** What the endpoint answers of one key. */
    public sealed interface KeyBody {
        /** The newest event's data as it is. */
        record Data(EventType type) implements KeyBody {}

        /**
         * A body that is put together.
         *
         * @param members in the order of the body; at least one
         */
        record Members(List<Member> members) implements KeyBody {
            public Members {
                members = List.copyOf(members);
            }
        }
    }

    /** One member of a body that is put together. */
    public sealed interface Member {
        String name();

        /** The key as text. */
        record KeyText(String name) implements Member {}

        /** The newest event's data; null where there is none yet. */
        record Newest(String name, EventType type) implements Member {}

        /** The entries of a series, an array sorted by its field. */
        record Entries(String name, EventType type) implements Member {}
    }

    /**
     * The newest data of every key, an array sorted by key: {@code {"accounts":[…]}}.
     *
     * @param member the array's name
     */
    public record ListBody(String member, EventType type) {}

    public Feature {
        events = List.copyOf(events);
    }

    public Optional<EventType> event(String type) {
        return events.stream().filter(event -> event.type().equals(type)).findFirst();
    }

    /** The shortest cadence of its event types: how often its page would poll. */
    public Duration fastestCadence() {
        return events.stream().map(EventType::cadence).min(Duration::compareTo).orElseThrow();
    }

    /** The longest cadence of its event types: within it, every key has been emitted once. */
    public Duration slowestCadence() {
        return events.stream().map(EventType::cadence).max(Duration::compareTo).orElseThrow();
    }
}

package dev.cutover.schema;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The features of a dashboard, in their cutover order, and its heartbeat. Immutable; read from {@code features.yaml} (the
 * shipped one says what each field means).
 *
 * @param heartbeat the topic and cadence of the sign of life
 */
public record FeatureCatalog(List<Feature> features, HeartbeatStream heartbeat) {
    private static final String SHIPPED = "features.yaml";
    private static final Pattern TOPIC = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9.-]{0,199}");
    private static final String MARKET = "market:";
    private static final int MOST_PARTITIONS = 10_000;

    /** As long as Kafka keeps events: of a key that is emitted less often, a starting gateway would find nothing. */
    private static final Duration LONGEST_CADENCE = Duration.ofDays(7);

    /**
     * Where the sign of life is written, and how often.
     *
     * @param cadence a whole number of seconds
     */
    public record HeartbeatStream(String topic, Duration cadence) {}

    public FeatureCatalog {
        features = List.copyOf(features);
    }

    /** The catalog that Cutover ships: the four features of a trading dashboard. */
    public static FeatureCatalog shipped() {
        try (InputStream in = FeatureCatalog.class.getResourceAsStream(SHIPPED)) {
            return parse(SHIPPED, in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The catalog of an operator's own file.
     *
     * @throws StartupException when the file can't be read or breaks a rule; the message names the place
     */
    public static FeatureCatalog load(Path file) {
        try {
            return parse(file.toString(), Files.readAllBytes(file));
        } catch (IOException e) {
            throw new StartupException("can't read the feature catalog " + file + ": " + Settings.reason(e), e);
        }
    }

    public Optional<Feature> feature(String name) {
        return features.stream().filter(feature -> feature.name().equals(name)).findFirst();
    }

    /** The event type with that name; types are unique over all features. */
    public Optional<Feature.EventType> event(String type) {
        return features.stream()
                .flatMap(feature -> feature.event(type).stream())
                .findFirst();
    }

    // What the file holds, before its rules are checked. Fields that are not named here are refused.

    private record FileForm(List<FeatureForm> features, HeartbeatForm heartbeat) {}

    private static final class FeatureForm {
        private final String name;
        private final String topic;
        private final int partitions;
        private final String delivery;
        private final List<EventForm> events;
        /** Null where it is left out, which a record's component can't be. */
        @JsonProperty
        private JsonNode rest;
        /** Null where it is left out. */
        @JsonProperty
        private JsonNode parity;

        @JsonCreator
        FeatureForm(
                @JsonProperty("name") String name,
                @JsonProperty("topic") String topic,
                @JsonProperty("partitions") int partitions,
                @JsonProperty("delivery") String delivery,
                @JsonProperty("events") List<EventForm> events) {
            this.name = name;
            this.topic = topic;
            this.partitions = partitions;
            this.delivery = delivery;
            this.events = events;
        }
    }

    private static final class EventForm {
        private final String type;
        private final String key;
        private final String cadence;
        private final JsonNode view;
        /** Null where it is left out, as is {@code required}. */
        @JsonProperty
        private String active;

        @JsonProperty
        private List<String> required;

        @JsonCreator
        EventForm(
                @JsonProperty("type") String type,
                @JsonProperty("key") String key,
                @JsonProperty("cadence") String cadence,
                @JsonProperty("view") JsonNode view) {
            this.type = type;
            this.key = key;
            this.cadence = cadence;
            this.view = view;
        }
    }

    private record HeartbeatForm(String topic, String cadence) {}

    private static FeatureCatalog parse(String file, byte[] yaml) {
        YAMLMapper mapper = YAMLMapper.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
                .build();
        try {
            return new Reading(file).catalog(Json.read(mapper, FileForm.class, yaml));
        } catch (JsonFault e) {
            throw new StartupException(
                    file + (e.line() > 0 ? ", line " + e.line() : "") + ": " + e.getMessage()
                            + "; the shipped features.yaml shows the form",
                    e);
        }
    }

    /** One reading of one file: it knows what it has seen, so that names are not given twice. */
    private static final class Reading {
        private final CatalogFile file;
        private final Set<String> names = new HashSet<>();
        private final Set<String> topics = new HashSet<>();
        private final Set<String> types = new HashSet<>();
        private final Set<String> paths = new HashSet<>();

        Reading(String file) {
            this.file = new CatalogFile(file);
            types.add(Event.Heartbeat.TYPE);
            paths.addAll(ServiceEndpoints.PATHS);
        }

        FeatureCatalog catalog(FileForm form) {
            entries("features", form.features());
            List<Feature> features = new ArrayList<>();
            form.features().forEach(feature -> features.add(feature(feature)));
            topic("heartbeat.topic", form.heartbeat().topic());
            Duration cadence = cadence("heartbeat.cadence", form.heartbeat().cadence());
            check(cadence.toMillis() % 1000 == 0, "heartbeat.cadence", "must be whole seconds");
            return new FeatureCatalog(
                    features, new HeartbeatStream(form.heartbeat().topic(), cadence));
        }

        private Feature feature(FeatureForm form) {
            String place = "feature '" + form.name + "'";
            check(CatalogFile.NAME.matcher(form.name).matches(), place, "the name must match " + CatalogFile.NAME);
            check(names.add(form.name), place, "is there twice");
            topic(place + ", topic", form.topic);
            check(
                    form.partitions >= 1 && form.partitions <= MOST_PARTITIONS,
                    place + ", partitions",
                    "must be 1 to " + MOST_PARTITIONS + ", but is " + form.partitions);
            entries(place + ", events", form.events);
            List<Feature.EventType> events = new ArrayList<>();
            form.events.forEach(event -> events.add(event(place, event)));
            return new Feature(
                    form.name,
                    form.topic,
                    form.partitions,
                    delivery(place, form.delivery),
                    events,
                    form.rest == null ? Optional.empty() : Optional.of(rest(place + ", rest", form.rest, events)),
                    form.parity == null
                            ? ParityRules.EXACT
                            : new ParityForm(file, place + ", parity").read(form.parity));
        }

        private Feature.EventType event(String feature, EventForm form) {
            String place = feature + ", event '" + form.type + "'";
            check(CatalogFile.NAME.matcher(form.type).matches(), place, "the type must match " + CatalogFile.NAME);
            check(types.add(form.type), place, "the type is there twice");
            check(!form.key.isBlank(), place + ", key", "must name a field");
            List<String> required = form.required == null ? List.of(form.key) : form.required;
            check(
                    required.stream().noneMatch(field -> field == null || field.isBlank()),
                    place + ", required",
                    "must be a list of fields");
            return new Feature.EventType(
                    form.type,
                    form.key,
                    cadence(place + ", cadence", form.cadence),
                    view(place, form.view),
                    active(place + ", active", form.active),
                    required);
        }

        private ActiveHours active(String place, String text) {
            if (text == null || text.equals("always")) {
                return new ActiveHours.Always();
            }
            check(
                    text.startsWith(MARKET) && text.length() > MARKET.length(),
                    place,
                    "must be always, or market:NAME, but is '" + text + "'");
            return new ActiveHours.Market(text.substring(MARKET.length()));
        }

        private Feature.Delivery delivery(String place, String text) {
            return switch (text) {
                case "latest" -> Feature.Delivery.LATEST;
                case "every" -> Feature.Delivery.EVERY;
                default -> throw wrong(place + ", delivery", "must be latest or every, but is '" + text + "'");
            };
        }

        private Feature.View view(String place, JsonNode node) {
            if (node.isTextual() && node.textValue().equals("latest")) {
                return new Feature.View.Latest();
            }
            JsonNode series = node.path("series");
            String by = series.path("by").asText();
            if (!by.isBlank() && series.path("depth").isInt() && series.size() == 2 && node.size() == 1) {
                int depth = series.path("depth").intValue();
                check(depth >= 1, place + ", view", "depth must be at least 1, but is " + depth);
                return new Feature.View.Series(by, depth);
            }
            throw wrong(place + ", view", "must be latest or {series: {by: FIELD, depth: N}}, but is " + node);
        }

        private Feature.Rest rest(String place, JsonNode form, List<Feature.EventType> events) {
            Feature.Rest rest = new RestForm(file, place, events).read(form);
            check(
                    paths.add(rest.path()),
                    place + ", path",
                    "is another feature's, or a service's own: '" + rest.path() + "'");
            return rest;
        }

        private void topic(String place, String topic) {
            check(TOPIC.matcher(topic).matches(), place, "must match " + TOPIC + ", but is '" + topic + "'");
            check(
                    topics.add(topic) && !Topics.isOwn(topic),
                    place,
                    "is another entry's topic, or Cutover's own: '" + topic + "'");
        }

        private Duration cadence(String place, String text) {
            try {
                Duration cadence = Durations.parse(text);
                check(
                        !cadence.isZero() && cadence.compareTo(LONGEST_CADENCE) <= 0,
                        place,
                        "must be from 1ms to " + LONGEST_CADENCE.toDays() + "d, but is '" + text + "'");
                return cadence;
            } catch (IllegalArgumentException e) {
                throw wrong(place, e.getMessage() + ", but is '" + text + "'");
            }
        }

        private void entries(String place, List<?> entries) {
            check(
                    !entries.isEmpty() && !entries.contains(null),
                    place,
                    "must be a list of one entry or more, none empty");
        }

        private void check(boolean condition, String place, String rule) {
            file.check(condition, place, rule);
        }

        private StartupException wrong(String place, String rule) {
            return file.wrong(place, rule);
        }
    }
}

package dev.cutover.jobs;

import com.fasterxml.jackson.core.JsonPointer;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Feature.KeyBody;
import dev.cutover.schema.Feature.Member;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.StartupException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is asked of an existing REST service for one feature, and how often. Immutable.
 *
 * @param types the event types that the answers hold; at least one
 * @param period between two polls: no longer than the shortest of their cadences
 * @param polls one for the list of all keys, or one for each key
 */
record PollPlan(Feature feature, Set<EventType> types, Duration period, List<Poll> polls) {
    PollPlan {
        types = Set.copyOf(types);
        polls = List.copyOf(polls);
    }

    /**
     * A plan for each feature of the catalog that has a REST endpoint.
     *
     * @param service where the service is; the catalog's paths follow
     * @throws StartupException when a feature can't be polled: the message says which, and what to set
     */
    static List<PollPlan> of(FeatureCatalog catalog, URI service, PollSettings settings) {
        List<Feature> polled = catalog.features().stream()
                .filter(feature -> feature.rest().isPresent())
                .toList();
        Set<String> unknown = new TreeSet<>(settings.keys().keySet());
        polled.forEach(feature -> unknown.remove(feature.name()));
        if (!unknown.isEmpty()) {
            throw new StartupException("--poll-keys names " + String.join(", ", unknown)
                    + ", but the features that have a REST endpoint are "
                    + polled.stream().map(Feature::name).collect(Collectors.joining(", ")));
        }
        if (polled.isEmpty()) {
            throw new StartupException(
                    "no feature of the catalog has a REST endpoint that could be polled; give each its"
                            + " 'rest' in the catalog, or choose another --source");
        }
        return polled.stream().map(feature -> of(feature, service, settings)).toList();
    }

    private static PollPlan of(Feature feature, URI service, PollSettings settings) {
        Feature.Rest rest = feature.rest().orElseThrow();
        List<String> keys = settings.keys().getOrDefault(feature.name(), List.of());
        if (keys.isEmpty() && rest.all() == null) {
            throw new StartupException("the feature " + feature.name()
                    + " can't be polled: its REST endpoint answers by " + rest.parameter()
                    + " alone, so name the keys: --poll-keys '" + feature.name() + "=KEY,…'");
        }
        if (!keys.isEmpty() && rest.one() == null) {
            throw new StartupException("--poll-keys names keys of " + feature.name()
                    + ", but its REST endpoint has the list alone; leave the feature out");
        }
        Set<EventType> types = keys.isEmpty() ? Set.of(rest.all().type()) : types(rest.one());
        Duration shortest =
                types.stream().map(EventType::cadence).min(Duration::compareTo).orElseThrow();
        Duration every = settings.every();
        Duration period = every == null || every.compareTo(shortest) > 0 ? shortest : every;
        List<Poll> polls = new ArrayList<>();
        if (keys.isEmpty()) {
            polls.add(poll(feature, null, service, rest.upstream().all()));
        }
        keys.forEach(
                key -> polls.add(poll(feature, key, service, rest.upstream().one())));
        return new PollPlan(feature, types, period, polls);
    }

    private static Set<EventType> types(KeyBody body) {
        if (body instanceof KeyBody.Data data) {
            return Set.of(data.type());
        }
        return ((KeyBody.Members) body)
                .members().stream()
                        .flatMap(member -> {
                            if (member instanceof Member.Newest newest) {
                                return Stream.of(newest.type());
                            }
                            return member instanceof Member.Entries entries ? Stream.of(entries.type()) : Stream.of();
                        })
                        .collect(Collectors.toSet());
    }

    private static Poll poll(Feature feature, String key, URI service, Feature.Source source) {
        String path = key == null ? source.path() : source.path(key);
        try {
            return new Poll(feature, key, URI.create(service + path), JsonPointer.compile(source.at()));
        } catch (IllegalArgumentException e) {
            throw new StartupException(
                    "the feature " + feature.name() + " can't be polled: " + e.getMessage()
                            + "; mend rest.upstream in the catalog",
                    e);
        }
    }

    /** The types of the catalog's feature that no answer holds: somebody else must emit them. */
    List<String> missingTypes() {
        return feature.events().stream()
                .filter(type -> !types.contains(type))
                .map(EventType::type)
                .toList();
    }

    /** All features' types that are polled. */
    static Set<String> types(List<PollPlan> plans) {
        return plans.stream()
                .flatMap(plan -> plan.types().stream())
                .map(EventType::type)
                .collect(Collectors.toSet());
    }
}

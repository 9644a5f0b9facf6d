package dev.cutover.control;

import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Feature.KeyBody;
import dev.cutover.schema.Feature.Member;
import dev.cutover.schema.Feature.View;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which body of a key was asked for.
 *
 * @param limit how many entries of a series at most; at least 1
 */
record BodyForm(KeyBody body, int limit) {
    private static final String LIMIT = "limit=";
    private static final Pattern SMALL_NUMBER = Pattern.compile("0*[1-9]\\d{0,8}");

    /**
     * The form that a query asks for.
     *
     * @param query as {@link dev.cutover.schema.ServedRecord#query} has it: with the key's parameter it is one body, without it an
     *     element of the list
     * @return empty where the endpoint has no such body
     */
    static Optional<BodyForm> of(Feature feature, String query) {
        Feature.Rest rest = feature.rest().orElse(null);
        if (rest == null) {
            return Optional.empty();
        }
        List<String> parameters = List.of(query.split("&"));
        boolean one = rest.parameter() != null
                && parameters.stream().anyMatch(each -> each.startsWith(rest.parameter() + "="));
        if (one) {
            return Optional.of(new BodyForm(rest.one(), limit(parameters)));
        }
        return Optional.ofNullable(rest.all())
                .map(list -> new BodyForm(new KeyBody.Data(list.type()), Integer.MAX_VALUE));
    }

    private static int limit(List<String> parameters) {
        return parameters.stream()
                .filter(each -> each.startsWith(LIMIT))
                .map(each -> each.substring(LIMIT.length()))
                .filter(each -> SMALL_NUMBER.matcher(each).matches())
                .mapToInt(Integer::parseInt)
                .findFirst()
                .orElse(Integer.MAX_VALUE);
    }

    /** The event types that change the body. */
    List<EventType> types() {
        if (body instanceof KeyBody.Data data) {
            return List.of(data.type());
        }
        return ((KeyBody.Members) body)
                .members().stream()
                        .flatMap(member -> {
                            if (member instanceof Member.Newest newest) {
                                return Stream.of(newest.type());
                            }
                            return member instanceof Member.Entries entries
                                    ? Stream.of(entries.type())
                                    : Stream.empty();
                        })
                        .distinct()
                        .toList();
    }

    /** How many entries are kept of a type. */
    static int depth(EventType type) {
        return type.view() instanceof View.Series series ? series.depth() : 1;
    }
}

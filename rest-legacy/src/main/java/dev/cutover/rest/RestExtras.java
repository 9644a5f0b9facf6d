package dev.cutover.rest;

import dev.cutover.schema.HttpAnswer;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What the local stack adds to a service, and nobody else: no setting reaches it.
 *
 * @param changes by a feature's name, the change that is on now; asked on the server's threads, once for each answer
 * @param posts by path, what takes the body of a POST, {@code application/json} of 64 KiB at most from a page of this machine or
 *     from no page; called on the server's threads
 */
public record RestExtras(
        Function<String, Optional<BodyChange>> changes, Map<String, Function<byte[], HttpAnswer>> posts) {
    /** What every service by itself has. */
    public static final RestExtras NONE = new RestExtras(feature -> Optional.empty(), Map.of());

    public RestExtras {
        posts = Map.copyOf(posts);
    }
}

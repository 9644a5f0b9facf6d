package dev.cutover.rest;

import dev.cutover.schema.Feature;
import java.util.concurrent.CompletableFuture;

/** What answers at a feature's path. Any thread; {@link #answer} waits for nothing. */
interface Endpoint {
    Feature feature();

    /** Without the slash at its end. */
    default String path() {
        return feature().rest().orElseThrow().path();
    }

    /** Whether the pages that may read its answers are for this service to say; else for what stands behind it. */
    boolean hasOwnCors();

    /** The answer, done already where nobody else is to be asked; completed on any thread, by a fault of Cutover alone with an exception. */
    CompletableFuture<Answer> answer(Request request);
}

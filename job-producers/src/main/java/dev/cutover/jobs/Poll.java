package dev.cutover.jobs;

import com.fasterxml.jackson.core.JsonPointer;
import dev.cutover.schema.Feature;
import java.net.URI;

/**
 * One request that is made again and again.
 *
 * @param key whose body is asked for; null for the list of all
 * @param at where in the answer the body is; the empty pointer where it is the answer
 */
record Poll(Feature feature, String key, URI uri, JsonPointer at) {

    @Override
    public String toString() {
        return "GET " + uri;
    }
}

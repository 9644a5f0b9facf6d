package dev.cutover.control;

import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/**
 * Over what a comparison of REST with the events went.
 *
 * @param live whether REST was asked meanwhile; else it was read from the record of what it had served
 * @param from null for all that Kafka keeps
 * @param until the first instant that is not in it
 * @param interrupted whether it was to go on for longer
 * @param answers what REST answered when it was asked: the status, or why there was none, to how often
 */
record Span(boolean live, Instant from, Instant until, boolean interrupted, Map<String, Integer> answers) {
    Span {
        answers = new TreeMap<>(answers);
    }
}

package dev.cutover.schema;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a start has built, in the order of the flow, to be closed in reverse: when the service stops, and when its start fails
 * half-way. Confined to one thread at a time.
 */
public final class Parts implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Parts.class);

    private record Part(String name, AutoCloseable closeable) {}

    private final Deque<Part> built = new ArrayDeque<>();

    private Parts() {}

    /**
     * Runs a start. When it fails, what it had built is closed before the failure goes on to the caller; a start that is called
     * off by an interrupt still closes in order, and the interrupt stays set.
     */
    public static <T> T start(Function<Parts, T> start) {
        Parts parts = new Parts();
        try {
            return start.apply(parts);
        } catch (RuntimeException | Error e) {
            boolean interrupted = Thread.interrupted();
            parts.close();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            throw e;
        }
    }

    /**
     * Keeps a part that has just been built.
     *
     * @param name for the log, should it not close
     * @return the part
     */
    public <T extends AutoCloseable> T add(String name, T part) {
        built.push(new Part(name, part));
        return part;
    }

    /** Closes every part, the last one first. One that fails is logged, and the others are closed nevertheless. */
    @Override
    public void close() {
        while (!built.isEmpty()) {
            Part part = built.pop();
            try {
                part.closeable().close();
            } catch (Exception e) {
                log.error("{} did not close in order", part.name(), e);
            }
        }
    }
}

package dev.cutover.jobs;

import dev.cutover.schema.Event.IntradayBar;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The closed bars that Kafka has not acknowledged yet, oldest first: each is sent until it is acknowledged, and progress never
 * moves past one that is not. Owned by the intraday job's thread; acknowledgements cross by their futures.
 */
final class ClosedBars {

    /** Owned as the whole is. */
    private static final class Entry {
        final IntradayBar bar;
        /** Null until the bar has been sent. */
        CompletableFuture<Void> sent;

        Entry(IntradayBar bar) {
            this.bar = bar;
        }

        boolean isToBeSent() {
            return sent == null || sent.isCompletedExceptionally();
        }

        boolean isAcknowledged() {
            return sent != null && sent.isDone() && !sent.isCompletedExceptionally();
        }
    }

    private final EventPublisher publisher;
    private final Deque<Entry> entries = new ArrayDeque<>();
    private final Map<String, Instant> finalMinutes;

    /** @param start how far an earlier run got */
    ClosedBars(EventPublisher publisher, Progress start) {
        this.publisher = publisher;
        this.finalMinutes = new HashMap<>(start.finalMinutes());
    }

    void add(List<IntradayBar> closed) {
        closed.forEach(bar -> entries.add(new Entry(bar)));
    }

    /** Sends the bars that were not sent yet, and those whose sending failed, oldest first. */
    void send() {
        for (Entry entry : entries) {
            if (entry.isToBeSent()) {
                entry.sent = null;
                entry.sent = publisher.send(entry.bar);
            }
        }
    }

    /** Lets go of the acknowledged ones, up to the first that is not. */
    boolean settle() {
        boolean moved = false;
        while (!entries.isEmpty() && entries.peek().isAcknowledged()) {
            IntradayBar bar = entries.remove().bar;
            finalMinutes.put(bar.symbol(), bar.timestampMinute());
            moved = true;
        }
        return moved;
    }

    Progress progress() {
        return new Progress(finalMinutes);
    }

    int size() {
        return entries.size();
    }

    /** Done when all bars that were sent have been answered for, well or badly. */
    CompletableFuture<Void> answered() {
        return CompletableFuture.allOf(entries.stream()
                .filter(entry -> entry.sent != null)
                .map(entry -> entry.sent.exceptionally(failure -> null))
                .toArray(CompletableFuture<?>[]::new));
    }
}

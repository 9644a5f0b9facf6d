package dev.cutover.jobs;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * What one poll has shown last, and which events of it are due: at once those that are new or say something else, also when Kafka
 * did not take them the time before; those that stayed as they were at their cadence. What a poll does not show any more is
 * forgotten, and so falls silent. Asks no clock. Owned by the job's thread.
 */
final class PollState {
    private static final class Shown {
        private PolledEvent event;
        /** The slot that it was sent in last; null before. */
        private Instant sentAt;
        /** Kafka's answer to that; null before. */
        private CompletableFuture<Void> answer;

        Shown(PolledEvent event) {
            this.event = event;
        }
    }

    private Map<PolledEvent.Id, Shown> shown = Map.of();
    /** Of the answer that all of this is from; null where it had none, or faults, which the next poll is to find again. */
    private String etag;

    /** Takes an answer in; {@code newEtag} is null to be shown everything at the next poll. */
    void shows(List<PolledEvent> events, String newEtag) {
        Map<PolledEvent.Id, Shown> now = new LinkedHashMap<>();
        for (PolledEvent event : events) {
            Shown before = shown.get(event.id());
            boolean same = before != null && before.event.says(event);
            Shown entry = same ? before : new Shown(event);
            entry.event = event; // an entry that stays may be the newest no more
            now.put(event.id(), entry);
        }
        shown = now;
        etag = newEtag;
    }

    /** Whether the last answer held no event. */
    boolean isEmpty() {
        return shown.isEmpty();
    }

    String etag() {
        return etag;
    }

    /**
     * What is to be emitted, in the order that the poll showed it.
     *
     * @param period until the next slot: what would be overdue then is due now
     */
    List<PolledEvent> due(Instant slot, Duration period) {
        List<PolledEvent> due = new ArrayList<>();
        for (Shown each : shown.values()) {
            boolean sent = each.answer != null && !each.answer.isCompletedExceptionally();
            if (!sent || (each.event.newest() && isCadenceOver(each, slot, period))) {
                due.add(each.event);
            }
        }
        return due;
    }

    private static boolean isCadenceOver(Shown each, Instant slot, Duration period) {
        Instant next = each.sentAt.plus(each.event.type().cadence());
        // a clock that was set back holds nothing up
        return slot.isBefore(each.sentAt) || slot.plus(period).isAfter(next);
    }

    /** After an event that was due has been handed to Kafka. */
    void sent(PolledEvent event, Instant slot, CompletableFuture<Void> answer) {
        Shown entry = shown.get(event.id());
        entry.sentAt = slot;
        entry.answer = answer;
    }
}

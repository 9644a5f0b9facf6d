package dev.cutover.gateway;

import io.netty.buffer.ByteBuf;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What waits for a subscriber that reads more slowly than it is sent to: in order, bounded in bytes, and with one entry for
 * each key of a {@code latest} feature, the newest. A replaced value moves to the end, so that what leaves still ascends in
 * offset for each partition.
 *
 * <p>Confined to the session's event loop.
 */
final class Outbound {

    /** Something to be written when its turn comes. */
    sealed interface Entry permits Event, Message, Control, Snapshot {
        int bytes();

        void release();
    }

    /** One event. */
    record Event(Frame frame) implements Entry {
        @Override
        public int bytes() {
            return frame.bytes();
        }

        @Override
        public void release() {
            frame.release();
        }
    }

    /** Something that the gateway says. */
    record Message(ServerMessage message) implements Entry {
        @Override
        public int bytes() {
            return message.json().length;
        }

        @Override
        public void release() {}
    }

    /** Bytes of the connection's own protocol. */
    record Control(ByteBuf bytesToWrite) implements Entry {
        @Override
        public int bytes() {
            return bytesToWrite.readableBytes();
        }

        @Override
        public void release() {
            bytesToWrite.release();
        }
    }

    /** What became of an offer. */
    enum Offer {
        QUEUED,
        /** The key's value that waited was replaced, and will never be sent. */
        CONFLATED,
        /** The entry was not taken: the bound is reached. */
        FULL,
        /** The entry was not taken: its key has been passed over for too long. */
        OVERDUE
    }

    private record Waiting(Entry entry, long sinceNs) {}

    /** What waits for all subscribers of one event loop together. Owned by that loop. */
    static final class Total {
        private long bytes;

        long bytes() {
            return bytes;
        }
    }

    private final long mostBytes;
    private final Total total;
    private final Map<Object, Waiting> entries = new LinkedHashMap<>();
    private long bytes;

    /**
     * @param mostBytes of all entries together; snapshots do not count: they are bounded by their events
     * @param total in which they count as well
     */
    Outbound(long mostBytes, Total total) {
        this.mostBytes = mostBytes;
        this.total = total;
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    long bytes() {
        return bytes;
    }

    /** Takes over one reference of the entry, unless it answers {@link Offer#FULL}. */
    Offer offer(Entry entry, long nowNs) {
        if (bytes + entry.bytes() > mostBytes) {
            return Offer.FULL;
        }
        add(new Object(), entry, nowNs); // entries may be equal, and each is its own
        return Offer.QUEUED;
    }

    /**
     * Takes over one reference of the frame, unless it answers {@link Offer#FULL} or {@link Offer#OVERDUE}.
     *
     * @param mostWaitNs how long a key may be passed over
     */
    Offer offerLatest(Frame frame, long nowNs, long mostWaitNs) {
        Waiting before = entries.get(frame.key);
        if (before == null) {
            if (bytes + frame.bytes() > mostBytes) {
                return Offer.FULL;
            }
            add(frame.key, new Event(frame), nowNs);
            return Offer.QUEUED;
        }
        if (nowNs - before.sinceNs() > mostWaitNs) {
            return Offer.OVERDUE;
        }
        if (bytes - before.entry().bytes() + frame.bytes() > mostBytes) {
            return Offer.FULL;
        }
        remove(frame.key, before.entry());
        before.entry().release();
        add(frame.key, new Event(frame), before.sinceNs());
        return Offer.CONFLATED;
    }

    /** How many events the snapshots that wait hold. */
    int snapshotEvents() {
        int events = 0;
        for (Waiting waiting : entries.values()) {
            events += waiting.entry() instanceof Snapshot snapshot ? snapshot.waiting() : 0;
        }
        return events;
    }

    private void add(Object name, Entry entry, long sinceNs) {
        entries.put(name, new Waiting(entry, sinceNs));
        grow(entry.bytes());
    }

    private void remove(Object name, Entry entry) {
        entries.remove(name);
        grow(-entry.bytes());
    }

    private void grow(long by) {
        bytes += by;
        total.bytes += by;
    }

    /** The next to be written; null when nothing waits. */
    Entry first() {
        Iterator<Waiting> each = entries.values().iterator();
        return each.hasNext() ? each.next().entry() : null;
    }

    /** Takes the first away; its reference is the caller's now. */
    void removeFirst() {
        Iterator<Waiting> each = entries.values().iterator();
        grow(-each.next().entry().bytes());
        each.remove();
    }

    /** Drops and releases all that waits. */
    void clear() {
        entries.values().forEach(waiting -> waiting.entry().release());
        entries.clear();
        grow(-bytes);
    }
}

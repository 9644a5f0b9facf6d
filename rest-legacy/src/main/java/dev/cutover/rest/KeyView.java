package dev.cutover.rest;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * All that is known of one key, over all event types of its feature: of each type the events that were written last, as many as
 * its depth, told apart by the series' field; a type without a series is one of depth 1. Counted by writing and not by the
 * field, they are a function of the log's end alone: the same in a service that has run for long and in one that just started.
 *
 * <p>Its bytes are its only form, since every change begins and ends in the store: a change copies them around one cut and one
 * addition. For each type there is a section of {@code length, count, entries}, and each entry is {@code offset, length of by,
 * length of data, by, data}; numbers are big-endian. Immutable.
 */
final class KeyView {
    private static final int HEADER_BYTES = Long.BYTES;

    private static final int SECTION_BYTES = 2 * Integer.BYTES;
    private static final int ENTRY_BYTES = Long.BYTES + 2 * Integer.BYTES;
    private static final byte NUMBER = 'n';
    private static final byte TEXT = 't';

    /**
     * One event of the view.
     *
     * @param by the value of the series' field, a String or a BigDecimal; null for a type without a series
     * @param data as the producer wrote it, a slice of the view's own bytes; not to be changed
     */
    record Entry(long offset, Object by, ByteBuffer data) {}

    /** The offset of the newest event, then the sections. */
    private final byte[] form;

    private KeyView(byte[] form) {
        this.form = form;
    }

    /** @param types how many event types the feature has */
    static KeyView empty(int types) {
        return new KeyView(ByteBuffer.allocate(HEADER_BYTES + types * SECTION_BYTES)
                .putLong(0, -1)
                .array());
    }

    /** @param form what {@link #encode} gave; not to be changed any more */
    static KeyView decode(byte[] form) {
        return new KeyView(form);
    }

    /** The bytes of this view; not to be changed. */
    byte[] encode() {
        return form;
    }

    /** The offset of the newest event that is in this view, or that had been and was replaced; -1 for none. */
    long offset() {
        return ByteBuffer.wrap(form).getLong(0);
    }

    /**
     * This view after one more event.
     *
     * @param type the event type's place among those of its feature
     * @param depth how many entries are kept of it; at least 1
     * @param by as in {@link Entry}; an entry with the same value is replaced, and counts as written last
     */
    KeyView apply(int type, int depth, Object by, long offset, byte[] data) {
        ByteBuffer old = ByteBuffer.wrap(form);
        byte[] name = name(by);
        int section = section(old, type);
        int end = section + SECTION_BYTES + old.getInt(section);
        int count = old.getInt(section + Integer.BYTES);
        Cut cut = cut(old, section + SECTION_BYTES, end, name, count == depth);
        int added = ENTRY_BYTES + name.length + data.length;

        ByteBuffer view = ByteBuffer.allocate(form.length - cut.length() + added);
        view.put(form, 0, cut.from);
        view.put(form, cut.to, end - cut.to);
        view.putLong(offset).putInt(name.length).putInt(data.length).put(name).put(data);
        view.put(form, end, form.length - end);
        view.putLong(0, offset);
        view.putInt(section, end - section - SECTION_BYTES - cut.length() + added);
        view.putInt(section + Integer.BYTES, count + (cut.length() > 0 ? 0 : 1));
        return new KeyView(view.array());
    }

    /** The entries of a type, in the order in which they were written. */
    List<Entry> entries(int type) {
        ByteBuffer buffer = ByteBuffer.wrap(form);
        int section = section(buffer, type);
        int count = buffer.getInt(section + Integer.BYTES);
        buffer.position(section + SECTION_BYTES);
        List<Entry> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long offset = buffer.getLong();
            byte[] name = new byte[buffer.getInt()];
            int dataBytes = buffer.getInt();
            buffer.get(name);
            entries.add(new Entry(offset, value(name), buffer.slice(buffer.position(), dataBytes)));
            buffer.position(buffer.position() + dataBytes);
        }
        return entries;
    }

    private static int section(ByteBuffer buffer, int type) {
        int at = HEADER_BYTES;
        for (int i = 0; i < type; i++) {
            at += SECTION_BYTES + buffer.getInt(at);
        }
        return at;
    }

    /** The bytes of the entry that goes; none of them where nothing does. */
    private record Cut(int from, int to) {
        int length() {
            return to - from;
        }
    }

    private Cut cut(ByteBuffer buffer, int begin, int end, byte[] name, boolean full) {
        for (int at = begin; at < end; at = behind(buffer, at)) {
            if (isNamed(buffer, at, name)) {
                return new Cut(at, behind(buffer, at));
            }
        }
        return full ? new Cut(begin, behind(buffer, begin)) : new Cut(end, end);
    }

    private static int behind(ByteBuffer buffer, int entry) {
        return entry
                + ENTRY_BYTES
                + buffer.getInt(entry + Long.BYTES)
                + buffer.getInt(entry + Long.BYTES + Integer.BYTES);
    }

    private boolean isNamed(ByteBuffer buffer, int entry, byte[] name) {
        int begin = entry + ENTRY_BYTES;
        return buffer.getInt(entry + Long.BYTES) == name.length
                && Arrays.equals(form, begin, begin + name.length, name, 0, name.length);
    }

    /** A text as its chars, since not every text that JSON can hold has a form in UTF-8. */
    private static byte[] name(Object by) {
        if (by == null) {
            return new byte[0];
        }
        if (by instanceof BigDecimal number) {
            byte[] digits = number.toString().getBytes(StandardCharsets.US_ASCII);
            return ByteBuffer.allocate(1 + digits.length)
                    .put(NUMBER)
                    .put(digits)
                    .array();
        }
        String text = (String) by;
        ByteBuffer name =
                ByteBuffer.allocate(1 + text.length() * Character.BYTES).put(TEXT);
        for (int i = 0; i < text.length(); i++) {
            name.putChar(text.charAt(i));
        }
        return name.array();
    }

    private static Object value(byte[] name) {
        if (name.length == 0) {
            return null;
        }
        ByteBuffer rest = ByteBuffer.wrap(name, 1, name.length - 1);
        return name[0] == NUMBER
                ? new BigDecimal(StandardCharsets.US_ASCII.decode(rest).toString())
                : rest.asCharBuffer().toString();
    }
}

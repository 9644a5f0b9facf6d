package dev.cutover.local;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The frame of an event, read no further than asked. One serves all frames of a thread, one after the other.
 *
 * <p>Confined to one thread.
 */
final class Envelope {
    private static final byte[] DATA = ascii(",\"data\":");
    private static final byte[] POS = ascii(",\"pos\":\"");
    private static final byte[] FEATURE = ascii(",\"feature\":\"");
    private static final byte[] KEY = ascii(",\"key\":\"");
    private static final byte[] SNAPSHOT = ascii(",\"snapshot\":true");
    private static final byte[] REPLAY = ascii(",\"replay\":true");
    private static final byte[] SUB = ascii(",\"sub\":");
    private static final byte[] AT = ascii("\"at\":");

    private final CRC32C crc = new CRC32C();
    private byte[] bytes;
    private int from;
    private int to;
    private int dataAt;

    int partition;
    long offset;

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Whether the frame is an event's; {@link #partition} and {@link #offset} are then set. */
    boolean read(byte[] frame, int begin, int end) {
        bytes = frame;
        from = begin;
        to = end;
        dataAt = indexOf(DATA, begin, end);
        int at = dataAt < 0 ? -1 : indexOf(POS, begin, dataAt);
        if (at < 0) {
            return false;
        }
        at += POS.length;
        partition = (int) number(at);
        while (bytes[at] != ':') {
            at++;
        }
        offset = number(at + 1);
        return true;
    }

    String feature() {
        return text(FEATURE);
    }

    String key() {
        return text(KEY);
    }

    boolean isSnapshot() {
        return indexOf(SNAPSHOT, from, dataAt) >= 0;
    }

    boolean isReplay() {
        return indexOf(REPLAY, from, dataAt) >= 0;
    }

    /** −1 for none. */
    int sub() {
        int at = indexOf(SUB, from, dataAt);
        return at < 0 ? -1 : (int) number(at + SUB.length);
    }

    /** A checksum of the event's data. */
    int sum() {
        return sum(bytes, dataAt + DATA.length, to - 1);
    }

    int sum(byte[] data, int begin, int end) {
        crc.reset();
        crc.update(data, begin, end - begin);
        return (int) crc.getValue();
    }

    /** The number of the data's member {@code at}: when it was emitted. */
    long emittedNs() {
        return number(indexOf(AT, dataAt, to) + AT.length);
    }

    private String text(byte[] member) {
        int begin = indexOf(member, from, dataAt) + member.length;
        int end = begin;
        while (bytes[end] != '"') {
            end++;
        }
        return new String(bytes, begin, end - begin, StandardCharsets.UTF_8);
    }

    private long number(int at) {
        long value = 0;
        for (int i = at; bytes[i] >= '0' && bytes[i] <= '9'; i++) {
            value = 10 * value + bytes[i] - '0';
        }
        return value;
    }

    private int indexOf(byte[] what, int begin, int end) {
        for (int i = begin; i <= end - what.length; i++) {
            if (bytes[i] == what[0] && Arrays.equals(bytes, i, i + what.length, what, 0, what.length)) {
                return i;
            }
        }
        return -1;
    }
}

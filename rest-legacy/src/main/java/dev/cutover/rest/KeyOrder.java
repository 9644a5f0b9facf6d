package dev.cutover.rest;

import java.math.BigInteger;
import java.util.Comparator;
import java.util.regex.Pattern;

/**
 * The order of keys in a list: whole numbers first, by value, then texts.
 *
 * @param number null for a key that is no whole number, or one beyond any use
 */
record KeyOrder(BigInteger number, String text) implements Comparable<KeyOrder> {
    private static final Pattern WHOLE_NUMBER = Pattern.compile("-?\\d{1,40}");
    private static final Comparator<KeyOrder> ORDER = Comparator.comparing(
                    KeyOrder::number, Comparator.nullsLast(Comparator.<BigInteger>naturalOrder()))
            .thenComparing(KeyOrder::text);

    static KeyOrder of(String key) {
        return new KeyOrder(WHOLE_NUMBER.matcher(key).matches() ? new BigInteger(key) : null, key);
    }

    @Override
    public int compareTo(KeyOrder other) {
        return ORDER.compare(this, other);
    }
}

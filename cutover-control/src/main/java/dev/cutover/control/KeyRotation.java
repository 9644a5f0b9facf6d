package dev.cutover.control;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;

/** Takes keys in turn, a few at a time, so that all of them come; also of a set that changes meanwhile. Confined to one thread. */
final class KeyRotation {
    private final int size;
    /** Null before the first turn. */
    private String last;

    /** @param size how many keys a turn takes at most; at least 1 */
    KeyRotation(int size) {
        this.size = size;
    }

    /** Those that follow the last ones in the order of the keys, and then from the first again; none twice. */
    List<String> next(NavigableSet<String> keys) {
        List<String> next = new ArrayList<>();
        if (last != null) {
            keys.tailSet(last, false).stream().limit(size).forEach(next::add);
        }
        for (String key : keys) {
            if (next.size() == size || next.contains(key)) {
                break;
            }
            next.add(key);
        }
        last = next.isEmpty() ? last : next.get(next.size() - 1);
        return next;
    }
}

package dev.cutover.gateway;

import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;

/** Some keys of a feature, or all but some. Confined to the event loop of whoever holds it. */
final class KeyFilter {
    /** False: it wants {@link #keys}. True: it wants all but those. */
    private boolean all;

    private final Set<String> keys = new HashSet<>();

    /** Wants nothing yet. */
    KeyFilter() {}

    /** @param wanted null for all keys */
    static KeyFilter of(Collection<String> wanted) {
        KeyFilter filter = new KeyFilter();
        filter.all = wanted == null;
        if (wanted != null) {
            filter.keys.addAll(wanted);
        }
        return filter;
    }

    /** Another one that wants the same. */
    KeyFilter copy() {
        KeyFilter copy = new KeyFilter();
        copy.all = all;
        copy.keys.addAll(keys);
        return copy;
    }

    /** Whether {@link #named} are the keys that it does not want. */
    boolean isAll() {
        return all;
    }

    Set<String> named() {
        return Collections.unmodifiableSet(keys);
    }

    boolean wants(String key) {
        return all != keys.contains(key);
    }

    boolean wantsNothing() {
        return !all && keys.isEmpty();
    }

    /** From now on it wants what the other wants, too. */
    void add(KeyFilter other) {
        if (all && other.all) {
            keys.retainAll(other.keys);
        } else if (all) {
            keys.removeAll(other.keys);
        } else if (other.all) {
            Set<String> unwanted = new HashSet<>(other.keys);
            unwanted.removeAll(keys);
            keys.clear();
            keys.addAll(unwanted);
            all = true;
        } else {
            keys.addAll(other.keys);
        }
    }

    /** @param taken null for all keys */
    void remove(Collection<String> taken) {
        if (taken == null) {
            all = false;
            keys.clear();
        } else if (all) {
            keys.addAll(taken);
        } else {
            taken.forEach(keys::remove);
        }
    }
}

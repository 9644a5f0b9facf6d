package dev.cutover.gateway;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What one session wants of one feature: some keys, or all but some. It keeps itself entered in the feature's index.
 *
 * <p>Owned by the session's event loop.
 */
final class LiveSubscription {
    private final SubscriberSession session;
    private final FeatureView view;
    private final Set<String> keys = new HashSet<>();
    /** False: it wants {@link #keys}. True: it wants all but those. */
    private boolean all;

    /** Its place in the view's list of those who want all; the view's own. */
    int indexToAll = -1;

    LiveSubscription(SubscriberSession session, FeatureView view) {
        this.session = session;
        this.view = view;
    }

    SubscriberSession session() {
        return session;
    }

    FeatureView view() {
        return view;
    }

    boolean wants(String key) {
        return all != keys.contains(key);
    }

    boolean wantsNothing() {
        return !all && keys.isEmpty();
    }

    /** @param added null for all keys */
    void add(Collection<String> added) {
        if (added == null) {
            if (!all) {
                view.unindex(this, keys);
                all = true;
                view.indexToAll(this);
            }
            keys.clear();
        } else if (all) {
            added.forEach(keys::remove);
        } else {
            List<String> fresh = new ArrayList<>();
            for (String key : added) {
                if (keys.add(key)) {
                    fresh.add(key);
                }
            }
            view.index(this, fresh);
        }
    }

    /** @param taken null for all keys */
    void remove(Collection<String> taken) {
        if (taken == null) {
            if (all) {
                view.unindexToAll(this);
                all = false;
            } else {
                view.unindex(this, keys);
            }
            keys.clear();
        } else if (all) {
            keys.addAll(taken);
        } else {
            List<String> gone = new ArrayList<>();
            for (String key : taken) {
                if (keys.remove(key)) {
                    gone.add(key);
                }
            }
            view.unindex(this, gone);
        }
    }
}

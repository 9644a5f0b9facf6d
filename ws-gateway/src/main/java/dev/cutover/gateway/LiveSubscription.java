package dev.cutover.gateway;

import java.util.Collection;
import java.util.List;

/**
 * What one session gets of one feature as it happens. It keeps itself entered in the feature's index.
 *
 * <p>Owned by the session's event loop.
 */
final class LiveSubscription {
    private final SubscriberSession session;
    private final FeatureShard shard;
    private final KeyFilter keys = new KeyFilter();

    /** Its place in the shard's list of those who want all; the shard's own. */
    int indexToAll = -1;

    LiveSubscription(SubscriberSession session, FeatureShard shard) {
        this.session = session;
        this.shard = shard;
    }

    SubscriberSession session() {
        return session;
    }

    FeatureShard shard() {
        return shard;
    }

    /** Its own, to be read alone. */
    KeyFilter keys() {
        return keys;
    }

    boolean wants(String key) {
        return keys.wants(key);
    }

    boolean wantsNothing() {
        return keys.wantsNothing();
    }

    void add(KeyFilter added) {
        if (keys.isAll()) {
            keys.add(added);
        } else if (added.isAll()) {
            shard.unindex(this, keys.named());
            keys.add(added);
            shard.indexToAll(this);
        } else {
            List<String> fresh =
                    added.named().stream().filter(key -> !keys.wants(key)).toList();
            keys.add(added);
            shard.index(this, fresh);
        }
    }

    /** @param taken null for all keys */
    void remove(Collection<String> taken) {
        if (keys.isAll()) {
            if (taken == null) {
                shard.unindexToAll(this);
            }
        } else if (taken == null) {
            shard.unindex(this, keys.named());
        } else {
            shard.unindex(this, taken.stream().distinct().filter(keys::wants).toList());
        }
        keys.remove(taken);
    }
}

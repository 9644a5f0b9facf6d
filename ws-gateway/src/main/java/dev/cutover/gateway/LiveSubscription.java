package dev.cutover.gateway;

import java.util.Collection;
import java.util.List;

/**
 * What one session gets of one feature as it happens. It keeps itself entered in the feature's index.
 *
 * <p>Owned by the session's event loop.
 */
final class LiveSubscription {
    private final Sender sender;
    private final FeatureShard shard;
    private final KeyFilter keys = new KeyFilter();

    /** Its place in the shard's list of those who want all; the shard's own. */
    int indexToAll = -1;

    LiveSubscription(Sender sender, FeatureShard shard) {
        this.sender = sender;
        this.shard = shard;
    }

    Sender sender() {
        return sender;
    }

    FeatureShard shard() {
        return shard;
    }

    /** What it wants; to be changed by way of this class alone. */
    KeyFilter keys() {
        return keys;
    }

    /** How many keys it names, those that it wants or those that it does not. */
    int namedKeys() {
        return keys.named().size();
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

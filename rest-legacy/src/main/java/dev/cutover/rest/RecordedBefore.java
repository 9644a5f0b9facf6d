package dev.cutover.rest;

import dev.cutover.schema.ServedRecord.Kind;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What was recorded not long ago: as many bodies as there is room for, those seen last. Confined to the recorder's thread.
 */
final class RecordedBefore {

    /**
     * What makes two bodies the same evidence.
     *
     * @param offset null where the body says of none; it then counts as the same for one cadence alone
     */
    record Identity(
            String feature,
            Kind kind,
            String key,
            int partition,
            String epoch,
            Long offset,
            String query,
            String hash) {

        static Identity of(String feature, ServedBodies.Body body) {
            return new Identity(
                    feature,
                    body.kind(),
                    body.key(),
                    body.partition(),
                    body.epoch(),
                    body.offset(),
                    body.query(),
                    body.hash());
        }
    }

    /** To when it was recorded. */
    private final Map<Identity, Long> recordedNs;

    RecordedBefore(int most) {
        recordedNs = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Identity, Long> eldest) {
                return size() > most;
            }
        };
    }

    /** @param withinNs for how long a body without an offset is the same evidence */
    boolean has(Identity body, long nowNs, long withinNs) {
        Long at = recordedNs.get(body);
        return at != null && (body.offset() != null || nowNs - at < withinNs);
    }

    void add(Identity body, long nowNs) {
        recordedNs.put(body, nowNs);
    }

    /** It did not get to Kafka after all. */
    void forget(Identity body) {
        recordedNs.remove(body);
    }
}

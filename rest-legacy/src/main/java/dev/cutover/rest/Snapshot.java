package dev.cutover.rest;

import java.util.List;

/**
 * What was read of one feature.
 *
 * @param epoch the id of the topic
 * @param offsets the last offset of each partition that had its effect before the views were read, -1 for none: the views hold
 *     that at least, so that what follows from it may repeat a state, but skips none
 */
record Snapshot(String epoch, List<Long> offsets, List<Keyed> views) {

    /** One key's view, and the partition of its events. */
    record Keyed(int partition, String key, KeyView view) {}

    Snapshot {
        offsets = List.copyOf(offsets);
        views = List.copyOf(views);
    }

    /** The form of {@code Cutover-Position}: {@code EPOCH;0:1050,1:77}. */
    String position() {
        StringBuilder text = new StringBuilder(epoch);
        for (int i = 0; i < offsets.size(); i++) {
            text.append(i == 0 ? ';' : ',').append(i).append(':').append(offsets.get(i));
        }
        return text.toString();
    }
}

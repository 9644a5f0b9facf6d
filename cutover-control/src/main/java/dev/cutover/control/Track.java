package dev.cutover.control;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The versions of one key and event type, by offset: all of the recent past, and of what is older what still shows in it, which
 * is the newest version of each of the entries that were written last, as many as the type's depth.
 *
 * <p>The recent past is the last {@link #MOST} versions, but not those that are older than {@link #LONG_MS} before the newest,
 * and not fewer than {@link #LEAST}. What goes is looked for when as much has come as there was: on average each version is
 * looked at a few times. Owned by whoever owns the {@link KeyHistory}.
 */
final class Track {
    static final int MOST = 256;
    static final int LEAST = 16;
    static final long LONG_MS = 300_000;

    private final int depth;
    private final List<Version> versions = new ArrayList<>();
    /** From here on the state at any offset is known; 0 while nothing has gone. */
    private long wholeFrom;

    private int compactAt = 2 * LEAST;

    /** @param depth how many entries the view keeps; at least 1 */
    Track(int depth) {
        this.depth = depth;
    }

    /** Goes on where another had stopped. */
    void restore(long restoredWholeFrom, List<Version> restored) {
        wholeFrom = restoredWholeFrom;
        versions.clear();
        versions.addAll(restored);
        compactAt = nextCompaction();
    }

    boolean isEmpty() {
        return versions.isEmpty();
    }

    long wholeFrom() {
        return wholeFrom;
    }

    /**
     * Adds a version; one that is there already, or lies before what is kept whole, changes nothing.
     *
     * @return those that are not needed any more, which may be this very one
     */
    List<Version> add(Version version) {
        int place = behind(version.offset());
        boolean isKnown = place > 0 && versions.get(place - 1).offset() == version.offset();
        if (isKnown) {
            return List.of();
        }
        if (version.offset() < wholeFrom) {
            return List.of(version);
        }
        versions.add(place, version);
        return versions.size() < compactAt ? List.of() : compact();
    }

    private List<Version> compact() {
        int recent = firstRecent();
        List<Version> gone = new ArrayList<>();
        List<Version> kept = new ArrayList<>();
        Set<Object> entries = new HashSet<>();
        for (int i = recent - 1; i >= 0; i--) {
            Version version = versions.get(i);
            boolean shows = entries.size() < depth && entries.add(version.by());
            (shows ? kept : gone).add(version);
        }
        if (!gone.isEmpty()) {
            wholeFrom = versions.get(recent).offset();
            Collections.reverse(kept);
            kept.addAll(versions.subList(recent, versions.size()));
            versions.clear();
            versions.addAll(kept);
        }
        compactAt = nextCompaction();
        return gone;
    }

    private int firstRecent() {
        int size = versions.size();
        long oldestMs = versions.get(size - 1).tsMs() - LONG_MS;
        int recent = Math.max(0, size - MOST);
        while (recent < size - LEAST && versions.get(recent).tsMs() < oldestMs) {
            recent++;
        }
        return recent;
    }

    private int nextCompaction() {
        return versions.size() + Math.max(LEAST, Math.min(MOST, versions.size()));
    }

    /** How many versions have this offset or a lower one. */
    private int behind(long offset) {
        int low = 0;
        int high = versions.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (versions.get(middle).offset() <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The newest at an offset; null where there is none. */
    Version newest(long offset) {
        int behind = behind(offset);
        return behind == 0 ? null : versions.get(behind - 1);
    }

    /** The first after an offset; null where there is none. */
    Version next(long offset) {
        int behind = behind(offset);
        return behind == versions.size() ? null : versions.get(behind);
    }

    /** Those at whose offset the state is known, oldest first. */
    List<Version> whole() {
        return versions.subList(behind(wholeFrom - 1), versions.size());
    }

    /** What a view of this depth holds at an offset: of each entry the newest version, the one written last first. */
    List<Version> entries(long offset) {
        List<Version> entries = new ArrayList<>();
        Set<Object> seen = new HashSet<>();
        for (int i = behind(offset) - 1; i >= 0 && entries.size() < depth; i--) {
            if (seen.add(versions.get(i).by())) {
                entries.add(versions.get(i));
            }
        }
        return entries;
    }

    /** Whether a view at this offset is full, so that nothing older could show in it. */
    boolean isFull(long offset) {
        return entries(offset).size() == depth;
    }

    Version last() {
        return versions.get(versions.size() - 1);
    }

    int size() {
        return versions.size();
    }
}
